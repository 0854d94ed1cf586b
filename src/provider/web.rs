//! The web provider (Argo Rollouts v1.9.1, `metricproviders/webmetric`).

use super::jsonpath::{JsonPath, JsonPathError, Picked};
use super::{Measurement, OAUTH2_INCOMPLETE, OAuth2Settings, url};
use crate::condition::{MeasurementConditions, MetricResult, Phase};
use crate::go::json::{self, Json, JsonError};
use crate::go::quote::quote;
use crate::units::{Duration, Instant};

/// Seconds that a request may take if the metric doesn't say.
const DEFAULT_TIMEOUT: i64 = 10;

/// What a metric says about its request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebSettings {
    /// `GET` if empty.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Body as text.
    pub body: String,
    /// Whether there is a JSON body.
    pub has_json_body: bool,
    /// `{$}` if empty.
    pub json_path: String,
    /// Seconds; the default if not above 0.
    pub timeout_seconds: i64,
    /// `OAuth2` credentials.
    pub oauth2: OAuth2Settings,
}

/// A provider ready to be asked.
#[derive(Clone, Debug)]
pub struct WebProvider {
    request_error: Option<String>,
    json_path: JsonPath,
    timeout: Duration,
}

impl WebProvider {
    /// Makes a provider; the error is the message of every measurement.
    pub fn new(settings: &WebSettings) -> Result<Self, String> {
        if settings.oauth2.is_incomplete() {
            return Err(OAUTH2_INCOMPLETE.to_owned());
        }
        let json_path = if settings.json_path.is_empty() {
            "{$}"
        } else {
            &settings.json_path
        };
        let json_path = JsonPath::parse(json_path)?;
        let seconds = if settings.timeout_seconds > 0 {
            settings.timeout_seconds
        } else {
            DEFAULT_TIMEOUT
        };
        Ok(Self {
            request_error: request_error(settings),
            json_path,
            timeout: Duration::from_nanos(seconds.wrapping_mul(1_000_000_000)),
        })
    }

    /// How long a request may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Why no request can be sent, if so: the message of every measurement.
    pub fn request_error(&self) -> Option<&str> {
        self.request_error.as_deref()
    }

    /// What an answer comes to before any condition is looked at.
    pub fn read(&self, answer: WebAnswer<'_>) -> WebResult {
        if !(200..300).contains(&answer.status) {
            return WebResult::Error(format!("received non 2xx response code: {}", answer.status));
        }
        let data = match json::decode(answer.body) {
            Ok(data) => data,
            Err(error @ JsonError::Unsupported) => {
                return WebResult::Unsupported(error.to_string());
            }
            Err(_) => return WebResult::Text(answer.body.to_vec()),
        };
        match self.json_path.first(&data) {
            Ok(Some(picked)) => WebResult::Value(picked),
            Ok(None) => WebResult::Error("result of web metric produced no value".to_owned()),
            Err(JsonPathError::NotFound(text)) => {
                WebResult::Error(format!("Could not find JSONPath in body: {text}"))
            }
            Err(JsonPathError::Panic(text)) => WebResult::Panic(text),
        }
    }

    /// The measurement that an answer makes.
    pub fn measure(
        &self,
        answer: WebAnswer<'_>,
        conditions: &MeasurementConditions,
        now: Instant,
    ) -> WebMeasurement {
        if let Some(error) = &self.request_error {
            return WebMeasurement::Finished(Measurement::error(error.clone()));
        }
        match self.read(answer) {
            WebResult::Error(text) => WebMeasurement::Finished(Measurement::error(text)),
            WebResult::Text(body) => WebMeasurement::Finished(Measurement {
                phase: Phase::Successful,
                message: None,
                value: String::from_utf8_lossy(&body).into_owned(),
            }),
            WebResult::Value(picked) => {
                WebMeasurement::Finished(Measurement::of(result_of(&picked), conditions, now))
            }
            WebResult::Panic(text) => WebMeasurement::Panic(text),
            WebResult::Unsupported(text) => WebMeasurement::Unsupported(text),
        }
    }
}

/// The result that conditions see.
pub fn result_of(picked: &Picked) -> MetricResult<'_> {
    match picked {
        Picked::Json(Json::Null) => MetricResult::Nil,
        Picked::Json(json) => MetricResult::Json(json),
        Picked::Int(number) => MetricResult::Int(*number),
        Picked::Byte(byte) => MetricResult::Byte(*byte),
    }
}

/// What a server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebAnswer<'r> {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: &'r [u8],
}

/// What an answer comes to before any condition is looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum WebResult {
    /// A measurement with phase Error and this message.
    Error(String),
    /// No JSON: successful whatever the conditions say, and the body is the value.
    Text(Vec<u8>),
    /// A value for the conditions.
    Value(Picked),
    /// The controller process crashes with this text.
    Panic(&'static str),
    /// JSON nested deeper than we read.
    Unsupported(String),
}

/// How a web measurement ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebMeasurement {
    /// As measurements do.
    Finished(Measurement),
    /// The controller process crashes with this text: a `null` body panics outside its recovery.
    Panic(&'static str),
    /// The answer is nothing we can judge.
    Unsupported(String),
}

/// Why the request is never sent.
fn request_error(settings: &WebSettings) -> Option<String> {
    let method = if settings.method.is_empty() {
        "GET"
    } else {
        &settings.method
    };
    let has_body = !settings.body.is_empty();
    if has_body && settings.has_json_body {
        return Some(
            "use either Body or JSONBody; both cannot exists for WebMetric payload".to_owned(),
        );
    }
    if (has_body || settings.has_json_body) && method == "GET" {
        return Some(
            "Body/JSONBody can only be used with POST or PUT WebMetric Method types".to_owned(),
        );
    }
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !method.bytes().all(is_token) {
        return Some(format!(
            "net/http: invalid method {}",
            quote(method.as_bytes())
        ));
    }
    let parsed = match url::parse(&settings.url) {
        Ok(parsed) => parsed,
        Err(error) => return Some(error.to_string()),
    };
    let problem = if !matches!(parsed.scheme.as_str(), "http" | "https") {
        format!(
            "unsupported protocol scheme {}",
            quote(parsed.scheme.as_bytes())
        )
    } else if parsed.host.is_empty() {
        "http: no Host in request URL".to_owned()
    } else {
        return None;
    };
    let (first, rest) = method.split_at(1);
    Some(format!(
        "{first}{} {}: {problem}",
        rest.to_ascii_lowercase(),
        quote(settings.url.as_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::{WebProvider, WebSettings};

    fn error(settings: &WebSettings) -> Option<String> {
        WebProvider::new(settings)
            .unwrap()
            .request_error()
            .map(str::to_owned)
    }

    #[test]
    fn requests_that_are_never_sent() {
        let url = |url: &str| WebSettings {
            url: url.to_owned(),
            ..WebSettings::default()
        };
        assert_eq!(error(&url("https://a/b")), None);
        assert_eq!(
            error(&url("a:90/x")).unwrap(),
            "Get \"a:90/x\": unsupported protocol scheme \"a\""
        );
        assert_eq!(
            error(&url("http:///x")).unwrap(),
            "Get \"http:///x\": http: no Host in request URL"
        );
        let with_body = WebSettings {
            body: "x".to_owned(),
            ..url("http://a")
        };
        assert!(
            error(&with_body)
                .unwrap()
                .starts_with("Body/JSONBody can only")
        );
        let posted = WebSettings {
            method: "POST".to_owned(),
            ..with_body
        };
        assert_eq!(error(&posted), None);
        assert!(
            error(&WebSettings {
                has_json_body: true,
                ..posted
            })
            .unwrap()
            .starts_with("use either Body")
        );
    }
}
