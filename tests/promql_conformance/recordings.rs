//! Reads recordings of any folder, and counts what agrees with them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use rollsim::promql::head::STALE;
use rollsim::promql::labels::Labels;
use rollsim::promql::plain::Series;
use serde_json::Value;

/// The folder of this project's own recordings.
pub fn own_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/promql")
}

/// The text of a file; `.gz` files are unpacked.
pub fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = String::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(&bytes[..]);
        decoder.read_to_string(&mut text).unwrap();
        text
    } else {
        String::from_utf8(bytes).unwrap()
    }
}

/// The lines of a `.jsonl` file.
pub fn json_lines(path: &Path) -> Vec<Value> {
    text(path)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A number in the notation of Prometheus' API.
pub fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

pub fn labels(value: &Value) -> Labels {
    let pairs: BTreeMap<String, String> = serde_json::from_value(value.clone()).unwrap();
    Labels::new(pairs)
}

/// `[{labels, samples: [[t_ms, "v"], …]}]`
pub fn series(value: &Value) -> Vec<Series> {
    let sample = |sample: &Value| {
        let value = match sample[1].as_str().unwrap() {
            "stale" => STALE,
            text => number(text),
        };
        (sample[0].as_i64().unwrap(), value)
    };
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|series| Series {
            labels: labels(&series["labels"]),
            samples: series["samples"]
                .as_array()
                .unwrap()
                .iter()
                .map(sample)
                .collect(),
        })
        .collect()
}

/// How many answers agree.
#[derive(Debug, Default)]
pub struct Tally {
    pub passed: usize,
    /// Answers that depend on arbitrary choices of the real engine.
    pub skipped: usize,
    /// Queries that rollsim refuses by name.
    pub refused: usize,
    pub failures: Vec<String>,
}

impl Tally {
    pub fn count(&mut self, what: impl FnOnce() -> String, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(difference) => self.failures.push(format!("{}\n  {difference}", what())),
        }
    }

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.skipped += other.skipped;
        self.refused += other.refused;
        self.failures.extend(other.failures);
    }

    /// Fails with the first differences.
    pub fn assert_clean(&self, at_least: usize) {
        let shown: Vec<&str> = self.failures.iter().take(20).map(String::as_str).collect();
        assert!(
            self.failures.is_empty(),
            "{} of {} differ:\n{}",
            self.failures.len(),
            self.failures.len() + self.passed,
            shown.join("\n")
        );
        assert!(self.passed >= at_least, "only {} were run", self.passed);
    }
}
