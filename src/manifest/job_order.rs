//! The field order of a Job's Go types (`batch/v1` and `core/v1` of k8s.io/api v0.34).
//!
//! A Job decides nothing by its fields here, so it is kept as plain JSON. But a tag that is never closed swallows the
//! JSON that follows it, and the controller's message quotes that text in the order of the Go structs. The types
//! below are those that Job metrics hold in practice; fields of other types come in alphabetical order.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// Fields of a Go struct in order.
struct Shape {
    fields: &'static [Field],
}

#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    /// The struct in it, or in each element of its list.
    shape: Option<&'static Shape>,
    /// What Go writes when the field is absent, if anything.
    absent: Absent,
}

#[derive(Clone, Copy)]
enum Absent {
    Nothing,
    Null,
    EmptyText,
    Zero,
    EmptyStruct,
}

const fn plain(name: &'static str) -> Field {
    Field {
        name,
        shape: None,
        absent: Absent::Nothing,
    }
}

const fn of(name: &'static str, shape: &'static Shape) -> Field {
    Field {
        name,
        shape: Some(shape),
        absent: Absent::Nothing,
    }
}

const fn always(field: Field, absent: Absent) -> Field {
    Field { absent, ..field }
}

static OBJECT_META: Shape = Shape {
    fields: &[
        plain("name"),
        plain("generateName"),
        plain("namespace"),
        plain("labels"),
        plain("annotations"),
        plain("ownerReferences"),
        plain("finalizers"),
    ],
};

static JOB_SPEC: Shape = Shape {
    fields: &[
        plain("parallelism"),
        plain("completions"),
        plain("activeDeadlineSeconds"),
        plain("podFailurePolicy"),
        plain("successPolicy"),
        plain("backoffLimit"),
        plain("backoffLimitPerIndex"),
        plain("maxFailedIndexes"),
        plain("selector"),
        plain("manualSelector"),
        always(of("template", &POD_TEMPLATE_SPEC), Absent::EmptyStruct),
        plain("ttlSecondsAfterFinished"),
        plain("completionMode"),
        plain("suspend"),
        plain("podReplacementPolicy"),
        plain("managedBy"),
    ],
};

static POD_TEMPLATE_SPEC: Shape = Shape {
    fields: &[
        always(of("metadata", &OBJECT_META), Absent::EmptyStruct),
        always(of("spec", &POD_SPEC), Absent::EmptyStruct),
    ],
};

static POD_SPEC: Shape = Shape {
    fields: &[
        of("volumes", &VOLUME),
        of("initContainers", &CONTAINER),
        always(of("containers", &CONTAINER), Absent::Null),
        plain("ephemeralContainers"),
        plain("restartPolicy"),
        plain("terminationGracePeriodSeconds"),
        plain("activeDeadlineSeconds"),
        plain("dnsPolicy"),
        plain("nodeSelector"),
        plain("serviceAccountName"),
        plain("serviceAccount"),
        plain("automountServiceAccountToken"),
        plain("nodeName"),
        plain("hostNetwork"),
        plain("hostPID"),
        plain("hostIPC"),
        plain("shareProcessNamespace"),
        plain("securityContext"),
        plain("imagePullSecrets"),
        plain("hostname"),
        plain("subdomain"),
        plain("affinity"),
        plain("schedulerName"),
        plain("tolerations"),
        plain("hostAliases"),
        plain("priorityClassName"),
        plain("priority"),
        plain("dnsConfig"),
        plain("readinessGates"),
        plain("runtimeClassName"),
        plain("enableServiceLinks"),
        plain("preemptionPolicy"),
        plain("overhead"),
        plain("topologySpreadConstraints"),
    ],
};

static CONTAINER: Shape = Shape {
    fields: &[
        always(plain("name"), Absent::EmptyText),
        plain("image"),
        plain("command"),
        plain("args"),
        plain("workingDir"),
        of("ports", &CONTAINER_PORT),
        of("envFrom", &ENV_FROM_SOURCE),
        of("env", &ENV_VAR),
        always(of("resources", &RESOURCES), Absent::EmptyStruct),
        plain("resizePolicy"),
        plain("restartPolicy"),
        of("volumeMounts", &VOLUME_MOUNT),
        plain("volumeDevices"),
        plain("livenessProbe"),
        plain("readinessProbe"),
        plain("startupProbe"),
        plain("lifecycle"),
        plain("terminationMessagePath"),
        plain("terminationMessagePolicy"),
        plain("imagePullPolicy"),
        plain("securityContext"),
        plain("stdin"),
        plain("stdinOnce"),
        plain("tty"),
    ],
};

static CONTAINER_PORT: Shape = Shape {
    fields: &[
        plain("name"),
        plain("hostPort"),
        always(plain("containerPort"), Absent::Zero),
        plain("protocol"),
        plain("hostIP"),
    ],
};

static ENV_FROM_SOURCE: Shape = Shape {
    fields: &[
        plain("prefix"),
        of("configMapRef", &KEY_SELECTOR),
        of("secretRef", &KEY_SELECTOR),
    ],
};

static ENV_VAR: Shape = Shape {
    fields: &[
        always(plain("name"), Absent::EmptyText),
        plain("value"),
        of("valueFrom", &ENV_VAR_SOURCE),
    ],
};

static ENV_VAR_SOURCE: Shape = Shape {
    fields: &[
        plain("fieldRef"),
        plain("resourceFieldRef"),
        of("configMapKeyRef", &KEY_SELECTOR),
        of("secretKeyRef", &KEY_SELECTOR),
    ],
};

static KEY_SELECTOR: Shape = Shape {
    fields: &[plain("name"), plain("key"), plain("optional")],
};

static RESOURCES: Shape = Shape {
    fields: &[plain("limits"), plain("requests"), plain("claims")],
};

static VOLUME: Shape = Shape {
    fields: &[always(plain("name"), Absent::EmptyText)],
};

static VOLUME_MOUNT: Shape = Shape {
    fields: &[
        always(plain("name"), Absent::EmptyText),
        plain("readOnly"),
        plain("recursiveReadOnly"),
        always(plain("mountPath"), Absent::EmptyText),
        plain("subPath"),
        plain("mountPropagation"),
        plain("subPathExpr"),
    ],
};

/// Writes a Job's metadata in Go's order.
pub(super) fn serialize_metadata<S: Serializer>(
    metadata: &Value,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Ordered(metadata, &OBJECT_META).serialize(serializer)
}

/// Writes a Job's spec in Go's order.
pub(super) fn serialize_spec<S: Serializer>(
    spec: &Value,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Ordered(spec, &JOB_SPEC).serialize(serializer)
}

/// A value to be written in the order of a struct.
struct Ordered<'a>(&'a Value, &'static Shape);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => self.serialize_struct(&Map::new(), serializer),
            Value::Object(fields) => self.serialize_struct(fields, serializer),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Ordered(item, self.1))?;
                }
                list.end()
            }
            other => other.serialize(serializer),
        }
    }
}

impl Ordered<'_> {
    fn serialize_struct<S: Serializer>(
        &self,
        fields: &Map<String, Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let known = self.1.fields;
        for field in known {
            let absent = absent_value(field.absent);
            let present = fields.get(field.name).filter(|value| !is_left_out(value));
            let Some(value) = present.or(absent.as_ref()) else {
                continue;
            };
            match field.shape {
                Some(shape) if !value.is_null() => {
                    map.serialize_entry(field.name, &Ordered(value, shape))?;
                }
                _ => map.serialize_entry(field.name, value)?,
            }
        }
        for (name, value) in fields {
            if !is_left_out(value) && known.iter().all(|field| field.name != name) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

fn absent_value(absent: Absent) -> Option<Value> {
    Some(match absent {
        Absent::Nothing => return None,
        Absent::Null => Value::Null,
        Absent::EmptyText => json!(""),
        Absent::Zero => json!(0),
        Absent::EmptyStruct => json!({}),
    })
}

/// Whether Go leaves the field out: texts and lists are left out when empty, while an empty object or a zero stands
/// behind a pointer nearly always and is written.
fn is_left_out(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::go_json::to_go_json;
    use crate::manifest::providers::JobMetric;

    #[test]
    fn a_job_is_written_in_the_order_of_its_go_types() {
        let job: JobMetric = serde_yaml::from_str(
            "
            spec:
              backoffLimit: 0
              template:
                spec:
                  restartPolicy: Never
                  containers:
                  - image: x
                    command: []
                    name: c
                    env: [{value: v, name: n}]
                  volumes: [{emptyDir: {}, name: t}]
            ",
        )
        .expect("a job");
        assert_eq!(
            to_go_json(&job).expect("JSON"),
            concat!(
                r#"{"metadata":{},"spec":{"backoffLimit":0,"template":{"metadata":{},"spec":{"#,
                r#""volumes":[{"name":"t","emptyDir":{}}],"containers":[{"name":"c","image":"x","#,
                r#""env":[{"name":"n","value":"v"}],"resources":{}}],"restartPolicy":"Never"}}}}"#
            )
        );
    }
}
