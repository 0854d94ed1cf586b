use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, background, canary, documents, failing, passing, silent, template,
};

#[test]
fn endless_in_steps() {
    let endless = template(&GOOD_FIELDS.replace("count: 12\n", ""), GOOD_QUERY);
    insta::assert_snapshot!(failing("RS309", &endless));
    silent(
        "RS309",
        &endless.replace(
            "interval: 5m",
            "interval: 5m\n    count: \"{{args.count}}\"",
        ),
    );
    let steps = "\
- setWeight: 20
- pause: {duration: 10m}
- analysis:
    templates:
    - templateName: check";
    // Refused there, which is RS002.
    silent("RS309", &documents(&[&canary(steps), &endless]));
    let steps = "- setWeight: 20\n- pause: {duration: 60m}";
    passing(&documents(&[&background("", steps), &endless]));
}
