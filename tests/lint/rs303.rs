use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, good_template, passing, silent, template};

#[test]
fn failure_limit_not_consecutive() {
    let yaml = |with: &str| template(&GOOD_FIELDS.replace("failureLimit: 2", with), GOOD_QUERY);
    insta::assert_snapshot!(failing(
        "RS303",
        &yaml("failureLimit: 2 # fail after 2 consecutive failures")
    ));
    insta::assert_snapshot!(failing("RS303", &yaml("# two in a row\nfailureLimit: 2")));
    let above = "# The gate of the API. It aborts\n# after 3 successive failures.\n";
    insta::assert_snapshot!(failing(
        "RS303",
        &format!("{above}{}", yaml("failureLimit: 2"))
    ));
    let good = good_template();
    let renamed = good.replace("name: measured", "name: three-in-a-row");
    insta::assert_snapshot!(failing("RS303", &renamed));
    failing(
        "RS303",
        &good.replace("name: check", "name: consecutive-failures"),
    );
    let argument = good.replace(
        "failureLimit: 2",
        "failureLimit: \"{{args.consecutive-failures}}\"",
    );
    failing("RS303", &argument);
    let other = yaml("failureLimit: 2\nconsecutiveErrorLimit: 3 # three failed scrapes in a row");
    silent("RS303", &other);
    silent("RS303", &yaml("interval: 1m # fail over in sequence"));
    passing(&yaml("failureLimit: 2 # not consecutive"));
    passing(&yaml("failureLimit: 2 # noise"));
}
