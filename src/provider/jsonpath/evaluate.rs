//! Nodes and data → values.

use super::{Node, Parameter};
use crate::condition::display_json;
use crate::go::json::Json;
use crate::go::number::format_general;

/// The value that a template picks.
#[derive(Clone, Debug, PartialEq)]
pub enum Picked {
    /// Part of the data, or text, a float or a boolean of the template.
    Json(Json),
    /// An integer of the template, which is no JSON number to Go.
    Int(i64),
    /// One byte of a string.
    Byte(u8),
}

/// Why a template yields nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonPathError {
    /// An error with client-go's text.
    NotFound(String),
    /// Reflection panics.
    Panic(&'static str),
}

use JsonPathError::{NotFound, Panic};

fn not_found<T>(text: impl Into<String>) -> Result<T, JsonPathError> {
    Err(NotFound(text.into()))
}

const INTERFACE_OF_ZERO: &str = "reflect: call of reflect.Value.Interface on zero Value";
const TYPE_OF_ZERO: &str = "reflect: call of reflect.Value.Type on zero Value";
const INVALID_COMPARISON: &str = "invalid type for comparison";
const INCOMPATIBLE: &str = "incompatible types for comparison";

/// A value on the way.
#[derive(Clone, Copy, Debug)]
enum Item<'j> {
    /// A reflected `nil`, which has not even a type: the data of a `null` body.
    Zero,
    Json(&'j Json),
    Text(&'j str),
    Int(i64),
    Float(f64),
    Bool(bool),
    Byte(u8),
}

impl<'j> Item<'j> {
    fn data(json: &'j Json) -> Self {
        if *json == Json::Null {
            Self::Zero
        } else {
            Self::Json(json)
        }
    }

    /// The value as the data of a loop's body (`reflect.ValueOf(value.Interface())`).
    fn reflected_again(self) -> Result<Self, JsonPathError> {
        match self {
            Self::Zero => Err(Panic(INTERFACE_OF_ZERO)),
            Self::Json(json) => Ok(Self::data(json)),
            other => Ok(other),
        }
    }

    fn is_nil(self) -> bool {
        matches!(self, Self::Json(Json::Null))
    }

    fn text(self) -> Option<&'j str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    fn type_name(self) -> Result<&'static str, JsonPathError> {
        Ok(match self {
            Self::Zero => return Err(Panic(TYPE_OF_ZERO)),
            Self::Text(_) | Self::Json(Json::String(_)) => "string",
            Self::Int(_) => "int",
            Self::Float(_) | Self::Json(Json::Number(_)) => "float64",
            Self::Bool(_) | Self::Json(Json::Bool(_)) => "bool",
            Self::Byte(_) => "uint8",
            Self::Json(Json::Array(_)) => "[]interface {}",
            Self::Json(Json::Object(_)) => "map[string]interface {}",
            Self::Json(Json::Null) => "interface {}",
        })
    }

    fn display(self) -> String {
        match self {
            Self::Zero => "<invalid reflect.Value>".to_owned(),
            Self::Json(json) => display_json(json),
            Self::Text(text) => text.to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => format_general(number),
            Self::Bool(value) => value.to_string(),
            Self::Byte(byte) => byte.to_string(),
        }
    }

    /// What lies below: elements, members in the order of their keys, bytes of a string.
    fn children(self) -> Vec<Item<'j>> {
        match self {
            Self::Json(Json::Array(items)) => items.iter().map(Item::Json).collect(),
            Self::Json(Json::Object(members)) => {
                members.iter().map(|(_, value)| Item::Json(value)).collect()
            }
            other => other
                .text()
                .map_or_else(Vec::new, |text| text.bytes().map(Item::Byte).collect()),
        }
    }
}

/// The first value that the nodes yield.
pub(super) fn first(nodes: &[Node], data: &Json) -> Result<Option<Picked>, JsonPathError> {
    let mut walk = Walk {
        nodes,
        begin_range: 0,
        in_range: 0,
        end_range: 0,
        last_end: None,
    };
    let results = walk.find(0, Item::data(data))?;
    match results.into_iter().flatten().next() {
        None => Ok(None),
        Some(Item::Zero) => Err(Panic(INTERFACE_OF_ZERO)),
        Some(Item::Json(json)) => Ok(Some(Picked::Json(json.clone()))),
        Some(Item::Text(text)) => Ok(Some(Picked::Json(Json::String(text.to_owned())))),
        Some(Item::Int(number)) => Ok(Some(Picked::Int(number))),
        Some(Item::Float(number)) => Ok(Some(Picked::Json(Json::Number(number)))),
        Some(Item::Bool(value)) => Ok(Some(Picked::Json(Json::Bool(value)))),
        Some(Item::Byte(byte)) => Ok(Some(Picked::Byte(byte))),
    }
}

/// The state of a template's loops.
struct Walk<'j> {
    nodes: &'j [Node],
    begin_range: usize,
    in_range: usize,
    end_range: usize,
    /// Where the last loop body ended.
    last_end: Option<usize>,
}

/// Values, and the error that stopped their making: an existence filter counts the values all the same.
type Partial<'j> = (Vec<Item<'j>>, Option<JsonPathError>);

fn failed<'j>(values: &[Item<'j>], error: JsonPathError) -> Partial<'j> {
    (values.to_vec(), Some(error))
}

impl<'j> Walk<'j> {
    /// Evaluates the template from a node on; loops call it for each value.
    fn find(&mut self, start: usize, data: Item<'j>) -> Result<Vec<Vec<Item<'j>>>, JsonPathError> {
        let nodes = self.nodes;
        let mut all = Vec::new();
        let mut index = start;
        while let Some(node) = nodes.get(index) {
            let (results, error) = self.node(&[data], node);
            if let Some(error) = error {
                return Err(error);
            }
            if self.end_range > 0 && self.end_range <= self.in_range {
                self.end_range -= 1;
                self.last_end = Some(index);
                break;
            }
            if self.begin_range > 0 {
                self.begin_range -= 1;
                self.in_range += 1;
                if results.is_empty() {
                    // Only to find the end of the loop.
                    self.find(index + 1, Item::Zero)?;
                }
                for value in results {
                    all.extend(self.find(index + 1, value.reflected_again()?)?);
                }
                self.in_range -= 1;
                if let Some(end) = self.last_end.filter(|end| *end > index) {
                    index = end;
                }
            } else {
                all.push(results);
            }
            index += 1;
        }
        Ok(all)
    }

    fn list(&mut self, input: &[Item<'j>], nodes: &'j [Node]) -> Partial<'j> {
        let mut current = input.to_vec();
        for node in nodes {
            let (next, error) = self.node(&current, node);
            current = next;
            if error.is_some() {
                return (current, error);
            }
        }
        (current, None)
    }

    fn node(&mut self, input: &[Item<'j>], node: &'j Node) -> Partial<'j> {
        let repeated = |item: Item<'j>| (vec![item; input.len()], None);
        match node {
            Node::Text(text) => (vec![Item::Text(text)], None),
            Node::List(nodes) => self.list(input, nodes),
            Node::Int(number) => repeated(Item::Int(*number)),
            Node::Float(number) => repeated(Item::Float(*number)),
            Node::Bool(value) => repeated(Item::Bool(*value)),
            Node::Identifier(name) => self.identifier(input, name),
            Node::Field(name) => field(input, name),
            Node::Array(parameters) => array(input, parameters),
            Node::Wildcard => {
                let below = input
                    .iter()
                    .filter(|item| !item.is_nil())
                    .flat_map(|item| item.children());
                (below.collect(), None)
            }
            Node::Recursive => {
                let mut found = Vec::new();
                descend(input, &mut found);
                (found, None)
            }
            Node::Union(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    let (values, error) = self.list(input, part);
                    if let Some(error) = error {
                        return failed(input, error);
                    }
                    all.extend(values);
                }
                (all, None)
            }
            Node::Filter {
                left,
                right,
                operator,
            } => self.filter(input, left, right, operator),
        }
    }

    fn identifier(&mut self, input: &[Item<'j>], name: &str) -> Partial<'j> {
        match name {
            "range" => {
                self.begin_range += 1;
                (input.to_vec(), None)
            }
            "end" if self.in_range > 0 => {
                self.end_range += 1;
                (Vec::new(), None)
            }
            "end" => failed(&[], NotFound("not in range, nothing to end".to_owned())),
            _ => failed(input, NotFound(format!("unrecognized identifier {name}"))),
        }
    }

    fn filter(
        &mut self,
        input: &[Item<'j>],
        left: &'j [Node],
        right: &'j [Node],
        operator: &str,
    ) -> Partial<'j> {
        let mut kept = Vec::new();
        for value in input {
            let Item::Json(Json::Array(elements)) = value else {
                let text = format!(
                    "{} is not array or slice and cannot be filtered",
                    value.display()
                );
                return failed(input, NotFound(text));
            };
            for element in elements {
                let item = Item::Json(element);
                let (lefts, error) = self.list(&[item], left);
                if operator == "exists" {
                    if let Some(Panic(text)) = error {
                        return failed(input, Panic(text));
                    }
                    if !lefts.is_empty() {
                        kept.push(item);
                    }
                    continue;
                }
                if let Some(error) = error {
                    return failed(input, error);
                }
                let (left, right) = match self.operands(item, &lefts, right) {
                    Ok(Some(operands)) => operands,
                    Ok(None) => continue,
                    Err(error) => return failed(input, error),
                };
                match compare(operator, left, right) {
                    Ok(true) => kept.push(item),
                    Ok(false) => {}
                    Err(error) => return failed(&kept, error),
                }
            }
        }
        (kept, None)
    }

    /// Both sides of a comparison; `None` if one has no value.
    fn operands(
        &mut self,
        item: Item<'j>,
        lefts: &[Item<'j>],
        right: &'j [Node],
    ) -> Result<Option<(Item<'j>, Item<'j>)>, JsonPathError> {
        let Some(left) = only(lefts)? else {
            return Ok(None);
        };
        let (rights, error) = self.list(&[item], right);
        if let Some(error) = error {
            return Err(error);
        }
        Ok(only(&rights)?.map(|right| (left, right)))
    }
}

fn only<'j>(items: &[Item<'j>]) -> Result<Option<Item<'j>>, JsonPathError> {
    match items {
        [] => Ok(None),
        [Item::Zero] => Err(Panic(INTERFACE_OF_ZERO)),
        [item] => Ok(Some(*item)),
        _ => not_found("can only compare one element at a time"),
    }
}

fn field<'j>(input: &[Item<'j>], name: &str) -> Partial<'j> {
    if input.is_empty() {
        return (Vec::new(), None);
    }
    let member = |item: &Item<'j>| match item {
        Item::Json(Json::Object(members)) => members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| Item::Json(value)),
        _ => None,
    };
    let found: Vec<Item<'j>> = input.iter().filter_map(member).collect();
    if found.is_empty() {
        return failed(&[], NotFound(format!("{name} is not found")));
    }
    (found, None)
}

fn array<'j>(input: &[Item<'j>], parameters: &[Parameter; 3]) -> Partial<'j> {
    let mut all = Vec::new();
    for item in input {
        if item.is_nil() {
            continue;
        }
        let Item::Json(Json::Array(elements)) = item else {
            return match item.type_name() {
                Ok(name) => failed(input, NotFound(format!("{name} is not array or slice"))),
                Err(error) => failed(input, error),
            };
        };
        match cut(elements, parameters) {
            Ok(Some(part)) => all.extend(part.map(Item::Json)),
            // An empty part ends everything, with what there is.
            Ok(None) => return (all, None),
            Err(text) => return failed(input, NotFound(text)),
        }
    }
    (all, None)
}

/// The elements that the numbers name; `None` if start and end are the same.
fn cut<'j>(
    elements: &'j [Json],
    parameters: &[Parameter; 3],
) -> Result<Option<impl Iterator<Item = &'j Json> + use<'j>>, String> {
    let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let [start, end, step] = *parameters;
    let mut from = if start.is_known { start.value } else { 0 };
    if from < 0 {
        from += length;
    }
    let mut to = if end.is_known { end.value } else { length };
    if to < 0 || (to == 0 && end.is_derived) {
        to += length;
    }
    if from == to {
        return Ok(None);
    }
    if from >= length || from < 0 {
        return Err(format!(
            "array index out of bounds: index {from}, length {length}"
        ));
    }
    if to > length || to < 0 {
        return Err(format!(
            "array index out of bounds: index {}, length {length}",
            to - 1
        ));
    }
    if from > to {
        return Err(format!(
            "starting index {from} is greater than ending index {to}"
        ));
    }
    if step.is_known && step.value <= 0 {
        return Err("step must be > 0".to_owned());
    }
    let step = if step.is_known {
        usize::try_from(step.value).unwrap_or(usize::MAX)
    } else {
        1
    };
    let (from, to) = (
        usize::try_from(from).unwrap_or(0),
        usize::try_from(to).unwrap_or(0),
    );
    Ok(Some(elements[from..to].iter().step_by(step)))
}

/// The values that have something below, and all of those below them.
fn descend<'j>(input: &[Item<'j>], found: &mut Vec<Item<'j>>) {
    for item in input {
        let below = if item.is_nil() {
            Vec::new()
        } else {
            item.children()
        };
        if !below.is_empty() {
            found.push(*item);
            descend(&below, found);
        }
    }
}

/// A value as a filter compares it.
enum Comparable<'j> {
    Bool(bool),
    Int(i64),
    Uint(u8),
    Float(f64),
    Text(&'j str),
}

fn comparable(item: Item<'_>) -> Result<Comparable<'_>, JsonPathError> {
    Ok(match item {
        Item::Bool(value) | Item::Json(&Json::Bool(value)) => Comparable::Bool(value),
        Item::Float(number) | Item::Json(&Json::Number(number)) => Comparable::Float(number),
        Item::Int(number) => Comparable::Int(number),
        Item::Byte(byte) => Comparable::Uint(byte),
        other => match other.text() {
            Some(text) => Comparable::Text(text),
            None => return not_found(INVALID_COMPARISON),
        },
    })
}

fn equal(left: &Comparable<'_>, right: &Comparable<'_>) -> Result<bool, JsonPathError> {
    match (left, right) {
        (Comparable::Bool(a), Comparable::Bool(b)) => Ok(a == b),
        (Comparable::Int(a), Comparable::Int(b)) => Ok(a == b),
        (Comparable::Uint(a), Comparable::Uint(b)) => Ok(a == b),
        (Comparable::Int(int), Comparable::Uint(uint))
        | (Comparable::Uint(uint), Comparable::Int(int)) => Ok(*int == i64::from(*uint)),
        #[expect(clippy::float_cmp, reason = "the original's comparison is exact")]
        (Comparable::Float(a), Comparable::Float(b)) => Ok(a == b),
        (Comparable::Text(a), Comparable::Text(b)) => Ok(a == b),
        _ => not_found(INCOMPATIBLE),
    }
}

fn less(left: &Comparable<'_>, right: &Comparable<'_>) -> Result<bool, JsonPathError> {
    match (left, right) {
        (Comparable::Int(a), Comparable::Int(b)) => Ok(a < b),
        (Comparable::Uint(a), Comparable::Uint(b)) => Ok(a < b),
        (Comparable::Int(int), Comparable::Uint(uint)) => Ok(*int < i64::from(*uint)),
        (Comparable::Uint(uint), Comparable::Int(int)) => Ok(i64::from(*uint) < *int),
        (Comparable::Float(a), Comparable::Float(b)) => Ok(a < b),
        (Comparable::Text(a), Comparable::Text(b)) => Ok(a < b),
        (Comparable::Bool(_), Comparable::Bool(_)) => not_found(INVALID_COMPARISON),
        _ => not_found(INCOMPATIBLE),
    }
}

/// `>` is "neither less nor equal" and `>=` is "not less", as client-go has it: with NaN both hold.
fn compare(operator: &str, left: Item<'_>, right: Item<'_>) -> Result<bool, JsonPathError> {
    if !matches!(operator, "<" | ">" | "==" | "!=" | "<=" | ">=") {
        return not_found(format!("unrecognized filter operator {operator}"));
    }
    let (left, right) = (comparable(left)?, comparable(right)?);
    match operator {
        "==" => equal(&left, &right),
        "!=" => equal(&left, &right).map(|equal| !equal),
        "<" => less(&left, &right),
        ">=" => less(&left, &right).map(|less| !less),
        "<=" => Ok(less(&left, &right)? || equal(&left, &right)?),
        _ => Ok(!less(&left, &right)? && !equal(&left, &right)?),
    }
}
