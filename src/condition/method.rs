//! Methods of Go's time types, which a condition may call: `now().Add(duration('-1h'))`.

use super::types::{Kind, Type};

macro_rules! methods {
    ($($variant:ident: $receiver:ident . $name:literal ($($param:expr),*) -> ($($result:expr),*);)*) => {
        /// A method of a value of package `time`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Method {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        const NAMES: &[(Method, Receiver, &str)] = &[$((Method::$variant, Receiver::$receiver, $name),)*];

        impl Method {
            fn types(self) -> (Vec<Type>, Vec<Type>) {
                match self {
                    $(Self::$variant => (vec![$($param),*], vec![$($result),*]),)*
                }
            }
        }
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiver {
    Time,
    Duration,
    Month,
    Weekday,
    Location,
}

fn bytes() -> Type {
    Type::slice_of(Type::Uint8)
}

methods! {
    TimeAdd: Time."Add"(Type::Duration) -> (Type::Time);
    TimeAddDate: Time."AddDate"(Type::Int, Type::Int, Type::Int) -> (Type::Time);
    TimeAfter: Time."After"(Type::Time) -> (Type::Bool);
    TimeAppendBinary: Time."AppendBinary"(bytes()) -> (bytes(), Type::Error);
    TimeAppendFormat: Time."AppendFormat"(bytes(), Type::String) -> (bytes());
    TimeAppendText: Time."AppendText"(bytes()) -> (bytes(), Type::Error);
    TimeBefore: Time."Before"(Type::Time) -> (Type::Bool);
    TimeClock: Time."Clock"() -> (Type::Int, Type::Int, Type::Int);
    TimeCompare: Time."Compare"(Type::Time) -> (Type::Int);
    TimeDate: Time."Date"() -> (Type::Int, Type::Month, Type::Int);
    TimeDay: Time."Day"() -> (Type::Int);
    TimeEqual: Time."Equal"(Type::Time) -> (Type::Bool);
    TimeFormat: Time."Format"(Type::String) -> (Type::String);
    TimeGobEncode: Time."GobEncode"() -> (bytes(), Type::Error);
    TimeGoString: Time."GoString"() -> (Type::String);
    TimeHour: Time."Hour"() -> (Type::Int);
    TimeIsoWeek: Time."ISOWeek"() -> (Type::Int, Type::Int);
    TimeIn: Time."In"(Type::Location) -> (Type::Time);
    TimeIsDst: Time."IsDST"() -> (Type::Bool);
    TimeIsZero: Time."IsZero"() -> (Type::Bool);
    TimeLocal: Time."Local"() -> (Type::Time);
    TimeLocation: Time."Location"() -> (Type::Location);
    TimeMarshalBinary: Time."MarshalBinary"() -> (bytes(), Type::Error);
    TimeMarshalJson: Time."MarshalJSON"() -> (bytes(), Type::Error);
    TimeMarshalText: Time."MarshalText"() -> (bytes(), Type::Error);
    TimeMinute: Time."Minute"() -> (Type::Int);
    TimeMonth: Time."Month"() -> (Type::Month);
    TimeNanosecond: Time."Nanosecond"() -> (Type::Int);
    TimeRound: Time."Round"(Type::Duration) -> (Type::Time);
    TimeSecond: Time."Second"() -> (Type::Int);
    TimeString: Time."String"() -> (Type::String);
    TimeSub: Time."Sub"(Type::Time) -> (Type::Duration);
    TimeTruncate: Time."Truncate"(Type::Duration) -> (Type::Time);
    TimeUtc: Time."UTC"() -> (Type::Time);
    TimeUnix: Time."Unix"() -> (Type::Int64);
    TimeUnixMicro: Time."UnixMicro"() -> (Type::Int64);
    TimeUnixMilli: Time."UnixMilli"() -> (Type::Int64);
    TimeUnixNano: Time."UnixNano"() -> (Type::Int64);
    TimeWeekday: Time."Weekday"() -> (Type::Weekday);
    TimeYear: Time."Year"() -> (Type::Int);
    TimeYearDay: Time."YearDay"() -> (Type::Int);
    TimeZone: Time."Zone"() -> (Type::String, Type::Int);
    TimeZoneBounds: Time."ZoneBounds"() -> (Type::Time, Type::Time);
    DurationAbs: Duration."Abs"() -> (Type::Duration);
    DurationHours: Duration."Hours"() -> (Type::Float64);
    DurationMicroseconds: Duration."Microseconds"() -> (Type::Int64);
    DurationMilliseconds: Duration."Milliseconds"() -> (Type::Int64);
    DurationMinutes: Duration."Minutes"() -> (Type::Float64);
    DurationNanoseconds: Duration."Nanoseconds"() -> (Type::Int64);
    DurationRound: Duration."Round"(Type::Duration) -> (Type::Duration);
    DurationSeconds: Duration."Seconds"() -> (Type::Float64);
    DurationString: Duration."String"() -> (Type::String);
    DurationTruncate: Duration."Truncate"(Type::Duration) -> (Type::Duration);
    MonthString: Month."String"() -> (Type::String);
    WeekdayString: Weekday."String"() -> (Type::String);
    LocationString: Location."String"() -> (Type::String);
}

impl Method {
    /// The method of that name on values of the type.
    pub fn find(receiver: &Type, name: &str) -> Option<Self> {
        let receiver = match receiver {
            Type::Time => Receiver::Time,
            Type::Duration => Receiver::Duration,
            Type::Month => Receiver::Month,
            Type::Weekday => Receiver::Weekday,
            Type::Location => Receiver::Location,
            _ => return None,
        };
        NAMES
            .iter()
            .find(|(_, of, known)| *of == receiver && *known == name)
            .map(|(method, ..)| *method)
    }

    /// Parameter and result types without the receiver.
    pub fn signature(self) -> (Vec<Type>, Vec<Type>) {
        self.types()
    }

    /// Type of the method bound to a value.
    pub fn bound_type(self) -> Type {
        let (params, results) = self.types();
        Type::func(params, results, false)
    }

    /// Type of the method with its receiver as the first parameter.
    pub fn unbound_type(self, receiver: &Type) -> Type {
        let (params, results) = self.types();
        Type::func(
            std::iter::once(receiver.clone()).chain(params).collect(),
            results,
            false,
        )
    }
}

/// Whether the original calls a function of this signature directly, asserting the argument types,
/// instead of through reflection (`vm/func_types`). Only signatures that can occur are listed.
pub(super) fn is_called_directly(params: &[Type], results: &[Type]) -> bool {
    use Type::{Any, Bool, Duration, Float64, Int, Int64, Month, String, Time, Weekday};
    let [result] = results else { return false };
    match params {
        [] => {
            *result == bytes()
                || matches!(
                    result,
                    Duration | Month | Time | Weekday | Bool | Float64 | Int | Int64 | Any | String
                )
        }
        [Duration] => matches!(result, Duration | Time),
        [Time] => matches!(result, Duration | Bool),
        [Float64] => matches!(result, Bool | Float64 | Int | String),
        [String] => matches!(result, Bool | Float64 | Int | String),
        [Any] => matches!(result, Bool | Float64 | Int | String | Any),
        [Any, Any] => matches!(result, Bool | String | Any),
        _ => false,
    }
}

/// Whether values of the type have any method (`reflect.Type.NumMethod`).
pub(super) fn has_methods(ty: &Type) -> bool {
    matches!(ty.kind(), Kind::Struct | Kind::Ptr) || ty.is_named_elsewhere()
}

#[cfg(test)]
mod tests {
    use super::{Method, is_called_directly};
    use crate::condition::types::Type;

    #[test]
    fn methods_have_gos_types() {
        let add = Method::find(&Type::Time, "Add").unwrap();
        assert_eq!(
            add.unbound_type(&Type::Time).to_string(),
            "func(time.Time, time.Duration) time.Time"
        );
        assert_eq!(
            add.bound_type().to_string(),
            "func(time.Duration) time.Time"
        );
        let (params, results) = add.signature();
        assert!(is_called_directly(&params, &results));
        let (params, results) = Method::find(&Type::Time, "Compare").unwrap().signature();
        assert!(!is_called_directly(&params, &results));
        assert_eq!(Method::find(&Type::Duration, "Add"), None);
    }
}
