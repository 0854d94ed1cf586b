use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, silent, template};

#[test]
fn failure_limit_unreachable() {
    let yaml = |limit: &str| template(&GOOD_FIELDS.replace("failureLimit: 2", limit), GOOD_QUERY);
    insta::assert_snapshot!(failing("RS301", &yaml("failureLimit: 12")));
    // Refused, which is RS003.
    silent("RS301", &yaml("failureLimit: 13"));
    failing("RS003", &yaml("failureLimit: 13"));
    insta::assert_snapshot!(failing(
        "RS301",
        &template("failureLimit: 1\nsuccessCondition: result < 1", GOOD_QUERY)
    ));
    silent("RS301", &yaml("failureLimit: \"{{args.limit}}\""));
    passing(&yaml("failureLimit: 11"));
}
