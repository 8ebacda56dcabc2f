//! Code that would send something else than a permit's content does not compile.

#[test]
fn there_is_no_way_round_the_permit() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
