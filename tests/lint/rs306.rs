use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, template};

#[test]
fn argument_unused() {
    let yaml = |query: &str| {
        template(GOOD_FIELDS, query).replace(
            "spec:\n  metrics:\n",
            "spec:\n  args:\n  - name: service\n    value: api\n  metrics:\n",
        )
    };
    insta::assert_snapshot!(failing("RS306", &yaml(GOOD_QUERY)));
    passing(&yaml(
        &GOOD_QUERY.replace("role=", "service=\"{{ args.service }}\", role="),
    ));
}
