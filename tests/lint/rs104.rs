use crate::support::{COUNTED_QUERY, GOOD_FIELDS, failing, fixed, passing, silent, template};

#[test]
fn guard_after_access() {
    let yaml = template(
        "successCondition: result[0] > 5 || len(result) == 0  # no data is fine",
        COUNTED_QUERY,
    );
    insta::assert_snapshot!(failing("RS104", &yaml));
    let text = fixed("RS104", &yaml);
    assert!(
        text.contains("successCondition: len(result) == 0 || result[0] > 5  # no data is fine\n"),
        "{text}"
    );
    passing(&template(
        &GOOD_FIELDS
            .replace(
                "isNaN(result) == false && result < 1",
                "len(result) > 0 && result[0] > 5",
            )
            .replace(
                "isNaN(result) || result >= 1",
                "len(result) == 0 || result[0] <= 5",
            ),
        COUNTED_QUERY,
    ));
    silent(
        "RS104",
        &template(
            "successCondition: len(result) == 0 || result[0] > 5",
            COUNTED_QUERY,
        ),
    );
}
