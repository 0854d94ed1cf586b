//! The time of a pass, and what the pass asked of it.
//!
//! A pass never reads the time itself. It asks whether an instant is past or ahead, which second it is, and no
//! more; so whoever wants to know at which other times the same pass would have happened needs only its
//! questions ([`super::memo`]).

use std::cell::RefCell;
use std::cmp::Ordering;

use crate::units::{Duration, Instant};

/// Nanoseconds below this tell where a noted time comes from; the controllers' own times are multiples of it.
const MARK_UNIT: i64 = 1_000_000;

/// A time that carries a small number, which comparisons overlook.
pub(super) fn marked(at: Instant, mark: usize) -> Instant {
    at + Duration::from_nanos(mark as i64)
}

/// The time without its mark, and the mark.
pub(super) fn unmarked(at: Instant) -> (Instant, usize) {
    let mark = at.as_nanos().rem_euclid(MARK_UNIT);
    (at - Duration::from_nanos(mark), mark as usize)
}

/// One question: where the time lay from an instant (with its mark).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Before, at or after it.
    Order(Instant, Ordering),
    /// Whether the time's second was that instant.
    Second(Instant, bool),
}

/// The questions of a pass over a state whose times carry marks.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub asked: Vec<Question>,
    /// Something was asked that can't be asked again of another time.
    pub opaque: bool,
}

/// The time of a pass; it stands still until the pass is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'a> {
    now: Instant,
    /// Where questions are noted, if the state's times carry marks.
    questions: Option<&'a RefCell<Questions>>,
}

impl<'a> Clock<'a> {
    /// A clock that stands at `now`.
    pub fn new(now: Instant, questions: Option<&'a RefCell<Questions>>) -> Self {
        Self { now, questions }
    }

    fn order(&self, at: Instant) -> Ordering {
        let Some(questions) = self.questions else {
            return self.now.cmp(&at);
        };
        let order = self.now.cmp(&unmarked(at).0);
        let asked = &mut questions.borrow_mut().asked;
        asked.push(Question::Order(at, order));
        order
    }

    /// Whether `at` is over.
    pub fn is_past(&self, at: Instant) -> bool {
        self.order(at).is_gt()
    }

    /// Whether `at` is still to come.
    pub fn is_ahead(&self, at: Instant) -> bool {
        self.order(at).is_lt()
    }

    /// The last whole second, which is what the API server stores.
    pub fn second(&self) -> Instant {
        self.now.floor_to_second()
    }

    /// Whether `at`, a stored time, is of this very second.
    pub fn is_this_second(&self, at: Instant) -> bool {
        let Some(questions) = self.questions else {
            return self.second() == at;
        };
        let is = self.second() == unmarked(at).0;
        let asked = &mut questions.borrow_mut().asked;
        asked.push(Question::Second(at, is));
        is
    }

    /// The whole second `delay` from now.
    pub fn second_after(&self, delay: Duration) -> Instant {
        if let Some(questions) = self.questions
            && delay.as_nanos() % 1_000_000_000 != 0
        {
            questions.borrow_mut().opaque = true;
        }
        (self.now + delay).floor_to_second()
    }

    /// The time, for what is asked of the work queue.
    pub fn now(&self) -> Instant {
        self.now
    }
}
