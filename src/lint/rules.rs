//! All rules. Codes are grouped: 0 what the real system refuses, 1 results and conditions, 2 queries and telemetry,
//! 3 limits, counts and arguments, 4 steps and strategy, 5 scale, abort and blue-green.

use super::rule::Rule;

pub(super) mod rs000_suppression;
mod rs001_api_server;
mod rs002_invalid_spec;
mod rs003_analysis_run_error;
mod rs101_bare_result_on_vector;

/// All rules by code.
pub static RULES: &[&Rule] = &[
    &rs000_suppression::RULE,
    &rs001_api_server::RULE,
    &rs002_invalid_spec::RULE,
    &rs003_analysis_run_error::RULE,
    &rs101_bare_result_on_vector::RULE,
];
