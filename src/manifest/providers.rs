//! Metric providers as the Go types of Argo Rollouts v1.9.1 have them (`analysis_types.go` `MetricProvider` and below).
//!
//! Which of them can be simulated is decided in `plan`; here all are read, so that the controller's own checks
//! see what it would see.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::analysis_types::is_false;
use super::int_or_string::{IntOrString, null_as_default};
use super::job_order;

/// The provider of a metric. The run gate refuses none and more than one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricProvider {
    /// A Prometheus query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<PrometheusMetric>,
    /// A Kayenta canary analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kayenta: Option<KayentaMetric>,
    /// An HTTP request that answers JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<WebMetric>,
    /// A Datadog query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datadog: Option<DatadogMetric>,
    /// A Wavefront query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wavefront: Option<WavefrontMetric>,
    /// A New Relic query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_relic: Option<NewRelicMetric>,
    /// A Kubernetes Job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobMetric>,
    /// `CloudWatch` queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch: Option<CloudWatchMetric>,
    /// A Graphite query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graphite: Option<GraphiteMetric>,
    /// An `InfluxDB` query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub influxdb: Option<InfluxdbMetric>,
    /// An Apache `SkyWalking` query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skywalking: Option<SkyWalkingMetric>,
    /// Plugins by name, each with its own configuration; each counts as one provider.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub plugin: BTreeMap<String, Value>,
}

impl MetricProvider {
    /// How many providers are set, as `ValidateMetric` counts them (`factory.go`).
    pub fn len(&self) -> usize {
        let fields = [
            self.prometheus.is_some(),
            self.kayenta.is_some(),
            self.web.is_some(),
            self.datadog.is_some(),
            self.wavefront.is_some(),
            self.new_relic.is_some(),
            self.job.is_some(),
            self.cloud_watch.is_some(),
            self.graphite.is_some(),
            self.influxdb.is_some(),
            self.skywalking.is_some(),
        ];
        fields.into_iter().filter(|set| *set).count() + self.plugin.len()
    }

    /// Whether no provider is set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A Prometheus query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PrometheusMetric {
    /// Address of the server; empty means the controller's environment variable.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub address: String,
    /// The query.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub query: String,
    /// How to log in; always written, even when empty.
    #[serde(deserialize_with = "null_as_default")]
    pub authentication: Authentication,
    /// Seconds to wait for an answer; absent means 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// Skips TLS verification.
    #[serde(skip_serializing_if = "is_false")]
    #[serde(deserialize_with = "null_as_default")]
    pub insecure: bool,
    /// Headers of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub headers: Vec<WebMetricHeader>,
    /// Makes it a range query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range_query: Option<PrometheusRangeQueryArgs>,
}

/// Bounds of a Prometheus range query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PrometheusRangeQueryArgs {
    /// Expression that yields the first time.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub start: String,
    /// Expression that yields the last time.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub end: String,
    /// Go duration between two points.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub step: String,
}

/// How to log in to a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Authentication {
    /// AWS request signing.
    #[serde(deserialize_with = "null_as_default")]
    pub sigv4: Sigv4Config,
    /// OAuth 2 client credentials.
    #[serde(deserialize_with = "null_as_default")]
    pub oauth2: OAuth2Config,
}

/// AWS request signing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sigv4Config {
    /// AWS region.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub region: String,
    /// Credential profile.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub profile: String,
    /// IAM role.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub role_arn: String,
}

/// OAuth 2 client credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OAuth2Config {
    /// Where tokens come from.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub token_url: String,
    /// Client identifier.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub client_id: String,
    /// Client secret.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub client_secret: String,
    /// Scopes asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub scopes: Vec<String>,
}

/// A Wavefront query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WavefrontMetric {
    /// Address of the server.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub address: String,
    /// The query.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub query: String,
}

/// A New Relic query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewRelicMetric {
    /// Secret with the account.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub profile: String,
    /// The NRQL query.
    #[serde(deserialize_with = "null_as_default")]
    pub query: String,
    /// Seconds to wait for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// A Kubernetes Job whose end is the measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobMetric {
    /// Labels and annotations of the Job.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(serialize_with = "job_order::serialize_metadata")]
    pub metadata: Value,
    /// `batch/v1` `JobSpec`.
    #[serde(deserialize_with = "null_as_default")]
    #[serde(serialize_with = "job_order::serialize_spec")]
    pub spec: Value,
}

/// A Graphite query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GraphiteMetric {
    /// Address of the server.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub address: String,
    /// The query.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub query: String,
}

/// An `InfluxDB` Flux query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InfluxdbMetric {
    /// Secret with the account.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub profile: String,
    /// The query.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub query: String,
}

/// `CloudWatch` queries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloudWatchMetric {
    /// Go duration that the queries look back.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub interval: String,
    /// The queries.
    #[serde(deserialize_with = "null_as_default")]
    pub metric_data_queries: Vec<CloudWatchMetricDataQuery>,
}

/// One `CloudWatch` query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloudWatchMetricDataQuery {
    /// Identifier that other queries refer to.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    /// Metric maths expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Label of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The statistic asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<CloudWatchMetricStat>,
    /// Seconds per point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<IntOrString>,
    /// Whether the answer holds this query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
}

/// A `CloudWatch` statistic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloudWatchMetricStat {
    /// The metric.
    #[serde(deserialize_with = "null_as_default")]
    pub metric: CloudWatchMetricStatMetric,
    /// Seconds per point.
    #[serde(deserialize_with = "null_as_default")]
    pub period: IntOrString,
    /// Name of the statistic.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub stat: String,
    /// Unit of the answer.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub unit: String,
}

/// A `CloudWatch` metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloudWatchMetricStatMetric {
    /// Dimensions that select it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub dimensions: Vec<CloudWatchMetricStatMetricDimension>,
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub metric_name: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// A dimension of a `CloudWatch` metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloudWatchMetricStatMetricDimension {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Its value.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub value: String,
}

/// An Apache `SkyWalking` query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SkyWalkingMetric {
    /// Address of the server.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub address: String,
    /// The query.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub query: String,
    /// Go duration that the query looks back.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub interval: String,
}

/// A Kayenta canary analysis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KayentaMetric {
    /// Address of the server.
    #[serde(deserialize_with = "null_as_default")]
    pub address: String,
    /// Application name.
    #[serde(deserialize_with = "null_as_default")]
    pub application: String,
    /// Name of the canary configuration.
    #[serde(deserialize_with = "null_as_default")]
    pub canary_config_name: String,
    /// Account that holds metrics.
    #[serde(deserialize_with = "null_as_default")]
    pub metrics_account_name: String,
    /// Account that holds configurations.
    #[serde(deserialize_with = "null_as_default")]
    pub configuration_account_name: String,
    /// Account that stores results.
    #[serde(deserialize_with = "null_as_default")]
    pub storage_account_name: String,
    /// Scores that pass.
    #[serde(deserialize_with = "null_as_default")]
    pub threshold: KayentaThreshold,
    /// What is compared with what.
    #[serde(deserialize_with = "null_as_default")]
    pub scopes: Vec<KayentaScope>,
    /// Whether windows grow.
    #[serde(skip_serializing_if = "is_false")]
    #[serde(deserialize_with = "null_as_default")]
    pub lookback: bool,
}

/// Kayenta scores that pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KayentaThreshold {
    /// From here Successful.
    #[serde(deserialize_with = "null_as_default")]
    pub pass: i64,
    /// From here Inconclusive.
    #[serde(deserialize_with = "null_as_default")]
    pub marginal: i64,
}

/// What Kayenta compares with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KayentaScope {
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The control side.
    #[serde(deserialize_with = "null_as_default")]
    pub control_scope: ScopeDetail,
    /// The experiment side.
    #[serde(deserialize_with = "null_as_default")]
    pub experiment_scope: ScopeDetail,
}

/// One side of a Kayenta comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScopeDetail {
    /// Scope text.
    #[serde(deserialize_with = "null_as_default")]
    pub scope: String,
    /// Region.
    #[serde(deserialize_with = "null_as_default")]
    pub region: String,
    /// Seconds per point.
    #[serde(deserialize_with = "null_as_default")]
    pub step: i64,
    /// First time.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub start: String,
    /// Last time.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub end: String,
}

/// An HTTP request whose JSON answer is the value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebMetric {
    /// HTTP method; empty means GET.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub method: String,
    /// Address of the request.
    #[serde(deserialize_with = "null_as_default")]
    pub url: String,
    /// Headers of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub headers: Vec<WebMetricHeader>,
    /// Body as text.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub body: String,
    /// Seconds to wait for an answer; 0 and less mean 10.
    #[serde(skip_serializing_if = "is_zero")]
    #[serde(deserialize_with = "null_as_default")]
    pub timeout_seconds: i64,
    /// Path into the answer; empty means `{$}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub json_path: String,
    /// Skips TLS verification.
    #[serde(skip_serializing_if = "is_false")]
    #[serde(deserialize_with = "null_as_default")]
    pub insecure: bool,
    /// Body as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_body: Option<Value>,
    /// How to log in; always written, even when empty.
    #[serde(deserialize_with = "null_as_default")]
    pub authentication: Authentication,
}

/// A header of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebMetricHeader {
    /// Name of the header.
    #[serde(deserialize_with = "null_as_default")]
    pub key: String,
    /// Its value.
    #[serde(deserialize_with = "null_as_default")]
    pub value: String,
}

/// A Datadog query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DatadogMetric {
    /// Go duration that the query looks back; the API server defaults it to `5m`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub interval: String,
    /// The query.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub query: String,
    /// Named queries of a formula.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub queries: BTreeMap<String, String>,
    /// Formula over the named queries.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub formula: String,
    /// `v1` or `v2`; the API server defaults it to `v1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub api_version: String,
    /// How points become one value.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub aggregator: String,
    /// Secret with the account; always written, even when empty.
    #[serde(deserialize_with = "null_as_default")]
    pub secret_ref: SecretRef,
}

/// The secret with a Datadog account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretRef {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Whether it lies in the metric's namespace instead of the controller's.
    #[serde(skip_serializing_if = "is_false")]
    #[serde(deserialize_with = "null_as_default")]
    pub namespaced: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_zero(value: &i64) -> bool {
    *value == 0
}
