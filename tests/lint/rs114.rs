use crate::support::{failing, passing};

fn job(condition: &str) -> String {
    format!(
        "\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: smoke
spec:
  metrics:
  - name: smoke
{condition}    provider:
      job:
        spec:
          backoffLimit: 0
          template:
            spec:
              restartPolicy: Never
              containers:
              - name: smoke
                image: smoke:1
"
    )
}

#[test]
fn condition_ignored() {
    insta::assert_snapshot!(failing(
        "RS114",
        &job("    successCondition: result >= 99\n")
    ));
    let kayenta = "\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: judged
spec:
  metrics:
  - name: judged
    failureCondition: result < 50
    provider:
      kayenta:
        address: http://kayenta:8090
        application: api
        canaryConfigName: api
        threshold: {pass: 90, marginal: 75}
        scopes: []
";
    insta::assert_snapshot!(failing("RS114", kayenta));
    passing(&job(""));
}
