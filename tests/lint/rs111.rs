use crate::support::{COUNTED_QUERY, failing, silent, template};

#[test]
fn several_series() {
    let success = "successCondition: len(result) > 0 && result[0] < 5";
    let by_pod = COUNTED_QUERY.replace("sum(", "sum by (pod) (");
    insta::assert_snapshot!(failing("RS111", &template(success, &by_pod)));
    silent(
        "RS111",
        &template(
            "successCondition: len(result) > 0 && all(result, # < 5)",
            &by_pod,
        ),
    );
    silent("RS111", &template(success, COUNTED_QUERY));
}
