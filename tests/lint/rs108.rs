use crate::support::{COUNTED_QUERY, RATIO, failing, silent, template};

#[test]
fn missing_data_is_success() {
    let guard = "successCondition: len(result) == 0 || result[0] >= 5";
    insta::assert_snapshot!("guard", failing("RS108", &template(guard, COUNTED_QUERY)));
    let default = template(
        "successCondition: result[0] >= 0.95",
        &format!("{RATIO} or vector(1)"),
    );
    insta::assert_snapshot!("default", failing("RS108", &default));
    silent(
        "RS108",
        &template(
            "successCondition: len(result) > 0 && result[0] >= 5",
            COUNTED_QUERY,
        ),
    );
    silent(
        "RS108",
        &template(
            "successCondition: result[0] < 5",
            &format!("{COUNTED_QUERY} or vector(0)"),
        ),
    );
    silent(
        "RS108",
        &template(
            "successCondition: result[0] >= {{args.least}}",
            &format!("{RATIO} or vector(1)"),
        ),
    );
}
