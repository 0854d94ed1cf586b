//! Both gates of the real controllers at once: what a Rollout and its templates are refused for, and why.
//!
//! The controllers show one mistake at a time; here all are reported, and the one that would be shown is marked. The
//! first gate ends in `InvalidSpec` and nothing is deployed; the second ends an `AnalysisRun` in Error and aborts
//! (spec argo-analysis §2). Ingresses, `VirtualServices` and the objects of other routers are not looked up.

mod alone;
mod lenient;
mod place;
mod references;
mod runs;
mod services;

use super::analysis_types::AnalysisRunSpec;
use super::references::arguments::PodHashes;
use super::references::{StanzaKind, TemplateSet, run_spec, stanzas};
use super::rollout_types::Rollout;
use super::validate_rollout::validate_rollout;

pub use alone::{TemplateMistake, check_template_alone};
pub use place::Place;
pub use services::{Service, ServiceSpec};

/// The objects beside the Rollout that the controllers look up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterObjects {
    /// All templates; one that isn't here doesn't exist.
    pub templates: TemplateSet,
    /// All Services; nothing when they are unknown, which leaves their checks out.
    pub services: Option<Vec<Service>>,
}

/// What comes of a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consequence {
    /// The Rollout is Degraded with the condition `InvalidSpec`; nothing is deployed, nothing aborted.
    InvalidSpec,
    /// The rollout controller panics in each pass over this Rollout and recovers: nothing is deployed, nothing shown.
    NeverReconciled,
    /// The rollout controller's stack overflows and the whole process dies.
    ControllerCrash,
    /// The `AnalysisRun` can't be created; the rollout neither goes on nor aborts.
    RunNotCreated,
    /// No `AnalysisRun` is ever wanted, so what waits for it waits for ever.
    NeverCompletes,
    /// The `AnalysisRun` ends in Error with this message before it measures, and the rollout aborts.
    RunError,
}

impl Consequence {
    /// Whether nothing of the update is deployed.
    pub fn prevents_deployment(self) -> bool {
        matches!(
            self,
            Self::InvalidSpec | Self::NeverReconciled | Self::ControllerCrash
        )
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateFinding {
    /// Where it is.
    pub place: Place,
    /// What the controller says, once nothing hides it.
    pub text: String,
    /// What comes of it.
    pub consequence: Consequence,
    /// Whether the controller finds it now; otherwise an earlier mistake hides it.
    pub found_now: bool,
    /// Whether it is the one that the controller shows.
    pub shown_first: bool,
}

/// The run that the controller would create for one analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct StanzaRun {
    /// Which analysis.
    pub stanza: StanzaKind,
    /// The spec of its run, placeholders kept.
    pub spec: AnalysisRunSpec,
}

/// All that the gates say.
#[derive(Clone, Debug, PartialEq)]
pub struct GateReport {
    /// The message of the condition `InvalidSpec`, if there is one.
    pub invalid_spec: Option<String>,
    /// All mistakes, in the order of the controller's checks.
    pub findings: Vec<GateFinding>,
    /// Runs of the analyses that can be created, in the controller's order.
    pub runs: Vec<StanzaRun>,
}

impl GateReport {
    /// Whether the update is deployed at all.
    pub fn is_deployed(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| finding.consequence.prevents_deployment())
    }
}

/// Puts a Rollout through both gates.
///
/// `hashes` stand for the pod templates where arguments ask for them; `rollout.status` counts where field references
/// read it.
pub fn check(rollout: &Rollout, objects: &ClusterObjects, hashes: &PodHashes) -> GateReport {
    let mut findings = Findings::default();
    for error in validate_rollout(rollout) {
        findings.invalid_spec(place::of_field(&error.field, rollout), &error);
    }
    let stanzas_found = find_in_references(rollout, objects, &mut findings);
    findings.show_first();

    let mut created = Vec::new();
    for (stanza, analysis) in stanzas(rollout) {
        if analysis.templates.is_empty() {
            runs::report_empty(stanza, &mut findings);
            continue;
        }
        match run_spec(rollout, analysis, &objects.templates, hashes) {
            Ok(spec) => created.push(StanzaRun { stanza, spec }),
            Err(error) => {
                runs::report_creation_error(rollout, stanza, analysis, &error, &mut findings);
            }
        }
    }
    runs::check(rollout, &stanzas_found, &created, hashes, &mut findings);
    findings.into_report(rollout, created)
}

/// The part of the first gate that looks at other objects, as if the Rollout itself were valid.
///
/// What is `found_now` is what the controller's own check returns (Argo Rollouts v1.9.1
/// `ValidateRolloutReferencedResources`, or the look-up before it).
pub fn check_references(rollout: &Rollout, objects: &ClusterObjects) -> Vec<GateFinding> {
    let mut findings = Findings::default();
    find_in_references(rollout, objects, &mut findings);
    findings.show_first();
    findings.list
}

fn find_in_references<'a>(
    rollout: &'a Rollout,
    objects: &'a ClusterObjects,
    findings: &mut Findings,
) -> Vec<references::Stanza<'a>> {
    findings.hide_further_if_any();
    let services = services::look_up(rollout, objects.services.as_deref(), findings);
    findings.hide_further_if_any();
    let stanzas_found = references::look_up(rollout, &objects.templates, findings);
    findings.hide_further_if_any();
    services::check_router_settings(rollout, findings);
    findings.hide_further_if_any();
    services::check(rollout, &services, findings);
    references::check(rollout, &stanzas_found, findings);
    stanzas_found
}

/// Findings as they come in.
#[derive(Debug, Default)]
struct Findings {
    list: Vec<GateFinding>,
    /// Whether something found before keeps the controller from finding more.
    hidden: bool,
}

impl Findings {
    fn invalid_spec(&mut self, place: Place, text: &impl ToString) {
        self.push(place, text.to_string(), Consequence::InvalidSpec, true);
    }

    /// Adds a finding unless the same text at the same place is there already.
    fn push(&mut self, place: Place, text: String, consequence: Consequence, found_now: bool) {
        let is_known = self
            .list
            .iter()
            .any(|finding| finding.text == text && finding.place == place);
        if !is_known {
            self.list.push(GateFinding {
                place,
                text,
                consequence,
                found_now: found_now && !self.hidden,
                shown_first: false,
            });
        }
    }

    fn hide_further_if_any(&mut self) {
        self.hidden |= !self.list.is_empty();
    }

    /// Marks the finding that becomes the message of `InvalidSpec`. A panic leaves none.
    fn show_first(&mut self) {
        let panics = |finding: &GateFinding| finding.consequence != Consequence::InvalidSpec;
        let is_silent = (self.list.iter()).any(|finding| finding.found_now && panics(finding));
        if let Some(first) = self.list.iter_mut().find(|finding| finding.found_now)
            && !is_silent
        {
            first.shown_first = true;
        }
        self.hidden = !self.list.is_empty();
    }

    fn into_report(self, rollout: &Rollout, runs: Vec<StanzaRun>) -> GateReport {
        let shown = self.list.iter().find(|finding| finding.shown_first);
        GateReport {
            invalid_spec: shown.map(|finding| {
                let name = &rollout.metadata.name;
                format!("The Rollout \"{name}\" is invalid: {}", finding.text)
            }),
            findings: self.list,
            runs,
        }
    }
}

#[cfg(test)]
mod tests;
