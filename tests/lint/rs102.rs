use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, silent, template};

#[test]
fn condition_error() {
    let yaml = template(
        "successCondition: result >= 0.95 AND result <= 1",
        GOOD_QUERY,
    );
    insta::assert_snapshot!("syntax", failing("RS102", &yaml));
    let yaml = template("successCondition: result[0] >= 0.95", GOOD_QUERY);
    insta::assert_snapshot!("type", failing("RS102", &yaml));
    passing(&template(GOOD_FIELDS, GOOD_QUERY));
    silent(
        "RS102",
        &template("successCondition: result >= {{args.limit}}", GOOD_QUERY),
    );
    silent(
        "RS102",
        &template("successCondition: result >= 0.95", "sum(up)"),
    );
}
