//! Remembers passes: one that was made before, in another replication, is looked up and not made again.
//!
//! A pass depends on the state and the time. Of the times in the state only that matters which the pass asks its
//! clock ([`super::clock`]); all else is the state's *shape*, of which a rollout has some hundreds. So each shape
//! has a list of passes, each with the questions that it asked and their answers, and what came of it. If the
//! same questions have the same answers now, the same comes of it, with the times of this state.
//!
//! Times in a new state are those of the old one or the current second, and some more; which, is told by marks
//! that a pass carries along when it is made for the first time.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::clock::{Question, Questions, marked, unmarked};
use super::effects::{Effects, Event, Wish, Write};
use super::livelock::fingerprint;
use super::pass::{self, Inputs};
use super::spec::Spec;
use super::state::{ReplicaSet, RunPhase, State};
use super::status::{Conditions, Pauses};
use crate::units::{Duration, Instant};

/// So many shapes are kept; whatever comes later is computed each time.
const MOST_SHAPES: usize = 4_096;
/// So many passes from one shape.
const MOST_PASSES: usize = 32;
/// States with more `ReplicaSets` aren't remembered.
const MOST_SETS: usize = 8;

/// Places of times in a state.
const ABORTED_AT: usize = Conditions::TIMES + Pauses::TIMES;
const SETS: usize = ABORTED_AT + 1;
const PLACES: usize = SETS + 2 * MOST_SETS;

/// The passes of one Rollout that were made so far.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    shapes: Vec<Shape>,
    /// Shapes by their fingerprint.
    by_fingerprint: BTreeMap<u64, Vec<usize>>,
    /// The shape of the state after the latest pass, if it is known.
    here: Option<usize>,
}

/// States that differ only in times.
#[derive(Clone, Debug)]
struct Shape {
    /// One of them, without times. `ReplicaSets` are ranked by age.
    state: State,
    passes: Vec<Remembered>,
    /// Shapes that this one becomes when pods or runs change.
    neighbours: Vec<(Change, usize)>,
}

/// What changes between passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Pods of the ReplicaSet at this place: created, available, ready.
    Pods(usize, [i32; 3]),
    /// The phase of the AnalysisRun at this place.
    Run(usize, RunPhase),
}

/// A pass and when it happens.
#[derive(Clone, Debug)]
struct Remembered {
    conditions: Vec<Asked>,
    /// The shape of the state after it.
    to: usize,
    /// Where each time of the new state comes from; none if the state stays as it is.
    times: Option<Vec<(usize, Term)>>,
    writes: Vec<Write>,
    /// Deadlines in the writes.
    deadlines: Vec<(usize, Term)>,
    events: Vec<Event>,
    wishes: Vec<Wanted>,
    changed: bool,
    failed: bool,
}

/// A question and its answer.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Order(Term, Ordering),
    Second(Term, bool),
}

/// A time made of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    source: Source,
    more: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The time at this place of the state.
    Place(usize),
    /// The second of the pass.
    Second,
}

/// When another pass is asked for.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    At(Term),
    After(Duration),
}

impl Memo {
    /// The same as [`super::reconcile`], from memory if possible.
    ///
    /// Between two calls only pods and phases of runs of `state` may have changed; say [`forget_place`] after
    /// anything else.
    ///
    /// [`forget_place`]: Self::forget_place
    pub fn reconcile(
        &mut self,
        spec: &Spec,
        state: &mut State,
        inputs: &Inputs,
        effects: &mut Effects,
    ) {
        let ordinary = inputs.weight_verified.is_none() && state.replica_sets.len() < MOST_SETS;
        let here = if ordinary { self.locate(state) } else { None };
        let Some(here) = here else {
            self.here = None;
            pass::reconcile(spec, state, inputs, effects);
            return;
        };
        let known = self.shapes[here].passes.iter();
        let known = known
            .enumerate()
            .find(|(_, pass)| pass.happens(state, inputs.now));
        if let Some((index, _)) = known {
            self.repeat(here, index, state, inputs.now, effects);
        } else {
            self.learn(here, spec, state, inputs, effects);
        }
    }

    /// The state has changed in another way than by passes, pods and runs.
    pub fn forget_place(&mut self) {
        self.here = None;
    }

    /// The shape of the state, if it can be kept.
    fn locate(&mut self, state: &State) -> Option<usize> {
        let Some(mut here) = self.here else {
            return self.intern(state);
        };
        for (index, rs) in state.replica_sets.iter().enumerate() {
            let known = &self.shapes[here].state.replica_sets[index];
            if pods(rs) != pods(known) {
                here = self.neighbour(here, Change::Pods(index, pods(rs)))?;
            }
        }
        for (index, run) in state.runs.iter().enumerate() {
            if run.phase != self.shapes[here].state.runs[index].phase {
                here = self.neighbour(here, Change::Run(index, run.phase))?;
            }
        }
        Some(here)
    }

    fn neighbour(&mut self, here: usize, change: Change) -> Option<usize> {
        let shape = &self.shapes[here];
        if let Some((_, to)) = shape.neighbours.iter().find(|(known, _)| *known == change) {
            return Some(*to);
        }
        let mut state = shape.state.clone();
        match change {
            Change::Pods(index, [created, available, ready]) => {
                let rs = &mut state.replica_sets[index];
                (rs.counts.created, rs.counts.available, rs.ready) = (created, available, ready);
            }
            Change::Run(index, phase) => state.runs[index].phase = phase,
        }
        let to = self.intern(&state)?;
        self.shapes[here].neighbours.push((change, to));
        Some(to)
    }

    /// The number of the state's shape; a new one if there is room.
    fn intern(&mut self, state: &State) -> Option<usize> {
        let mut shape = state.clone();
        erase(&mut shape);
        let alike = self.by_fingerprint.entry(fingerprint(&shape)).or_default();
        let known = alike
            .iter()
            .find(|&&index| self.shapes[index].state == shape);
        if let Some(&index) = known {
            return Some(index);
        }
        let index = self.shapes.len();
        if index >= MOST_SHAPES {
            return None;
        }
        alike.push(index);
        self.shapes.push(Shape {
            state: shape,
            passes: Vec::new(),
            neighbours: Vec::new(),
        });
        Some(index)
    }

    fn repeat(
        &mut self,
        here: usize,
        pass: usize,
        state: &mut State,
        now: Instant,
        effects: &mut Effects,
    ) {
        let pass = &self.shapes[here].passes[pass];
        let second = now.floor_to_second();
        effects.clear();
        for wish in &pass.wishes {
            effects.want(match *wish {
                Wanted::At(term) => term.of(state, second),
                Wanted::After(delay) => now + delay,
            });
        }
        (effects.changed, effects.failed) = (pass.changed, pass.failed);
        self.here = Some(pass.to);
        let Some(times) = &pass.times else {
            return;
        };
        effects.events.extend_from_slice(&pass.events);
        effects.writes.extend_from_slice(&pass.writes);
        for &(index, term) in &pass.deadlines {
            if let Some(deadline) = deadline_mut(&mut effects.writes[index]) {
                *deadline = term.of(state, second);
            }
        }
        let mut values = [Instant::EPOCH; PLACES];
        for (value, (_, term)) in values.iter_mut().zip(times) {
            *value = term.of(state, second);
        }
        state.copy_from(&self.shapes[pass.to].state);
        for (value, &(place, _)) in values.iter().zip(times) {
            if let Some(time) = time_mut(state, place) {
                *time = *value;
            }
        }
    }

    /// Makes a pass and remembers it.
    fn learn(
        &mut self,
        here: usize,
        spec: &Spec,
        state: &mut State,
        inputs: &Inputs,
        effects: &mut Effects,
    ) {
        let before = state.clone();
        for place in (0..PLACES).filter(|&place| !is_age(place)) {
            if let Some(time) = time_mut(state, place) {
                *time = marked(*time, place + 1);
            }
        }
        let questions = RefCell::new(Questions::default());
        pass::questioned(spec, state, inputs, effects, Some(&questions));
        let learning = Learning {
            before: &before,
            second: inputs.now.floor_to_second(),
        };
        let pass = learning.pass(state, effects, questions.into_inner());
        // What comes of it doesn't carry marks.
        for place in 0..PLACES {
            if let Some(time) = time_mut(state, place) {
                *time = unmarked(*time).0;
            }
        }
        for deadline in effects.writes.iter_mut().filter_map(deadline_mut) {
            *deadline = unmarked(*deadline).0;
        }
        effects.requeue_at = None;
        for index in 0..effects.wishes.len() {
            effects.want(match effects.wishes[index] {
                Wish::At(at) => unmarked(at).0,
                Wish::After(delay) => inputs.now + delay,
            });
        }
        self.here = self.intern(state);
        let passes = &mut self.shapes[here].passes;
        if let (Some(pass), Some(to)) = (pass, self.here)
            && passes.len() < MOST_PASSES
        {
            let still = to == here
                && (pass.times.iter().flatten())
                    .all(|&(place, term)| term == Term::unchanged(place));
            let silent = pass.writes.is_empty() && pass.events.is_empty();
            passes.push(Remembered {
                to,
                times: pass.times.filter(|_| !(still && silent)),
                ..pass
            });
        }
    }
}

impl Remembered {
    /// Whether all that the pass asked of the clock has the same answer now.
    fn happens(&self, state: &State, now: Instant) -> bool {
        let second = now.floor_to_second();
        self.conditions.iter().all(|asked| match *asked {
            Asked::Order(term, order) => now.cmp(&term.of(state, second)) == order,
            Asked::Second(term, is) => (second == term.of(state, second)) == is,
        })
    }
}

impl Term {
    const fn unchanged(place: usize) -> Self {
        Self {
            source: Source::Place(place),
            more: Duration::ZERO,
        }
    }

    fn of(self, state: &State, second: Instant) -> Instant {
        let base = match self.source {
            Source::Place(place) => time(state, place).unwrap_or(Instant::EPOCH),
            Source::Second => second,
        };
        base + self.more
    }
}

/// Finds out where the times of a pass come from.
struct Learning<'a> {
    /// The state before it, without marks.
    before: &'a State,
    second: Instant,
}

impl Learning<'_> {
    /// What a pass came to whose times carry marks; `None` if some time can't be explained. The caller knows the
    /// shape after it.
    fn pass(
        &self,
        state: &mut State,
        effects: &mut Effects,
        questions: Questions,
    ) -> Option<Remembered> {
        if questions.opaque {
            return None;
        }
        let mut conditions = Vec::new();
        for question in questions.asked {
            conditions.push(match question {
                Question::Order(at, order) => Asked::Order(self.of_state(at)?, order),
                Question::Second(at, is) => Asked::Second(self.of_state(at)?, is),
            });
        }
        if state.replica_sets.len() > self.before.replica_sets.len() {
            // Whether the new one is older than others is part of the shape after it.
            for (index, rs) in self.before.replica_sets.iter().enumerate() {
                let age = Term::unchanged(age_place(index));
                conditions.push(Asked::Second(age, rs.created_at == self.second));
            }
        }
        let mut times = Vec::new();
        for place in 0..PLACES {
            if let Some(time) = time_mut(state, place) {
                let at = *time;
                let term = if is_age(place) {
                    self.age(at)?
                } else {
                    self.of_any(at)?
                };
                times.push((place, term));
            }
        }
        let mut deadlines = Vec::new();
        for (index, write) in effects.writes.iter_mut().enumerate() {
            if let Some(deadline) = deadline_mut(write) {
                deadlines.push((index, self.of_any(*deadline)?));
            }
        }
        let mut wishes = Vec::new();
        for wish in &effects.wishes {
            wishes.push(match *wish {
                Wish::At(at) => Wanted::At(self.of_state(at)?),
                Wish::After(delay) => Wanted::After(delay),
            });
        }
        Some(Remembered {
            conditions,
            to: 0,
            times: Some(times),
            writes: effects.writes.clone(),
            deadlines,
            events: effects.events.clone(),
            wishes,
            changed: effects.changed,
            failed: effects.failed,
        })
    }

    /// A time that carries the mark of a place.
    fn of_state(&self, at: Instant) -> Option<Term> {
        let (at, mark) = unmarked(at);
        let place = mark.checked_sub(1)?;
        let base = time(self.before, place)?;
        Some(Term {
            source: Source::Place(place),
            more: at - base,
        })
    }

    /// A time that carries a mark or else was made from the pass's second.
    fn of_any(&self, at: Instant) -> Option<Term> {
        self.of_state(at).or_else(|| {
            (unmarked(at).1 == 0).then_some(Term {
                source: Source::Second,
                more: at - self.second,
            })
        })
    }

    /// The time of a ReplicaSet's creation: one of those before, or now.
    fn age(&self, at: Instant) -> Option<Term> {
        let known = self.before.replica_sets.iter();
        match known
            .map(|rs| rs.created_at)
            .position(|created| created == at)
        {
            Some(index) => Some(Term::unchanged(age_place(index))),
            None => (at == self.second).then_some(Term {
                source: Source::Second,
                more: Duration::ZERO,
            }),
        }
    }
}

fn pods(rs: &ReplicaSet) -> [i32; 3] {
    [rs.counts.created, rs.counts.available, rs.ready]
}

const fn age_place(set: usize) -> usize {
    SETS + 2 * set + 1
}

const fn is_age(place: usize) -> bool {
    place >= SETS && (place - SETS) % 2 == 1
}

/// The time at a place of the state, if there is one.
fn time(state: &State, place: usize) -> Option<Instant> {
    if place < Conditions::TIMES {
        state.status.conditions.time(place)
    } else if place < ABORTED_AT {
        state.status.pauses.time(place - Conditions::TIMES)
    } else if place == ABORTED_AT {
        state.status.aborted_at
    } else {
        let rs = state.replica_sets.get((place - SETS) / 2)?;
        if is_age(place) {
            Some(rs.created_at)
        } else {
            rs.deadline
        }
    }
}

fn time_mut(state: &mut State, place: usize) -> Option<&mut Instant> {
    if place < Conditions::TIMES {
        state.status.conditions.time_mut(place)
    } else if place < ABORTED_AT {
        state.status.pauses.time_mut(place - Conditions::TIMES)
    } else if place == ABORTED_AT {
        state.status.aborted_at.as_mut()
    } else {
        let rs = state.replica_sets.get_mut((place - SETS) / 2)?;
        if is_age(place) {
            Some(&mut rs.created_at)
        } else {
            rs.deadline.as_mut()
        }
    }
}

fn deadline_mut(write: &mut Write) -> Option<&mut Instant> {
    match write {
        Write::UpdateReplicaSet { deadline, .. } | Write::SetDeadline { deadline, .. } => {
            deadline.as_mut()
        }
        _ => None,
    }
}

/// Takes all times out of a state, but for which `ReplicaSets` are older than others.
fn erase(state: &mut State) {
    let mut ages = [Instant::EPOCH; MOST_SETS];
    for (age, rs) in ages.iter_mut().zip(&state.replica_sets) {
        *age = rs.created_at;
    }
    let ages = &ages[..state.replica_sets.len().min(MOST_SETS)];
    for rs in &mut state.replica_sets {
        let older = ages.iter().filter(|&&age| age < rs.created_at).count();
        rs.created_at = Instant::from_seconds(older as i64);
    }
    for place in (0..PLACES).filter(|&place| !is_age(place)) {
        if let Some(time) = time_mut(state, place) {
            *time = Instant::EPOCH;
        }
    }
}
