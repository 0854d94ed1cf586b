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
mod rs114_condition_ignored;
mod rs201_window_before_canary;
mod rs202_measured_too_early;
mod rs203_overlapping_windows;
mod rs204_window_under_two_scrapes;
mod rs205_no_canary_filter;
mod rs206_filter_matches_no_pod;
mod rs301_failure_limit_unreachable;
mod rs302_failure_limit_omitted;
mod rs303_failure_limit_not_consecutive;
mod rs304_number_is_text;
mod rs305_count_argument_without_default;
mod rs306_argument_unused;
mod rs307_argument_dropped;
mod rs308_placeholder_not_filled_in;
mod rs309_endless_in_steps;
mod rs310_too_few_measurements;
mod rs401_weight_not_served;
mod rs402_single_replica_canary;
mod rs403_largest_weight_unchecked;
mod rs404_no_gate;
mod rs405_background_before_pods;
mod rs406_background_ends_early;
mod rs407_background_after_steps;
mod rs408_dry_run_matches_nothing;
mod rs409_dry_run_holds_completion;
mod rs410_paused_keeps_aborted_canary;
mod rs411_progress_deadline_only_degrades;
mod rs412_no_steps_behind_router;
mod rs413_last_weight_is_all;
mod rs414_retry_aborts_again;
mod rs415_run_to_completion;
mod rs501_blue_green_retry_promotes;
mod rs502_abort_leaves_crashing_active;
mod rs503_scale_down_delay_zero;
mod rs504_abort_never_completes;
mod rs505_abort_delay_too_long;
mod rs506_canary_scale_sticks;
mod rs507_surge_without_percent;
mod rs508_surge_plays_no_role;
mod rs509_auto_promotion_off_wins;
mod rs510_threshold_promotes_part;
mod rs511_min_pods_above_replicas;
mod rs512_dynamic_stable_scale_unwatched;
mod rs513_post_promotion_inconclusive;

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
    &rs114_condition_ignored::RULE,
    &rs201_window_before_canary::RULE,
    &rs202_measured_too_early::RULE,
    &rs203_overlapping_windows::RULE,
    &rs204_window_under_two_scrapes::RULE,
    &rs205_no_canary_filter::RULE,
    &rs206_filter_matches_no_pod::RULE,
    &rs301_failure_limit_unreachable::RULE,
    &rs302_failure_limit_omitted::RULE,
    &rs303_failure_limit_not_consecutive::RULE,
    &rs304_number_is_text::RULE,
    &rs305_count_argument_without_default::RULE,
    &rs306_argument_unused::RULE,
    &rs307_argument_dropped::RULE,
    &rs308_placeholder_not_filled_in::RULE,
    &rs309_endless_in_steps::RULE,
    &rs310_too_few_measurements::RULE,
    &rs401_weight_not_served::RULE,
    &rs402_single_replica_canary::RULE,
    &rs403_largest_weight_unchecked::RULE,
    &rs404_no_gate::RULE,
    &rs405_background_before_pods::RULE,
    &rs406_background_ends_early::RULE,
    &rs407_background_after_steps::RULE,
    &rs408_dry_run_matches_nothing::RULE,
    &rs409_dry_run_holds_completion::RULE,
    &rs410_paused_keeps_aborted_canary::RULE,
    &rs411_progress_deadline_only_degrades::RULE,
    &rs412_no_steps_behind_router::RULE,
    &rs413_last_weight_is_all::RULE,
    &rs414_retry_aborts_again::RULE,
    &rs415_run_to_completion::RULE,
    &rs501_blue_green_retry_promotes::RULE,
    &rs502_abort_leaves_crashing_active::RULE,
    &rs503_scale_down_delay_zero::RULE,
    &rs504_abort_never_completes::RULE,
    &rs505_abort_delay_too_long::RULE,
    &rs506_canary_scale_sticks::RULE,
    &rs507_surge_without_percent::RULE,
    &rs508_surge_plays_no_role::RULE,
    &rs509_auto_promotion_off_wins::RULE,
    &rs510_threshold_promotes_part::RULE,
    &rs511_min_pods_above_replicas::RULE,
    &rs512_dynamic_stable_scale_unwatched::RULE,
    &rs513_post_promotion_inconclusive::RULE,
];
