use crate::support::{failing, silent, template};

#[test]
fn comments_suppress_and_are_checked() {
    let bare = "result < 5  # rollsim:ignore RS101 shown in a talk";
    silent(
        "RS101",
        &template(&format!("successCondition: {bare}"), "sum(up)"),
    );
    let above =
        "# rollsim:ignore bare-result-on-vector shown in a talk\nsuccessCondition: result < 5";
    silent("RS101", &template(above, "sum(up)"));
    silent(
        "RS101",
        &template(&above.replace("bare-result-on-vector", "rs101"), "sum(up)"),
    );
    let no_reason =
        "# rollsim:ignore RS101\nsuccessCondition: result < 5 # rollsim:ignore RS999, RS998 why";
    insta::assert_snapshot!(failing("RS", &template(no_reason, "sum(up)")));
}
