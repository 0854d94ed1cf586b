//! The windows of time that a query reads, and how old the new version is when they are read first.

use crate::manifest::references::StanzaKind;
use crate::manifest::rollout_types::{CanaryStep, CanaryStrategy};
use crate::promql::ast::{DurationExpr, Expr, ExprKind, Span};
use crate::units::Duration;

use super::steps::{self, Length};
use super::subject::{Metric, Query, RolloutSubject, Subject};

/// A stretch of time before the measurement whose samples a query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Its length as written: `5m`.
    pub span: Span,
    /// Its length.
    pub length: Duration,
    /// How far it reaches back; offsets count, and subquery's takes in the windows that it repeats.
    pub reach: Duration,
    /// The function that reads it.
    pub function: &'static str,
    /// Whether it repeats an expression instead of reading samples.
    pub is_subquery: bool,
}

impl Window {
    /// Whether all samples count. The others look at the newest one or two only, however long the window is.
    pub fn counts_all(&self) -> bool {
        !["irate", "idelta", "last_over_time"].contains(&self.function)
    }

    /// How many samples it takes for an answer.
    pub fn least_samples(&self) -> i64 {
        match self.function {
            "rate"
            | "increase"
            | "delta"
            | "irate"
            | "idelta"
            | "deriv"
            | "predict_linear"
            | "double_exponential_smoothing" => 2,
            _ => 1,
        }
    }
}

/// The windows of a query whose lengths are known, in the order written.
pub(super) fn windows(query: &Query<'_>) -> Vec<Window> {
    let mut found = Vec::new();
    if let Ok(expr) = &query.expr {
        collect(expr, "", &mut found);
    }
    found.retain(|window| query.text.is_known(&window.span));
    found
}

/// The longest window of which all samples count.
pub(super) fn longest(query: &Query<'_>) -> Option<Window> {
    let all = windows(query).into_iter().filter(Window::counts_all);
    all.reduce(|best, window| {
        if window.reach > best.reach {
            window
        } else {
            best
        }
    })
}

fn collect(expr: &Expr, function: &'static str, found: &mut Vec<Window>) {
    let mut add = |range: &DurationExpr, offset: Option<&DurationExpr>, inner: Duration| {
        let offset = offset.map_or(0, |offset| offset.millis.max(0));
        found.push(Window {
            span: range.span.clone(),
            length: Duration::from_millis(range.millis),
            reach: Duration::from_millis(range.millis.saturating_add(offset)) + inner,
            function,
            is_subquery: inner > Duration::ZERO,
        });
    };
    match &expr.kind {
        ExprKind::MatrixSelector {
            selector, range, ..
        } => add(range, selector.at.offset.as_ref(), Duration::ZERO),
        ExprKind::Subquery {
            expr, range, at, ..
        } => {
            let mut inner = Vec::new();
            collect(expr, "", &mut inner);
            let longest = inner.iter().map(|window| window.reach).max();
            add(range, at.offset.as_ref(), longest.unwrap_or(Duration::ZERO));
            if let Some(window) = found.last_mut() {
                window.is_subquery = true;
            }
            found.append(&mut inner);
        }
        ExprKind::Paren(inner) => collect(inner, function, found),
        ExprKind::Unary { expr, .. } => collect(expr, "", found),
        ExprKind::Binary(binary) => {
            collect(&binary.left, "", found);
            collect(&binary.right, "", found);
        }
        ExprKind::Aggregate(aggregate) => {
            for expr in aggregate.param.iter().chain([&aggregate.expr]) {
                collect(expr, "", found);
            }
        }
        ExprKind::Call { function, args } => {
            for arg in args {
                collect(arg, function, found);
            }
        }
        ExprKind::Number(_)
        | ExprKind::Duration(_)
        | ExprKind::String(_)
        | ExprKind::VectorSelector(_) => {}
    }
}

/// Whether a step creates pods of the new version.
pub(super) fn scales_up(step: &CanaryStep) -> bool {
    let scale = step.set_canary_scale.as_ref();
    step.set_weight.is_some_and(|weight| weight > 0)
        || scale.is_some_and(|scale| {
            scale.replicas.is_some_and(|replicas| replicas > 0)
                || scale.weight.is_some_and(|weight| weight > 0)
        })
}

/// How old the new version is when an analysis starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The time from the first available pods to the start, by what is written.
    pub age: Duration,
    /// The step that created the pods.
    pub first: Option<usize>,
    /// Whether the analysis starts before there are pods.
    pub before_pods: bool,
}

/// How old the new version is when an analysis starts; none where that can't be told: a person resumes, a plugin or a
/// job takes its time, there are no pods yet.
pub(super) fn start(
    subject: &Subject<'_>,
    rollout: &RolloutSubject<'_>,
    kind: StanzaKind,
) -> Option<Start> {
    let ready = i64::from(rollout.rollout.spec.min_ready_seconds.max(0));
    let ready = Duration::from_seconds(ready);
    let behind = match kind {
        StanzaKind::PrePromotion => {
            return Some(Start {
                age: ready,
                first: None,
                before_pods: false,
            });
        }
        // The switch gives the new version its first requests.
        StanzaKind::PostPromotion => {
            return Some(Start {
                age: Duration::ZERO,
                first: None,
                before_pods: false,
            });
        }
        StanzaKind::Step(index) => index,
        StanzaKind::Background => {
            let background = steps::canary(rollout)?.analysis.as_ref()?;
            usize::try_from(background.starting_step.unwrap_or(0)).ok()?
        }
    };
    let canary = steps::canary(rollout)?;
    let first = canary.steps.iter().position(scales_up)?;
    if behind <= first {
        // Beside the steps, the measurement waits for the pods if it has an initialDelay.
        let mut before = behind..first;
        let at_once = before.all(|step| {
            let time = time_of(subject, rollout, canary, step);
            time == Some(Duration::ZERO)
        });
        return (kind == StanzaKind::Background && at_once).then_some(Start {
            age: Duration::ZERO,
            first: Some(first),
            before_pods: true,
        });
    }
    let mut age = ready;
    for step in first..behind.min(canary.steps.len()) {
        age = age + time_of(subject, rollout, canary, step)?;
    }
    Some(Start {
        age,
        first: Some(first),
        before_pods: false,
    })
}

/// The time that a step takes, scaling aside; none where it isn't written.
fn time_of(
    subject: &Subject<'_>,
    rollout: &RolloutSubject<'_>,
    canary: &CanaryStrategy,
    step: usize,
) -> Option<Duration> {
    let written = &canary.steps[step];
    if written.plugin.is_some() || written.experiment.is_some() {
        return None;
    }
    if let Some(pause) = &written.pause {
        pause.duration.as_ref()?;
    }
    if let Some(stanza) = rollout.stanza(StanzaKind::Step(step)) {
        let known = |metric: &Metric<'_>| {
            let is_quick = metric.query.is_some() || metric.node.lookup("provider.web").is_some();
            is_quick && matches!(steps::length(metric), Length::For(_))
        };
        let mut metrics = stanza.metrics(subject).peekable();
        metrics.peek()?;
        if !metrics.all(|found| known(found.metric)) {
            return None;
        }
    }
    Some(steps::least_time(subject, rollout, step))
}

/// The time at which a metric measures first, from the first pods on; none before there are any (RS405).
pub(super) fn first_measurement(start: Start, metric: &Metric<'_>) -> Option<Duration> {
    let delay = metric.initial_delay().or_default(Duration::ZERO)?;
    (!start.before_pods || delay > Duration::ZERO).then_some(start.age + delay)
}

/// Where an analysis stands in its Rollout, for people.
pub(super) fn place_of(kind: StanzaKind) -> String {
    match kind {
        StanzaKind::Background => "the background analysis".to_owned(),
        StanzaKind::Step(index) => format!("the analysis of steps[{index}]"),
        StanzaKind::PrePromotion => "prePromotionAnalysis".to_owned(),
        StanzaKind::PostPromotion => "postPromotionAnalysis".to_owned(),
    }
}

/// The path of the templates of an analysis.
pub(super) fn path_of(kind: StanzaKind) -> String {
    format!("spec.strategy.{kind}.templates[0]")
}
