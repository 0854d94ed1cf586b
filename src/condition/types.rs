//! Static types: the Go types that the checker reasons with, and their names in error texts.

use std::fmt;
use std::sync::Arc;

/// A Go type. The type of `nil` is the absence of one (`Option<Type>`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint8`
    Uint8,
    /// `float64`
    Float64,
    /// `string`
    String,
    /// `interface {}`: known at run time only
    Any,
    /// `error`
    Error,
    /// `time.Time`
    Time,
    /// `time.Duration`
    Duration,
    /// `time.Month`
    Month,
    /// `time.Weekday`
    Weekday,
    /// `*time.Location`
    Location,
    /// `[2]interface {}`
    Pair,
    /// `[]T`
    Slice(Arc<Type>),
    /// `map[K]V`
    Map(Arc<(Type, Type)>),
    /// A set that the optimizer makes of a literal array: `map[int]struct {}` or `map[string]struct {}`
    Set(Arc<Type>),
    /// A function
    Func(Arc<FuncType>),
}

/// Parameters and results of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuncType {
    /// Parameter types; the last one is the element type if the function is variadic.
    pub params: Vec<Type>,
    /// Result types.
    pub results: Vec<Type>,
    /// Whether the last parameter takes any number of arguments.
    pub variadic: bool,
}

/// Go's `reflect.Kind`, as far as these types have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No type at all: `nil`
    Invalid,
    /// Booleans
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint8`
    Uint8,
    /// `float64`
    Float64,
    /// Strings
    String,
    /// Interfaces
    Interface,
    /// Structures
    Struct,
    /// Pointers
    Ptr,
    /// Arrays
    Array,
    /// Slices
    Slice,
    /// Maps
    Map,
    /// Functions
    Func,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Float64 => "float64",
            Self::String => "string",
            Self::Interface => "interface",
            Self::Struct => "struct",
            Self::Ptr => "ptr",
            Self::Array => "array",
            Self::Slice => "slice",
            Self::Map => "map",
            Self::Func => "func",
        })
    }
}

impl Type {
    /// `[]T`
    pub fn slice_of(element: Type) -> Self {
        Self::Slice(Arc::new(element))
    }

    /// `[]interface {}`
    pub fn any_slice() -> Self {
        Self::slice_of(Self::Any)
    }

    /// `map[K]V`
    pub fn map_of(key: Type, value: Type) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    /// `map[string]interface {}`
    pub fn string_map() -> Self {
        Self::map_of(Self::String, Self::Any)
    }

    /// A function type.
    pub fn func(params: Vec<Type>, results: Vec<Type>, variadic: bool) -> Self {
        Self::Func(Arc::new(FuncType {
            params,
            results,
            variadic,
        }))
    }

    /// `func(...interface {}) (interface {}, error)`: the type that every builtin has as a value.
    pub fn builtin_func() -> Self {
        Self::func(vec![Self::Any], vec![Self::Any, Self::Error], true)
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bool => Kind::Bool,
            Self::Int | Self::Month | Self::Weekday => Kind::Int,
            Self::Int64 | Self::Duration => Kind::Int64,
            Self::Uint8 => Kind::Uint8,
            Self::Float64 => Kind::Float64,
            Self::String => Kind::String,
            Self::Any | Self::Error => Kind::Interface,
            Self::Time => Kind::Struct,
            Self::Location => Kind::Ptr,
            Self::Pair => Kind::Array,
            Self::Slice(_) => Kind::Slice,
            Self::Map(_) | Self::Set(_) => Kind::Map,
            Self::Func(_) => Kind::Func,
        }
    }

    /// Element type of a slice or array.
    pub fn element(&self) -> Option<Type> {
        match self {
            Self::Slice(element) => Some((**element).clone()),
            Self::Pair => Some(Self::Any),
            _ => None,
        }
    }

    /// Go's assignability, for the types that occur: identity, or anything into `interface {}`.
    pub fn assignable_to(&self, target: &Type) -> bool {
        *target == Self::Any || self == target
    }

    /// Whether the type is declared in a package (`time.Duration`), so that fast comparisons don't apply.
    pub fn is_named_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::Time | Self::Duration | Self::Month | Self::Weekday
        )
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Int64 => f.write_str("int64"),
            Self::Uint8 => f.write_str("uint8"),
            Self::Float64 => f.write_str("float64"),
            Self::String => f.write_str("string"),
            Self::Any => f.write_str("interface {}"),
            Self::Error => f.write_str("error"),
            Self::Time => f.write_str("time.Time"),
            Self::Duration => f.write_str("time.Duration"),
            Self::Month => f.write_str("time.Month"),
            Self::Weekday => f.write_str("time.Weekday"),
            Self::Location => f.write_str("*time.Location"),
            Self::Pair => f.write_str("[2]interface {}"),
            Self::Slice(element) => write!(f, "[]{element}"),
            Self::Map(types) => write!(f, "map[{}]{}", types.0, types.1),
            Self::Set(key) => write!(f, "map[{key}]struct {{}}"),
            Self::Func(func) => write!(f, "func{func}"),
        }
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, param) in self.params.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            let dots = if self.variadic && index + 1 == self.params.len() {
                "..."
            } else {
                ""
            };
            write!(f, "{separator}{dots}{param}")?;
        }
        match self.results.as_slice() {
            [] => f.write_str(")"),
            [only] => write!(f, ") {only}"),
            [first, rest @ ..] => {
                write!(f, ") ({first}")?;
                for result in rest {
                    write!(f, ", {result}")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// A static type as Go's `%v` prints it.
pub(super) fn show(ty: Option<&Type>) -> String {
    ty.map_or_else(|| "<nil>".to_owned(), Type::to_string)
}

/// A static type as Go's `%s` prints it.
pub(super) fn show_s(ty: Option<&Type>) -> String {
    ty.map_or_else(|| "%!s(<nil>)".to_owned(), Type::to_string)
}

/// Kind of a static type.
pub(super) fn kind(ty: Option<&Type>) -> Kind {
    ty.map_or(Kind::Invalid, Type::kind)
}

pub(super) fn is_any(ty: Option<&Type>) -> bool {
    kind(ty) == Kind::Interface
}

pub(super) fn is_integer(ty: Option<&Type>) -> bool {
    matches!(kind(ty), Kind::Int | Kind::Int64 | Kind::Uint8)
}

pub(super) fn is_float(ty: Option<&Type>) -> bool {
    kind(ty) == Kind::Float64
}

pub(super) fn is_number(ty: Option<&Type>) -> bool {
    is_integer(ty) || is_float(ty)
}

pub(super) fn is_time(ty: Option<&Type>) -> bool {
    ty == Some(&Type::Time)
}

pub(super) fn is_duration(ty: Option<&Type>) -> bool {
    ty == Some(&Type::Duration)
}

pub(super) fn is_bool(ty: Option<&Type>) -> bool {
    kind(ty) == Kind::Bool
}

pub(super) fn is_string(ty: Option<&Type>) -> bool {
    kind(ty) == Kind::String
}

pub(super) fn is_array(ty: Option<&Type>) -> bool {
    matches!(kind(ty), Kind::Slice | Kind::Array)
}

pub(super) fn is_map(ty: Option<&Type>) -> bool {
    kind(ty) == Kind::Map
}

/// Structures, also behind a pointer.
pub(super) fn is_struct(ty: Option<&Type>) -> bool {
    matches!(kind(ty), Kind::Struct | Kind::Ptr)
}

/// Whether `==` and `in` accept the pair.
pub(super) fn is_comparable(left: Option<&Type>, right: Option<&Type>) -> bool {
    left.is_none()
        || right.is_none()
        || kind(left) == kind(right)
        || (is_number(left) && is_number(right))
        || is_any(left)
        || is_any(right)
}

#[cfg(test)]
mod tests {
    use super::Type;

    #[test]
    fn types_print_as_reflect_prints_them() {
        assert_eq!(
            Type::builtin_func().to_string(),
            "func(...interface {}) (interface {}, error)"
        );
        assert_eq!(
            Type::map_of(Type::Any, Type::any_slice()).to_string(),
            "map[interface {}][]interface {}"
        );
        assert_eq!(
            Type::func(vec![Type::Any], vec![Type::Int64], false).to_string(),
            "func(interface {}) int64"
        );
    }
}
