//! The most likely mistakes do not compile, and the compiler says in a sentence why.

#[test]
fn a_mistake_in_a_handler_is_explained_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/it/mistakes/*.rs");
}
