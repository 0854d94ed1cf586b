use crate::support::{GOOD_FIELDS, GOOD_QUERY, background, documents, failing, passing, template};

#[test]
fn background_after_steps() {
    let endless = template(&GOOD_FIELDS.replace("count: 12\n", ""), GOOD_QUERY);
    let yaml = |start: &str| {
        let rollout = background(start, "- setWeight: 20\n- pause: {duration: 10m}");
        documents(&[&rollout, &endless])
    };
    insta::assert_snapshot!(failing("RS407", &yaml("startingStep: 2")));
    insta::assert_snapshot!(failing("RS407", &yaml("startingStep: 3")));
    passing(&yaml("startingStep: 1"));
}
