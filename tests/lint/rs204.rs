use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, failing_with, passing, silent, template};
use rollsim::units::Duration;

fn window(window: &str) -> String {
    template(GOOD_FIELDS, &GOOD_QUERY.replace("[5m]", window))
}

#[test]
fn window_under_two_scrapes() {
    insta::assert_snapshot!(failing("RS204", &window("[20s]")));
    insta::assert_snapshot!(failing("RS204", &window("[1m]")));
    insta::assert_snapshot!(failing("RS204", &window("[90s]")));
    passing(&window("[5m]"));
    silent("RS204", &window("[2m]"));
    silent("RS204", &window("[{{args.window}}]"));
}

#[test]
fn with_a_scenario_its_scrape_interval_counts() {
    let seconds = |seconds| Some(Duration::from_seconds(seconds));
    assert_eq!(failing_with("RS204", &window("[1m]"), seconds(30)), None);
    insta::assert_snapshot!(failing_with("RS204", &window("[1m]"), seconds(60)).unwrap());
    insta::assert_snapshot!(failing_with("RS204", &window("[3m]"), seconds(120)).unwrap());
}

#[test]
fn other_functions_need_one_sample() {
    let highest = GOOD_QUERY
        .replace("rate(", "max_over_time(")
        .replace("[5m]", "[1m]");
    silent("RS204", &template(GOOD_FIELDS, &highest));
    insta::assert_snapshot!(failing(
        "RS204",
        &template(GOOD_FIELDS, &highest.replace("[1m]", "[20s]"))
    ));
}
