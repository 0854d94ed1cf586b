use crate::support::{GOOD_FIELDS, GOOD_QUERY, canary, documents, failing, passing, template};

#[test]
fn argument_dropped() {
    let yaml = |name: &str| {
        let template = template(
            GOOD_FIELDS,
            &GOOD_QUERY.replace("role=", "service=\"{{args.service}}\", role="),
        )
        .replace(
            "spec:\n  metrics:\n",
            "spec:\n  args:\n  - name: service\n    value: api\n  metrics:\n",
        );
        let steps = format!(
            "- setWeight: 20\n- pause: {{duration: 10m}}\n- analysis:\n    templates:\n    - templateName: check\n    args:\n    - name: {name}\n      value: shop"
        );
        documents(&[&canary(&steps), &template])
    };
    insta::assert_snapshot!(failing("RS307", &yaml("services")));
    passing(&yaml("service"));
}
