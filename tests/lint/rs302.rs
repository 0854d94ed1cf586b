use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, silent, template};

#[test]
fn failure_limit_omitted() {
    let omitted = GOOD_FIELDS.replace("failureLimit: 2\n", "");
    insta::assert_snapshot!(failing("RS302", &template(&omitted, GOOD_QUERY)));
    let endless = omitted.replace("count: 12\n", "");
    insta::assert_snapshot!(failing("RS302", &template(&endless, GOOD_QUERY)));
    silent(
        "RS302",
        &template(&omitted.replace("count: 12", "count: 1"), GOOD_QUERY),
    );
    passing(&template(
        &GOOD_FIELDS.replace("failureLimit: 2", "failureLimit: 0"),
        GOOD_QUERY,
    ));
}
