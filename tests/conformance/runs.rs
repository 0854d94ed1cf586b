//! Whole AnalysisRun lives recorded from the real controller: every measurement, phase, message and counter, to the
//! millisecond.

mod case;
mod check;
mod drive;
mod measure;

use std::io::{BufRead, BufReader};

use case::Case;
use flate2::read::GzDecoder;

/// All recorded runs.
fn cases() -> Vec<Case> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/analysis/runs.jsonl.gz"
    );
    let file = std::fs::File::open(path).expect("the recording");
    BufReader::new(GzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("a case"))
        .collect()
}

/// Replays every case with `source` and lists those that differ.
fn failures(source: measure::Source) -> Vec<String> {
    let cases = cases();
    assert!(cases.len() >= 1_795, "the recording is complete");
    cases
        .iter()
        .filter_map(|case| {
            let difference = check::differences(case, &drive::replay(case, source));
            (!difference.is_empty())
                .then(|| format!("{} {}: {difference}", case.id, case.description))
        })
        .collect()
}

fn assert_none(failures: &[String]) {
    let shown: Vec<_> = failures.iter().take(20).cloned().collect();
    assert!(
        failures.is_empty(),
        "{} runs differ:\n{}",
        failures.len(),
        shown.join("\n")
    );
}

#[test]
fn machine_repeats_the_recorded_runs_given_their_measurements() {
    assert_none(&failures(measure::Source::Recorded));
}

#[test]
fn machine_and_conditions_repeat_the_recorded_runs() {
    assert_none(&failures(measure::Source::Evaluated));
}
