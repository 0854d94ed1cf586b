//! How many replications a study makes: so many, until it is precise enough, or until it is stopped.
//!
//! Whatever ends it, all arms of all Rollouts have the same replications, from the first on, so that
//! `--replications N` makes the same result again.

use std::num::NonZeroU64;

use crate::diagnostics::Diagnostic;
use crate::montecarlo::progress::Progress;
use crate::montecarlo::{Replayed, replay_range};
use crate::plan::{Arm, Plan};
use crate::report::number::{percent, thousands};
use crate::scenario::model::MonteCarlo;
use crate::stats::precision::{Looks, MOST_REPLICATIONS, TooPrecise};
use crate::stats::proportion::IntervalMethod;

use super::failure::Failure;
use super::request::RunRequest;

/// How far a study goes, unless it is stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Extent {
    /// So many replications of each arm.
    Replications(u64),
    /// Until every `detected` is known within this, from 0 to 1.
    Precision(f64),
}

impl Extent {
    /// What the request says, else the scenario; with a budget and nothing else said, as far as that lasts.
    pub(super) fn of(request: &RunRequest, montecarlo: &MonteCarlo) -> Self {
        if let Some(replications) = request.replications {
            return Self::Replications(replications.get());
        }
        if let Some(half_width) = request.precision.or(montecarlo.precision) {
            return Self::Precision(half_width);
        }
        if request.budget.is_some() {
            return Self::Replications(MOST_REPLICATIONS);
        }
        Self::Replications(montecarlo.replications)
    }
}

/// One Rollout's arms and what was found of them so far.
#[derive(Debug)]
pub(super) struct Session<'p> {
    /// The plan.
    pub(super) plan: &'p Plan,
    /// The arms that are replayed.
    pub(super) arms: Vec<&'p Arm>,
    /// Their replications.
    pub(super) replayed: Replayed,
}

impl<'p> Session<'p> {
    /// Nothing replayed yet.
    pub(super) fn new(plan: &'p Plan, arms: Vec<&'p Arm>) -> Self {
        let replayed = Replayed::nothing(&arms);
        Self {
            plan,
            arms,
            replayed,
        }
    }

    fn is_precise(&self, looks: &Looks) -> bool {
        self.replayed.tallies.iter().all(|tally| {
            NonZeroU64::new(tally.replications())
                .is_some_and(|n| looks.is_precise(tally.detected(), n))
        })
    }
}

/// Replays all sessions on the current rayon pool.
///
/// # Errors
/// A precision that can't be reached; stopped before anything was done.
pub(super) fn replay(
    sessions: &mut [Session<'_>],
    extent: Extent,
    interval: IntervalMethod,
    seed: u64,
    progress: &Progress,
) -> Result<(), Failure> {
    let looks = match extent {
        Extent::Precision(half_width) => Some(
            Looks::new(half_width, interval).map_err(|error| out_of_reach(half_width, error))?,
        ),
        Extent::Replications(_) => None,
    };
    for end in ends(extent, looks.as_ref(), sessions.len()) {
        round(sessions, end, seed, progress);
        let precise = |looks: &Looks| sessions.iter().all(|session| session.is_precise(looks));
        if progress.is_stopped() || looks.as_ref().is_some_and(precise) {
            break;
        }
    }
    if sessions.iter().all(|session| session.replayed.until > 0) {
        return Ok(());
    }
    let stopped = Diagnostic::error("stopped before the first replications were done")
        .with_help("give it more time, or ask for fewer arms (`--arm`)");
    Err(Failure::Undecided(Box::new(stopped)))
}

/// The numbers of replications after which all sessions stand equal.
fn ends(extent: Extent, looks: Option<&Looks>, sessions: usize) -> Vec<u64> {
    let all = match (extent, looks) {
        (_, Some(looks)) => return looks.ends().to_vec(),
        (Extent::Replications(all), None) => all,
        (Extent::Precision(_), None) => MOST_REPLICATIONS,
    };
    let mut ends = Vec::new();
    if sessions > 1 {
        // A study of several Rollouts can stop only where all of them have got to.
        let mut end = 1_024;
        while end < all {
            ends.push(end);
            end += end / 4;
        }
    }
    ends.push(all);
    ends
}

/// Takes every session to `end`. If it is stopped on the way, one session keeps what it has; several of them
/// keep what all have.
fn round(sessions: &mut [Session<'_>], end: u64, seed: u64, progress: &Progress) {
    let announced = |session: &Session<'_>| {
        (end - session.replayed.until) * u64::try_from(session.arms.len()).unwrap_or(1)
    };
    if end < MOST_REPLICATIONS {
        progress.expect(sessions.iter().map(announced).sum());
    }
    let alone = sessions.len() == 1;
    let mut round = Vec::with_capacity(sessions.len());
    for session in &*sessions {
        let range = session.replayed.until..end;
        let replayed = replay_range(session.plan, &session.arms, seed, range, progress);
        if replayed.until < end && !alone {
            return;
        }
        round.push(replayed);
    }
    for (session, replayed) in sessions.iter_mut().zip(&round) {
        session.replayed.extend(replayed);
    }
}

fn out_of_reach(half_width: f64, error: TooPrecise) -> Failure {
    let message = format!(
        "a precision of ±{} is out of reach",
        percent(half_width, 12)
    );
    let note = format!(
        "it would need {} replications of each arm; the most that a study makes are {}",
        thousands(error.replications),
        thousands(MOST_REPLICATIONS)
    );
    let help = "ask for less (`--precision 0.1%` needs at most some three million), or give --budget alone";
    Failure::request(Diagnostic::error(message).with_note(note).with_help(help))
}

#[cfg(test)]
mod tests {
    use super::{Extent, ends};
    use crate::scenario::model::MonteCarlo;
    use crate::stats::precision::{Looks, MOST_REPLICATIONS};
    use crate::stats::proportion::IntervalMethod;
    use crate::study::request::RunRequest;
    use std::num::NonZeroU64;

    fn request() -> RunRequest {
        RunRequest::of(Vec::new())
    }

    #[test]
    fn the_request_overrides_the_scenario() {
        let scenario = MonteCarlo {
            precision: Some(0.01),
            ..MonteCarlo::default()
        };
        assert_eq!(Extent::of(&request(), &scenario), Extent::Precision(0.01));
        let mut asked = request();
        asked.replications = NonZeroU64::new(70);
        assert_eq!(Extent::of(&asked, &scenario), Extent::Replications(70));
        let mut asked = request();
        asked.precision = Some(0.002);
        assert_eq!(Extent::of(&asked, &scenario), Extent::Precision(0.002));
        let mut asked = request();
        asked.budget = Some(std::time::Duration::from_secs(1));
        assert_eq!(
            Extent::of(&asked, &MonteCarlo::default()),
            Extent::Replications(MOST_REPLICATIONS)
        );
    }

    #[test]
    fn one_rollout_runs_through_and_several_stop_together() {
        let extent = Extent::Replications(3_000);
        assert_eq!(ends(extent, None, 1), [3_000]);
        assert_eq!(
            ends(extent, None, 2),
            [1_024, 1_280, 1_600, 2_000, 2_500, 3_000]
        );
        let looks = Looks::new(0.05, IntervalMethod::Wilson).unwrap();
        let extent = Extent::Precision(0.05);
        assert_eq!(ends(extent, Some(&looks), 2), looks.ends());
    }
}
