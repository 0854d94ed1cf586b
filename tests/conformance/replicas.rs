//! 2,400 direct calls of the replica-count functions, recorded from Argo Rollouts v1.9.1.

#![allow(
    clippy::unwrap_used,
    reason = "a recording that can't be read is a broken test"
)]

use std::io::Read;

use flate2::read::GzDecoder;
use rollsim::controller::rollout::replicas::{
    CanaryScale, Counts, Fleet, Preview, Stable, Standing, WeightPair,
};
use rollsim::controller::rollout::spec::{
    AbortScaleDownDelay, BlueGreen, Canary, IntOrPercent, Pause, SetCanaryScale, Step, Threshold,
    TrafficRouting,
};
use rollsim::units::Duration;
use serde_json::{Value, json};

/// The lines of a gzipped recording.
pub fn read_lines(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let raw = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    GzDecoder::new(raw).read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn int(value: &Value) -> i32 {
    i32::try_from(value.as_i64().unwrap()).unwrap()
}

fn maybe_int(value: &Value) -> Option<i32> {
    value.as_i64().map(|number| i32::try_from(number).unwrap())
}

fn flag(case: &Value, key: &str) -> bool {
    case[key].as_bool().unwrap_or(false)
}

fn int_or_percent(value: &Value) -> IntOrPercent {
    match value {
        Value::Null => IntOrPercent::DEFAULT,
        Value::String(text) => IntOrPercent::from_text(text),
        number => IntOrPercent::Count(int(number)),
    }
}

fn counts(value: &Value) -> Counts {
    Counts {
        spec: int(&value["spec"]),
        created: int(&value["replicas"]),
        available: int(&value["avail"]),
    }
}

fn step(value: &Value) -> Step {
    let scale = &value["setCanaryScale"];
    Step {
        set_weight: maybe_int(&value["setWeight"]),
        pause: value.get("pause").map(|_| Pause::Indefinite),
        set_canary_scale: scale.is_object().then(|| SetCanaryScale {
            replicas: maybe_int(&scale["replicas"]),
            weight: maybe_int(&scale["weight"]),
            match_traffic_weight: flag(scale, "matchTrafficWeight"),
        }),
        ..Step::default()
    }
}

fn abort_delay(value: &Value) -> AbortScaleDownDelay {
    match maybe_int(value) {
        None => AbortScaleDownDelay::Default,
        Some(0) => AbortScaleDownDelay::Never,
        Some(seconds) => AbortScaleDownDelay::Explicit(Duration::from_seconds(seconds.into())),
    }
}

fn canary(case: &Value) -> Canary {
    let traffic = (case["fn"] == "traffic").then(|| TrafficRouting {
        has_router: true,
        max_weight: maybe_int(&case["maxTrafficWeight"]).unwrap_or(100),
        dynamic_stable_scale: flag(case, "dynamicStableScale"),
        min_pods: maybe_int(&case["minPodsPerReplicaSet"]),
        scale_down_delay: Duration::from_seconds(30),
        abort_scale_down_delay: abort_delay(&case["abortScaleDownDelaySeconds"]),
    });
    let threshold = &case["replicaProgressThreshold"];
    Canary {
        steps: case["steps"]
            .as_array()
            .into_iter()
            .flatten()
            .map(step)
            .collect(),
        max_surge: int_or_percent(&case["maxSurge"]),
        max_unavailable: int_or_percent(&case["maxUnavailable"]),
        threshold: maybe_int(&threshold["value"]).map(|value| match threshold["type"].as_str() {
            Some("Percent") => Threshold::Percent(value),
            _ => Threshold::Pods(value),
        }),
        scale_down_delay_revision_limit: i32::MAX,
        traffic,
        background: None,
        stable_service: false,
        canary_service: false,
    }
}

fn fleet(case: &Value) -> Fleet {
    let others: Vec<Counts> = case["others"]
        .as_array()
        .into_iter()
        .flatten()
        .map(counts)
        .collect();
    Fleet {
        new: counts(&case["new"]),
        stable: match case["stableState"].as_str().unwrap() {
            "none" => Stable::Missing,
            "same-as-new" => Stable::New,
            _ => Stable::Other(counts(&case["stable"])),
        },
        others_spec: others.iter().map(|rs| rs.spec).sum(),
        others_available: others.iter().map(|rs| rs.available).sum(),
    }
}

/// What our functions say to the recorded question, in the recorded shape.
fn answer(case: &Value) -> Value {
    let replicas = maybe_int(&case["replicas"]).unwrap_or(1);
    let fleet = fleet(case);
    let current_is_new = flag(case, "currentPodHashIsNew");
    if case["fn"] == "bluegreen" {
        return answer_blue_green(case, replicas, &fleet);
    }
    let canary = canary(case);
    let stable_is_current = match fleet.stable {
        Stable::Missing => true,
        Stable::New => current_is_new,
        // Whatever is current then, it is no ReplicaSet of this case.
        Stable::Other(_) => false,
    };
    let standing = Standing {
        replicas,
        step_index: maybe_int(&case["currentStepIndex"]),
        abort: flag(case, "abort"),
        all_to_new: flag(case, "promoteFull") || stable_is_current,
    };
    let weights = case["weights"].is_object().then(|| WeightPair {
        canary: int(&case["weights"]["canary"]),
        stable: int(&case["weights"]["stable"]),
    });
    let wanted = canary.wanted(&standing, &fleet, weights);
    let (pods, weight) = match canary.canary_scale(&standing, &fleet) {
        CanaryScale::Replicas(pods) => (json!(pods), 0),
        CanaryScale::Weight(weight) => (Value::Null, weight),
    };
    let mut answer = json!({
        "new": wanted.new,
        "stable": wanted.stable,
        "setCanaryReplicas": pods,
        "desiredWeight": weight,
        "setWeight": canary.current_set_weight(standing.abort, standing.step_index),
    });
    if case["fn"] == "basic" {
        let fenceposts = canary.fenceposts(replicas);
        answer["maxSurge"] = json!(fenceposts.surge);
        answer["maxUnavailable"] = json!(fenceposts.unavailable);
    }
    if case["expect"].get("atDesired").is_some() {
        answer["atDesired"] = json!(canary.at_desired_counts(&fleet, wanted));
    }
    answer
}

fn answer_blue_green(case: &Value, replicas: i32, fleet: &Fleet) -> Value {
    let strategy = BlueGreen {
        preview_service: false,
        preview_replicas: maybe_int(&case["previewReplicaCount"]),
        auto_promotion: true,
        auto_promotion_after: Duration::ZERO,
        scale_down_delay: None,
        scale_down_delay_revision_limit: i32::MAX,
        abort_scale_down_delay: AbortScaleDownDelay::Default,
        pre_promotion: None,
        post_promotion: None,
    };
    let preview = Preview {
        other_active: case["activeSelector"] == "stable"
            && matches!(fleet.stable, Stable::Other(_)),
        promote_full: flag(case, "promoteFull"),
        new_template: !flag(case, "currentPodHashIsNew"),
        paused: flag(case, "paused") || flag(case, "pauseConditions"),
        checkpoint: flag(case, "scaleUpPreviewCheckPoint"),
    };
    let wanted = strategy.wanted_new(replicas, &preview);
    let ready = fleet.new.spec == wanted && fleet.new.available == wanted;
    json!({ "new": wanted, "readyForPause": ready })
}

#[test]
fn every_recorded_count_is_reproduced() {
    let cases = read_lines("rollout/replicas.jsonl.gz");
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let answer = answer(case);
            (answer != case["expect"]).then(|| format!("{case}\n  we say {answer}"))
        })
        .collect();
    assert!(cases.len() >= 2400, "the recording is complete");
    assert!(
        wrong.is_empty(),
        "{} of {} differ, first:\n{}",
        wrong.len(),
        cases.len(),
        wrong[..wrong.len().min(3)].join("\n")
    );
}
