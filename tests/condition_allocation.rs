//! Deciding a measurement on numbers allocates nothing.

use allocation_counter::measure;
use rollsim::condition::{Assessment, EvalError, MeasurementConditions, MetricResult, Phase};
use rollsim::units::Instant;

fn decide(success: &str, failure: &str, result: MetricResult<'_>) -> Assessment {
    let conditions = MeasurementConditions::compile(success, failure).expect(success);
    let mut decided = Assessment::Decided(Phase::Inconclusive);
    let allocated = measure(|| {
        decided = conditions.assess(result, Instant::EPOCH);
    });
    assert_eq!(allocated.count_total, 0, "{success} / {failure}");
    decided
}

#[test]
fn ordinary_conditions_on_a_vector() {
    let samples = [0.5, 2.0, f64::NAN];
    let successful = [
        "result[0] <= 0.95",
        "result[0] >= 0.1 && result[1] < 3 || result[-1] > 7",
        "len(result) == 3 and not isNaN(result[0]) and not isInf(result[1])",
        "default(result, 0) != nil && !isNil(result)",
        "asFloat(result[0]) == 0.5 && asInt(result[1]) == 2",
        "any(result, {# > 1}) && not all(result, # > 1)",
        "count(result, {# >= 0.5}) == 2",
        "(result[0] + result[1]) * 2 - 1 / 4 == 4.75 and result[1] ** 2 == 4",
        "len(result) > 1 ? result[0] < 1 : true",
        "max(result[0], 1) == 1 and abs(-result[0]) == 0.5",
        "let x = result[0]; x > 0.2 && x < 0.7",
        "result[0] in [0.5, 1]",
    ];
    for condition in successful {
        let decided = decide(condition, "", MetricResult::Vector(&samples));
        assert_eq!(
            decided,
            Assessment::Decided(Phase::Successful),
            "{condition}"
        );
    }
    let decided = decide(
        "result[0] > 1",
        "result[2] > 1",
        MetricResult::Vector(&samples),
    );
    assert_eq!(decided, Assessment::Decided(Phase::Inconclusive));
}

#[test]
fn scalars_missing_results_and_missing_data() {
    let decided = decide("result < 0.05", "", MetricResult::Scalar(0.01));
    assert_eq!(decided, Assessment::Decided(Phase::Successful));
    let decided = decide(
        "default(result, 0) < 1",
        "isNil(result) and false",
        MetricResult::Nil,
    );
    assert_eq!(decided, Assessment::Decided(Phase::Successful));
    let decided = decide("result[0] >= 0.95", "", MetricResult::Vector(&[]));
    assert_eq!(
        decided,
        Assessment::Failure(EvalError::SliceIndexOutOfRange)
    );
}
