use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, background, documents, failing, passing, silent, template,
};

const STEPS: &str = "\
- setWeight: 20
- pause: {duration: 20m}
- setWeight: 40
- pause: {duration: 1h}
- setWeight: 60
- pause: {}";

#[test]
fn background_ends_early() {
    let rollout = background("startingStep: 1", STEPS);
    let yaml = |fields: &str| documents(&[&rollout, &template(fields, GOOD_QUERY)]);
    insta::assert_snapshot!(failing("RS406", &yaml(GOOD_FIELDS)));
    insta::assert_snapshot!(failing(
        "RS406",
        &yaml("initialDelay: 1m\nsuccessCondition: result < 1")
    ));
    silent("RS406", &yaml(&GOOD_FIELDS.replace("12", "16")));
    silent(
        "RS406",
        &yaml(&GOOD_FIELDS.replace("12", "\"{{args.count}}\"")),
    );
    passing(&yaml(&GOOD_FIELDS.replace("count: 12\n", "")));
}
