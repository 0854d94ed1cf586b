use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, template};

#[test]
fn failure_limit_not_consecutive() {
    let yaml = |with: &str| template(&GOOD_FIELDS.replace("failureLimit: 2", with), GOOD_QUERY);
    insta::assert_snapshot!(failing(
        "RS303",
        &yaml("failureLimit: 2 # fail after 2 consecutive failures")
    ));
    insta::assert_snapshot!(failing("RS303", &yaml("# two in a row\nfailureLimit: 2")));
    passing(&yaml("failureLimit: 2 # not consecutive"));
    passing(&yaml("failureLimit: 2 # noise"));
}
