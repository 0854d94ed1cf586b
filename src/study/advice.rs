//! What to do about what the controllers refuse: their own texts say only what is wrong.

use crate::diagnostics::did_you_mean;
use crate::manifest::source::Manifests;

/// A hint for a text of the controller's gates, where there is one.
pub fn advice(text: &str, manifests: &Manifests) -> Option<String> {
    if let Some(name) = text.strip_suffix("' not found").and_then(last_quoted) {
        return Some(missing_template(name, manifests));
    }
    let unresolved = between(text, "args.", " was not resolved")
        .or_else(|| between(text, "failed to resolve {{args.", "}}"));
    if let Some(argument) = unresolved {
        return Some(format!(
            "pass it where the analysis is used, `args: [{{name: {argument}, value: …}}]`, or give it a default \
             value in the template"
        ));
    }
    if text.contains("runs indefinitely") {
        return Some("give the metric a `count`: an analysis step must come to an end".to_owned());
    }
    if text.contains("nest in a circle") {
        return Some("take one of these references out".to_owned());
    }
    None
}

/// What follows the last opening quote of a text whose closing one is cut off.
fn last_quoted(text: &str) -> Option<&str> {
    text.rsplit_once('\'').map(|(_, name)| name)
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (head, _) = text.split_once(after)?;
    let (_, found) = head.rsplit_once(before)?;
    Some(found)
}

fn missing_template(name: &str, manifests: &Manifests) -> String {
    let templates = manifests
        .objects
        .iter()
        .filter(|object| object.kind.ends_with("AnalysisTemplate"));
    let names: Vec<&str> = templates.map(|object| object.name.as_str()).collect();
    match did_you_mean(name, names.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if names.is_empty() => {
            "there are no templates among the manifests; pass the file that holds it too".to_owned()
        }
        None => format!(
            "pass the file that holds it too; the manifests have {}",
            names.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::advice;
    use crate::manifest::source::Manifests;

    #[test]
    fn the_usual_mistakes_have_a_way_out() {
        let manifests = Manifests::from_text(
            "t.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: success-rate}\n",
        );
        let help = |text: &str| advice(text, &manifests).unwrap();
        let missing = "Invalid value: \"sucess-rate\": AnalysisTemplate 'sucess-rate' not found";
        assert_eq!(help(missing), "did you mean `success-rate`?");
        assert!(help("AnalysisTemplate 'latency' not found").ends_with("have success-rate"));
        for text in [
            "args.service-name was not resolved",
            "AnalysisTemplate a: failed to resolve {{args.service-name}}",
        ] {
            assert!(
                help(text).contains("{name: service-name, value: …}"),
                "{text}"
            );
        }
        assert!(help("metric m runs indefinitely. Invalid value").contains("`count`"));
        assert_eq!(advice("something else", &manifests), None);
    }
}
