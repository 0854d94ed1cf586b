use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, good_template, passing, silent, template};

fn measured(interval: &str, count: i32, limit: i32) -> String {
    let fields = GOOD_FIELDS
        .replace("interval: 5m", &format!("interval: {interval}"))
        .replace("count: 12", &format!("count: {count}"))
        .replace("failureLimit: 2", &format!("failureLimit: {limit}"));
    template(&fields, GOOD_QUERY)
}

#[test]
fn too_few_measurements() {
    insta::assert_snapshot!(failing("RS310", &measured("5s", 3, 1)));
    insta::assert_snapshot!(failing("RS310", &measured("5m", 3, 2)));
    passing(&good_template());
    passing(&measured("5m", 3, 1));
    silent("RS310", &measured("5s", 4, 1));
    silent("RS310", &measured("5m", 6, 5));
}
