use crate::support::{
    background, basic, canary, documents, failing, good_template, passing, silent,
};

#[test]
fn paused() {
    let steps = "- setWeight: 20\n- pause: {duration: 10m}\n- analysis:\n    templates:\n    - templateName: check";
    let paused = |rollout: String| {
        let rollout = rollout.replace("  replicas:", "  paused: true\n  replicas:");
        documents(&[&rollout, &good_template()])
    };
    insta::assert_snapshot!(failing("RS410", &paused(basic(10, "", steps))));
    silent("RS410", &paused(canary(steps)));
    silent("RS410", &paused(background("", steps)));
    silent(
        "RS410",
        &paused(basic(10, "", "- setWeight: 20\n- pause: {}")),
    );
    passing(&documents(&[&basic(10, "", steps), &good_template()]));
}
