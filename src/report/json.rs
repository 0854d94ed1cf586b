//! The stable JSON form.

use super::model::Report;

/// The report as indented JSON with a newline at the end. Same report, same bytes.
///
/// # Errors
/// A number that JSON can't hold. No estimate is one, since all are finite.
pub fn render(report: &Report) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::render;
    use crate::engine::outcome::Outcome;
    use crate::report::model::Report;
    use crate::report::sample;

    fn keys(value: &Value) -> Vec<&str> {
        value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }

    /// The names that programs rely on. Adding one is fine; a name that goes is a new schema.
    #[test]
    fn the_promised_names_are_there() {
        let value: Value = serde_json::from_str(&render(&sample::report()).unwrap()).unwrap();
        let result = &value["results"][0];
        let arm = &result["arms"][1];
        let outcomes = Outcome::ALL.map(Outcome::name);
        let promised: [(&Value, &[&str]); 12] = [
            (
                &value,
                &[
                    "schema",
                    "rollsim",
                    "rng",
                    "scenario",
                    "seed",
                    "inputs",
                    "assumptions",
                    "findings",
                    "results",
                ],
            ),
            (&value["inputs"][0], &["file", "sha256"]),
            (result, &["rollout", "invalid_spec", "arms"]),
            (
                arm,
                &[
                    "name",
                    "replications",
                    "outcomes",
                    "detected",
                    "stopped",
                    "time_to_abort_s",
                    "time_to_abort_from_onset_s",
                    "time_to_safe_s",
                    "aborted_at",
                    "decided_by",
                    "failed_requests",
                    "duration_s",
                ],
            ),
            (&arm["outcomes"], &outcomes),
            (
                &arm["detected"],
                &["n", "estimate", "low", "high", "level", "method"],
            ),
            (&arm["time_to_abort_s"], &["p50", "p90", "p95", "p99"]),
            (&arm["aborted_at"][0], &["step", "weight", "share", "n"]),
            (&arm["decided_by"][0], &["metric", "n"]),
            (
                &arm["failed_requests"],
                &[
                    "mean",
                    "p50",
                    "p95",
                    "before_outcome_mean",
                    "after_miss_mean",
                ],
            ),
            (&arm["duration_s"], &["p50", "p95"]),
            (
                &arm["bound"][0],
                &[
                    "scope",
                    "requests",
                    "alpha",
                    "level",
                    "power",
                    "bound",
                    "reason",
                    "efficiency",
                ],
            ),
        ];
        for (object, names) in promised {
            for name in names {
                assert!(keys(object).contains(name), "{name} in {:?}", keys(object));
            }
        }
    }

    #[test]
    fn reading_back_gives_the_same_report() {
        let report = sample::report();
        let read: Report = serde_json::from_str(&render(&report).unwrap()).unwrap();
        assert_eq!(read, report);
    }
}
