//! Which expressions a range query evaluates only once.
//!
//! Prometheus evaluates whatever depends on fixed times (`@`) at the first step and repeats the result. An
//! aggregation counts as fixed if its vector is, whatever its parameter depends on.
//! (Prometheus 3.14 promql/engine.go `preprocessExprHelper`.)

use super::unwrapped;
use crate::promql::ast::{Expr, ExprKind};

/// Whether an expression is evaluated at the first step only. Plain constants aren't: they cost nothing.
pub(super) fn is_evaluated_once(expr: &Expr) -> bool {
    let verdict = examine(expr);
    verdict.fixed && verdict.worth_it
}

#[derive(Clone, Copy)]
struct Verdict {
    fixed: bool,
    worth_it: bool,
}

const CONSTANT: Verdict = Verdict {
    fixed: true,
    worth_it: false,
};
const FIXED: Verdict = Verdict {
    fixed: true,
    worth_it: true,
};
const VARYING: Verdict = Verdict {
    fixed: false,
    worth_it: false,
};

fn examine(expr: &Expr) -> Verdict {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => CONSTANT,
        ExprKind::VectorSelector(selector) => {
            if selector.at.at.is_some() {
                FIXED
            } else {
                VARYING
            }
        }
        // Functions read windows themselves, so these are never evaluated on their own.
        ExprKind::MatrixSelector { selector, .. } => Verdict {
            fixed: selector.at.at.is_some(),
            worth_it: false,
        },
        ExprKind::Subquery { at, .. } => Verdict {
            fixed: at.at.is_some(),
            worth_it: false,
        },
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => examine(inner),
        ExprKind::Aggregate(aggregate) => examine(unwrapped(&aggregate.expr)),
        ExprKind::Binary(binary) => {
            if examine(&binary.left).fixed && examine(&binary.right).fixed {
                FIXED
            } else {
                VARYING
            }
        }
        ExprKind::Call { function, args } => {
            let all_fixed = args.iter().all(|arg| examine(unwrapped(arg)).fixed);
            if all_fixed && !depends_on_time(function, args) {
                FIXED
            } else {
                VARYING
            }
        }
    }
}

/// Functions that read the evaluation time, or the time of samples whose time the repetition would change.
fn depends_on_time(function: &str, args: &[Expr]) -> bool {
    match function {
        "days_in_month" | "day_of_month" | "day_of_week" | "day_of_year" | "hour" | "minute"
        | "month" | "year" | "predict_linear" | "time" => true,
        "timestamp" => !args
            .iter()
            .all(|arg| matches!(unwrapped(arg).kind, ExprKind::VectorSelector(_))),
        _ => false,
    }
}
