use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, template};

#[test]
fn number_is_text() {
    let yaml = |limit: &str| template(&GOOD_FIELDS.replace("failureLimit: 2", limit), GOOD_QUERY);
    insta::assert_snapshot!(failing("RS304", &yaml("failureLimit: 10%")));
    passing(&yaml("failureLimit: \"2\""));
}
