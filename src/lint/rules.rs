//! All rules. Codes are grouped: 0 what the real system refuses, 1 results and conditions, 2 queries and telemetry,
//! 3 limits, counts and arguments, 4 steps and strategy, 5 scale, abort and blue-green.

use super::rule::Rule;

pub(super) mod rs000_suppression;
mod rs001_api_server;
mod rs002_invalid_spec;
mod rs003_analysis_run_error;
mod rs101_bare_result_on_vector;
mod rs102_condition_error;
mod rs103_empty_vector_unguarded;
mod rs104_guard_after_access;
mod rs105_nan_unhandled;
mod rs106_or_keeps_nan;
mod rs107_no_errors_no_answer;
mod rs108_missing_data_is_success;
mod rs109_no_condition;
mod rs110_condition_gap;
mod rs111_several_series;
mod rs112_threshold_in_query;
mod rs113_query_error;

/// The rules that repeat what the real systems say.
pub const GATES: [&str; 3] = ["RS001", "RS002", "RS003"];

/// All rules by code.
pub static RULES: &[&Rule] = &[
    &rs000_suppression::RULE,
    &rs001_api_server::RULE,
    &rs002_invalid_spec::RULE,
    &rs003_analysis_run_error::RULE,
    &rs101_bare_result_on_vector::RULE,
    &rs102_condition_error::RULE,
    &rs103_empty_vector_unguarded::RULE,
    &rs104_guard_after_access::RULE,
    &rs105_nan_unhandled::RULE,
    &rs106_or_keeps_nan::RULE,
    &rs107_no_errors_no_answer::RULE,
    &rs108_missing_data_is_success::RULE,
    &rs109_no_condition::RULE,
    &rs110_condition_gap::RULE,
    &rs111_several_series::RULE,
    &rs112_threshold_in_query::RULE,
    &rs113_query_error::RULE,
];
