use crate::support::{blue_green, documents, failing, good_template, passing, silent};

const POST: &str = "postPromotionAnalysis:\n  templates:\n  - templateName: check";

#[test]
fn abort_leaves_crashing_active() {
    let yaml = |fields: &str| documents(&[&blue_green(fields), &good_template()]);
    insta::assert_snapshot!(failing("RS502", &yaml(POST)));
    passing(&yaml(&format!("abortScaleDownDelaySeconds: 0\n{POST}")));
    silent("RS502", &yaml(&POST.replace("post", "pre")));
}
