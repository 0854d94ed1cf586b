//! URLs as package `net/url` reads them: which texts are one, and what it says of the others.

use std::fmt;

use crate::go::quote::quote;

/// Scheme and host of a URL; the rest only has to be well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Scheme in lower case; empty for a relative URL.
    pub scheme: String,
    /// Host and port; empty if there is none.
    pub host: String,
}

/// Why a text is no URL, with Go's wording: `parse "http://p:x": invalid port ":x" after host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError {
    text: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    ControlCharacter,
    MissingScheme,
    ColonInFirstSegment,
    MissingBracket,
    Port(String),
    Escape(String),
    HostCharacter(String),
    Userinfo,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parse {}: ", quote(self.text.as_bytes()))?;
        match &self.problem {
            Problem::ControlCharacter => f.write_str("net/url: invalid control character in URL"),
            Problem::MissingScheme => f.write_str("missing protocol scheme"),
            Problem::ColonInFirstSegment => {
                f.write_str("first path segment in URL cannot contain colon")
            }
            Problem::MissingBracket => f.write_str("missing ']' in host"),
            Problem::Port(port) => write!(f, "invalid port {} after host", quote(port.as_bytes())),
            Problem::Escape(escape) => write!(f, "invalid URL escape {}", quote(escape.as_bytes())),
            Problem::HostCharacter(c) => {
                write!(f, "invalid character {} in host name", quote(c.as_bytes()))
            }
            Problem::Userinfo => f.write_str("net/url: invalid userinfo"),
        }
    }
}

impl std::error::Error for UrlError {}

/// Reads a URL (`url.Parse`).
pub fn parse(text: &str) -> Result<Url, UrlError> {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let url = parse_without_fragment(before).map_err(|problem| UrlError {
        text: before.to_owned(),
        problem,
    })?;
    check_escapes(fragment).map_err(|problem| UrlError {
        text: text.to_owned(),
        problem,
    })?;
    Ok(url)
}

fn parse_without_fragment(text: &str) -> Result<Url, Problem> {
    if text.bytes().any(|b| b.is_ascii_control()) {
        return Err(Problem::ControlCharacter);
    }
    let mut url = Url {
        scheme: String::new(),
        host: String::new(),
    };
    if text == "*" {
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    let rest = rest.split_once('?').map_or(rest, |(path, _)| path);
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            return Ok(url);
        }
        let segment = rest.split('/').next().unwrap_or_default();
        if segment.contains(':') {
            return Err(Problem::ColonInFirstSegment);
        }
    }
    let has_authority =
        rest.starts_with("//") && (!url.scheme.is_empty() || !rest.starts_with("///"));
    let path = if has_authority {
        let authority = &rest[2..];
        let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
        check_authority(authority)?.clone_into(&mut url.host);
        path
    } else {
        rest
    };
    check_escapes(path)?;
    Ok(url)
}

/// The scheme before a colon, if the text starts with one.
fn split_scheme(text: &str) -> Result<(&str, &str), Problem> {
    for (index, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if index > 0 => {}
            ':' if index == 0 => return Err(Problem::MissingScheme),
            ':' => return Ok((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn check_authority(authority: &str) -> Result<&str, Problem> {
    let (userinfo, host) = authority
        .rsplit_once('@')
        .map_or((None, authority), |(user, host)| (Some(user), host));
    check_host(host)?;
    if let Some(userinfo) = userinfo {
        let is_valid = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
        if !userinfo.bytes().all(is_valid) {
            return Err(Problem::Userinfo);
        }
        check_escapes(userinfo)?;
    }
    Ok(host)
}

fn check_host(host: &str) -> Result<(), Problem> {
    let port = if host.starts_with('[') {
        let Some(end) = host.rfind(']') else {
            return Err(Problem::MissingBracket);
        };
        &host[end + 1..]
    } else {
        host.rfind(':').map_or("", |colon| &host[colon..])
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    if !is_port {
        return Err(Problem::Port(port.to_owned()));
    }
    // A zone such as `%25eth0` may hold any escape.
    let zone = if host.starts_with('[') {
        host.find("%25")
    } else {
        None
    };
    check_host_part(&host[..zone.unwrap_or(host.len())])?;
    zone.map_or(Ok(()), |zone| check_escapes(&host[zone..]))
}

fn check_host_part(host: &str) -> Result<(), Problem> {
    let bytes = host.as_bytes();
    for (index, c) in host.char_indices() {
        if c == '%' {
            let escape = escape_at(host, index)?;
            // Only bytes beyond ASCII may be escaped in a host.
            if matches!(bytes[index + 1], b'0'..=b'7') && escape != "%25" {
                return Err(Problem::Escape(escape.to_owned()));
            }
        } else if c.is_ascii()
            && !c.is_ascii_alphanumeric()
            && !"-_.~!$&'()*+,;=:[]<>\"".contains(c)
        {
            return Err(Problem::HostCharacter(c.to_string()));
        }
    }
    Ok(())
}

/// Each `%` must be followed by two hexadecimal digits.
fn check_escapes(text: &str) -> Result<(), Problem> {
    text.match_indices('%')
        .try_for_each(|(index, _)| escape_at(text, index).map(drop))
}

fn escape_at(text: &str, index: usize) -> Result<&str, Problem> {
    let bytes = &text.as_bytes()[index..];
    let is_hexadecimal = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    if is_hexadecimal(1) && is_hexadecimal(2) {
        return Ok(&text[index..index + 3]);
    }
    let shown = &bytes[..bytes.len().min(3)];
    Err(Problem::Escape(String::from_utf8_lossy(shown).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_what_go_reads() {
        for text in [
            "http://p",
            "HTTP://[::1]:90/a?b#c",
            "//h",
            "/a b",
            "mailto:a@b",
            "http://u:p@h",
            "",
            "*",
            "a/b:c",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        assert_eq!(parse("HTTP://P:1/x").unwrap().host, "P:1");
        assert_eq!(parse("http:p").unwrap().host, "");
    }

    #[test]
    fn refuses_with_gos_words() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(
            error("http://p:x"),
            "parse \"http://p:x\": invalid port \":x\" after host"
        );
        assert_eq!(
            error("10.0.0.1:90"),
            "parse \"10.0.0.1:90\": first path segment in URL cannot contain colon"
        );
        assert_eq!(error(":x"), "parse \":x\": missing protocol scheme");
        assert_eq!(
            error("http://p /"),
            "parse \"http://p /\": invalid character \" \" in host name"
        );
        assert_eq!(
            error("http://p/%zz"),
            "parse \"http://p/%zz\": invalid URL escape \"%zz\""
        );
        assert_eq!(
            error("http://[::1"),
            "parse \"http://[::1\": missing ']' in host"
        );
        assert_eq!(
            error("http://a\n"),
            "parse \"http://a\\n\": net/url: invalid control character in URL"
        );
    }
}
