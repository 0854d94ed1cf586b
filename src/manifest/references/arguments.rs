//! The values that a Rollout hands to its templates.

use crate::manifest::analysis_types::Argument;
use crate::manifest::field_ref::{FieldRefError, metadata_value, rollout_value};
use crate::manifest::rollout_types::{AnalysisRunArgument, Rollout};

/// Hashes of the two pod templates that arguments may ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodHashes {
    /// Of the stable version.
    pub stable: String,
    /// Of the new version.
    pub latest: String,
}

/// Arguments as far as they could be built, and what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuiltArguments {
    /// The arguments. A bad `metadata…` reference loses all of them; another bad reference gives the empty text.
    pub arguments: Vec<Argument>,
    /// The error that counts: the last reference's. A good reference after a bad one hides it.
    pub error: Option<FieldRefError>,
}

/// Reads all arguments of one analysis (Argo Rollouts v1.9.1 factory.go `BuildArgumentsForRolloutAnalysisRun`).
///
/// # Errors
///
/// Only [`FieldRefError::Panic`], after which the real controller has no result at all.
pub fn build_arguments(
    arguments: &[AnalysisRunArgument],
    hashes: &PodHashes,
    rollout: &Rollout,
) -> Result<BuiltArguments, FieldRefError> {
    let mut built = BuiltArguments::default();
    for argument in arguments {
        let mut value = argument.value.clone();
        let source = argument.value_from.as_ref();
        if let Some(hash) = source.and_then(|source| source.pod_template_hash_value.as_deref()) {
            match hash {
                "Latest" => value.clone_from(&hashes.latest),
                "Stable" => value.clone_from(&hashes.stable),
                _ => {}
            }
        } else if let Some(reference) = source.and_then(|source| source.field_ref.as_ref()) {
            let path = &reference.field_path;
            if path.starts_with("metadata") {
                match metadata_value(&rollout.metadata, path) {
                    Ok(found) => (value, built.error) = (found, None),
                    Err(error) => {
                        return Ok(BuiltArguments {
                            arguments: Vec::new(),
                            error: Some(error),
                        });
                    }
                }
            } else {
                (value, built.error) = match rollout_value(rollout, path) {
                    Ok(found) => (found, None),
                    Err(error @ FieldRefError::Panic(_)) => return Err(error),
                    Err(error) => (String::new(), Some(error)),
                };
            }
        }
        built.arguments.push(Argument {
            name: argument.name.clone(),
            value: Some(value),
            value_from: None,
        });
    }
    Ok(built)
}
