//! Texts → times by a layout.

use std::sync::Arc;

use super::super::{Civil, MONTHS, Time, WEEKDAYS, Zone, days_in, is_leap};
use super::{Field, Found, next_field};
use crate::go::duration::quote;

/// The text is no time of the layout; [`std::fmt::Display`] gives Go's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutError(String);

impl std::fmt::Display for LayoutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the fields of a text said.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    am: bool,
    pm: bool,
    utc: bool,
    offset: Option<i32>,
    zone_name: Vec<u8>,
}

/// Why one field can't be read.
enum FieldError {
    Mismatch,
    Range(&'static str),
}

use FieldError::{Mismatch, Range};

/// Reads a time by a layout (`time.Parse`); a text without zone is UTC.
pub fn parse(layout: &[u8], text: &[u8]) -> Result<Time, LayoutError> {
    let mut fields = Fields::default();
    let (mut rest_layout, mut value) = (layout, text);
    loop {
        let next = next_field(rest_layout);
        let prefix = next.as_ref().map_or(rest_layout, |found| found.before);
        value = skip(value, prefix).map_err(|at| mismatch(layout, text, prefix, at))?;
        let Some(Found {
            field,
            text: field_text,
            after,
            ..
        }) = next
        else {
            if !value.is_empty() {
                return Err(message(text, &format!(": extra text: {}", quote(value))));
            }
            break;
        };
        rest_layout = after;
        let hold = value;
        match fields.read(field, &mut value, after) {
            Ok(()) => {}
            Err(Range(what)) => return Err(message(text, &format!(": {what} out of range"))),
            Err(Mismatch) => return Err(mismatch(layout, text, field_text, hold)),
        }
    }
    fields.resolve(text)
}

fn mismatch(layout: &[u8], text: &[u8], element: &[u8], at: &[u8]) -> LayoutError {
    LayoutError(format!(
        "parsing time {} as {}: cannot parse {} as {}",
        quote(text),
        quote(layout),
        quote(at),
        quote(element)
    ))
}

fn message(text: &[u8], message: &str) -> LayoutError {
    LayoutError(format!("parsing time {}{message}", quote(text)))
}

fn skip<'v>(mut value: &'v [u8], mut prefix: &[u8]) -> Result<&'v [u8], &'v [u8]> {
    while let [first, after @ ..] = prefix {
        if *first == b' ' {
            if !value.is_empty() && value[0] != b' ' {
                return Err(value);
            }
            prefix = without_spaces(prefix);
            value = without_spaces(value);
            continue;
        }
        if value.first() != Some(first) {
            return Err(value);
        }
        prefix = after;
        value = &value[1..];
    }
    Ok(value)
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|b| **b == b' ').count();
    &text[spaces..]
}

/// One or two digits; exactly two when `fixed`.
fn two_digits(value: &mut &[u8], fixed: bool) -> Result<i64, FieldError> {
    let (number, length) = match *value {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => {
            (i64::from(a - b'0') * 10 + i64::from(b - b'0'), 2)
        }
        [a @ b'0'..=b'9', ..] if !fixed => (i64::from(a - b'0'), 1),
        _ => return Err(Mismatch),
    };
    *value = &value[length..];
    Ok(number)
}

fn take<'v>(value: &mut &'v [u8], length: usize) -> Result<&'v [u8], FieldError> {
    let (taken, rest) = value.split_at_checked(length).ok_or(Mismatch)?;
    *value = rest;
    Ok(taken)
}

fn lookup(names: &[&str], value: &mut &[u8], short: bool) -> Result<i64, FieldError> {
    for (index, name) in (0..).zip(names) {
        let name = if short {
            &name.as_bytes()[..3]
        } else {
            name.as_bytes()
        };
        if value.len() >= name.len() && value[..name.len()].eq_ignore_ascii_case(name) {
            *value = &value[name.len()..];
            return Ok(index);
        }
    }
    Err(Mismatch)
}

fn bounded(number: i64, below: i64, what: &'static str) -> Result<i64, FieldError> {
    if number < below {
        Ok(number)
    } else {
        Err(Range(what))
    }
}

/// Digits after a separator, at most nine of them counted.
fn fraction(text: &[u8]) -> Result<i64, FieldError> {
    let [b'.' | b',', digits @ ..] = text else {
        return Err(Mismatch);
    };
    let digits = &digits[..digits.len().min(9)];
    let mut nanos = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            // A sign is read as part of the number there.
            return signed_fraction(digits);
        }
        nanos = nanos * 10 + i64::from(digit - b'0');
    }
    Ok(nanos * 10i64.pow(9 - u32::try_from(digits.len()).unwrap_or(9)))
}

fn signed_fraction(digits: &[u8]) -> Result<i64, FieldError> {
    let (negative, rest) = match digits {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => return Err(Mismatch),
    };
    if !rest.iter().all(u8::is_ascii_digit) {
        return Err(Mismatch);
    }
    let number = rest
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    if negative && number > 0 {
        return Err(Range("fractional second"));
    }
    Ok(number * 10i64.pow(9 - u32::try_from(digits.len()).unwrap_or(9)))
}

impl Fields {
    fn read(
        &mut self,
        field: Field,
        value: &mut &[u8],
        rest_layout: &[u8],
    ) -> Result<(), FieldError> {
        match field {
            Field::Year => {
                let digits = take(value, 2)?;
                let year = small_number(digits)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Field::LongYear => {
                if !value.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Mismatch);
                }
                self.year = small_number(take(value, 4)?)?;
            }
            Field::Month => self.month = Some(lookup(&MONTHS, value, true)? + 1),
            Field::LongMonth => self.month = Some(lookup(&MONTHS, value, false)? + 1),
            Field::NumMonth | Field::ZeroMonth => {
                let month = two_digits(value, field == Field::ZeroMonth)?;
                if !(1..=12).contains(&month) {
                    return Err(Range("month"));
                }
                self.month = Some(month);
            }
            Field::WeekDay => drop(lookup(&WEEKDAYS, value, true)?),
            Field::LongWeekDay => drop(lookup(&WEEKDAYS, value, false)?),
            Field::Day | Field::UnderDay | Field::ZeroDay => {
                if field == Field::UnderDay {
                    *value = value.strip_prefix(b" ").unwrap_or(value);
                }
                self.day = Some(two_digits(value, field == Field::ZeroDay)?);
            }
            Field::UnderYearDay | Field::ZeroYearDay => {
                self.year_day = Some(read_year_day(value, field == Field::ZeroYearDay)?);
            }
            Field::Hour => self.hour = bounded(two_digits(value, false)?, 24, "hour")?,
            Field::Hour12 | Field::ZeroHour12 => {
                self.hour = bounded(two_digits(value, field == Field::ZeroHour12)?, 13, "hour")?;
            }
            Field::Minute | Field::ZeroMinute => {
                self.minute =
                    bounded(two_digits(value, field == Field::ZeroMinute)?, 60, "minute")?;
            }
            Field::Second | Field::ZeroSecond => {
                self.second =
                    bounded(two_digits(value, field == Field::ZeroSecond)?, 60, "second")?;
                self.read_unannounced_fraction(value, rest_layout)?;
            }
            Field::UpperPm => self.read_half(take(value, 2)?, b"AM", b"PM")?,
            Field::LowerPm => self.read_half(take(value, 2)?, b"am", b"pm")?,
            Field::Offset { z, colon, parts } => self.read_offset(value, z, colon, parts)?,
            Field::ZoneName => self.read_zone_name(value)?,
            Field::Fraction {
                digits,
                trim: false,
                ..
            } => {
                self.nanos = fraction(take(value, digits + 1)?)?;
            }
            Field::Fraction { .. } => self.read_optional_fraction(value)?,
        }
        Ok(())
    }

    /// A fraction after the seconds is taken even if the layout has none.
    fn read_unannounced_fraction(
        &mut self,
        value: &mut &[u8],
        rest_layout: &[u8],
    ) -> Result<(), FieldError> {
        let announced = matches!(
            next_field(rest_layout),
            Some(Found {
                field: Field::Fraction { .. },
                ..
            })
        );
        if announced {
            Ok(())
        } else {
            self.read_optional_fraction(value)
        }
    }

    fn read_optional_fraction(&mut self, value: &mut &[u8]) -> Result<(), FieldError> {
        if let [b'.' | b',', b'0'..=b'9', ..] = *value {
            let length = 1 + value[1..].iter().take_while(|b| b.is_ascii_digit()).count();
            self.nanos = fraction(take(value, length)?)?;
        }
        Ok(())
    }

    fn read_half(&mut self, text: &[u8], am: &[u8], pm: &[u8]) -> Result<(), FieldError> {
        if text == pm {
            self.pm = true;
        } else if text == am {
            self.am = true;
        } else {
            return Err(Mismatch);
        }
        Ok(())
    }

    fn read_offset(
        &mut self,
        value: &mut &[u8],
        z: bool,
        colon: bool,
        parts: u8,
    ) -> Result<(), FieldError> {
        if z && let Some(rest) = value.strip_prefix(b"Z") {
            *value = rest;
            self.utc = true;
            return Ok(());
        }
        let step = if colon { 3 } else { 2 };
        let count = usize::from(parts);
        let text = take(value, 1 + step * count - usize::from(colon))?;
        if colon && (1..count).any(|part| text[part * step] != b':') {
            return Err(Mismatch);
        }
        let mut numbers = [0; 3];
        let mut failed = false;
        for (part, number) in numbers.iter_mut().enumerate().take(count) {
            let mut digits = &text[1 + part * step..3 + part * step];
            match two_digits(&mut digits, true) {
                Ok(parsed) if !failed => *number = parsed,
                _ => failed = true,
            }
        }
        // Of several mistakes the last one counts.
        for (number, limit, what) in [
            (numbers[2], 60, "time zone offset second"),
            (numbers[1], 60, "time zone offset minute"),
            (numbers[0], 24, "time zone offset hour"),
        ] {
            bounded(number, limit + 1, what)?;
        }
        if failed {
            return Err(Mismatch);
        }
        let seconds =
            i32::try_from((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]).unwrap_or_default();
        self.offset = match text[0] {
            b'+' => Some(seconds),
            b'-' => Some(-seconds),
            _ => return Err(Mismatch),
        };
        Ok(())
    }

    fn read_zone_name(&mut self, value: &mut &[u8]) -> Result<(), FieldError> {
        if let Some(rest) = value.strip_prefix(b"UTC") {
            *value = rest;
            self.utc = true;
            return Ok(());
        }
        let length = zone_name_length(value).ok_or(Mismatch)?;
        self.zone_name = take(value, length)?.to_vec();
        Ok(())
    }

    fn resolve(mut self, text: &[u8]) -> Result<Time, LayoutError> {
        if self.pm && self.hour < 12 {
            self.hour += 12;
        } else if self.am && self.hour == 12 {
            self.hour = 0;
        }
        if let Some(year_day) = self.year_day {
            self.apply_year_day(year_day, text)?;
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || day > days_in(month, self.year) {
            return Err(message(text, ": day out of range"));
        }
        let civil = Civil {
            year: self.year,
            month,
            day,
            hour: self.hour,
            minute: self.minute,
            second: self.second,
        };
        let mut time = Time::from_civil(civil, self.nanos);
        if self.utc {
            return Ok(time);
        }
        let name: Arc<str> = String::from_utf8_lossy(&self.zone_name).into();
        // An offset of -1 second means "none" there; no text can say it.
        if let Some(offset) = self.offset {
            time.seconds -= i64::from(offset);
            let is_local = offset == 0 && (name.is_empty() || &*name == "UTC");
            time.zone = if is_local {
                Zone::Local
            } else {
                Zone::Fixed(name, offset)
            };
        } else if !name.is_empty() {
            let hours = name
                .strip_prefix("GMT")
                .and_then(|hours| hours.parse::<i32>().ok())
                .unwrap_or(0);
            time.zone = Zone::Fixed(name, hours * 3600);
        }
        Ok(time)
    }

    fn apply_year_day(&mut self, mut year_day: i64, text: &[u8]) -> Result<(), LayoutError> {
        let limit = 365 + i64::from(is_leap(self.year));
        if year_day < 1 || year_day > limit {
            return Err(message(text, ": day-of-year out of range"));
        }
        let mut month = 1;
        while year_day > days_in(month, self.year) {
            year_day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|stated| stated != month) {
            return Err(message(text, ": day-of-year does not match month"));
        }
        if self.day.is_some_and(|stated| stated != year_day) {
            return Err(message(text, ": day-of-year does not match day"));
        }
        self.month = Some(month);
        self.day = Some(year_day);
        Ok(())
    }
}

/// A signed number, as Go's `atoi` of package `time` reads year digits.
fn small_number(text: &[u8]) -> Result<i64, FieldError> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Mismatch);
    }
    Ok(sign
        * digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

fn read_year_day(value: &mut &[u8], fixed: bool) -> Result<i64, FieldError> {
    if !fixed {
        for _ in 0..2 {
            *value = value.strip_prefix(b" ").unwrap_or(value);
        }
    }
    let count = value
        .iter()
        .take(3)
        .take_while(|b| b.is_ascii_digit())
        .count();
    if count == 0 || (fixed && count != 3) {
        return Err(Mismatch);
    }
    small_number(take(value, count)?)
}

/// Length of a zone abbreviation at the start of the text: `CET`, `GMT+3`, `+03`, `ChST`.
fn zone_name_length(value: &[u8]) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = value.strip_prefix(b"GMT") {
        return Some(3 + signed_hours_length(rest));
    }
    if matches!(value[0], b'+' | b'-') {
        let length = signed_hours_length(value);
        return (length > 0).then_some(length);
    }
    let upper = value
        .iter()
        .take(6)
        .take_while(|b| b.is_ascii_uppercase())
        .count();
    let fits = match upper {
        5 => value[4] == b'T',
        4 => value[3] == b'T' || value.starts_with(b"WITA"),
        3 => true,
        _ => false,
    };
    fits.then_some(upper)
}

fn signed_hours_length(value: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = value else {
        return 0;
    };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let hours = digits[..count].iter().fold(0u64, |sum, d| {
        sum.saturating_mul(10).saturating_add(u64::from(d - b'0'))
    });
    if count == 0 || hours > 23 {
        0
    } else {
        1 + count
    }
}
