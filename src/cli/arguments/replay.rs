//! What can be typed after `rollsim replay`.

use std::path::PathBuf;

use clap::Args;

use super::{PrometheusVersion, TraceFormat, input_path, input_paths};
use crate::cli::time;
use crate::diagnostics::Diagnostic;
use crate::study::request::{InputPath, ReplayRequest};

/// `rollsim replay`
#[derive(Args, Clone, Debug)]
pub struct ReplayArguments {
    /// Manifests, folders of manifests, a scenario file that names them, or - for standard input.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,
    /// The series: OpenMetrics text, Prometheus' `.test` notation or the JSON of `query_range`; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub series: PathBuf,
    /// When the update starts: seconds since 1970, 2026-03-01T12:00:00Z, or 10m from the start of a `.test` file.
    #[arg(long, value_name = "TIME", value_parser = time::instant, allow_negative_numbers = true)]
    pub at: i64,
    /// The Rollout, where there are several.
    #[arg(long, value_name = "NAME", conflicts_with = "template")]
    pub rollout: Option<String>,
    /// Instead of a Rollout one AnalysisRun of this AnalysisTemplate or ClusterAnalysisTemplate.
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    /// The value of an argument of the templates; can be given several times.
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = argument)]
    pub arguments: Vec<(String, String)>,
    /// Evaluate as this version of Prometheus [default: the scenario's, else 3].
    #[arg(long, value_name = "VERSION", value_enum)]
    pub prometheus: Option<PrometheusVersion>,
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = TraceFormat::Text)]
    pub format: TraceFormat,
    /// Write the result to this file, all of it or nothing, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl ReplayArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice, a tree of a template.
    pub fn request(self) -> Result<ReplayRequest, Box<Diagnostic>> {
        let inputs = input_paths(self.inputs)?;
        let series = input_path(self.series);
        if series == InputPath::Stdin && inputs.contains(&InputPath::Stdin) {
            let twice = Diagnostic::error("standard input (-) is given twice")
                .with_note("it holds either the manifests or the series")
                .with_help("write one of them to a file");
            return Err(Box::new(twice));
        }
        let tree = self.format == TraceFormat::Tree;
        if tree && self.template.is_some() {
            let message = "--format tree draws a Rollout, and --template has none";
            let help = "choose text, json or csv";
            return Err(Box::new(Diagnostic::error(message).with_help(help)));
        }
        Ok(ReplayRequest {
            inputs,
            series,
            at_ms: self.at,
            rollout: self.rollout,
            template: self.template,
            arguments: self.arguments,
            profile: self.prometheus.map(Into::into),
            tree,
        })
    }
}

fn argument(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as name=value".to_owned()),
    }
}
