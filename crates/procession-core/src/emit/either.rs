/// One of two outcomes. Nest it for three: `Either<A, Either<B, C>>`.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::Either;
///
/// let outcome: Either<&str, u8> = Either::Left("settled");
/// assert_eq!(outcome, Either::Left("settled"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Either<L, R> {
    /// The first outcome.
    Left(L),
    /// The second outcome.
    Right(R),
}
