//! Servers that answer PromQL and aren't Prometheus, by their addresses (spec promql §10.4).

use crate::provider::url;
use crate::units::Duration;

/// A server that is taken for a Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backend {
    VictoriaMetrics,
    Thanos,
    Mimir,
    Cortex,
    AmazonManaged,
}

/// What addresses of each hold: part of a host's or path's name, or a port.
const SIGNS: [(&str, Backend); 9] = [
    ("victoria", Backend::VictoriaMetrics),
    ("vmselect", Backend::VictoriaMetrics),
    ("vmsingle", Backend::VictoriaMetrics),
    ("vmauth", Backend::VictoriaMetrics),
    (":8481/", Backend::VictoriaMetrics),
    ("thanos", Backend::Thanos),
    ("mimir", Backend::Mimir),
    ("cortex", Backend::Cortex),
    ("aps-workspaces", Backend::AmazonManaged),
];

impl Backend {
    /// Which one an address names, as far as one can tell.
    pub fn of(address: &str) -> Option<Self> {
        url::parse(address).ok()?;
        // Credentials say nothing of the server.
        let (_, rest) = address.split_once("://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let place = format!("{host}/{path}").to_ascii_lowercase();
        let found = SIGNS.iter().find(|(sign, _)| place.contains(sign));
        found.map(|(_, backend)| *backend)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::VictoriaMetrics => "VictoriaMetrics",
            Self::Thanos => "Thanos",
            Self::Mimir => "Mimir",
            Self::Cortex => "Cortex",
            Self::AmazonManaged => "Amazon Managed Service for Prometheus",
        }
    }

    /// What differs from what is simulated, and what to do; nothing if the scenario takes it into account.
    pub fn differs(self, visibility_lag: Duration) -> Option<(String, String)> {
        let name = self.name();
        let lagging = visibility_lag > Duration::ZERO;
        match self {
            Self::VictoriaMetrics => Some((
                format!(
                    "the address looks like {name}, which doesn't evaluate as Prometheus does: its rate and increase \
                     don't extrapolate and take the sample before the window in, and it hides the newest 30 s by \
                     default. Values here are those of a Prometheus."
                ),
                "take results near a threshold with care; `prometheus.visibility-lag: 30s` comes closer".to_owned(),
            )),
            Self::Thanos => Some((
                format!(
                    "the address looks like {name}: it evaluates as Prometheus does, but over the merged samples of \
                     all replicas. A scrape that fails in one of them, and so staleness, needn't show there."
                ),
                "leave `prometheus.scrape-failure` at 0 for it".to_owned(),
            )),
            Self::Mimir | Self::Cortex | Self::AmazonManaged if lagging => None,
            Self::Mimir | Self::Cortex | Self::AmazonManaged => Some((
                format!(
                    "the address looks like {name}: it evaluates as Prometheus does, but samples reach it by remote \
                     write, some seconds after the scrape (batches wait for up to 5 s). Here a query sees every \
                     sample at once."
                ),
                "set `prometheus.visibility-lag: 10s` in the scenario, or what your server takes".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backend;
    use crate::units::Duration;

    #[test]
    fn servers_are_known_by_their_addresses() {
        let cases = [
            ("http://prometheus.monitoring:9090", None),
            (
                "http://vmselect-main:8481/select/0/prometheus",
                Some(Backend::VictoriaMetrics),
            ),
            (
                "http://10.0.0.1:8481/select/0/prometheus",
                Some(Backend::VictoriaMetrics),
            ),
            (
                "https://VictoriaMetrics.example.org",
                Some(Backend::VictoriaMetrics),
            ),
            (
                "http://thanos-query.monitoring.svc:9090",
                Some(Backend::Thanos),
            ),
            ("http://mimir-nginx.mimir/prometheus", Some(Backend::Mimir)),
            (
                "http://cortex-query-frontend/api/prom",
                Some(Backend::Cortex),
            ),
            (
                "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1",
                Some(Backend::AmazonManaged),
            ),
            ("http://thanos:secret@prometheus:9090", None),
            ("mimir", None),
            ("", None),
        ];
        for (address, expected) in cases {
            assert_eq!(Backend::of(address), expected, "{address}");
        }
    }

    #[test]
    fn a_lag_that_the_scenario_has_needs_no_word() {
        let (none, some) = (Duration::ZERO, Duration::from_seconds(10));
        assert!(Backend::Mimir.differs(none).is_some());
        assert!(Backend::Mimir.differs(some).is_none());
        assert!(Backend::VictoriaMetrics.differs(some).is_some());
    }
}
