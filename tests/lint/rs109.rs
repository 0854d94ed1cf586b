use crate::support::{COUNTED_QUERY, failing, good_template, passing, template};

#[test]
fn no_condition() {
    insta::assert_snapshot!(failing("RS109", &template("interval: 5m", COUNTED_QUERY)));
    passing(&good_template());
}
