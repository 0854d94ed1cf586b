//! The pod template: kept as JSON, with its metadata typed and the types of the checked fields verified.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::ObjectMeta;
use super::decode::{nullable, nullable_list};

/// `spec.template` of a Rollout.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct PodTemplate {
    /// Labels and annotations of the pods.
    #[serde(default, deserialize_with = "nullable")]
    pub metadata: ObjectMeta,
    /// The pods themselves, as written; `null` when absent.
    #[serde(default, deserialize_with = "type_checked_spec")]
    pub spec: Value,
}

impl PodTemplate {
    /// What the controller takes for an empty template: no labels and no annotations.
    pub fn has_no_metadata(&self) -> bool {
        self.metadata.labels.is_empty() && self.metadata.annotations.is_empty()
    }

    /// The part of the pods that validation looks at.
    pub(crate) fn checked_spec(&self) -> Result<PodSpec, serde_json::Error> {
        Option::<PodSpec>::deserialize(&self.spec).map(Option::unwrap_or_default)
    }
}

fn type_checked_spec<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let spec = Value::deserialize(deserializer)?;
    Option::<PodSpec>::deserialize(&spec).map_err(D::Error::custom)?;
    Ok(spec)
}

/// The checked part of a pod's specification.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSpec {
    #[serde(deserialize_with = "nullable_list")]
    pub(crate) volumes: Vec<Named>,
    #[serde(deserialize_with = "nullable_list")]
    pub(crate) containers: Vec<Container>,
    #[serde(deserialize_with = "nullable_list")]
    pub(crate) init_containers: Vec<Container>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) restart_policy: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) dns_policy: String,
    pub(crate) active_deadline_seconds: Option<i64>,
}

/// Anything of which only the name is checked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    #[serde(deserialize_with = "nullable")]
    pub(crate) name: String,
}

/// A container.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Container {
    #[serde(deserialize_with = "nullable")]
    pub(crate) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) image: String,
    #[serde(deserialize_with = "nullable_list")]
    pub(crate) ports: Vec<ContainerPort>,
    #[serde(deserialize_with = "nullable_list")]
    pub(crate) env: Vec<Named>,
    #[serde(deserialize_with = "nullable_list")]
    pub(crate) volume_mounts: Vec<VolumeMount>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) image_pull_policy: String,
}

/// A port of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerPort {
    #[serde(deserialize_with = "nullable")]
    pub(crate) name: String,
    #[serde(deserialize_with = "nullable")]
    #[serde(rename = "containerPort")]
    pub(crate) number: i32,
    #[serde(deserialize_with = "nullable")]
    pub(crate) protocol: String,
}

/// A volume in a container's file system.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VolumeMount {
    #[serde(deserialize_with = "nullable")]
    pub(crate) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) mount_path: String,
}
