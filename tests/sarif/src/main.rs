//! Holds SARIF logs, given as paths, to the SARIF 2.1.0 schema that the crate `serde-sarif` carries in its source.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match check_all() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The number of logs that aren't valid. A log with nothing in it proves nothing, and an invalid one must be told.
fn check_all() -> Fallible<usize> {
    let schema = read(&schema_path()?)?;
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| error.to_string())?;
    let mut invalid = 0;
    let mut results = 0;
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        let mut log = read(&path)?;
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        for error in &errors {
            println!("{}: {error}", path.display());
        }
        invalid += usize::from(!errors.is_empty());
        results += log["runs"][0]["results"].as_array().map_or(0, Vec::len);
        log["runs"][0]["results"][0]["level"] = Value::from("terrible");
        if validator.is_valid(&log) {
            return Err("the schema lets through a level that doesn't exist".into());
        }
    }
    if results == 0 {
        return Err("no log has a result".into());
    }
    println!("{results} results, {invalid} invalid logs");
    Ok(invalid)
}

fn read(path: &Path) -> Fallible<Value> {
    let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

/// The schema in the source of `serde-sarif`, wherever cargo keeps that.
fn schema_path() -> Fallible<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--all-features",
        ])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let package = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif");
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let manifest = manifest.ok_or("serde-sarif isn't among the packages")?;
    Ok(Path::new(manifest)
        .with_file_name("src")
        .join("schema.json"))
}
