//! Why a study has no result.

use crate::diagnostics::{Diagnostic, SourceMap};

/// Why a study has no result.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The input is wrong, or holds something that the real system accepts and rollsim doesn't implement.
    Input {
        /// What, where, why and what to do.
        diagnostics: Vec<Diagnostic>,
        /// The texts that they point into.
        sources: SourceMap,
    },
    /// The study ended without deciding what it was asked to decide.
    Undecided(Box<Diagnostic>),
}

impl Failure {
    /// One thing that is wrong with the request and is in no file.
    pub fn request(diagnostic: Diagnostic) -> Self {
        Self::Input {
            diagnostics: vec![diagnostic],
            sources: SourceMap::new(),
        }
    }
}
