//! Plans of the scenarios that come with rollsim.

use rollsim::plan::build::Built;
use rollsim::study::input;
use rollsim::study::prepare::{Prepared, prepare};
use rollsim::study::request::InputPath;

/// The plan of scenario `name`, at `rate_per_second` requests instead of its own.
pub fn built(name: &str, rate_per_second: Option<f64>) -> Built {
    let path = format!("{}/scenarios/{name}/api.yaml", env!("CARGO_MANIFEST_DIR"));
    let mut inputs = input::read(&[InputPath::Path(path.into())]).expect("it can be read");
    if let Some(rate) = rate_per_second {
        inputs.scenario.traffic.rate_per_second = rate;
    }
    let rollout = inputs.manifests.of_kind("Rollout").next();
    let rollout = rollout.expect("it has a Rollout");
    match prepare(&inputs, rollout).expect("it can be prepared") {
        Prepared::Ready(ready) => ready.built,
        Prepared::Invalid(invalid) => panic!("{}", invalid.message),
    }
}
