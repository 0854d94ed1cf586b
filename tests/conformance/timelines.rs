//! 1,164 whole rollouts, second by second, recorded from the Rollout and AnalysisRun controllers of Argo
//! Rollouts v1.9.1 in virtual time.

#![allow(
    clippy::unwrap_used,
    reason = "a recording that can't be read is a broken test"
)]

mod cluster;
mod provider;
mod rows;

use rollsim::controller::rollout::Template;
use rollsim::controller::rollout::actions::{self, Promote};
use rollsim::manifest::rollout_types::Rollout;
use rollsim::plan::rollout::{CompiledRollout, compile};
use rollsim::units::{Duration, Instant};
use serde_json::Value;

use cluster::{Cluster, Environment};
use provider::{Measured, Provider};

use super::replicas::read_lines;

/// The update comes this long after the first deploy; the informers resync every 900 s since then.
const SETTLE: i64 = 1367;

const RESYNC: i64 = 900;

/// What a replayed recording looks like.
#[derive(Debug, PartialEq)]
struct Replay {
    rows: Vec<Value>,
    measured: Vec<Measured>,
    set_weight_calls: Vec<(i64, i32)>,
    events: Vec<(i64, String, String)>,
    livelock_at: Option<i64>,
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_i64()
}

fn environment(case: &Value) -> Environment {
    let env = &case["env"];
    let count = |key: &str| {
        env[key]
            .as_u64()
            .map(|count| usize::try_from(count).unwrap())
    };
    Environment {
        pod_ready: seconds(&env["podReadySeconds"]).unwrap(),
        canary_pod_ready: seconds(&env["canaryPodReadySeconds"]),
        canary_max_ready: count("canaryMaxReady"),
        crash_at: seconds(&env["canaryCrashAt"]),
        crash_leaves: count("canaryCrashLeaves").unwrap_or(0),
        crash_until: seconds(&env["canaryCrashUntil"]),
        weight_unverified_until: seconds(&env["weightUnverifiedUntil"]),
    }
}

/// A user's action at a second.
struct Action<'a> {
    second: i64,
    name: &'a str,
    value: Option<i32>,
}

fn actions(case: &Value) -> Vec<Action<'_>> {
    let mut list: Vec<Action<'_>> = case["actions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|action| Action {
            second: action["t"].as_i64().unwrap(),
            name: action["do"].as_str().unwrap(),
            value: action["value"]
                .as_i64()
                .map(|value| i32::try_from(value).unwrap()),
        })
        .collect();
    if !list
        .iter()
        .any(|action| action.second == 0 && action.name == "update-image")
    {
        let first = Action {
            second: 0,
            name: "update-image",
            value: None,
        };
        list.insert(0, first);
    }
    list.sort_by_key(|action| action.second);
    list
}

fn act(cluster: &mut Cluster<'_>, action: &Action<'_>, newest: &mut Template) {
    let spec = &cluster.compiled.spec;
    let state = &mut cluster.state;
    let changed = match action.name {
        "abort" => actions::abort(state),
        "retry" => actions::retry(state),
        "promote" => actions::promote(spec, state, Promote::Next).unwrap_or(false),
        "promote-full" => actions::promote(spec, state, Promote::Full).unwrap_or(false),
        "promote-skip-current" => {
            actions::promote(spec, state, Promote::SkipCurrentStep).unwrap_or(false)
        }
        "promote-skip-all" => actions::promote(spec, state, Promote::SkipAllSteps).unwrap_or(false),
        "pause" => actions::set_paused(state, true),
        "unpause" => actions::set_paused(state, false),
        "scale" => actions::scale(state, action.value.unwrap()),
        "set-image-back" => actions::set_template(state, Template::FIRST),
        "update-image" => {
            *newest = newest.next();
            actions::set_template(state, *newest)
        }
        other => panic!("unknown action {other}"),
    };
    if changed {
        cluster.wake();
    }
}

fn replay(case: &Value, compiled: &CompiledRollout, provider: &Provider) -> Replay {
    let environment = environment(case);
    let update_at = Instant::from_seconds(SETTLE);
    let mut cluster = Cluster::new(compiled, &environment, provider, Instant::EPOCH, update_at);
    let mut resync = RESYNC - SETTLE;
    run_until(&mut cluster, &mut resync, 0, None);
    let mut rows = vec![rows::row(&cluster, -1)];
    cluster.events.clear();
    cluster.set_weight_calls.clear();
    cluster.livelock_at = None;
    let before = cluster.state.router.map(|router| router.weight);
    let mut newest = Template::FIRST;
    cluster.forget_delayed_keys();
    let actions = actions(case);
    for now in actions.chunk_by(|a, b| a.second == b.second) {
        let second = now[0].second;
        run_until(&mut cluster, &mut resync, second, Some(&mut rows));
        cluster.now = cluster.now.max(update_at + Duration::from_seconds(second));
        for action in now {
            act(&mut cluster, action, &mut newest);
        }
    }
    let end = case["final"]["t"].as_i64().unwrap();
    run_until(&mut cluster, &mut resync, end + 1, Some(&mut rows));
    let events = cluster
        .events
        .iter()
        .map(|(second, event)| rows::event(&cluster, *second, event))
        .collect();
    let mut measured = cluster.measured.clone();
    measured.sort_by(|a, b| (a.second, &a.run, &a.metric).cmp(&(b.second, &b.run, &b.metric)));
    Replay {
        rows,
        measured,
        set_weight_calls: first_call(before, cluster.set_weight_calls.clone()),
        events,
        livelock_at: cluster.livelock_at,
    }
}

/// The recordings know no call before the update, so the first one always counts.
fn first_call(before: Option<i32>, mut calls: Vec<(i64, i32)>) -> Vec<(i64, i32)> {
    if let Some(weight) = before {
        calls.insert(0, (0, weight));
    }
    calls
}

/// Lets things happen until `second` begins, noting a row whenever a second has changed something.
fn run_until(
    cluster: &mut Cluster<'_>,
    resync: &mut i64,
    second: i64,
    mut rows: Option<&mut Vec<Value>>,
) {
    let end = cluster.update_at + Duration::from_seconds(second);
    loop {
        cluster.settle();
        let resync_at = cluster.update_at + Duration::from_seconds(*resync);
        let next = cluster.next_time();
        let at = next.min(resync_at);
        if at >= end {
            if let Some(rows) = rows.as_deref_mut() {
                note(cluster, rows, i64::MAX);
            }
            return;
        }
        if let Some(rows) = rows.as_deref_mut() {
            let next_second = (at - cluster.update_at)
                .as_nanos()
                .div_euclid(1_000_000_000);
            note(cluster, rows, next_second);
        }
        cluster.now = at;
        if at == resync_at {
            *resync += RESYNC;
            cluster.wake();
        }
    }
}

/// Notes the row of the current second if that ends before `next_second` and shows anything new.
fn note(cluster: &Cluster<'_>, rows: &mut Vec<Value>, next_second: i64) {
    let second = cluster.second();
    if second < 0 || second == next_second {
        return;
    }
    let row = rows::row(cluster, second);
    if rows::shows_change(rows.last().unwrap(), &row) {
        rows.push(row);
    }
}

/// The first difference between recording and replay, in words.
fn difference(case: &Value, replay: &Replay) -> Option<String> {
    let expected = case["expect"].as_array().unwrap();
    for (index, row) in expected.iter().enumerate() {
        let ours = replay.rows.get(index);
        if ours.is_none_or(|ours| !rows::same(ours, row)) {
            let ours = ours.map_or("nothing".to_owned(), Value::to_string);
            return Some(format!("row {index}:\n  real {row}\n  ours {ours}"));
        }
    }
    if let Some(extra) = replay.rows.get(expected.len()) {
        return Some(format!("extra row: {extra}"));
    }
    let measured: Vec<Measured> = case["measured"]
        .as_array()
        .unwrap()
        .iter()
        .map(rows::measured)
        .collect();
    if let Some(text) = first_difference("measured", &measured, &replay.measured) {
        return Some(text);
    }
    let calls: Vec<(i64, i32)> = case["setWeightCalls"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|call| {
            (
                call[0].as_i64().unwrap(),
                i32::try_from(call[1].as_i64().unwrap()).unwrap(),
            )
        })
        .collect();
    if let Some(text) = first_difference("setWeight", &calls, &replay.set_weight_calls) {
        return Some(text);
    }
    let promoted = case["final"]["promotedAt"].as_i64();
    let first = |what: fn(&Value) -> bool| {
        replay.rows[1..]
            .iter()
            .find(|row| what(row))
            .and_then(|row| row["t"].as_i64())
    };
    let ours = first(|row| row["stableRevision"] != "rev1");
    if promoted != ours {
        return Some(format!("promoted: real {promoted:?}, ours {ours:?}"));
    }
    let aborted = case["final"]["abortedAt"].as_i64();
    let ours = first(|row| row["abort"] == true);
    if aborted != ours {
        return Some(format!("aborted: real {aborted:?}, ours {ours:?}"));
    }
    let events: Vec<(i64, String, String)> = case["events"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            (
                event["t"].as_i64().unwrap(),
                text("reason"),
                text("message"),
            )
        })
        .collect();
    if let Some(text) = first_difference("event", &events, &replay.events) {
        return Some(text);
    }
    let livelock = case["final"]["livelockAt"].as_i64();
    (livelock != replay.livelock_at)
        .then(|| format!("livelock: real {livelock:?}, ours {:?}", replay.livelock_at))
}

fn first_difference<T: PartialEq + std::fmt::Debug>(
    what: &str,
    real: &[T],
    ours: &[T],
) -> Option<String> {
    let index =
        (0..real.len().max(ours.len())).find(|&index| real.get(index) != ours.get(index))?;
    Some(format!(
        "{what} {index}: real {:?}, ours {:?}",
        real.get(index),
        ours.get(index)
    ))
}

/// What is wrong with our replay of one recording, if anything.
fn check(case: &Value) -> Option<String> {
    let rollout = Rollout::from_json(&case["rollout"]).unwrap();
    if let Some(message) = Provider::invalid_spec(case, &rollout) {
        return rows::invalid_difference(case, &rollout, &message);
    }
    let compiled = compile(&rollout).unwrap();
    let provider = Provider::new(case, &rollout);
    difference(case, &replay(case, &compiled, &provider))
}

/// Recordings that other orders of things within one instant would change are counted apart, and only their
/// last row has to agree.
fn same_in_the_end(case: &Value) -> bool {
    let rollout = Rollout::from_json(&case["rollout"]).unwrap();
    let compiled = compile(&rollout).unwrap();
    let provider = Provider::new(case, &rollout);
    let replay = replay(case, &compiled, &provider);
    let mut last = replay.rows.last().unwrap().clone();
    let recorded = case["expect"].as_array().unwrap().last().unwrap();
    last["t"] = recorded["t"].clone();
    rows::same(&last, recorded)
}

#[test]
fn every_recorded_timeline_is_reproduced() {
    let cases = read_lines("rollout/timelines.jsonl.gz");
    let mut wrong = Vec::new();
    let mut loose = 0;
    for case in &cases {
        let Some(text) = check(case) else {
            continue;
        };
        let sensitive = case["orderSensitive"] == true || case["latencySensitive"] == true;
        if sensitive && same_in_the_end(case) {
            loose += 1;
        } else {
            wrong.push(format!("{}: {text}", case["id"]));
        }
    }
    assert!(cases.len() >= 1164, "the recording is complete");
    assert!(
        wrong.is_empty(),
        "{} of {} differ ({loose} more only on the way), first:\n{}",
        wrong.len(),
        cases.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

#[test]
fn every_livelock_of_the_real_controller_is_noticed() {
    let cases = read_lines("rollout/timelines.jsonl.gz");
    let spinning: Vec<&str> = cases
        .iter()
        .filter(|case| {
            let rollout = Rollout::from_json(&case["rollout"]).unwrap();
            Provider::invalid_spec(case, &rollout).is_none()
                && replay(
                    case,
                    &compile(&rollout).unwrap(),
                    &Provider::new(case, &rollout),
                )
                .livelock_at
                .is_some()
        })
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    let recorded: Vec<&str> = cases
        .iter()
        .filter(|case| {
            case["harnessNote"]
                .as_str()
                .is_some_and(|note| note.starts_with("LIVELOCK"))
        })
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert_eq!(spinning, recorded);
}
