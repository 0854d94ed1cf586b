use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, background, canary, documents, failing, passing, template,
};

#[test]
fn dynamic_stable_scale_unwatched() {
    let steps = "- setWeight: 20\n- pause: {}";
    let dynamic = |rollout: String| {
        rollout.replace(
            "      steps:",
            "      dynamicStableScale: true\n      steps:",
        )
    };
    insta::assert_snapshot!(failing("RS512", &dynamic(canary(steps))));
    let endless = template(&GOOD_FIELDS.replace("count: 12\n", ""), GOOD_QUERY);
    passing(&documents(&[
        &dynamic(background("startingStep: 1", steps)),
        &endless,
    ]));
}
