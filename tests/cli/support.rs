//! Runs the program, and makes folders of inputs that differ from the article's in one place.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the program did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Both streams and the exit code, for snapshots.
    pub fn shown(&self) -> String {
        format!(
            "{}{}exit code {}\n",
            section("standard output", &self.out),
            section("standard error", &self.err),
            self.code
        )
    }

    /// The result, if it is JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }
}

fn section(title: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("--- {title}\n{text}")
}

/// The folder of the repository: paths in it are the same everywhere.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program in `folder` with words separated by spaces.
pub fn rollsim_in(folder: &Path, words: &str, stdin: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .args(words.split_whitespace())
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end without having read it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let ran = Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran
}

/// Runs the program in the repository's folder.
pub fn rollsim(words: &str) -> Ran {
    rollsim_in(repository(), words, "")
}

/// A copy of the article's corrected manifests and scenario in a folder of its own.
#[derive(Debug)]
pub struct Inputs(tempfile::TempDir);

impl Inputs {
    /// The copy: `api.yaml` and `corrected/`.
    pub fn of_the_article() -> Self {
        let inputs = Self(tempfile::tempdir().unwrap());
        let article = repository().join("scenarios/article");
        fs::create_dir(inputs.path("corrected")).unwrap();
        for file in [
            "api.yaml",
            "corrected/rollout.yaml",
            "corrected/success-rate.yaml",
            "corrected/latency-p99.yaml",
        ] {
            fs::copy(article.join(file), inputs.path(file)).unwrap();
        }
        // Tests that expect something say so themselves.
        let scenario = inputs.read("api.yaml");
        let end = scenario.find("expect:\n").unwrap();
        inputs.write("api.yaml", &scenario[..end]);
        inputs
    }

    /// The same, with one text replaced.
    #[track_caller]
    pub fn changed(file: &str, from: &str, to: &str) -> Self {
        let inputs = Self::of_the_article();
        inputs.replace(file, from, to);
        inputs
    }

    /// Replaces a text that is there.
    #[track_caller]
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{from:?} is not in {file}");
        self.write(file, text.replace(from, to));
    }

    /// Where a file is.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// What is in a file.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    /// Writes a file.
    pub fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(file), text).unwrap();
    }

    /// Runs the program in the folder.
    pub fn rollsim(&self, words: &str) -> Ran {
        rollsim_in(self.0.path(), words, "")
    }

    /// Runs the program in the folder with a standard input.
    pub fn rollsim_with(&self, words: &str, stdin: &str) -> Ran {
        rollsim_in(self.0.path(), words, stdin)
    }

    /// All manifests as one stream, as `kustomize build` prints them.
    pub fn stream(&self) -> String {
        ["rollout", "success-rate", "latency-p99"]
            .map(|name| self.read(&format!("corrected/{name}.yaml")))
            .join("---\n")
    }

    /// Names of everything in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}
