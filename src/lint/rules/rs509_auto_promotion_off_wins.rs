//! With `autoPromotionEnabled: false`, `autoPromotionSeconds` counts for nothing.
//!
//! ## What it does
//!
//! Reports blue-green Rollouts that write both.
//!
//! ## Why it matters
//!
//! The update waits for a person, for ever: the countdown never starts.
//!
//! ## Example
//!
//! ```yaml
//! blueGreen:
//!   autoPromotionEnabled: false
//!   autoPromotionSeconds: 300
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! blueGreen:
//!   autoPromotionSeconds: 300
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "autoPromotionEnabled: false wins"; `scenarios/hazards/auto-promotion-off-wins`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS509",
    name: "auto-promotion-off-wins",
    severity: Severity::Warning,
    source: include_str!("rs509_auto_promotion_off_wins.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(blue_green) = steps::blue_green(rollout) else {
            continue;
        };

        let seconds = blue_green.auto_promotion_seconds;
        if blue_green.auto_promotion_enabled == Some(false) && seconds > 0 {
            findings
                .report(
                    rollout.place("spec.strategy.blueGreen.autoPromotionSeconds"),
                    format!("nothing is promoted after {seconds} s: the update waits for a person"),
                )
                .related(
                    rollout.place("spec.strategy.blueGreen.autoPromotionEnabled"),
                    "this wins",
                )
                .why("with autoPromotionEnabled: false the countdown never starts")
                .help("leave one of the two out");
        }
    }
}
