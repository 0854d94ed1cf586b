#!/usr/bin/env python3
"""Writes the table of schema facts that src/manifest/schema.rs embeds.

    tools/crd_schema.py VERSION CRD.yaml[.gz] … > src/manifest/schema/argo-rollouts.txt

The CRDs are those of an Argo Rollouts release (manifests/crds/*-crd.yaml in its repository). Only facts are
taken: field names, types, required, defaults, enums, patterns, keys of lists. Descriptions are left out, the
status of a Rollout is (the API server ignores it on apply), and a part that occurs more than once is written
once and named (`@Name`).

Needs PyYAML.
"""

import collections
import gzip
import json
import sys

import yaml

# The API server checks object metadata itself, whatever the CRD says; from the Kubernetes API reference.
OBJECT_META = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in (
            "generateName", "name", "namespace", "resourceVersion", "selfLink", "uid")},
        **{name: {"type": "string", "nullable": True} for name in (
            "creationTimestamp", "deletionTimestamp")},
        **{name: {"type": "object", "nullable": True, "additionalProperties": {"type": "string"}}
           for name in ("annotations", "labels")},
        "deletionGracePeriodSeconds": {"type": "integer", "format": "int64"},
        "finalizers": {"type": "array", "items": {"type": "string"}},
        "generation": {"type": "integer", "format": "int64"},
        "managedFields": {"x-kubernetes-preserve-unknown-fields": True},
        "ownerReferences": {"x-kubernetes-preserve-unknown-fields": True},
    },
}

KNOWN = {
    "type", "properties", "required", "items", "additionalProperties", "format", "default", "enum", "pattern",
    "nullable", "anyOf", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
    # Only immutability on update, which concerns nobody who simulates.
    "x-kubernetes-validations",
}


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def read(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as stream:
        crd = yaml.safe_load(stream)
    (version,) = crd["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    schema["properties"]["metadata"] = OBJECT_META
    if "status" in schema["properties"]:
        schema["properties"]["status"] = {"x-kubernetes-preserve-unknown-fields": True}
    return crd["spec"]["names"]["kind"], schema


def children(schema):
    yield from ((name, part) for name, part in schema.get("properties", {}).items())
    if "items" in schema:
        yield "-", schema["items"]
    if isinstance(schema.get("additionalProperties"), dict):
        yield "*", schema["additionalProperties"]


def shared_names(roots):
    """Names for the parts that occur more than once, by their text."""
    seen = collections.Counter()
    labels = collections.defaultdict(collections.Counter)

    def walk(name, schema):
        text = compact(schema)
        if "properties" in schema and len(text) > 120:
            seen[text] += 1
            labels[text][name] += 1
            if seen[text] > 1:
                return
        for child, part in children(schema):
            walk(name if child in "-*" else child, part)

    for _, schema in roots:
        for name, part in children(schema):
            walk(name, part)
    names, taken = {}, set()
    for text, count in sorted(seen.items()):
        if count < 2:
            continue
        label = sorted(labels[text].items(), key=lambda item: (-item[1], item[0]))[0][0]
        name = label[:1].upper() + label[1:]
        number = 2
        while name in taken:
            name = f"{label[:1].upper()}{label[1:]}{number}"
            number += 1
        taken.add(name)
        names[text] = name
    return names


def type_word(schema, path):
    unknown = set(schema) - KNOWN
    if unknown:
        sys.exit(f"{path}: the table has no word for {sorted(unknown)}")
    keeps = schema.get("x-kubernetes-preserve-unknown-fields", False)
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    kind = schema.get("type")
    if kind is None:
        if not keeps:
            sys.exit(f"{path}: neither a type nor preserved")
        return "any"
    if kind == "object":
        if keeps:
            return "open"
        return "map" if "additionalProperties" in schema else "object"
    if kind == "integer":
        return schema.get("format", "integer")
    if kind == "string" and "format" in schema:
        return schema["format"]
    return kind


def write(name, schema, required, depth, names, path, out, definition=False):
    mark = "!" if required else ""
    shared = None if definition else names.get(compact(schema))
    words = [f"{'  ' * depth}{name}{mark}", f"@{shared}" if shared else type_word(schema, path)]
    if not shared:
        for key in ("default", "enum", "pattern"):
            if key in schema:
                words.append(f"{key}={compact(schema[key])}")
        if schema.get("nullable"):
            words.append("nullable")
        if schema.get("x-kubernetes-list-type") == "set":
            words.append("set")
        if schema.get("x-kubernetes-list-type") == "map":
            words.append("keys=" + compact(schema["x-kubernetes-list-map-keys"]))
    if any(" " in word.strip() for word in words):
        sys.exit(f"{path}: a blank inside a word")
    out.append(" ".join(words))
    if shared:
        return
    needed = set(schema.get("required", ()))
    for child, part in sorted(children(schema)):
        write(child, part, child in needed, depth + 1, names, f"{path}.{child}", out)


def main():
    version, *paths = sys.argv[1:]
    roots = sorted((read(path) for path in paths), key=lambda root: root[0])
    names = shared_names(roots)
    out = [
        f"# Schema facts of the CRDs of Argo Rollouts {version} (manifests/crds, Apache-2.0).",
        "# Written by tools/crd_schema.py; don't edit. Its reader, src/manifest/schema/table.rs, explains the form.",
    ]
    definitions = {name: json.loads(text) for text, name in names.items()}
    for name in sorted(definitions):
        write(f"@{name}", definitions[name], False, 0, names, name, out, definition=True)
    for kind, schema in roots:
        write(kind, schema, False, 0, names, kind, out, definition=True)
    print("\n".join(out))


main()
