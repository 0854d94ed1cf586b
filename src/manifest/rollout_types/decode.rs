//! How Go reads JSON into structs, where serde differs: `null` is the zero value everywhere.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a value; `null` gives the type's zero value, as Go's decoder does.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a list; `null` gives the empty list and a `null` element the element's zero value.
pub(crate) fn nullable_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(optional_list(deserializer)?.unwrap_or_default())
}

/// Reads a list that is told apart from no list at all (Go's nil slice).
pub(crate) fn optional_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let elements: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(elements.map(|elements| {
        elements
            .into_iter()
            .map(Option::unwrap_or_default)
            .collect()
    }))
}

/// Whether Go's `omitempty` leaves out this flag.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

/// Whether Go's `omitempty` leaves out this number.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
pub(crate) fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// Whether Go's `omitempty` leaves out this list.
#[expect(clippy::ref_option, reason = "serde hands over a reference")]
pub(crate) fn is_none_or_empty<T>(list: &Option<Vec<T>>) -> bool {
    list.as_ref().is_none_or(Vec::is_empty)
}

/// JSON pointer to the first value that keeps `object` from decoding.
///
/// `null` decodes into everything, so a value is to blame when the object fails with all of the value's siblings
/// replaced by `null`.
pub(crate) fn first_culprit<T: DeserializeOwned>(object: &Value) -> String {
    let mut masked = object.clone();
    let mut path = String::new();
    while let Some(key) = culprit_child::<T>(&mut masked, &path) {
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
    }
    path
}

/// The key of the first child of the value at `path` that alone makes decoding fail; its siblings become `null`.
fn culprit_child<T: DeserializeOwned>(object: &mut Value, path: &str) -> Option<String> {
    let original = object.pointer(path)?.clone();
    for key in child_keys(&original) {
        let mut only_this = original.clone();
        for_each_child(&mut only_this, |other, child| {
            if other != key {
                *child = Value::Null;
            }
        });
        *object.pointer_mut(path)? = only_this;
        if T::deserialize(&*object).is_err() {
            return Some(key);
        }
    }
    *object.pointer_mut(path)? = original;
    None
}

fn child_keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(elements) => (0..elements.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn for_each_child(value: &mut Value, mut visit: impl FnMut(&str, &mut Value)) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, child)| visit(key, child)),
        Value::Array(elements) => elements
            .iter_mut()
            .enumerate()
            .for_each(|(index, child)| visit(&index.to_string(), child)),
        _ => {}
    }
}
