//! The functions of the language itself (antonmedv/expr v1.15.5, `builtin`).

/// A builtin function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Builtin {
    /// `all(list, predicate)`
    All,
    /// `none(list, predicate)`
    None,
    /// `any(list, predicate)`
    Any,
    /// `one(list, predicate)`
    One,
    /// `filter(list, predicate)`
    Filter,
    /// `map(list, expression)`
    Map,
    /// `find(list, predicate)`
    Find,
    /// `findIndex(list, predicate)`
    FindIndex,
    /// `findLast(list, predicate)`
    FindLast,
    /// `findLastIndex(list, predicate)`
    FindLastIndex,
    /// `count(list, predicate)`
    Count,
    /// `groupBy(list, expression)`
    GroupBy,
    /// `reduce(list, expression, initial)`
    Reduce,
    /// `len(x)`
    Len,
    /// `type(x)`
    Type,
    /// `abs(x)`
    Abs,
    /// `ceil(x)`
    Ceil,
    /// `floor(x)`
    Floor,
    /// `round(x)`
    Round,
    /// `int(x)`
    Int,
    /// `float(x)`
    Float,
    /// `string(x)`
    String,
    /// `trim(text, cutset)`
    Trim,
    /// `trimPrefix(text, prefix)`
    TrimPrefix,
    /// `trimSuffix(text, suffix)`
    TrimSuffix,
    /// `upper(text)`
    Upper,
    /// `lower(text)`
    Lower,
    /// `split(text, separator, n)`
    Split,
    /// `splitAfter(text, separator, n)`
    SplitAfter,
    /// `replace(text, old, new, n)`
    Replace,
    /// `repeat(text, n)`
    Repeat,
    /// `join(list, glue)`
    Join,
    /// `indexOf(text, part)`
    IndexOf,
    /// `lastIndexOf(text, part)`
    LastIndexOf,
    /// `hasPrefix(text, prefix)`
    HasPrefix,
    /// `hasSuffix(text, suffix)`
    HasSuffix,
    /// `max(x, …)`
    Max,
    /// `min(x, …)`
    Min,
    /// `sum(list)`
    Sum,
    /// `mean(list)`
    Mean,
    /// `median(list)`
    Median,
    /// `toJSON(x)`
    ToJson,
    /// `fromJSON(text)`
    FromJson,
    /// `toBase64(text)`
    ToBase64,
    /// `fromBase64(text)`
    FromBase64,
    /// `now()`
    Now,
    /// `duration(text)`
    Duration,
    /// `date(text, layout, zone)`
    Date,
    /// `first(list)`
    First,
    /// `last(list)`
    Last,
    /// `get(x, key)`
    Get,
    /// `take(list, n)`
    Take,
    /// `keys(map)`
    Keys,
    /// `values(map)`
    Values,
    /// `toPairs(map)`
    ToPairs,
    /// `fromPairs(list)`
    FromPairs,
    /// `sort(list, order)`
    Sort,
    /// `sortBy(list, field, order)`
    SortBy,
}

const NAMES: [(&str, Builtin); 58] = [
    ("all", Builtin::All),
    ("none", Builtin::None),
    ("any", Builtin::Any),
    ("one", Builtin::One),
    ("filter", Builtin::Filter),
    ("map", Builtin::Map),
    ("find", Builtin::Find),
    ("findIndex", Builtin::FindIndex),
    ("findLast", Builtin::FindLast),
    ("findLastIndex", Builtin::FindLastIndex),
    ("count", Builtin::Count),
    ("groupBy", Builtin::GroupBy),
    ("reduce", Builtin::Reduce),
    ("len", Builtin::Len),
    ("type", Builtin::Type),
    ("abs", Builtin::Abs),
    ("ceil", Builtin::Ceil),
    ("floor", Builtin::Floor),
    ("round", Builtin::Round),
    ("int", Builtin::Int),
    ("float", Builtin::Float),
    ("string", Builtin::String),
    ("trim", Builtin::Trim),
    ("trimPrefix", Builtin::TrimPrefix),
    ("trimSuffix", Builtin::TrimSuffix),
    ("upper", Builtin::Upper),
    ("lower", Builtin::Lower),
    ("split", Builtin::Split),
    ("splitAfter", Builtin::SplitAfter),
    ("replace", Builtin::Replace),
    ("repeat", Builtin::Repeat),
    ("join", Builtin::Join),
    ("indexOf", Builtin::IndexOf),
    ("lastIndexOf", Builtin::LastIndexOf),
    ("hasPrefix", Builtin::HasPrefix),
    ("hasSuffix", Builtin::HasSuffix),
    ("max", Builtin::Max),
    ("min", Builtin::Min),
    ("sum", Builtin::Sum),
    ("mean", Builtin::Mean),
    ("median", Builtin::Median),
    ("toJSON", Builtin::ToJson),
    ("fromJSON", Builtin::FromJson),
    ("toBase64", Builtin::ToBase64),
    ("fromBase64", Builtin::FromBase64),
    ("now", Builtin::Now),
    ("duration", Builtin::Duration),
    ("date", Builtin::Date),
    ("first", Builtin::First),
    ("last", Builtin::Last),
    ("get", Builtin::Get),
    ("take", Builtin::Take),
    ("keys", Builtin::Keys),
    ("values", Builtin::Values),
    ("toPairs", Builtin::ToPairs),
    ("fromPairs", Builtin::FromPairs),
    ("sort", Builtin::Sort),
    ("sortBy", Builtin::SortBy),
];

impl Builtin {
    /// The builtin of that name.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, builtin)| *builtin)
    }

    /// Its name in a condition.
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, builtin)| *builtin == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether it takes a closure.
    pub fn is_predicate(self) -> bool {
        self <= Self::Reduce
    }

    /// Whether it takes exactly one argument by a shortcut, and has no function value of its own.
    pub(super) fn is_fast(self) -> bool {
        (Self::Len..=Self::String).contains(&self) || matches!(self, Self::Upper | Self::Lower)
    }
}

#[cfg(test)]
mod tests {
    use super::{Builtin, NAMES};

    #[test]
    fn every_name_leads_back_to_its_function() {
        for (name, builtin) in NAMES {
            assert_eq!(Builtin::parse(name), Some(builtin));
            assert_eq!(builtin.name(), name);
        }
    }
}
