//! Faults by name, with their defaults: what `run` tries when nobody says what can be wrong with a release.

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueFault {
    /// The arm's name.
    pub name: &'static str,
    /// As a scenario's `faults` has it.
    pub definition: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// All of them, in the order in which they are shown.
pub const FAULTS: [CatalogueFault; 7] = [
    CatalogueFault {
        name: "error-spike",
        definition: "{errors: 3%}",
        about: "3 % of the requests are answered with status 500",
    },
    CatalogueFault {
        name: "outage",
        definition: "{errors: 50%}",
        about: "every second request is answered with status 500",
    },
    CatalogueFault {
        name: "late-errors",
        definition: "{errors: 3%, from: 10m}",
        about: "the same as error-spike, from ten minutes after a pod's readiness on",
    },
    CatalogueFault {
        name: "slow",
        definition: "{latency: x4}",
        about: "every response takes four times as long",
    },
    CatalogueFault {
        name: "slow-tail",
        definition: "{latency: {tail: {share: 3%, to: 2s}}}",
        about: "3 % of the responses take two seconds or longer",
    },
    CatalogueFault {
        name: "wrong-content",
        definition: "{content: 100% broken}",
        about: "every response has status 200 and wrong content; no metric sees it",
    },
    CatalogueFault {
        name: "memory-leak",
        definition: "{memory: {leak: 5Mi/min}, gc-pressure: {from: 80%, latency: x4}, oom: restart}",
        about: "memory grows; from 80 % of the limit on responses take four times as long, at the limit the \
                container is killed and starts again",
    },
];
