//! A cluster's state in the shape of the recordings.

use rollsim::controller::rollout::spec::Strategy;
use rollsim::controller::rollout::state::ServiceRole;
use rollsim::controller::rollout::text::{
    Names, event_message, event_reason, phase_message, phase_name, run_phase_name,
};
use rollsim::controller::rollout::{Event, Run, RunId, Template};
use rollsim::manifest::rollout_types::Rollout;
use serde_json::{Map, Value, json};

use super::cluster::Cluster;
use super::provider::Measured;

impl Names for Cluster<'_> {
    fn rollout(&self) -> &str {
        self.provider_rollout_name()
    }

    fn hash(&self, template: Template) -> String {
        format!("<rev{}>", template.number())
    }

    fn service(&self, role: ServiceRole) -> &str {
        self.service_name(role)
    }

    fn step(&self, index: i32) -> &str {
        &self.compiled.step_texts[usize::try_from(index).unwrap()]
    }

    fn run(&self, id: RunId) -> Run {
        *self.state.run(id)
    }

    fn run_message(&self, id: RunId) -> String {
        Cluster::run_message(self, id)
    }
}

fn revision(template: Option<Template>) -> Value {
    template.map_or(json!(""), |template| {
        json!(format!("rev{}", template.number()))
    })
}

fn counts(cluster: &Cluster<'_>, template: Template) -> Value {
    let (spec, ready, available) = cluster.state.replica_set(template).map_or((0, 0, 0), |rs| {
        (rs.counts.spec, rs.ready, rs.counts.available)
    });
    json!({ "spec": spec, "ready": ready, "avail": available })
}

/// The row of `second`.
pub fn row(cluster: &Cluster<'_>, second: i64) -> Value {
    let state = &cluster.state;
    let status = &state.status;
    let canary = Template::FIRST.next();
    let mut row = json!({
        "t": second,
        "step": status.step_index,
        "stable": counts(cluster, Template::FIRST),
        "canary": counts(cluster, canary),
        "stableRevision": revision(status.stable),
        "phase": phase_name(&status.phase),
        "message": phase_message(&status.phase, cluster),
        "abort": status.abort,
    });
    match &cluster.compiled.spec.strategy {
        Strategy::Canary(canary) => {
            if !canary.steps.is_empty() {
                let weight = canary.current_set_weight(status.abort, status.step_index);
                row["setWeight"] = json!(weight);
            }
            row["actualWeight"] = json!(actual_weight(cluster));
        }
        Strategy::BlueGreen(strategy) => {
            row["active"] = revision(state.services.get(ServiceRole::Active).selector);
            if strategy.preview_service {
                row["preview"] = revision(state.services.get(ServiceRole::Preview).selector);
            }
        }
    }
    let others: Map<String, Value> = state
        .replica_sets
        .iter()
        .filter(|rs| rs.template > canary)
        .map(|rs| {
            let name = format!("rev{}", rs.template.number());
            (name, counts(cluster, rs.template))
        })
        .collect();
    if !others.is_empty() {
        row["others"] = Value::Object(others);
    }
    let pauses: Vec<&str> = status
        .pauses
        .iter()
        .map(|pause| pause.reason.name())
        .collect();
    if !pauses.is_empty() {
        row["pause"] = json!(pauses);
    }
    row["runs"] = runs(cluster);
    row
}

fn runs(cluster: &Cluster<'_>) -> Value {
    let mut runs: Vec<(String, Value)> = cluster
        .runs
        .iter()
        .enumerate()
        .map(|(index, run)| {
            let id = RunId(u16::try_from(index).unwrap());
            let phase = run_phase_name(cluster.state.run(id).phase);
            let mut value = json!({ "name": run.name, "phase": phase });
            let message = Cluster::run_message(cluster, id);
            if !message.is_empty() {
                value["message"] = json!(message);
            }
            (run.name.clone(), value)
        })
        .collect();
    runs.sort_by(|a, b| a.0.cmp(&b.0));
    runs.into_iter().map(|(_, run)| run).collect()
}

/// The share of traffic that reaches the current template, in percent or in weight.
fn actual_weight(cluster: &Cluster<'_>) -> f64 {
    let state = &cluster.state;
    let current = Some(state.desired.template);
    if let Some(weights) = state.status.weights {
        let mut weight = 0;
        if Some(weights.canary) == current {
            weight += weights.pair.canary;
        }
        if Some(weights.stable) == current {
            weight += weights.pair.stable;
        }
        return f64::from(weight);
    }
    if let Strategy::Canary(canary) = &cluster.compiled.spec.strategy
        && canary.traffic.is_some()
    {
        return 100.0;
    }
    let all: i32 = state
        .replica_sets
        .iter()
        .map(|rs| rs.counts.available)
        .sum();
    let new = state
        .replica_set(state.desired.template)
        .map_or(0, |rs| rs.counts.available);
    if all == 0 {
        return 0.0;
    }
    (f64::from(new) / f64::from(all) * 10_000.0).round() / 100.0
}

/// Whether two rows differ in anything but their time.
pub fn shows_change(before: &Value, after: &Value) -> bool {
    let mut before = before.clone();
    before["t"] = after["t"].clone();
    before != *after
}

/// Whether a row is the recorded one; numbers count by value.
pub fn same(ours: &Value, recorded: &Value) -> bool {
    let mut recorded = recorded.clone();
    if let Some(weight) = recorded["actualWeight"].as_f64() {
        recorded["actualWeight"] = json!(weight);
    }
    *ours == recorded
}

/// An event in the words of the recordings.
pub fn event(cluster: &Cluster<'_>, second: i64, event: &Event) -> (i64, String, String) {
    (
        second,
        event_reason(event).to_owned(),
        event_message(event, cluster),
    )
}

/// A recorded measurement.
pub fn measured(line: &Value) -> Measured {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let phase = match line["phase"].as_str().unwrap() {
        "Successful" => "Successful",
        "Failed" => "Failed",
        "Error" => "Error",
        "Inconclusive" => "Inconclusive",
        other => panic!("unknown phase {other}"),
    };
    Measured {
        run: text("run"),
        metric: text("metric"),
        second: line["t"].as_i64().unwrap(),
        phase,
        value: text("value"),
        message: text("message"),
    }
}

/// What differs in the only row of a Rollout that is refused: nothing is deployed.
pub fn invalid_difference(case: &Value, rollout: &Rollout, message: &str) -> Option<String> {
    let nothing = json!({ "spec": 0, "ready": 0, "avail": 0 });
    let mut row = json!({
        "t": -1,
        "step": null,
        "stable": nothing,
        "canary": nothing,
        "stableRevision": "",
        "phase": "Degraded",
        "message": format!("InvalidSpec: {message}"),
        "abort": false,
        "runs": [],
    });
    if let Some(canary) = &rollout.spec.strategy.canary {
        row["actualWeight"] = json!(if canary.traffic_routing.is_some() {
            100.0
        } else {
            0.0
        });
        if let Some(step) = canary.steps.first() {
            row["setWeight"] = json!(step.set_weight.unwrap_or(0));
        }
    }
    let expected = case["expect"].as_array().unwrap();
    (expected.len() != 1 || !same(&row, &expected[0]))
        .then(|| format!("real {}, ours {row}", case["expect"]))
}
