use crate::support::{
    COUNTED_QUERY, RATIO, blue_green, documents, failing, passing, silent, template,
};

#[test]
fn post_promotion_inconclusive() {
    let rollout = |when: &str| {
        let fields = format!(
            "abortScaleDownDelaySeconds: 0\nautoPromotionEnabled: false\n{when}:\n  templates:\n  - templateName: check"
        );
        blue_green(&fields)
    };
    let check = |success: &str, failure: &str, query: &str| {
        let fields = format!(
            "initialDelay: 5m\ninterval: 5m\ncount: 12\nfailureLimit: 2\nsuccessCondition: {success}\nfailureCondition: {failure}"
        );
        template(&fields, query)
    };
    let after = rollout("postPromotionAnalysis");
    let gap = check(
        "len(result) > 0 && result[0] < 1",
        "len(result) == 0 || result[0] > 5",
        COUNTED_QUERY,
    );
    insta::assert_snapshot!(failing("RS513", &documents(&[&after, &gap])));
    let nan = check("result[0] >= 0.99", "result[0] < 0.99", RATIO);
    insta::assert_snapshot!(failing("RS513", &documents(&[&after, &nan])));
    silent(
        "RS513",
        &documents(&[&rollout("prePromotionAnalysis"), &gap]),
    );
    let met = check(
        "len(result) > 0 && result[0] < 1",
        "len(result) == 0 || result[0] >= 1",
        COUNTED_QUERY,
    );
    passing(&documents(&[&after, &met]));
}
