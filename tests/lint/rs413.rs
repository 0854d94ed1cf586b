use crate::support::{basic, canary, failing, passing, silent};

#[test]
fn last_weight_is_all() {
    let steps = "- setWeight: 20\n- pause: {}\n- setWeight: 100";
    insta::assert_snapshot!(failing("RS413", &canary(steps)));
    silent("RS413", &basic(5, "", steps));
    passing(&canary(&format!("{steps}\n- pause: {{}}")));
}
