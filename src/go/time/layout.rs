//! Times written by an example layout (`2006-01-02 15:04:05`), read and printed as package `time` does.

mod parse;

pub use parse::{LayoutError, parse};

use super::{Civil, MONTHS, Time, WEEKDAYS};

/// `time.RFC3339`.
pub const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

/// The layouts that `date()` tries in turn.
pub const DATE_LAYOUTS: [&str; 7] = [
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    RFC3339,
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
];

/// Part of a layout that stands for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    Offset {
        z: bool,
        colon: bool,
        parts: u8,
    },
    Fraction {
        digits: usize,
        trim: bool,
        comma: bool,
    },
}

/// Fields that are recognised by their text alone, longest first where one starts with another.
const FIXED: [(&str, Field); 33] = {
    const fn offset(z: bool, colon: bool, parts: u8) -> Field {
        Field::Offset { z, colon, parts }
    }
    [
        ("January", Field::LongMonth),
        ("Monday", Field::LongWeekDay),
        ("MST", Field::ZoneName),
        ("01", Field::ZeroMonth),
        ("02", Field::ZeroDay),
        ("03", Field::ZeroHour12),
        ("04", Field::ZeroMinute),
        ("05", Field::ZeroSecond),
        ("06", Field::Year),
        ("002", Field::ZeroYearDay),
        ("15", Field::Hour),
        ("1", Field::NumMonth),
        ("2006", Field::LongYear),
        ("2", Field::Day),
        ("__2", Field::UnderYearDay),
        ("_2", Field::UnderDay),
        ("3", Field::Hour12),
        ("4", Field::Minute),
        ("5", Field::Second),
        ("PM", Field::UpperPm),
        ("pm", Field::LowerPm),
        ("-070000", offset(false, false, 3)),
        ("-07:00:00", offset(false, true, 3)),
        ("-0700", offset(false, false, 2)),
        ("-07:00", offset(false, true, 2)),
        ("-07", offset(false, false, 1)),
        ("Z070000", offset(true, false, 3)),
        ("Z07:00:00", offset(true, true, 3)),
        ("Z0700", offset(true, false, 2)),
        ("Z07:00", offset(true, true, 2)),
        ("Z07", offset(true, false, 1)),
        ("Jan", Field::Month),
        ("Mon", Field::WeekDay),
    ]
};

/// A field of a layout, with its own text and what stands around it.
struct Found<'l> {
    before: &'l [u8],
    field: Field,
    text: &'l [u8],
    after: &'l [u8],
}

/// The first field of a layout.
fn next_field(layout: &[u8]) -> Option<Found<'_>> {
    for start in 0..layout.len() {
        let (before, rest) = layout.split_at(start);
        // The underscore of `_2006` is plain text.
        if rest.starts_with(b"_2006") {
            let (before, rest) = layout.split_at(start + 1);
            let (text, after) = rest.split_at(4);
            return Some(Found {
                before,
                field: Field::LongYear,
                text,
                after,
            });
        }
        if let Some((field, length)) = fraction_at(rest).or_else(|| fixed_at(rest)) {
            let (text, after) = rest.split_at(length);
            return Some(Found {
                before,
                field,
                text,
                after,
            });
        }
    }
    None
}

fn fixed_at(rest: &[u8]) -> Option<(Field, usize)> {
    let (text, field) = FIXED
        .iter()
        .find(|(text, _)| rest.starts_with(text.as_bytes()))?;
    let abbreviated = matches!(field, Field::Month | Field::WeekDay);
    if abbreviated && rest.get(text.len()).is_some_and(u8::is_ascii_lowercase) {
        return None;
    }
    Some((*field, text.len()))
}

fn fraction_at(rest: &[u8]) -> Option<(Field, usize)> {
    let (&separator, &digit) = (rest.first()?, rest.get(1)?);
    if !matches!(separator, b'.' | b',') || !matches!(digit, b'0' | b'9') {
        return None;
    }
    let digits = rest[1..].iter().take_while(|b| **b == digit).count();
    if rest.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((
        Field::Fraction {
            digits,
            trim: digit == b'9',
            comma: separator == b',',
        },
        1 + digits,
    ))
}

/// The time printed by the layout (`Time.Format`).
pub fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let civil = time.civil();
    let mut out = Vec::new();
    let mut rest = layout;
    while let Some(found) = next_field(rest) {
        out.extend_from_slice(found.before);
        out.extend_from_slice(format_field(time, &civil, found.field).as_bytes());
        rest = found.after;
    }
    out.extend_from_slice(rest);
    out
}

fn format_field(time: &Time, civil: &Civil, field: Field) -> String {
    let name = |names: &[&str], index: i64| {
        usize::try_from(index)
            .ok()
            .and_then(|i| names.get(i))
            .copied()
            .unwrap_or_default()
            .to_owned()
    };
    let short = |text: String| text.chars().take(3).collect();
    let hour12 = if civil.hour % 12 == 0 {
        12
    } else {
        civil.hour % 12
    };
    match field {
        Field::LongMonth => name(&MONTHS, civil.month - 1),
        Field::Month => short(name(&MONTHS, civil.month - 1)),
        Field::NumMonth => civil.month.to_string(),
        Field::ZeroMonth => pad(civil.month, 2),
        Field::LongWeekDay => name(&WEEKDAYS, time.weekday()),
        Field::WeekDay => short(name(&WEEKDAYS, time.weekday())),
        Field::Day => civil.day.to_string(),
        Field::UnderDay => format!("{:>2}", civil.day),
        Field::ZeroDay => pad(civil.day, 2),
        Field::UnderYearDay => format!("{:>3}", time.year_day()),
        Field::ZeroYearDay => pad(time.year_day(), 3),
        Field::Hour => pad(civil.hour, 2),
        Field::Hour12 => hour12.to_string(),
        Field::ZeroHour12 => pad(hour12, 2),
        Field::Minute => civil.minute.to_string(),
        Field::ZeroMinute => pad(civil.minute, 2),
        Field::Second => civil.second.to_string(),
        Field::ZeroSecond => pad(civil.second, 2),
        Field::LongYear => pad(civil.year, 4),
        Field::Year => pad(civil.year.abs() % 100, 2),
        Field::UpperPm => if civil.hour >= 12 { "PM" } else { "AM" }.to_owned(),
        Field::LowerPm => if civil.hour >= 12 { "pm" } else { "am" }.to_owned(),
        Field::ZoneName if !time.zone.abbreviation().is_empty() => {
            time.zone.abbreviation().to_owned()
        }
        Field::ZoneName => format_offset(time.zone.offset(), false, 2),
        Field::Offset { z: true, .. } if time.zone.offset() == 0 => "Z".to_owned(),
        Field::Offset { colon, parts, .. } => format_offset(time.zone.offset(), colon, parts),
        Field::Fraction {
            digits,
            trim,
            comma,
        } => format_fraction(time.nanos, digits, trim, comma),
    }
}

/// A number with zeros before it; the sign doesn't count.
fn pad(value: i64, width: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{:0width$}", value.unsigned_abs())
}

fn format_offset(seconds: i32, colon: bool, parts: u8) -> String {
    let minutes = seconds / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    let below = if sign == '-' { -seconds } else { seconds } % 60;
    let separator = if colon { ":" } else { "" };
    let mut out = format!("{sign}{:02}", minutes / 60);
    if parts >= 2 {
        out = format!("{out}{separator}{:02}", minutes % 60);
    }
    if parts >= 3 {
        out = format!("{out}{separator}{below:02}");
    }
    out
}

fn format_fraction(nanos: i32, digits: usize, trim: bool, comma: bool) -> String {
    if trim && nanos == 0 {
        return String::new();
    }
    let separator = if comma { ',' } else { '.' };
    let mut text = format!("{nanos:09}");
    text.truncate(digits);
    if trim {
        text.truncate(text.trim_end_matches('0').len());
        if text.is_empty() {
            return text;
        }
    }
    format!("{separator}{text}")
}

/// The time as `Time.String` prints it (without the monotonic clock reading that `now()` carries).
pub fn display(time: &Time) -> String {
    String::from_utf8_lossy(&format(time, b"2006-01-02 15:04:05.999999999 -0700 MST")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{display, format, parse};

    fn read(layout: &str, text: &str) -> Result<String, String> {
        parse(layout.as_bytes(), text.as_bytes())
            .map(|time| display(&time))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn reads_layouts_as_go_does() {
        assert_eq!(
            read("2006-01-02", "2024-02-29").as_deref(),
            Ok("2024-02-29 00:00:00 +0000 UTC")
        );
        assert_eq!(
            read("2006-01-02T15:04:05Z07:00", "2024-01-01T10:00:00.5+02:00").as_deref(),
            Ok("2024-01-01 10:00:00.5 +0200 +0200")
        );
        assert_eq!(
            read("2006-01-02", "2024-13-01"),
            Err("parsing time \"2024-13-01\": month out of range".to_owned())
        );
        assert_eq!(
            read("2006-01-02", "xx"),
            Err(
                "parsing time \"xx\" as \"2006-01-02\": cannot parse \"xx\" as \"2006\"".to_owned()
            )
        );
        assert_eq!(
            read("02 Jan 06 15:04 MST", "03 feb 70 01:02 CEST").as_deref(),
            Ok("1970-02-03 01:02:00 +0000 CEST")
        );
        assert_eq!(
            read("2006 __2", "2023  60").as_deref(),
            Ok("2023-03-01 00:00:00 +0000 UTC")
        );
    }

    #[test]
    fn prints_every_kind_of_field() {
        let time = parse(
            b"2006-01-02 15:04:05.000 -07:00",
            b"2024-03-05 16:07:08.090 -05:30",
        )
        .unwrap();
        let text = format(&time, b"Monday Mon January Jan 1 _2 02 002 15 3 03 4 04 5 05 2006 06 PM pm MST Z07:00 -070000 .00 .999");
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "Tuesday Tue March Mar 3  5 05 065 16 4 04 7 07 8 08 2024 24 PM pm -0530 -05:30 -053000 .09 .09"
        );
    }
}
