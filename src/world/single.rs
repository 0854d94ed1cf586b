//! One request by itself, as a probe makes it: what a version answers at some instant.
//!
//! It is drawn from the same tables as all requests of that pod at that time, and the same fault thins and moves
//! it. So a probe sees exactly those faults that users' requests meet.

use super::pod::{FaultStages, Life, RequestPlan};
use super::random::Stream;
use super::requests::Status;

/// What became of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SingleRequest {
    /// What the response says.
    pub status: Status,
    /// The cell of its response time.
    pub cell: usize,
    /// Whether a fault spoilt its content.
    pub is_broken: bool,
}

/// Buffers for one request as a count.
#[derive(Clone, Debug, Default)]
pub struct SingleScratch {
    counts: Vec<u64>,
    moved: Vec<u64>,
}

/// Draws one request to a process at an instant of its life. `healthy` says what a healthy version would have
/// answered, `fault` what the fault makes of it.
pub fn draw(
    plan: &RequestPlan,
    (life, stages): (&Life, &FaultStages),
    at_ms: i64,
    (healthy, fault): (&mut Stream, &mut Stream),
    scratch: &mut SingleScratch,
) -> SingleRequest {
    let cells = plan.atoms / 2;
    let class = usize::from(at_ms < life.warm_from_ms && plan.healthy.len() > 1);
    let before = plan.healthy[class].free.draw_one(healthy);
    let mut request = SingleRequest {
        status: if before < cells {
            Status::Success
        } else {
            Status::Failure
        },
        cell: before % cells,
        is_broken: false,
    };
    let stage = life.stage_from_ms.begun(at_ms).checked_sub(1);
    let effect = stage.and_then(|stage| stages.get(stage)?.get(class)?.as_ref());
    let Some(effect) = effect else {
        return request;
    };
    scratch.counts.clear();
    scratch.counts.resize(plan.atoms, 0);
    scratch.moved.resize(plan.atoms, 0);
    scratch.counts[before] = 1;
    let failed = effect.apply(fault, &mut scratch.counts, &mut scratch.moved);
    let after = scratch.counts.iter().position(|&count| count == 1);
    let after = after.unwrap_or(before);
    let was_slowed = effect.is_slow(after % cells) && !effect.is_slow(before % cells);
    request.is_broken = failed > 0 && after < cells && !was_slowed;
    request.cell = after % cells;
    if after >= cells {
        request.status = Status::Failure;
    }
    request
}
