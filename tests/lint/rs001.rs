use crate::support::{failing, good_template, passing};

#[test]
fn api_server() {
    let yaml = good_template()
        .replace("failureLimit", "failurelimit")
        .replace("count: 12", "count: {}");
    insta::assert_snapshot!(failing("RS001", &yaml));
    passing(&good_template());
}
