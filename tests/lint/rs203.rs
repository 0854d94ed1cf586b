use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, silent, template};

fn every(interval: &str, limit: &str) -> String {
    let fields = GOOD_FIELDS
        .replace("interval: 5m", &format!("interval: {interval}"))
        .replace("failureLimit: 2", limit);
    template(&fields, GOOD_QUERY)
}

#[test]
fn overlapping_windows() {
    insta::assert_snapshot!(failing("RS203", &every("1m", "failureLimit: 2")));
    insta::assert_snapshot!(failing("RS203", &every("2m", "failureLimit: 3")));
    insta::assert_snapshot!(failing("RS203", &every("1m", "failureLimit: 0")));
    passing(&every("5m", "failureLimit: 2"));
    silent("RS203", &every("6m", "failureLimit: 2"));
}

#[test]
fn one_measurement_and_the_newest_samples_share_nothing() {
    let once = every("1m", "failureLimit: 0").replace("count: 12", "count: 1");
    silent("RS203", &once);
    let newest = every("1m", "failureLimit: 2").replace("rate(", "irate(");
    silent("RS203", &newest);
    let unknown = every("1m", "failureLimit: \"{{args.limit}}\"");
    silent("RS203", &unknown);
}
