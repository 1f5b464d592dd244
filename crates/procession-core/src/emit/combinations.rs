/// What can be emitted can also be emitted in `Option`, `Vec`, arrays, [`Either`](super::Either) and tuples.
///
/// `do_not_recommend` keeps the compiler from listing all that could be meant, when one sentence says what is wrong.
macro_rules! combinations {
    ([$($generics:tt)*] $trait:path, $emit:ident) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $trait for () {
            fn declare(_: Times, _: &mut Emissions) {}

            fn $emit(self, _: &mut Outputs) -> Emitted {
                Ok(())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)* T: $trait> $trait for Option<T> {
            fn declare(times: Times, into: &mut Emissions) {
                T::declare(Times::Maybe.within(times), into);
            }

            fn $emit(self, into: &mut Outputs) -> Emitted {
                self.map_or(Ok(()), |it| it.$emit(into))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)* T: $trait> $trait for Vec<T> {
            fn declare(times: Times, into: &mut Emissions) {
                T::declare(Times::Many.within(times), into);
            }

            fn $emit(self, into: &mut Outputs) -> Emitted {
                self.into_iter().try_for_each(|it| it.$emit(into))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)* T: $trait, const N: usize> $trait for [T; N] {
            fn declare(times: Times, into: &mut Emissions) {
                T::declare(Times::Many.within(times), into);
            }

            fn $emit(self, into: &mut Outputs) -> Emitted {
                self.into_iter().try_for_each(|it| it.$emit(into))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)* L: $trait, R: $trait> $trait for Either<L, R> {
            fn declare(times: Times, into: &mut Emissions) {
                L::declare(Times::Maybe.within(times), into);
                R::declare(Times::Maybe.within(times), into);
            }

            fn $emit(self, into: &mut Outputs) -> Emitted {
                match self {
                    Self::Left(it) => it.$emit(into),
                    Self::Right(it) => it.$emit(into),
                }
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)* T: $trait> $trait for Result<T, $crate::HandlerError> {
            fn declare(times: Times, into: &mut Emissions) {
                T::declare(Times::Maybe.within(times), into);
            }

            fn $emit(self, into: &mut Outputs) -> Emitted {
                self?.$emit(into)
            }
        }

        combinations! { @tuples [$($generics)*] $trait, $emit;
            (T1 0)
            (T1 0, T2 1)
            (T1 0, T2 1, T3 2)
            (T1 0, T2 1, T3 2, T4 3)
            (T1 0, T2 1, T3 2, T4 3, T5 4)
            (T1 0, T2 1, T3 2, T4 3, T5 4, T6 5)
            (T1 0, T2 1, T3 2, T4 3, T5 4, T6 5, T7 6)
            (T1 0, T2 1, T3 2, T4 3, T5 4, T6 5, T7 6, T8 7)
        }
    };
    (@tuples $generics:tt $trait:path, $emit:ident; $(($($T:ident $index:tt),+))+) => {
        $(combinations! { @tuple $generics $trait, $emit; $($T $index),+ })+
    };
    (@tuple [$($generics:tt)*] $trait:path, $emit:ident; $($T:ident $index:tt),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)* $($T: $trait),+> $trait for ($($T,)+) {
            fn declare(times: Times, into: &mut Emissions) {
                $($T::declare(times, into);)+
            }

            fn $emit(self, into: &mut Outputs) -> Emitted {
                $(self.$index.$emit(into)?;)+
                Ok(())
            }
        }
    };
}

pub(super) use combinations;
