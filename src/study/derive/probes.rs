//! What web and job metrics are taken to ask, where nobody says.

use std::fmt::Write as _;

use crate::manifest::analysis_types::Metric;

use super::draft::quoted;

/// A web or job metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probed {
    metric: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Conditions decide over its answer.
    Judged,
    /// Any answer will do.
    Unjudged,
    Job,
}

impl Probed {
    /// Of a metric with such a provider.
    pub(super) fn of(metric: &Metric) -> Option<Self> {
        let has_none = metric.success_condition.is_empty() && metric.failure_condition.is_empty();
        let kind = match (&metric.provider.web, &metric.provider.job) {
            (Some(_), _) if has_none => Kind::Unjudged,
            (Some(_), _) => Kind::Judged,
            (None, Some(_)) => Kind::Job,
            (None, None) => return None,
        };
        Some(Self {
            metric: metric.name.clone(),
            kind,
        })
    }

    /// What is taken for granted.
    pub(super) fn sentence(&self) -> String {
        let name = &self.metric;
        match self.kind {
            Kind::Judged => format!(
                "`{name}` asks a pod of the new version once; its conditions hold for what a success answers. An error \
                 response or none is an Error. Wrong content isn't noticed."
            ),
            Kind::Unjudged => format!(
                "`{name}` asks a pod of the new version once; without conditions any answer is a success. An error \
                 response or none is an Error."
            ),
            Kind::Job => format!(
                "Each attempt of the Job of `{name}` makes one request to the new version and fails if that does; it \
                 takes 20 seconds or so (one in a hundred more than a minute)."
            ),
        }
    }
}

/// Writes the key `probes`.
pub(super) fn write(probes: &[Probed], text: &mut String) {
    if probes.is_empty() {
        return;
    }
    text.push_str("probes: # what web and job metrics ask of the service\n");
    for probe in probes {
        let _ = writeln!(text, "  {}:", quoted(&probe.metric));
        text.push_str("    to: canary # or stable, or service: as users' requests are split\n");
        text.push_str("    requests: 1 # of a measurement, or of each attempt of a Job\n");
        text.push_str("    sees: [status] # what it notices: status, content, or both\n");
        text.push_str("    # within: 1s # slower requests don't pass\n");
        if probe.kind == Kind::Job {
            text.push_str("    takes: {lognormal: {p50: 20s, p99: 60s}} # one attempt\n");
        } else {
            text.push_str("    # answers: {right: {status: ok}, wrong: {status: bad}} # bodies\n");
        }
        text.push_str("    flaky: 0% # share of measurements that fail for no reason\n");
    }
}
