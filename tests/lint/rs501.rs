use crate::support::{blue_green, documents, failing, good_template, passing, silent};

const PRE: &str = "prePromotionAnalysis:\n  templates:\n  - templateName: check";

#[test]
fn blue_green_retry() {
    let yaml = |fields: &str| documents(&[&blue_green(fields), &good_template()]);
    insta::assert_snapshot!(failing("RS501", &yaml(PRE)));
    insta::assert_snapshot!(failing("RS501", &yaml("autoPromotionEnabled: false")));
    passing(&yaml(&format!("abortScaleDownDelaySeconds: 0\n{PRE}")));
    silent("RS501", &yaml("autoPromotionSeconds: 30"));
}
