use crate::{DecodeError, Either, Fact};

/// An event, or [`Either`] of two, that can be awaited as the answer to what began a process.
pub trait Reply: Sized {
    #[doc(hidden)]
    fn names(into: &mut Vec<&'static str>);
    #[doc(hidden)]
    fn read(name: &str, schema_version: u16, payload: &str) -> Result<Self, DecodeError>;
}

impl<F: Fact> Reply for F {
    fn names(into: &mut Vec<&'static str>) {
        into.push(F::NAME);
    }

    fn read(_: &str, schema_version: u16, payload: &str) -> Result<Self, DecodeError> {
        crate::engine::decode(schema_version, payload)
    }
}

impl<L: Reply, R: Reply> Reply for Either<L, R> {
    fn names(into: &mut Vec<&'static str>) {
        L::names(into);
        R::names(into);
    }

    fn read(name: &str, schema_version: u16, payload: &str) -> Result<Self, DecodeError> {
        let mut left = Vec::new();
        L::names(&mut left);
        if left.contains(&name) {
            return L::read(name, schema_version, payload).map(Self::Left);
        }
        R::read(name, schema_version, payload).map(Self::Right)
    }
}
