//! The pod template, checked as the pods of a ReplicaSet are after defaults are filled in.
//!
//! Covers what keeps real manifests from starting: labels, volumes, containers with their ports and mounts, and the
//! policies. Security contexts, affinity, probes, resources and the sources of volumes are left to the API server.

use std::collections::BTreeSet;

use super::labels::{dns_label_errors, qualified_name_errors, validate_labels};
use crate::manifest::field_error::{BadValue, FieldError};
use crate::manifest::rollout_types::PodTemplate;
use crate::manifest::rollout_types::pod::{Container, ContainerPort, Named, PodSpec, VolumeMount};

/// Everything after the selector check of Kubernetes v1.34 `ValidatePodTemplateSpecForReplicaSet`, in its order.
pub(super) fn validate(template: &PodTemplate, field: &str) -> Vec<FieldError> {
    let mut errors = validate_labels(&template.metadata.labels, &format!("{field}.labels"));
    for key in template.metadata.annotations.keys() {
        for message in qualified_name_errors(&key.to_lowercase()) {
            errors.push(FieldError::invalid(
                format!("{field}.annotations"),
                key,
                message,
            ));
        }
    }
    let field = format!("{field}.spec");
    let spec = match template.checked_spec() {
        Ok(spec) => spec,
        Err(error) => {
            errors.push(FieldError::internal(field, error.to_string()));
            return errors;
        }
    };
    errors.extend(validate_volumes(&spec.volumes, &format!("{field}.volumes")));
    let volumes: BTreeSet<&str> = spec
        .volumes
        .iter()
        .map(|volume| volume.name.as_str())
        .collect();
    errors.extend(validate_containers(&spec, &volumes, &field));
    errors.extend(validate_policies(&spec, &field));
    errors
}

fn validate_volumes(volumes: &[Named], field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, volume) in volumes.iter().enumerate() {
        let field = format!("{field}[{index}].name");
        if volume.name.is_empty() {
            errors.push(FieldError::required(field.clone(), ""));
        } else {
            errors.extend(
                dns_label_errors(&volume.name)
                    .into_iter()
                    .map(|message| FieldError::invalid(field.clone(), &volume.name, message)),
            );
        }
        if !seen.insert(&volume.name) {
            errors.push(FieldError::duplicate(field, &volume.name));
        }
    }
    errors
}

fn validate_containers(spec: &PodSpec, volumes: &BTreeSet<&str>, field: &str) -> Vec<FieldError> {
    if spec.containers.is_empty() {
        return vec![FieldError::required(format!("{field}.containers"), "")];
    }
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (list, containers) in [
        ("containers", &spec.containers),
        ("initContainers", &spec.init_containers),
    ] {
        for (index, container) in containers.iter().enumerate() {
            let field = format!("{field}.{list}[{index}]");
            errors.extend(validate_container(container, volumes, &field));
            if !names.insert(&container.name) {
                errors.push(FieldError::duplicate(
                    format!("{field}.name"),
                    &container.name,
                ));
            }
        }
    }
    errors
}

fn validate_container(
    container: &Container,
    volumes: &BTreeSet<&str>,
    field: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if container.name.is_empty() {
        errors.push(FieldError::required(format!("{field}.name"), ""));
    }
    if !container.name.is_empty() {
        errors.extend(
            dns_label_errors(&container.name)
                .into_iter()
                .map(|message| {
                    FieldError::invalid(format!("{field}.name"), &container.name, message)
                }),
        );
    }
    if container.image.is_empty() {
        errors.push(FieldError::required(format!("{field}.image"), ""));
    } else if container.image.trim() != container.image {
        errors.push(FieldError::invalid(
            format!("{field}.image"),
            &container.image,
            "must not have leading or trailing whitespace",
        ));
    }
    errors.extend(validate_ports(&container.ports, &format!("{field}.ports")));
    for (index, _) in
        (container.env.iter().enumerate()).filter(|(_, variable)| variable.name.is_empty())
    {
        errors.push(FieldError::required(
            format!("{field}.env[{index}].name"),
            "",
        ));
    }
    errors.extend(validate_mounts(
        &container.volume_mounts,
        volumes,
        &format!("{field}.volumeMounts"),
    ));
    if !["", "Always", "IfNotPresent", "Never"].contains(&container.image_pull_policy.as_str()) {
        errors.push(FieldError::not_supported(
            format!("{field}.imagePullPolicy"),
            BadValue::json(&container.image_pull_policy),
            &["Always", "IfNotPresent", "Never"],
        ));
    }
    errors
}

fn validate_ports(ports: &[ContainerPort], field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let name_errors = port_name_errors(&port.name);
        if port.name.is_empty() {
        } else if !name_errors.is_empty() {
            errors.extend(
                name_errors.into_iter().map(|message| {
                    FieldError::invalid(format!("{field}.name"), &port.name, message)
                }),
            );
        } else if !names.insert(&port.name) {
            errors.push(FieldError::duplicate(format!("{field}.name"), &port.name));
        }
        if port.number == 0 {
            errors.push(FieldError::required(format!("{field}.containerPort"), ""));
        } else if !(1..=65535).contains(&port.number) {
            errors.push(FieldError::invalid(
                format!("{field}.containerPort"),
                port.number,
                "must be between 1 and 65535, inclusive",
            ));
        }
        if !["", "SCTP", "TCP", "UDP"].contains(&port.protocol.as_str()) {
            errors.push(FieldError::not_supported(
                format!("{field}.protocol"),
                BadValue::json(&port.protocol),
                &["SCTP", "TCP", "UDP"],
            ));
        }
    }
    errors
}

fn port_name_errors(name: &str) -> Vec<&'static str> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let checks = [
        (name.len() > 15, "must be no more than 15 bytes"),
        (
            !name.bytes().all(is_allowed),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (
            !name.bytes().any(|byte| byte.is_ascii_lowercase()),
            "must contain at least one letter (a-z)",
        ),
        (name.contains("--"), "must not contain consecutive hyphens"),
        (
            name.starts_with('-') || name.ends_with('-'),
            "must not begin or end with a hyphen",
        ),
    ];
    checks
        .into_iter()
        .filter_map(|(is_wrong, message)| is_wrong.then_some(message))
        .collect()
}

fn validate_mounts(
    mounts: &[VolumeMount],
    volumes: &BTreeSet<&str>,
    field: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut paths = BTreeSet::new();
    for (index, mount) in mounts.iter().enumerate() {
        let field = format!("{field}[{index}]");
        if mount.name.is_empty() {
            errors.push(FieldError::required(format!("{field}.name"), ""));
        }
        if !volumes.contains(mount.name.as_str()) {
            errors.push(FieldError::not_found(format!("{field}.name"), &mount.name));
        }
        if mount.mount_path.is_empty() {
            errors.push(FieldError::required(format!("{field}.mountPath"), ""));
        }
        if !paths.insert(&mount.mount_path) {
            errors.push(FieldError::invalid(
                format!("{field}.mountPath"),
                &mount.mount_path,
                "must be unique",
            ));
        }
    }
    errors
}

fn validate_policies(spec: &PodSpec, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let restart_policy = match spec.restart_policy.as_str() {
        "" => "Always",
        written => written,
    };
    let restart_field = format!("{field}.restartPolicy");
    let known = ["Always", "OnFailure", "Never"];
    if !known.contains(&restart_policy) {
        errors.push(FieldError::not_supported(
            restart_field.clone(),
            BadValue::json(&restart_policy),
            &known,
        ));
    }
    let known = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    if !spec.dns_policy.is_empty() && !known.contains(&spec.dns_policy.as_str()) {
        errors.push(FieldError::not_supported(
            format!("{field}.dnsPolicy"),
            BadValue::json(&spec.dns_policy),
            &known,
        ));
    }
    if restart_policy != "Always" {
        errors.push(FieldError::not_supported(
            restart_field,
            BadValue::json(&restart_policy),
            &["Always"],
        ));
    }
    if spec.active_deadline_seconds.is_some() {
        errors.push(FieldError::forbidden(
            format!("{field}.activeDeadlineSeconds"),
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        ));
    }
    errors
}
