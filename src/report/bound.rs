//! What no test could exceed, as results show it. See `docs/bound.md`.

use serde::{Deserialize, Serialize};

use crate::stats::Estimate;

/// Which requests the best test looks at: each scope holds the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Those that the windows of the template's queries read, each once.
    Read = 0,
    /// All until the template's last measurement.
    LastMeasurement = 1,
    /// All until promotion.
    Promotion = 2,
}

impl Scope {
    /// Number of scopes.
    pub const COUNT: usize = 3;

    /// All scopes, the smallest first; `ALL[s as usize] == s`.
    pub const ALL: [Self; Self::COUNT] = [Self::Read, Self::LastMeasurement, Self::Promotion];

    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::LastMeasurement => "last-measurement",
            Self::Promotion => "promotion",
        }
    }
}

/// What the most powerful test could do with the requests of one scope, against a known fault with known
/// onset, beside what the template does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// Which requests.
    pub scope: Scope,
    /// Requests to the new version in this scope, mean of a release; none where nothing was replayed.
    pub requests: Option<f64>,
    /// The template's probability to abort a healthy release by Failed or Error; none when the healthy arm
    /// wasn't replayed.
    pub alpha: Option<Estimate>,
    /// The level of the best test: `alpha`, or its upper limit where no healthy release was aborted.
    pub level: Option<f64>,
    /// The template's probability to abort this arm by Failed or Error.
    pub power: Estimate,
    /// The power of the best test at that level; none where it isn't defined.
    pub bound: Option<Estimate>,
    /// Why there is no bound, or why it isn't above the level.
    pub reason: Option<String>,
    /// `(power − level)/(bound − level)`; none where the best test gains less than 1 %.
    pub efficiency: Option<Estimate>,
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn names_and_places_agree() {
        for (place, scope) in Scope::ALL.into_iter().enumerate() {
            assert_eq!(scope as usize, place);
            assert_eq!(
                serde_json::to_value(scope).unwrap(),
                serde_json::Value::from(scope.name())
            );
        }
    }
}
