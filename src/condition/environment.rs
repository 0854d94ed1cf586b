//! The names that an expression may use (Argo Rollouts v1.9.1, `utils/evaluate`).

use super::types::Type;
use super::value::Function;

/// Go type of a measurement's result: a condition is compiled against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultType {
    /// `nil`: JSON `null`, or an empty answer of a provider that returns pointers
    Nil,
    /// `float64`: a Prometheus scalar, a JSON number
    Float,
    /// `[]float64`: a Prometheus vector or matrix, even if empty
    Floats,
    /// `string`
    String,
    /// `bool`
    Bool,
    /// `[]interface {}`: a JSON array
    List,
    /// `map[string]interface {}`: a JSON object
    Map,
    /// `int`: a number written in a jsonPath
    Int,
    /// `uint8`: one byte of a string, picked by a jsonPath
    Byte,
}

impl ResultType {
    /// Every type that a result can have.
    pub const ALL: [Self; 9] = [
        Self::Nil,
        Self::Float,
        Self::Floats,
        Self::String,
        Self::Bool,
        Self::List,
        Self::Map,
        Self::Int,
        Self::Byte,
    ];

    fn ty(self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Float => Type::Float64,
            Self::Floats => Type::slice_of(Type::Float64),
            Self::String => Type::String,
            Self::Bool => Type::Bool,
            Self::List => Type::any_slice(),
            Self::Map => Type::string_map(),
            Self::Int => Type::Int,
            Self::Byte => Type::Uint8,
        })
    }
}

/// What surrounds an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    /// A condition on a measurement's result.
    Condition(ResultType),
    /// An end of a range query, which has no result.
    Time,
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// There is no such name.
    Unknown,
    /// Its static type; `None` is that of `nil`.
    Known(Option<Type>),
}

/// The functions of a condition, by name.
pub(super) const FUNCTIONS: [(&str, Function<'static>); 6] = [
    ("asFloat", Function::AsFloat),
    ("asInt", Function::AsInt),
    ("default", Function::Default),
    ("isInf", Function::IsInf),
    ("isNaN", Function::IsNaN),
    ("isNil", Function::IsNil),
];

impl Environment {
    /// The function of that name.
    pub fn function(self, name: &str) -> Option<Function<'static>> {
        let (_, function) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
        let known = match self {
            Self::Condition(_) => true,
            Self::Time => matches!(function, Function::IsNaN | Function::IsInf),
        };
        known.then(|| function.clone())
    }

    /// What is known of a name. `result` may be known and have no type: that of `nil`.
    pub fn lookup(self, name: &str) -> Lookup {
        if let (Self::Condition(result), "result") = (self, name) {
            return Lookup::Known(result.ty());
        }
        self.function(name).map_or(Lookup::Unknown, |function| {
            Lookup::Known(Some(function.ty()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ResultType;

    #[test]
    fn types_are_numbered_as_they_are_listed() {
        for (index, ty) in ResultType::ALL.into_iter().enumerate() {
            assert_eq!(ty as usize, index);
        }
    }
}
