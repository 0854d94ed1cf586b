use crate::support::{COUNTED_QUERY, GOOD_FIELDS, GOOD_QUERY, failing, passing, silent, template};

#[test]
fn empty_vector_unguarded() {
    let yaml = template(
        "successCondition: result[0] > 5 || result[0] < 1",
        COUNTED_QUERY,
    );
    insta::assert_snapshot!(failing("RS103", &yaml));
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
        "RS103",
        &template(
            "successCondition: result[0] > 5",
            &format!("{COUNTED_QUERY} or vector(0)"),
        ),
    );
    silent(
        "RS103",
        &template("successCondition: all(result, # > 5)", COUNTED_QUERY),
    );
    silent(
        "RS103",
        &template("successCondition: result > 5", GOOD_QUERY),
    );
}
