//! What can be typed after `rollsim init`.

use std::path::PathBuf;

use clap::Args;

use super::input_paths;
use crate::diagnostics::Diagnostic;
use crate::study::request::InitRequest;

/// `rollsim init`
#[derive(Args, Clone, Debug)]
pub struct InitArguments {
    /// Manifests, folders of manifests, or - for standard input.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,
    /// Write the scenario to this file, all of it or nothing, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The Rollout to draft a scenario for, where there are several.
    #[arg(long, value_name = "NAME")]
    pub rollout: Option<String>,
}

impl InitArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice.
    pub fn request(self) -> Result<InitRequest, Box<Diagnostic>> {
        let folder = self.output.as_deref().and_then(std::path::Path::parent);
        Ok(InitRequest {
            folder: folder.unwrap_or(std::path::Path::new("")).to_owned(),
            inputs: input_paths(self.inputs)?,
            rollout: self.rollout,
        })
    }
}
