use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, background, documents, failing, good_template, passing, silent,
    template,
};

const QUERY: &str = r#"sum(rate(http_requests_total{role="canary"}[5m]))"#;

fn at_once(condition: &str) -> String {
    template(
        &format!("interval: 1m\nsuccessCondition: {condition}"),
        QUERY,
    )
}

#[test]
fn background_before_pods() {
    let rollout = background("", "- setWeight: 20\n- pause: {duration: 10m}");
    let yaml = |template: &str| documents(&[&rollout, template]);
    insta::assert_snapshot!(failing("RS405", &yaml(&at_once("result[0] < 5"))));
    insta::assert_snapshot!(failing(
        "RS405",
        &yaml(&at_once("len(result) == 0 || result[0] < 5"))
    ));
    insta::assert_snapshot!(failing(
        "RS405",
        &yaml(&at_once("len(result) > 0 && result[0] < {{args.x}}"))
    ));
    silent(
        "RS405",
        &yaml(&at_once("result[0] < 5").replace("interval", "initialDelay: 3m\n    interval")),
    );
    let endless = GOOD_FIELDS.replace("count: 12\n", "");
    passing(&yaml(&template(&endless, GOOD_QUERY)));
}

#[test]
fn starting_step() {
    let steps = "- pause: {duration: 10s}\n- setWeight: 20\n- pause: {duration: 10m}";
    let template = at_once("result[0] < 5");
    let late = background("startingStep: 2", steps);
    silent("RS405", &documents(&[&late, &template]));
    let early = background("startingStep: 1", steps);
    insta::assert_snapshot!(failing("RS405", &documents(&[&early, &template])));
    silent("RS405", &documents(&[&early, &good_template()]));
}
