use crate::support::{COUNTED_QUERY, failing, silent, template};

#[test]
fn condition_gap() {
    let fields = "successCondition: len(result) > 0 && result[0] < 200\nfailureCondition: len(result) == 0 || result[0] > 500";
    insta::assert_snapshot!(failing("RS110", &template(fields, COUNTED_QUERY)));
    silent(
        "RS110",
        &template(&fields.replace("> 500", ">= 200"), COUNTED_QUERY),
    );
    silent(
        "RS110",
        &template(&format!("{fields}\ninconclusiveLimit: 3"), COUNTED_QUERY),
    );
    silent(
        "RS110",
        &template(&fields.replace("200", "{{args.limit}}"), COUNTED_QUERY),
    );
}
