use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, RATIO, background, canary, documents, failing, good_template, passing,
    silent, template,
};

const ANALYSIS: &str = "- analysis: {templates: [{templateName: check}]}";

fn steps(pause: &str) -> String {
    let after = "- setWeight: 60\n- pause: {duration: 10m}";
    canary(&format!(
        "- setWeight: 20\n- pause: {{duration: {pause}}}\n{ANALYSIS}\n{after}\n{ANALYSIS}"
    ))
}

fn at_once(query: &str) -> String {
    template(&GOOD_FIELDS.replace("initialDelay: 5m\n", ""), query)
}

#[test]
fn window_before_canary() {
    let filtered = at_once(GOOD_QUERY);
    insta::assert_snapshot!(failing("RS201", &documents(&[&steps("2m"), &filtered])));
    let mixed = at_once(r#"scalar(sum(rate(http_requests_total{app="api"}[5m])))"#);
    insta::assert_snapshot!(failing("RS201", &documents(&[&steps("2m"), &mixed])));
    passing(&documents(&[&steps("5m"), &filtered]));
    passing(&documents(&[&steps("2m"), &good_template()]));
}

#[test]
fn all_times_are_added() {
    let mixed = at_once(&RATIO.replace("[5m]", "[5m] offset 1m"));
    insta::assert_snapshot!(failing("RS201", &documents(&[&steps("5m"), &mixed])));
    let ready = steps("4m").replace("replicas: 10", "replicas: 10\n  minReadySeconds: 60");
    silent("RS201", &documents(&[&ready, &at_once(GOOD_QUERY)]));
    let subquery = at_once("scalar(max_over_time(sum(rate(x[2m]))[4m:1m]))");
    silent("RS201", &documents(&[&steps("6m"), &subquery]));
    insta::assert_snapshot!(failing("RS201", &documents(&[&steps("5m"), &subquery])));
}

#[test]
fn what_takes_a_time_of_its_own_is_not_judged() {
    let by_hand = steps("2m").replace("{duration: 2m}", "{}");
    silent("RS201", &documents(&[&by_hand, &at_once(GOOD_QUERY)]));
    let irate = at_once(&GOOD_QUERY.replace("rate", "irate"));
    silent("RS201", &documents(&[&steps("2m"), &irate]));
    let argument = at_once(&GOOD_QUERY.replace("5m", "{{args.window}}"));
    silent("RS201", &documents(&[&steps("2m"), &argument]));
}

#[test]
fn beside_the_steps_an_initial_delay_counts_from_the_first_pods() {
    let rollout = background("", "- setWeight: 20\n- pause: {duration: 10m}");
    let soon = template(
        &GOOD_FIELDS.replace("initialDelay: 5m", "initialDelay: 1m"),
        GOOD_QUERY,
    );
    insta::assert_snapshot!(failing("RS201", &documents(&[&rollout, &soon])));
}
