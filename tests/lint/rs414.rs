use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, background, canary, documents, failing, good_template, passing,
    silent, template,
};

#[test]
fn retry_aborts_again() {
    let steps = "- setWeight: 20\n- pause: {duration: 10m}";
    let endless = template(&GOOD_FIELDS.replace("count: 12\n", ""), GOOD_QUERY);
    let rollout = background("", steps);
    let yaml = |delay: &str| {
        let rollout = rollout.replace("      abortScaleDownDelaySeconds: 0\n", delay);
        documents(&[&rollout, &endless])
    };
    insta::assert_snapshot!(failing(
        "RS414",
        &yaml("      abortScaleDownDelaySeconds: 60\n")
    ));
    // At a later step the old run is forgotten.
    let later =
        background("startingStep: 1", steps).replace("      abortScaleDownDelaySeconds: 0\n", "");
    silent("RS414", &documents(&[&later, &endless]));
    silent("RS414", &yaml("      dynamicStableScale: true\n"));
    passing(&yaml("      abortScaleDownDelaySeconds: 0\n"));
    let later = format!("{steps}\n- analysis:\n    templates:\n    - templateName: check");
    silent("RS414", &documents(&[&canary(&later), &good_template()]));
}
