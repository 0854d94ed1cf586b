use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, background, blue_green, canary, documents, failing, fixed,
    good_template, passing, silent, template,
};

const ANALYSIS: &str = "- analysis: {templates: [{templateName: check}]}";

fn at_once() -> String {
    template(&GOOD_FIELDS.replace("initialDelay: 5m\n", ""), GOOD_QUERY)
}

#[test]
fn measured_too_early() {
    let directly = canary(&format!("- setWeight: 20\n{ANALYSIS}"));
    let yaml = documents(&[&directly, &at_once()]);
    insta::assert_snapshot!(failing("RS202", &yaml));
    insta::assert_snapshot!(fixed("RS202", &yaml));
    let soon = canary(&format!(
        "- setWeight: 20\n- pause: {{duration: 20}}\n{ANALYSIS}"
    ));
    insta::assert_snapshot!(failing("RS202", &documents(&[&soon, &at_once()])));
    silent(
        "RS202",
        &documents(&[&soon.replace("20}", "30}"), &at_once()]),
    );
    passing(&documents(&[&directly, &good_template()]));
}

#[test]
fn blue_green_and_background() {
    let analysis = "postPromotionAnalysis: {templates: [{templateName: check}]}";
    let yaml = documents(&[&blue_green(analysis), &at_once()]);
    insta::assert_snapshot!(failing("RS202", &yaml));
    let steps = "- setWeight: 20\n- pause: {duration: 10m}";
    let behind = background("startingStep: 1", steps);
    insta::assert_snapshot!(failing("RS202", &documents(&[&behind, &at_once()])));
    // RS405 speaks of it.
    silent("RS202", &documents(&[&background("", steps), &at_once()]));
}

#[test]
fn a_later_step_is_late_enough() {
    let later = canary(&format!(
        "- setWeight: 20\n- pause: {{duration: 10m}}\n- setWeight: 60\n{ANALYSIS}"
    ));
    passing(&documents(&[&later, &at_once()]));
}
