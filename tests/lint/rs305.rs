use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, template};

#[test]
fn count_argument_without_default() {
    let yaml = |default: &str| {
        let args = format!("spec:\n  args:\n  - name: count\n{default}  metrics:\n");
        template(
            &GOOD_FIELDS.replace("count: 12", "count: \"{{args.count}}\""),
            GOOD_QUERY,
        )
        .replace("spec:\n  metrics:\n", &args)
    };
    insta::assert_snapshot!(failing("RS305", &yaml("")));
    passing(&yaml("    value: \"12\"\n"));
}
