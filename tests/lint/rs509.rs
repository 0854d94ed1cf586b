use crate::support::{blue_green, failing, passing, silent};

#[test]
fn auto_promotion_off_wins() {
    let both = "autoPromotionEnabled: false\nautoPromotionSeconds: 300";
    insta::assert_snapshot!(failing("RS509", &blue_green(both)));
    silent("RS509", &blue_green("autoPromotionEnabled: false"));
    passing(&blue_green("autoPromotionSeconds: 300"));
}
