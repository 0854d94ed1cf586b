//! The canonical form of a query: what Prometheus' `expr.String()` prints.

use std::fmt::{self, Display};

use super::ast::{
    Aggregate, At, Binary, Cardinality, Expr, ExprKind, Matcher, TimeShift, VectorSelector,
};
use super::labels::METRIC_NAME;
use super::notation::{format_duration, format_float};
use crate::go::quote::quote;

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(value) => f.write_str(&format_float(*value)),
            ExprKind::Duration(seconds) => {
                let sign = if *seconds < 0.0 { "-" } else { "" };
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "Go's conversion; a duration literal fits"
                )]
                let millis = (seconds.abs() * 1e9) as i64 / 1_000_000;
                write!(f, "{sign}{}", format_duration(millis))
            }
            ExprKind::String(bytes) => f.write_str(&quote(bytes)),
            ExprKind::VectorSelector(selector) => {
                write!(f, "{}{}", Series(selector), Shift(&selector.at))
            }
            ExprKind::MatrixSelector {
                selector, range, ..
            } => write!(
                f,
                "{}[{}]{}",
                Series(selector),
                range.text,
                Shift(&selector.at)
            ),
            ExprKind::Subquery {
                expr,
                range,
                step,
                at,
            } => {
                let step = step.as_ref().map_or("", |step| &step.text);
                write!(f, "{expr}[{}:{step}]{}", range.text, Shift(at))
            }
            ExprKind::Paren(inner) => write!(f, "({inner})"),
            ExprKind::Unary { negative, expr } => {
                write!(f, "{}{expr}", if *negative { "-" } else { "+" })
            }
            ExprKind::Binary(binary) => binary.fmt(f),
            ExprKind::Aggregate(aggregate) => aggregate.fmt(f),
            ExprKind::Call { function, args } => {
                write!(f, "{function}(")?;
                for (index, arg) in args.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{arg}")?;
                }
                f.write_str(")")
            }
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.as_str())?;
        if self.without {
            write!(f, " without ({}) ", LabelList(&self.grouping))?;
        } else if !self.grouping.is_empty() {
            write!(f, " by ({}) ", LabelList(&self.grouping))?;
        }
        match &self.param {
            Some(param) => write!(f, "({param}, {})", self.expr),
            None => write!(f, "({})", self.expr),
        }
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.left, self.op.as_str())?;
        if self.return_bool {
            f.write_str(" bool")?;
        }
        if let Some(matching) = &self.matching {
            let group = match matching.card {
                Cardinality::ManyToOne => Some("left"),
                Cardinality::OneToMany => Some("right"),
                Cardinality::OneToOne | Cardinality::ManyToMany => None,
            };
            if !matching.labels.is_empty() || matching.on || group.is_some() {
                let keyword = if matching.on { "on" } else { "ignoring" };
                write!(f, " {keyword} ({})", LabelList(&matching.labels))?;
            }
            if let Some(side) = group {
                write!(f, " group_{side} ({})", LabelList(&matching.include))?;
            }
        }
        write!(f, " {}", self.right)
    }
}

impl Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain_label(&self.name) {
            f.write_str(&self.name)?;
        } else {
            f.write_str(&quote(&self.name))?;
        }
        write!(f, "{}{}", self.op.as_str(), quote(&self.value))
    }
}

/// Whether a label's name needs no quotes.
fn is_plain_label(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

struct LabelList<'a>(&'a [String]);

impl Display for LabelList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, label) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if is_plain_label(label) {
                f.write_str(label)?;
            } else {
                f.write_str(&quote(label))?;
            }
        }
        Ok(())
    }
}

/// A selector's name and matchers, without its modifiers.
struct Series<'a>(&'a VectorSelector);

impl Display for Series<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name.as_deref().unwrap_or("");
        f.write_str(name)?;
        let mut matchers: Vec<String> = self
            .0
            .matchers
            .iter()
            .filter(|matcher| {
                matcher.name != METRIC_NAME
                    || matcher.op != super::ast::MatchOp::Equal
                    || matcher.value != name
                    || name.is_empty()
            })
            .map(ToString::to_string)
            .collect();
        if matchers.is_empty() {
            return Ok(());
        }
        matchers.sort();
        write!(f, "{{{}}}", matchers.join(","))
    }
}

/// ` @ … offset …`
struct Shift<'a>(&'a TimeShift);

impl Display for Shift<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.at {
            Some(At::Millis(millis)) => write!(f, " @ {:.3}", millis as f64 / 1000.0)?,
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            None => {}
        }
        match &self.0.offset {
            Some(offset) => write!(f, " offset {}", offset.text),
            None => Ok(()),
        }
    }
}
