//! The text functions of Go's `strings` and `encoding/base64`, on bytes that need not be UTF-8.

use crate::go::unicode::{is_space, to_lower, to_upper};

/// The characters of a text, each with its bytes; a byte that is no UTF-8 stands alone as U+FFFD.
pub(super) fn characters(text: &[u8]) -> Vec<(char, &[u8])> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            let (bytes, after) = rest.split_at(c.len_utf8());
            out.push((c, bytes));
            rest = after;
        }
        for _ in chunk.invalid() {
            let (bytes, after) = rest.split_at(1);
            out.push(('\u{FFFD}', bytes));
            rest = after;
        }
    }
    out
}

fn map_characters(text: &[u8], map: fn(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for (c, _) in characters(text) {
        out.extend_from_slice(map(c).encode_utf8(&mut buffer).as_bytes());
    }
    out
}

/// `strings.ToUpper`
pub(super) fn upper(text: &[u8]) -> Vec<u8> {
    map_characters(text, to_upper)
}

/// `strings.ToLower`
pub(super) fn lower(text: &[u8]) -> Vec<u8> {
    map_characters(text, to_lower)
}

/// The text without leading and trailing characters that `cut` holds for.
fn trim_by(text: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    let characters = characters(text);
    let length = |kept: &[(char, &[u8])]| kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let leading = characters.iter().take_while(|(c, _)| cut(*c)).count();
    let trailing = characters[leading..]
        .iter()
        .rev()
        .take_while(|(c, _)| cut(*c))
        .count();
    let start = length(&characters[..leading]);
    &text[start..start + length(&characters[leading..characters.len() - trailing])]
}

/// `strings.TrimSpace`
pub(super) fn trim_space(text: &[u8]) -> &[u8] {
    trim_by(text, is_space)
}

/// `strings.Trim`
pub(super) fn trim<'t>(text: &'t [u8], cutset: &[u8]) -> &'t [u8] {
    let cutset = characters(cutset);
    trim_by(text, |c| cutset.iter().any(|(cut, _)| *cut == c))
}

/// `strings.Index`
pub(super) fn index(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

/// `strings.LastIndex`
pub(super) fn last_index(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(text.len());
    }
    text.windows(part.len()).rposition(|window| window == part)
}

/// `strings.SplitN` (`after` false) or `SplitAfterN`: at most `limit` parts, all if it is negative, `None` if 0.
pub(super) fn split<'t>(
    text: &'t [u8],
    separator: &[u8],
    after: bool,
    limit: i64,
) -> Option<Vec<&'t [u8]>> {
    if limit == 0 {
        return None;
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if separator.is_empty() {
        let mut parts: Vec<&[u8]> = characters(text)
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        if parts.len() > limit {
            let kept: usize = parts[..limit - 1].iter().map(|part| part.len()).sum();
            parts.truncate(limit - 1);
            parts.push(&text[kept..]);
        }
        return Some(parts);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < limit
        && let Some(at) = index(rest, separator)
    {
        parts.push(&rest[..at + if after { separator.len() } else { 0 }]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    Some(parts)
}

/// `strings.Replace`: at most `limit` times, always if it is negative.
pub(super) fn replace(text: &[u8], old: &[u8], new: &[u8], limit: i64) -> Vec<u8> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if old == new {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    if old.is_empty() {
        // Before the first character, between any two, and after the last one.
        let characters = characters(text);
        for (count, (_, bytes)) in characters.iter().enumerate() {
            if count < limit {
                out.extend_from_slice(new);
            }
            out.extend_from_slice(bytes);
        }
        if characters.len() < limit {
            out.extend_from_slice(new);
        }
        return out;
    }
    let mut count = 0;
    while count < limit
        && let Some(at) = index(rest, old)
    {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
        count += 1;
    }
    out.extend_from_slice(rest);
    out
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `base64.StdEncoding.EncodeToString`
pub(super) fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |sum, byte| sum << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                out.push(char::from(
                    BASE64[(group >> (18 - 6 * place)) as usize & 63],
                ));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// `base64.StdEncoding.DecodeString`; the error is the offset of the first bad byte.
pub(super) fn from_base64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let digit = |byte: u8| {
        BASE64
            .iter()
            .position(|known| *known == byte)
            .and_then(|at| u32::try_from(at).ok())
    };
    let is_newline = |byte: u8| matches!(byte, b'\n' | b'\r');
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut filled, mut at) = (0u32, 0usize, 0usize);
    while let Some(&byte) = text.get(at) {
        at += 1;
        if let Some(digit) = digit(byte) {
            group = group << 6 | digit;
            filled += 1;
            if filled == 4 {
                out.extend_from_slice(&group.to_be_bytes()[1..]);
                (group, filled) = (0, 0);
            }
        } else if is_newline(byte) {
        } else if byte == b'=' && filled >= 2 {
            let skip = |mut at: usize| {
                while text.get(at).copied().is_some_and(is_newline) {
                    at += 1;
                }
                at
            };
            if filled == 2 {
                at = skip(at);
                match text.get(at) {
                    None => return Err(text.len()),
                    Some(b'=') => at += 1,
                    Some(_) => return Err(at - 1),
                }
            }
            at = skip(at);
            if at < text.len() {
                return Err(at);
            }
            let padded = group << (6 * (4 - filled));
            out.extend_from_slice(&padded.to_be_bytes()[1..filled]);
            return Ok(out);
        } else {
            return Err(at - 1);
        }
    }
    if filled == 0 {
        Ok(out)
    } else {
        Err(text.len() - filled)
    }
}

#[cfg(test)]
mod tests {
    use super::{from_base64, replace, split, to_base64, trim};

    #[test]
    fn base64_goes_both_ways() {
        for text in [&b""[..], b"a", b"ab", b"abc", b"abcd\xff"] {
            assert_eq!(from_base64(to_base64(text).as_bytes()).as_deref(), Ok(text));
        }
        assert_eq!(from_base64(b"YQ"), Err(0));
        assert_eq!(from_base64(b"YQ=a"), Err(2));
        assert_eq!(from_base64(b"YQ==x"), Err(4));
        assert_eq!(from_base64(b"Y!=="), Err(1));
    }

    #[test]
    fn texts_are_cut_and_replaced_as_go_does() {
        assert_eq!(
            split(b"a,b,c", b",", false, 2).unwrap(),
            [&b"a"[..], b"b,c"]
        );
        assert_eq!(split(b"a,b", b",", true, -1).unwrap(), [&b"a,"[..], b"b"]);
        assert_eq!(split("é1".as_bytes(), b"", false, -1).unwrap().len(), 2);
        assert_eq!(replace(b"aa", b"", b"-", -1), b"-a-a-");
        assert_eq!(replace(b"aaa", b"a", b"b", 2), b"bba");
        assert_eq!(trim(b"xyaxy", b"yx"), b"a");
    }
}
