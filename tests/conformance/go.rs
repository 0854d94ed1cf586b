//! Go's standard library as the controllers use it: patterns and durations recorded from Go 1.26, most of them
//! nonsense made of meaningful pieces.

use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use rollsim::go::{duration, regex};
use serde_json::Value;

fn lines(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/vectors/go/{name}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(path).expect("the recording");
    BufReader::new(GzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
        .collect()
}

#[test]
fn patterns_match_and_fail_as_in_go() {
    let lines = lines("regexp.jsonl.gz");
    let (head, cases) = lines.split_first().expect("a head");
    let texts = head["texts"].as_array().expect("texts");
    assert_eq!(cases.len(), 4_000);
    for case in cases {
        let pattern = case["pattern"].as_str().expect("a pattern");
        match regex::compile(pattern) {
            Err(error) => assert_eq!(case["error"].as_str(), Some(error.as_str())),
            Ok(regex) => {
                let matches: Vec<Option<[usize; 2]>> = texts
                    .iter()
                    .map(|text| regex.find(text.as_str().expect("a text")))
                    .map(|found| found.map(|found| [found.start(), found.end()]))
                    .collect();
                assert_eq!(case["matches"], serde_json::json!(matches), "{pattern:?}");
            }
        }
    }
}

#[test]
fn durations_are_read_and_refused_as_in_go() {
    let cases = lines("durations.jsonl.gz");
    assert_eq!(cases.len(), 3_000);
    for case in cases {
        let text = case["duration"].as_str().expect("a text");
        match duration::parse(text) {
            Err(error) => assert_eq!(case["error"].as_str(), Some(error.to_string().as_str())),
            Ok(duration) => assert_eq!(
                case["nanos"].as_i64(),
                Some(duration.as_nanos()),
                "{text:?}"
            ),
        }
    }
}
