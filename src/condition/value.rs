//! Values at run time: the Go values that a condition works with.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::error::{EvalError, EvalResult};
use super::method::Method;
use super::types::{Kind, Type};
use crate::go::json::Json;
use crate::go::time::{Time, Zone};

/// A value. Numbers and a query's result are held without allocation.
#[derive(Clone, Debug, Default)]
pub enum Value<'r> {
    /// `nil`
    #[default]
    Nil,
    /// A `bool`
    Bool(bool),
    /// An `int`
    Int(i64),
    /// An `int64`
    Int64(i64),
    /// A `uint8`: one byte of a string
    Uint8(u8),
    /// A `float64`
    Float(f64),
    /// A `string`, which need not be UTF-8
    String(Arc<[u8]>),
    /// A `time.Duration`
    Duration(i64),
    /// A `time.Month`
    Month(i64),
    /// A `time.Weekday`
    Weekday(i64),
    /// A `time.Time`
    Time(Arc<Time>),
    /// A `*time.Location`
    Location(Arc<Zone>),
    /// A `[]float64`: the result of a query, or a part of it
    Floats(&'r [f64]),
    /// Any other slice, or an array
    List(List<'r>),
    /// A map
    Map(Map<'r>),
    /// A set made of a literal array of integers or of strings
    Set(Arc<Set>),
    /// A function
    Func(Function<'r>),
}

/// A function as a value.
#[derive(Clone, Debug)]
pub enum Function<'r> {
    /// `asInt`
    AsInt,
    /// `asFloat`
    AsFloat,
    /// `isNaN`
    IsNaN,
    /// `isInf`
    IsInf,
    /// `isNil`
    IsNil,
    /// `default`
    Default,
    /// A method bound to its receiver
    Method(Arc<(Value<'r>, Method)>),
}

/// Element type of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// `[]interface {}`
    Any,
    /// `[]int`
    Int,
    /// `[]string`
    String,
    /// `[]uint8`
    Bytes,
    /// `[][2]interface {}`
    Pairs,
    /// `[2]interface {}`
    Pair,
}

/// A slice (part of a shared backing array) or an array.
#[derive(Clone, Debug)]
pub struct List<'r> {
    backing: Arc<Backing<Value<'r>>>,
    start: u32,
    length: u32,
    kind: ListKind,
    is_nil: bool,
}

/// Shared contents, and how deeply they are nested.
#[derive(Debug)]
struct Backing<T> {
    items: Vec<T>,
    depth: u16,
}

/// Key and element types of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// `map[string]interface {}`
    StringAny,
    /// `map[interface {}][]interface {}`
    AnyList,
    /// `map[interface {}]interface {}`
    AnyAny,
}

/// A map; entries are sorted if the keys are strings, else in the order of insertion.
#[derive(Clone, Debug)]
pub struct Map<'r> {
    backing: Arc<Backing<(Value<'r>, Value<'r>)>>,
    kind: MapKind,
    is_nil: bool,
}

/// Keys of an optimised `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// `map[int]struct {}`
    Ints(Vec<i64>),
    /// `map[string]struct {}`
    Strings(Vec<Arc<[u8]>>),
}

/// Nesting of lists and maps that an evaluation may build up (by `reduce`).
const MAX_DEPTH: u16 = 500;

fn deeper(depth: u16) -> EvalResult<u16> {
    if depth >= MAX_DEPTH {
        return Err(EvalError::new(
            "values nested deeper than 500 levels are not supported",
        ));
    }
    Ok(depth + 1)
}

impl<'r> List<'r> {
    /// A new list; fails only if it is nested too deeply.
    pub fn new(kind: ListKind, items: Vec<Value<'r>>) -> EvalResult<Self> {
        let depth = deeper(items.iter().map(Value::depth).max().unwrap_or(0))?;
        Ok(Self::flat(kind, items, depth))
    }

    fn flat(kind: ListKind, items: Vec<Value<'r>>, depth: u16) -> Self {
        let length = u32::try_from(items.len()).unwrap_or(u32::MAX);
        Self {
            backing: Arc::new(Backing { items, depth }),
            start: 0,
            length,
            kind,
            is_nil: false,
        }
    }

    /// A new list of values that contain no others.
    pub fn of_scalars(kind: ListKind, items: Vec<Value<'r>>) -> Self {
        Self::flat(kind, items, 1)
    }

    /// The nil slice of a kind.
    pub fn nil(kind: ListKind) -> Self {
        Self {
            is_nil: true,
            ..Self::flat(kind, Vec::new(), 1)
        }
    }

    /// The elements.
    pub fn items(&self) -> &[Value<'r>] {
        let start = self.start as usize;
        &self.backing.items[start..start + self.length as usize]
    }

    /// Element type.
    pub fn kind(&self) -> ListKind {
        self.kind
    }

    /// Whether it is a nil slice.
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }

    /// Elements `from` to before `to`, which must be in bounds.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let offset = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Self {
            start: self.start + offset(from),
            length: offset(to - from),
            ..self.clone()
        }
    }

    /// Whether both are the same part of the same backing array.
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.backing, &other.backing)
            && self.start == other.start
            && self.length == other.length
    }
}

impl<'r> Map<'r> {
    /// A map with string keys; of equal keys the last one counts.
    pub fn from_strings(entries: Vec<(Arc<[u8]>, Value<'r>)>) -> EvalResult<Self> {
        let mut sorted: Vec<(Arc<[u8]>, Value<'r>)> = Vec::with_capacity(entries.len());
        let mut entries = entries;
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, value) in entries {
            match sorted.last_mut() {
                Some(last) if last.0 == key => last.1 = value,
                _ => sorted.push((key, value)),
            }
        }
        let entries = sorted
            .into_iter()
            .map(|(key, value)| (Value::String(key), value))
            .collect();
        Self::from_entries(MapKind::StringAny, entries)
    }

    /// A map of entries whose keys are distinct already (and sorted, if they are strings).
    pub fn from_entries(kind: MapKind, entries: Vec<(Value<'r>, Value<'r>)>) -> EvalResult<Self> {
        let below = entries
            .iter()
            .map(|(key, value)| key.depth().max(value.depth()))
            .max();
        let depth = deeper(below.unwrap_or(0))?;
        Ok(Self {
            backing: Arc::new(Backing {
                items: entries,
                depth,
            }),
            kind,
            is_nil: false,
        })
    }

    /// The nil map of a kind.
    pub fn nil(kind: MapKind) -> Self {
        Self {
            backing: Arc::new(Backing {
                items: Vec::new(),
                depth: 1,
            }),
            kind,
            is_nil: true,
        }
    }

    /// All entries.
    pub fn entries(&self) -> &[(Value<'r>, Value<'r>)] {
        &self.backing.items
    }

    /// Key and element types.
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// Whether it is a nil map.
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }

    /// The element of a string key.
    pub fn get_string(&self, key: &[u8]) -> Option<&Value<'r>> {
        if self.kind == MapKind::StringAny {
            let position = self.entries().binary_search_by(|(known, _)| match known {
                Value::String(known) => (**known).cmp(key),
                _ => Ordering::Less,
            });
            return position.ok().map(|index| &self.entries()[index].1);
        }
        self.entries()
            .iter()
            .find(|(known, _)| matches!(known, Value::String(known) if **known == *key))
            .map(|(_, value)| value)
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.backing, &other.backing)
    }
}

impl<'r> Value<'r> {
    /// A string value.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    /// A decoded JSON value as Go holds it: `interface{}` all the way down.
    pub fn from_json(json: &Json) -> Self {
        let built = match json {
            Json::Null => Ok(Self::Nil),
            Json::Bool(value) => Ok(Self::Bool(*value)),
            Json::Number(value) => Ok(Self::Float(*value)),
            Json::String(text) => Ok(Self::text(text)),
            Json::Array(items) => {
                List::new(ListKind::Any, items.iter().map(Self::from_json).collect())
                    .map(Self::List)
            }
            Json::Object(members) => {
                let entry =
                    |(key, value): &(String, Json)| (Self::text(key), Self::from_json(value));
                Map::from_entries(MapKind::StringAny, members.iter().map(entry).collect())
                    .map(Self::Map)
            }
        };
        // Decoding bounds the depth below what lists and maps allow.
        built.unwrap_or(Self::Nil)
    }

    fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.backing.depth,
            Self::Map(map) => map.backing.depth,
            Self::Func(Function::Method(bound)) => bound.0.depth(),
            _ => 0,
        }
    }

    /// The value's Go type; `None` for `nil`.
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Int64(_) => Type::Int64,
            Self::Uint8(_) => Type::Uint8,
            Self::Float(_) => Type::Float64,
            Self::String(_) => Type::String,
            Self::Duration(_) => Type::Duration,
            Self::Month(_) => Type::Month,
            Self::Weekday(_) => Type::Weekday,
            Self::Time(_) => Type::Time,
            Self::Location(_) => Type::Location,
            Self::Floats(_) => Type::slice_of(Type::Float64),
            Self::List(list) => match list.kind {
                ListKind::Any => Type::any_slice(),
                ListKind::Int => Type::slice_of(Type::Int),
                ListKind::String => Type::slice_of(Type::String),
                ListKind::Bytes => Type::slice_of(Type::Uint8),
                ListKind::Pairs => Type::slice_of(Type::Pair),
                ListKind::Pair => Type::Pair,
            },
            Self::Map(map) => match map.kind {
                MapKind::StringAny => Type::string_map(),
                MapKind::AnyList => Type::map_of(Type::Any, Type::any_slice()),
                MapKind::AnyAny => Type::map_of(Type::Any, Type::Any),
            },
            Self::Set(set) => Type::Set(Arc::new(match **set {
                Set::Ints(_) => Type::Int,
                Set::Strings(_) => Type::String,
            })),
            Self::Func(function) => function.ty(),
        })
    }

    /// Name of the type as `%T` prints it.
    pub fn type_name(&self) -> String {
        super::types::show(self.ty().as_ref())
    }

    /// Kind of the type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) | Self::Month(_) | Self::Weekday(_) => Kind::Int,
            Self::Int64(_) | Self::Duration(_) => Kind::Int64,
            Self::Uint8(_) => Kind::Uint8,
            Self::Float(_) => Kind::Float64,
            Self::String(_) => Kind::String,
            Self::Time(_) => Kind::Struct,
            Self::Location(_) => Kind::Ptr,
            Self::List(List {
                kind: ListKind::Pair,
                ..
            }) => Kind::Array,
            Self::Floats(_) | Self::List(_) => Kind::Slice,
            Self::Map(_) | Self::Set(_) => Kind::Map,
            Self::Func(_) => Kind::Func,
        }
    }

    /// Whether the original's `IsNil` holds: `nil` itself, or a nil slice or map.
    pub fn is_nil(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::List(list) => list.is_nil,
            Self::Map(map) => map.is_nil,
            _ => false,
        }
    }

    /// The elements of a slice or array.
    pub fn elements(&self) -> Option<Elements<'_, 'r>> {
        match self {
            Self::Floats(floats) => Some(Elements::Floats(floats)),
            Self::List(list) => Some(Elements::Values(list.items())),
            _ => None,
        }
    }

    /// A number as `f64`, whatever its type; durations, months and days are none.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            _ => self.integer().map(|value| value as f64),
        }
    }

    /// A plain integer of any width.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Int(value) | Self::Int64(value) => Some(*value),
            Self::Uint8(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// Anything of a signed integer kind (`reflect.Value.CanInt`).
    pub fn signed(&self) -> Option<i64> {
        match self {
            Self::Int(value)
            | Self::Int64(value)
            | Self::Duration(value)
            | Self::Month(value)
            | Self::Weekday(value) => Some(*value),
            _ => None,
        }
    }

    /// Go's `reflect.DeepEqual`.
    #[expect(clippy::float_cmp, reason = "the original compares exactly")]
    pub fn deep_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b))
            | (Self::Int64(a), Self::Int64(b))
            | (Self::Duration(a), Self::Duration(b))
            | (Self::Month(a), Self::Month(b))
            | (Self::Weekday(a), Self::Weekday(b)) => a == b,
            (Self::Uint8(a), Self::Uint8(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Location(a), Self::Location(b)) => a == b,
            // Equal slices of one backing array are equal even if they hold NaN.
            (Self::Floats(a), Self::Floats(b)) => {
                a.len() == b.len() && (std::ptr::eq(*a, *b) || a == b)
            }
            (Self::List(a), Self::List(b)) => {
                a.kind == b.kind
                    && a.is_nil == b.is_nil
                    && a.length == b.length
                    && ((a.kind != ListKind::Pair && a.is_same(b))
                        || a.items()
                            .iter()
                            .zip(b.items())
                            .all(|(a, b)| a.deep_equal(b)))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.kind == b.kind && a.is_nil == b.is_nil && (a.is_same(b) || equal_entries(a, b))
            }
            (Self::Set(a), Self::Set(b)) => a == b,
            _ => false,
        }
    }

    /// Equality of map keys: same type, same value. `None` if values of the type can't be keys.
    pub fn key_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b))
                if a.kind == ListKind::Pair && b.kind == ListKind::Pair =>
            {
                a.items().iter().zip(b.items()).all(|(a, b)| a.key_equal(b))
            }
            (Self::List(_) | Self::Map(_) | Self::Floats(_) | Self::Func(_), _) => false,
            _ => self.deep_equal(other),
        }
    }

    /// The type that keeps the value from being a map key.
    pub fn unhashable(&self) -> Option<Type> {
        match self {
            Self::List(list) if list.kind == ListKind::Pair => {
                list.items().iter().find_map(Value::unhashable)
            }
            Self::Floats(_) | Self::List(_) | Self::Map(_) | Self::Set(_) | Self::Func(_) => {
                self.ty()
            }
            _ => None,
        }
    }
}

fn equal_entries(a: &Map<'_>, b: &Map<'_>) -> bool {
    a.entries().len() == b.entries().len()
        && a.entries().iter().all(|(key, value)| {
            b.entries()
                .iter()
                .any(|(other_key, other)| key.key_equal(other_key) && value.deep_equal(other))
        })
}

impl Function<'_> {
    /// The function's type.
    pub fn ty(&self) -> Type {
        use Type::{Any, Bool, Float64, Int64};
        match self {
            Self::AsInt => Type::func(vec![Any], vec![Int64], false),
            Self::AsFloat => Type::func(vec![Any], vec![Float64], false),
            Self::IsNaN | Self::IsInf => Type::func(vec![Float64], vec![Bool], false),
            Self::IsNil => Type::func(vec![Any], vec![Bool], false),
            Self::Default => Type::func(vec![Any, Any], vec![Any], false),
            Self::Method(bound) => bound.1.bound_type(),
        }
    }
}

/// Elements of a slice or array, read one by one.
#[derive(Clone, Copy, Debug)]
pub enum Elements<'v, 'r> {
    /// Of a `[]float64`
    Floats(&'r [f64]),
    /// Of any other
    Values(&'v [Value<'r>]),
}

impl<'v, 'r> Elements<'v, 'r> {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Floats(floats) => floats.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them.
    pub fn get(&self, index: usize) -> Option<Value<'r>> {
        match self {
            Self::Floats(floats) => floats.get(index).copied().map(Value::Float),
            Self::Values(values) => values.get(index).cloned(),
        }
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = Cow<'v, Value<'r>>>
    where
        'r: 'v,
    {
        (0..self.len()).filter_map(move |index| match self {
            Self::Floats(floats) => floats
                .get(index)
                .map(|float| Cow::Owned(Value::Float(*float))),
            Self::Values(values) => values.get(index).map(Cow::Borrowed),
        })
    }
}
