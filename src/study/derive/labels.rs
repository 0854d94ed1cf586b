//! Which labels the queries need, and where their values come from.
//!
//! A label is what the catalogue says it is, as long as that satisfies the queries. Otherwise the pods' labels,
//! the Services of both versions and the Rollout's name are tried, then the text that the query asks for.
//! Labels that only pods can give stay as the pods have them: a query that asks for another value finds
//! nothing, and a finding says so.

use crate::manifest::rollout_types::Rollout;
use crate::plan::series::{PodSlots, facts};
use crate::plan::versions;
use crate::promql::ast::Matcher;
use crate::promql::matcher::CompiledMatcher;
use crate::scenario::model::{Fact, LabelValue};
use crate::telemetry::targets::Role;
use crate::world::requests::Status;

use super::sample::text_for;

/// Where a deployed version's pods differ from the other's.
#[derive(Debug)]
pub(super) struct Pods {
    labels: [Vec<(String, String)>; 2],
    facts: [Vec<(Fact, String)>; 2],
}

/// What was decided about a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Nothing has to be said.
    AsItIs,
    /// It has this value.
    Set(LabelValue),
}

/// Labels that an application or the configuration of scraping gives, whatever the pods' labels are.
const OF_OTHERS: [&str; 14] = [
    "job",
    "service",
    "name",
    "container",
    "endpoint",
    "method",
    "path",
    "route",
    "handler",
    "uri",
    "ingress",
    "deployment",
    "host",
    "reporter",
];

const CODES: [&[&str]; 2] = [
    &["200", "201", "204", "202", "206", "301", "302", "304"],
    &["500", "503", "502", "504", "501", "505"],
];
const CLASSES: [&[&str]; 2] = [&["2xx", "2XX"], &["5xx", "5XX"]];
const DIGITS: [&[&str]; 2] = [&["2"], &["5"]];
const WORDS: [&[&str]; 2] = [
    &[
        "success",
        "SUCCESS",
        "ok",
        "OK",
        "succeeded",
        "true",
        "none",
    ],
    &[
        "failure",
        "error",
        "SERVER_ERROR",
        "failed",
        "fail",
        "ERROR",
        "FAILURE",
        "Internal",
        "Unavailable",
        "Unknown",
        "false",
    ],
];

/// Whether a label shows how a request was answered.
pub(super) fn shows_status(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    label.contains("status")
        || label.contains("code")
        || ["classification", "outcome", "result"].contains(&label.as_str())
}

impl Pods {
    pub(super) fn new(rollout: &Rollout) -> Self {
        let slots = PodSlots::new(rollout, [1, 1]);
        let roles = [Role::Stable, Role::Canary];
        Self {
            labels: roles.map(|role| slots.labels(role).to_vec()),
            facts: roles.map(|role| facts(rollout, role)),
        }
    }

    /// What series of a version's pods show for a value; `""` stands for no label.
    pub(super) fn shown(&self, value: &LabelValue, version: usize) -> Vec<String> {
        let found = |pairs: &[(String, String)], name: &str| {
            let mut pairs = pairs.iter();
            pairs
                .find(|(known, _)| known == name)
                .map_or_else(String::new, |(_, text)| text.clone())
        };
        match value {
            LabelValue::Literal(text) => vec![text.clone()],
            LabelValue::Role => vec![["stable", "canary"][version].to_owned()],
            LabelValue::ByRole(texts) => vec![texts[version].clone()],
            LabelValue::Status => Status::ALL.map(|status| status.code().to_owned()).to_vec(),
            LabelValue::ByStatus(texts) => texts.to_vec(),
            LabelValue::Each(texts) => texts.clone(),
            LabelValue::PodLabel(label) => vec![found(&self.labels[version], label)],
            LabelValue::Fact(fact) => {
                let mut facts = self.facts[version].iter();
                let text = facts.find(|(known, _)| known == fact);
                vec![text.map_or_else(String::new, |(_, text)| text.clone())]
            }
        }
    }

    /// Whether the strategy names a Service for each version.
    pub(super) fn name_services(&self) -> bool {
        self.fact(Fact::Service, 0) != self.fact(Fact::Service, 1)
    }

    fn fact(&self, fact: Fact, version: usize) -> String {
        let mut shown = self.shown(&LabelValue::Fact(fact), version);
        shown.pop().unwrap_or_default()
    }

    /// Whether each selector finds the value on some pod.
    fn satisfies(&self, value: &LabelValue, selectors: &[Vec<&Matcher>]) -> bool {
        let finds = |matchers: &Vec<&Matcher>| {
            let compiled: Vec<CompiledMatcher> = matchers
                .iter()
                .filter_map(|matcher| CompiledMatcher::new(matcher).ok())
                .collect();
            let of_version = |version| {
                let shown = self.shown(value, version);
                shown
                    .iter()
                    .any(|text| compiled.iter().all(|matcher| matcher.matches(text)))
            };
            of_version(0) || of_version(1)
        };
        selectors.iter().all(finds)
    }

    /// The pods' label that a label of series shows.
    pub(super) fn label_behind(&self, label: &str) -> Option<&str> {
        let names = self.labels.iter().flatten().map(|(name, _)| name.as_str());
        versions::label_behind(names, label)
    }

    /// Where the value of a label comes from so that the selectors find it.
    ///
    /// `selectors`: of each selector with matchers on the label those matchers; `default`: what it is otherwise.
    pub(super) fn choose(
        &self,
        label: &str,
        selectors: &[Vec<&Matcher>],
        default: Option<&LabelValue>,
    ) -> Choice {
        let missing = LabelValue::Literal(String::new());
        if self.satisfies(default.unwrap_or(&missing), selectors) {
            return Choice::AsItIs;
        }
        let by_name = self
            .label_behind(label)
            .map(|name| LabelValue::PodLabel(name.to_owned()));
        if let Some(value) = &by_name
            && (self.satisfies(value, selectors) || !OF_OTHERS.contains(&label))
        {
            return Choice::Set(value.clone());
        }
        // What any text satisfies says nothing of where it comes from.
        let anything = LabelValue::Literal("anything".to_owned());
        let mut candidates = self.candidates().into_iter();
        if !self.satisfies(&anything, selectors)
            && let Some(value) = candidates.find(|value| self.satisfies(value, selectors))
        {
            return Choice::Set(value);
        }
        if let Some(pod_label) = versions::version_label(label, selectors.iter().flatten().copied())
        {
            return Choice::Set(LabelValue::PodLabel(pod_label.to_owned()));
        }
        match self.texts(selectors).as_slice() {
            [] => Choice::AsItIs,
            [text] => Choice::Set(LabelValue::Literal(text.clone())),
            texts => Choice::Set(LabelValue::Each(texts.to_vec())),
        }
    }

    /// What manifests say of pods, the most specific first.
    fn candidates(&self) -> Vec<LabelValue> {
        let hash = LabelValue::PodLabel(versions::POD_TEMPLATE_HASH.to_owned());
        let short_host = |suffix: &str| {
            LabelValue::ByRole([0, 1].map(|version| {
                let service = self.fact(Fact::Service, version);
                let namespace = self.fact(Fact::Namespace, version);
                format!("{service}.{namespace}{suffix}")
            }))
        };
        let of_pods = self.labels[1]
            .iter()
            .map(|(name, _)| LabelValue::PodLabel(name.clone()));
        let facts = [
            LabelValue::Fact(Fact::Service),
            LabelValue::Fact(Fact::ServiceHost),
            short_host(".svc"),
            short_host(""),
            LabelValue::Fact(Fact::Rollout),
        ];
        std::iter::once(hash).chain(facts).chain(of_pods).collect()
    }

    /// A text for each selector that the texts before don't satisfy.
    fn texts(&self, selectors: &[Vec<&Matcher>]) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for matchers in selectors {
            let so_far = LabelValue::Each(texts.clone());
            if self.satisfies(&so_far, std::slice::from_ref(matchers)) {
                continue;
            }
            texts.extend(text_for(matchers).filter(|text| !text.is_empty()));
        }
        texts
    }
}

/// What a label shows for successes and errors, so that the selectors tell them apart.
pub(super) fn status_texts(
    selectors: &[Vec<&Matcher>],
    default: Option<&LabelValue>,
) -> LabelValue {
    let usual = match default {
        Some(LabelValue::ByStatus(texts)) => texts.clone(),
        _ => Status::ALL.map(|status| status.code().to_owned()),
    };
    let matchers: Vec<CompiledMatcher> = selectors
        .iter()
        .flatten()
        .filter_map(|matcher| CompiledMatcher::new(matcher).ok())
        .collect();
    let told_apart = |texts: &[String; 2]| {
        let apart =
            |matcher: &&CompiledMatcher| matcher.matches(&texts[0]) != matcher.matches(&texts[1]);
        matchers.iter().filter(apart).count()
    };
    let mut best = usual;
    let mut most = told_apart(&best);
    for [successes, failures] in [CODES, CLASSES, DIGITS, WORDS] {
        for failure in failures {
            for success in successes {
                let texts = [(*success).to_owned(), (*failure).to_owned()];
                let count = told_apart(&texts);
                if count > most {
                    (best, most) = (texts, count);
                }
            }
        }
    }
    if best == Status::ALL.map(|status| status.code().to_owned()) {
        LabelValue::Status
    } else {
        LabelValue::ByStatus(best)
    }
}
