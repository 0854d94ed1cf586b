//! Static types and other conditions on a complete tree (`promql/parser/parse.go checkAST`).

use super::{ParseError, Parsed};
use crate::go::quote::quote;
use crate::promql::ast::{
    Aggregate, AggregateOp, Binary, Cardinality, Expr, ExprKind, Span, ValueType, VectorSelector,
};
use crate::promql::functions::{self, Variadic};
use crate::promql::labels::METRIC_NAME;
use crate::promql::matcher::CompiledMatcher;

/// Checks a tree, and takes the matching away from operators that don't join vectors.
pub(super) fn check(text: &str, expr: &mut Expr) -> Parsed<ValueType> {
    let checker = Checker { text };
    checker.expr(expr)
}

struct Checker<'a> {
    text: &'a str,
}

impl Checker<'_> {
    fn error<T>(&self, span: &Span, text: impl Into<String>) -> Parsed<T> {
        Err(ParseError::syntax(self.text, span.start, text))
    }

    fn expr(&self, expr: &mut Expr) -> Parsed<ValueType> {
        let span = expr.span.clone();
        let value_type = expr.value_type();
        match &mut expr.kind {
            ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => {}
            ExprKind::VectorSelector(selector) => self.selector(selector, &span)?,
            ExprKind::MatrixSelector {
                selector,
                selector_span,
                ..
            } => self.selector(selector, selector_span)?,
            ExprKind::Subquery { expr, .. } => {
                let inner = self.expr(expr)?;
                if inner != ValueType::InstantVector {
                    let name = match inner {
                        ValueType::RangeVector => "matrix".to_owned(),
                        other => other.to_string(),
                    };
                    let text =
                        format!("subquery is only allowed on instant vector, got {name} instead");
                    return self.error(&span, text);
                }
            }
            ExprKind::Paren(inner) => drop(self.expr(inner)?),
            ExprKind::Unary { expr, .. } => {
                let inner = self.expr(expr)?;
                if !matches!(inner, ValueType::Scalar | ValueType::InstantVector) {
                    let text = format!(
                        "unary expression only allowed on expressions of type scalar or instant \
                         vector, got \"{inner}\""
                    );
                    return self.error(&span, text);
                }
            }
            ExprKind::Binary(binary) => self.binary(binary, &span)?,
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate)?,
            ExprKind::Call { function, args } => self.call(function, args, &span)?,
        }
        Ok(value_type)
    }

    fn expect(&self, expr: &mut Expr, wanted: ValueType, place: &str) -> Parsed<()> {
        let got = self.expr(expr)?;
        if got == wanted {
            return Ok(());
        }
        let text = format!("expected type {wanted} in {place}, got {got}");
        self.error(&expr.span, text)
    }

    fn aggregate(&self, aggregate: &mut Aggregate) -> Parsed<()> {
        self.expect(
            &mut aggregate.expr,
            ValueType::InstantVector,
            "aggregation expression",
        )?;
        let wanted = match aggregate.op {
            AggregateOp::CountValues => ValueType::String,
            _ => ValueType::Scalar,
        };
        aggregate.param.as_mut().map_or(Ok(()), |param| {
            self.expect(param, wanted, "aggregation parameter")
        })
    }

    fn selector(&self, selector: &VectorSelector, span: &Span) -> Parsed<()> {
        if let Some(name) = &selector.name {
            let inside = selector
                .matchers
                .split_last()
                .map_or(&[][..], |(_, rest)| rest);
            if let Some(second) = inside.iter().find(|matcher| matcher.name == METRIC_NAME) {
                let (name, value) = (quote(name), quote(&second.value));
                let text = format!("metric name must not be set twice: {name} or {value}");
                return self.error(span, text);
            }
            return Ok(());
        }
        for matcher in &selector.matchers {
            match CompiledMatcher::new(matcher) {
                Ok(matcher) if matcher.matches("") => {}
                Ok(_) => return Ok(()),
                Err(text) => return self.error(span, text),
            }
        }
        self.error(
            span,
            "vector selector must contain at least one non-empty matcher",
        )
    }

    fn binary(&self, binary: &mut Binary, span: &Span) -> Parsed<()> {
        let left = self.expr(&mut binary.left)?;
        let right = self.expr(&mut binary.right)?;
        let op = binary.op;
        let operator = self.operator_span(binary);
        if binary.return_bool && !op.is_comparison() {
            let text = "bool modifier can only be used on comparison operators";
            return self.error(&operator, text);
        }
        let scalars = left == ValueType::Scalar && right == ValueType::Scalar;
        if op.is_comparison() && !binary.return_bool && scalars {
            let text = "comparisons between scalars must use BOOL modifier";
            return self.error(&operator, text);
        }
        if let Some(matching) = &mut binary.matching {
            if op.is_set() && matching.card == Cardinality::OneToOne {
                matching.card = Cardinality::ManyToMany;
            }
            let twice = matching
                .labels
                .iter()
                .find(|label| matching.on && matching.include.contains(label));
            if let Some(label) = twice {
                let label = quote(label);
                let text = format!("label {label} must not occur in ON and GROUP clause at once");
                return self.error(&operator, text);
            }
        }
        for (operand, value_type) in [(&binary.left, left), (&binary.right, right)] {
            if !matches!(value_type, ValueType::Scalar | ValueType::InstantVector) {
                let text = "binary expression must contain only scalar and instant vector types";
                return self.error(&operand.span, text);
            }
        }
        let vectors = left == ValueType::InstantVector && right == ValueType::InstantVector;
        if !vectors {
            let matching = binary.matching.take();
            if matching.is_some_and(|matching| !matching.labels.is_empty()) {
                let text = "vector matching only allowed between instant vectors";
                return self.error(span, text);
            }
            if op.is_set() {
                let op = quote(op.as_str());
                let text = format!("set operator {op} not allowed in binary scalar expression");
                return self.error(span, text);
            }
        } else if op.is_set()
            && binary
                .matching
                .as_ref()
                .is_some_and(|matching| matching.card != Cardinality::ManyToMany)
        {
            let op = quote(op.as_str());
            return self.error(span, format!("no grouping allowed for {op} operation"));
        }
        Ok(())
    }

    /// The text between the operands, without the white space before it.
    fn operator_span(&self, binary: &Binary) -> Span {
        let between = &self.text[binary.left.span.end..binary.right.span.start];
        let skipped = between.len() - between.trim_start_matches([' ', '\t', '\n', '\r']).len();
        binary.left.span.end + skipped..binary.right.span.start
    }

    fn call(&self, function: &str, args: &mut [Expr], span: &Span) -> Parsed<()> {
        let Some(signature) = functions::lookup(function) else {
            let function = quote(function);
            return self.error(span, format!("unknown function with name {function}"));
        };
        let wanted = signature.arguments.len();
        let got = args.len();
        let counts = match signature.variadic {
            Variadic::No if got != wanted => Some(format!("{wanted}")),
            Variadic::AtMost(_) | Variadic::Any if got + 1 < wanted => {
                Some(format!("at least {}", wanted - 1))
            }
            Variadic::AtMost(extra) if got + 1 > wanted + extra => {
                Some(format!("at most {}", wanted - 1 + extra))
            }
            _ => None,
        };
        if let Some(counts) = counts {
            let text = format!(
                "expected {counts} argument(s) in call to {}, got {got}",
                quote(function)
            );
            return self.error(span, text);
        }
        let place = format!("call to function {}", quote(function));
        for (index, arg) in args.iter_mut().enumerate() {
            // The last type repeats.
            let position = index.min(wanted.saturating_sub(1));
            if let Some(&value_type) = signature.arguments.get(position) {
                self.expect(arg, value_type, &place)?;
            }
        }
        Ok(())
    }
}
