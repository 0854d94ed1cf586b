//! Looking up templates by reference, nested ones included.

use std::fmt;

use super::{TemplateId, TemplateScope, TemplateSet};
use crate::manifest::analysis_types::{AnalysisTemplateRef, AnalysisTemplateSpec};

/// A template that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundTemplate<'a> {
    /// Which one.
    pub id: &'a TemplateId,
    /// What it says.
    pub spec: &'a AnalysisTemplateSpec,
}

/// What a list of references leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Collected<'a> {
    /// Each template once: those of the namespace in the order of their first mention, then those of the cluster.
    pub templates: Vec<FoundTemplate<'a>>,
    /// What went wrong, in the order in which the controller would meet it. It stops at the first one.
    pub problems: Vec<CollectProblem>,
}

/// A reference that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectProblem {
    /// The template doesn't exist.
    Missing(MissingTemplate),
    /// The template contains itself.
    Cycle(TemplateCycle),
}

/// A reference to a template that doesn't exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingTemplate {
    /// The template.
    pub id: TemplateId,
    /// The template whose `templates` name it; nothing when the Rollout does.
    pub referrer: Option<TemplateId>,
    /// Index among the references there.
    pub index: usize,
}

/// Templates that contain themselves. The real controller recurses until its stack overflows and the process dies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateCycle {
    /// From the first template of the circle back to itself.
    pub path: Vec<TemplateId>,
    /// Index of the reference that closes the circle, in the last but one template of the path.
    pub index: usize,
}

impl std::error::Error for TemplateCycle {}

impl fmt::Display for TemplateCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("templates nest in a circle: ")?;
        for (index, id) in self.path.iter().enumerate() {
            let arrow = if index == 0 { "" } else { " -> " };
            write!(f, "{arrow}{id}")?;
        }
        f.write_str(" (Argo Rollouts recurses here until it crashes)")
    }
}

/// Follows `references` through `templates` (Argo Rollouts v1.9.1 controller.go
/// `getReferencedAnalysisTemplatesFromRef`).
pub fn collect<'a>(
    references: &[AnalysisTemplateRef],
    templates: &'a TemplateSet,
) -> Collected<'a> {
    let mut walk = Walk {
        templates,
        path: Vec::new(),
        found: Vec::new(),
        problems: Vec::new(),
    };
    walk.follow(references);
    let (mut namespaced, cluster): (Vec<_>, Vec<_>) = (walk.found.into_iter())
        .partition(|template| template.id.scope == TemplateScope::Namespace);
    namespaced.extend(cluster);
    Collected {
        templates: namespaced,
        problems: walk.problems,
    }
}

struct Walk<'a> {
    templates: &'a TemplateSet,
    /// The templates that contain the current references, outermost first.
    path: Vec<&'a TemplateId>,
    found: Vec<FoundTemplate<'a>>,
    problems: Vec<CollectProblem>,
}

impl Walk<'_> {
    fn follow(&mut self, references: &[AnalysisTemplateRef]) {
        for (index, reference) in references.iter().enumerate() {
            let id = TemplateId {
                scope: if reference.cluster_scope {
                    TemplateScope::Cluster
                } else {
                    TemplateScope::Namespace
                },
                name: reference.template_name.clone(),
            };
            if let Some(start) = self.path.iter().position(|outer| **outer == id) {
                let mut path: Vec<TemplateId> =
                    self.path[start..].iter().map(|id| (*id).clone()).collect();
                path.push(id);
                self.problems
                    .push(CollectProblem::Cycle(TemplateCycle { path, index }));
            } else if let Some((id, spec)) = self.templates.templates.get_key_value(&id) {
                // A template met before brings nothing new: its nested ones were followed then.
                if self.found.iter().all(|template| template.id != id) {
                    self.found.push(FoundTemplate { id, spec });
                    self.path.push(id);
                    self.follow(&spec.templates);
                    self.path.pop();
                }
            } else {
                self.problems.push(CollectProblem::Missing(MissingTemplate {
                    id,
                    referrer: self.path.last().map(|id| (*id).clone()),
                    index,
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CollectProblem, collect};
    use crate::manifest::analysis_types::{AnalysisTemplateRef, AnalysisTemplateSpec};
    use crate::manifest::references::{TemplateId, TemplateScope, TemplateSet};

    fn reference(name: &str) -> AnalysisTemplateRef {
        AnalysisTemplateRef {
            template_name: name.trim_start_matches('~').to_owned(),
            cluster_scope: name.starts_with('~'),
        }
    }

    /// Templates by name (`~` for cluster scope) with the names that they nest.
    fn set(nesting: &[(&str, &[&str])]) -> TemplateSet {
        let mut set = TemplateSet::default();
        for (name, inner) in nesting {
            let id = TemplateId {
                scope: if name.starts_with('~') {
                    TemplateScope::Cluster
                } else {
                    TemplateScope::Namespace
                },
                name: name.trim_start_matches('~').to_owned(),
            };
            let spec = AnalysisTemplateSpec {
                templates: inner.iter().map(|name| reference(name)).collect(),
                ..AnalysisTemplateSpec::default()
            };
            set.insert(id, spec);
        }
        set
    }

    #[test]
    fn takes_each_template_once_and_the_namespace_first() {
        let set = set(&[
            ("a", &["~x", "b"]),
            ("b", &[]),
            ("~x", &["c"]),
            ("c", &["b"]),
        ]);
        let collected = collect(&[reference("~x"), reference("a"), reference("c")], &set);
        let names: Vec<&str> = (collected.templates.iter())
            .map(|template| template.id.name.as_str())
            .collect();
        assert_eq!(names, ["c", "b", "a", "x"]);
        assert_eq!(collected.problems, []);
    }

    #[test]
    fn reports_circles_with_their_path_and_goes_on() {
        let set = set(&[
            ("a", &["b"]),
            ("b", &["c", "gone"]),
            ("c", &["~x"]),
            ("~x", &["b"]),
        ]);
        let problems = collect(&[reference("a")], &set).problems;
        let [
            CollectProblem::Cycle(cycle),
            CollectProblem::Missing(missing),
        ] = &problems[..]
        else {
            panic!("a circle and a missing template, not {problems:?}");
        };
        assert_eq!(
            cycle.to_string(),
            "templates nest in a circle: AnalysisTemplate 'b' -> AnalysisTemplate 'c' -> \
             ClusterAnalysisTemplate 'x' -> AnalysisTemplate 'b' (Argo Rollouts recurses here until it crashes)"
        );
        assert_eq!(missing.id.name, "gone");
        assert_eq!(
            missing.referrer.as_ref().map(|id| id.name.as_str()),
            Some("b")
        );
        assert_eq!(missing.index, 1);
    }
}
