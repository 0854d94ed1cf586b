//! A real Prometheus on the loopback interface, over exported series.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// A running server; stopped when dropped.
pub struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    #[allow(
        clippy::disallowed_methods,
        reason = "a server that doesn't start mustn't hang the test"
    )]
    /// Loads OpenMetrics text into `folder` and starts a server over it.
    pub fn start(openmetrics: &Path, folder: &Path) -> Self {
        let data = folder.join("data");
        let loaded = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([openmetrics, &data])
            .output()
            .unwrap();
        assert!(
            loaded.status.success(),
            "{}",
            String::from_utf8_lossy(&loaded.stderr)
        );
        let config = folder.join("prometheus.yml");
        std::fs::write(&config, "global: {scrape_interval: 1m}\n").unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--storage.tsdb.retention.time=100y", "--log.level=error"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, port };
        let started = Instant::now();
        while server.get("/-/ready").is_none_or(|answer| answer.0 != 200) {
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "Prometheus doesn't get ready"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// The values of a query at `time` (milliseconds) in the server's order, or its error.
    pub fn query(&self, query: &str, time: i64) -> Result<Vec<f64>, String> {
        let seconds = format!("{}.{:03}", time / 1_000, time % 1_000);
        let path = format!("/api/v1/query?time={seconds}&query={}", escaped(query));
        let (_, body) = self.get(&path).expect("an answer");
        let answer: Json = serde_json::from_str(&body).expect(&body);
        if let Some(error) = answer["error"].as_str() {
            return Err(error.to_owned());
        }
        let number = |point: &Json| point[1].as_str().expect(&body).parse().expect(&body);
        let result = &answer["data"]["result"];
        Ok(match answer["data"]["resultType"].as_str() {
            Some("scalar") => vec![number(result)],
            Some("vector") => {
                let rows = result.as_array().expect(&body);
                rows.iter().map(|row| number(&row["value"])).collect()
            }
            _ => panic!("{body}"),
        })
    }

    /// Status and body; none while nobody listens.
    fn get(&self, path: &str) -> Option<(u32, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split_whitespace().nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}
