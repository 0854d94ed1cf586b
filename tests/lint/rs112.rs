use crate::support::{COUNTED_QUERY, failing, silent, template};

#[test]
fn threshold_in_query() {
    let query = format!("{COUNTED_QUERY} > 0.05");
    insta::assert_snapshot!(
        "error",
        failing(
            "RS112",
            &template("successCondition: result[0] > 0", &query)
        )
    );
    insta::assert_snapshot!(
        "no_condition",
        failing("RS112", &template("interval: 5m", &query))
    );
    silent(
        "RS112",
        &template("successCondition: len(result) == 0", &query),
    );
    silent(
        "RS112",
        &template(
            "successCondition: result[0] == 0",
            &query.replace('>', "> bool"),
        ),
    );
}
