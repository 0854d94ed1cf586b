use crate::support::{basic, failing, passing};

#[test]
fn surge_without_percent() {
    let yaml = |fields: &str| basic(10, fields, "- setWeight: 20\n- pause: {}");
    insta::assert_snapshot!(failing(
        "RS507",
        &yaml("maxSurge: \"5\"\nmaxUnavailable: some")
    ));
    passing(&yaml("maxSurge: 5\nmaxUnavailable: 20%"));
}
