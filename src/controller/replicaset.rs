//! The ReplicaSet controller: makes and deletes pods until there are as many as wanted, and counts them.
//!
//! When a pod gets ready is the caller's business: it enters the time into the pod's record.

use super::rollout::ReplicaSet;
use crate::units::{Duration, Instant};

/// A pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pod {
    /// What the caller knows it by.
    pub key: u32,
    /// When it was created.
    pub created_at: Instant,
    /// Since when, or from when on, it is ready; [`Instant::NEVER`] if never.
    pub ready_at: Instant,
    /// Not ready for now, whatever `ready_at` says.
    pub down: bool,
}

impl Pod {
    /// Whether it is ready at `now`.
    pub fn is_ready(&self, now: Instant) -> bool {
        !self.down && self.ready_at <= now
    }

    /// Whether it has been ready for `min_ready` at `now`.
    pub fn is_available(&self, now: Instant, min_ready: Duration) -> bool {
        self.is_ready(now) && self.ready_at + min_ready <= now
    }
}

/// The pods of one ReplicaSet in the order of their creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pods {
    pods: Vec<Pod>,
}

impl Pods {
    /// The pods.
    pub fn as_slice(&self) -> &[Pod] {
        &self.pods
    }

    /// The pods, to change.
    pub fn as_mut_slice(&mut self) -> &mut [Pod] {
        &mut self.pods
    }

    /// Deletes all pods at once.
    pub fn clear(&mut self) {
        self.pods.clear();
    }

    /// Brings the number of pods to `wanted`. `create` makes the record of a new pod from its place in the
    /// list; `delete` is told of each pod that goes. True if anything changed.
    ///
    /// Pods that aren't ready go first, then those that have been ready for the shortest time, then the
    /// newest: the order of the real controller as far as the records tell.
    pub fn scale(
        &mut self,
        wanted: i32,
        now: Instant,
        mut create: impl FnMut(usize) -> Pod,
        mut delete: impl FnMut(&Pod),
    ) -> bool {
        let wanted = usize::try_from(wanted).unwrap_or(0);
        let before = self.pods.len();
        while self.pods.len() > wanted {
            let Some(index) = self.first_to_go(now) else {
                break;
            };
            delete(&self.pods.remove(index));
        }
        while self.pods.len() < wanted {
            let pod = create(self.pods.len());
            self.pods.push(pod);
        }
        before != self.pods.len()
    }

    fn first_to_go(&self, now: Instant) -> Option<usize> {
        let rank = |pod: &Pod| {
            let ready = pod.is_ready(now);
            let ready_at = if ready { pod.ready_at } else { Instant::NEVER };
            (!ready, ready_at, pod.created_at)
        };
        (0..self.pods.len()).max_by_key(|&index| rank(&self.pods[index]))
    }

    /// Enters the counts at `now` into the ReplicaSet's status. True if they changed, which wakes the
    /// Rollout controller.
    pub fn count(&self, rs: &mut ReplicaSet, now: Instant, min_ready: Duration) -> bool {
        let (mut ready, mut available) = (0, 0);
        for pod in &self.pods {
            ready += i32::from(pod.is_ready(now));
            available += i32::from(pod.is_available(now, min_ready));
        }
        let created = i32::try_from(self.pods.len()).unwrap_or(i32::MAX);
        let before = (rs.counts.created, rs.ready, rs.counts.available);
        rs.counts.created = created;
        rs.counts.available = available;
        rs.ready = ready;
        before != (created, ready, available)
    }

    /// When the next pod gets ready or available after `now`; [`Instant::NEVER`] if none does.
    pub fn next_change(&self, now: Instant, min_ready: Duration) -> Instant {
        self.pods
            .iter()
            .filter(|pod| !pod.down && pod.ready_at != Instant::NEVER)
            .flat_map(|pod| [pod.ready_at, pod.ready_at + min_ready])
            .filter(|&at| at > now)
            .min()
            .unwrap_or(Instant::NEVER)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pod, Pods};
    use crate::units::{Duration, Instant};

    fn pods(ready_at: &[i64]) -> Pods {
        let pods = ready_at.iter().enumerate().map(|(index, &at)| Pod {
            key: u32::try_from(index).unwrap(),
            created_at: Instant::EPOCH,
            ready_at: Instant::from_seconds(at),
            down: false,
        });
        Pods {
            pods: pods.collect(),
        }
    }

    fn gone(pods: &mut Pods, wanted: i32, now: i64) -> Vec<u32> {
        let mut gone = Vec::new();
        pods.scale(
            wanted,
            Instant::from_seconds(now),
            |_| unreachable!("only deletes"),
            |pod| gone.push(pod.key),
        );
        gone
    }

    #[test]
    fn pods_that_are_not_ready_go_first_then_the_latest_ready() {
        assert_eq!(gone(&mut pods(&[1, 9, 3, 2]), 1, 5), [1, 2, 3]);
    }

    #[test]
    fn among_equals_the_newest_goes() {
        assert_eq!(gone(&mut pods(&[1, 1, 1]), 1, 5), [2, 1]);
    }

    #[test]
    fn availability_comes_min_ready_seconds_after_readiness() {
        let pods = pods(&[10]);
        let min_ready = Duration::from_seconds(5);
        let next = |now| pods.next_change(Instant::from_seconds(now), min_ready);
        assert_eq!(next(0), Instant::from_seconds(10));
        assert_eq!(next(10), Instant::from_seconds(15));
        assert_eq!(next(15), Instant::NEVER);
    }
}
