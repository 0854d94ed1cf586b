//! Commands from the typed words to bytes and exit code, with studies made by hand.

use std::ffi::OsString;
use std::io::{self, Write};

use super::exit_code::ExitCode;
use super::streams::Streams;
use super::{Studies, main};
use crate::diagnostics::{ColourChoice, Diagnostic, SourceMap, Span};
use crate::report::model::{InvalidSpec, Report};
use crate::report::sample;
use crate::study::failure::Failure;
use crate::study::request::{InputPath, RolloutChoice, RunRequest, TraceRequest};

struct Seen {
    code: ExitCode,
    out: String,
    err: String,
    run: Option<RunRequest>,
    trace: Option<TraceRequest>,
}

fn typed(words: &str, report: Result<Report, Failure>) -> Seen {
    let arguments = ["rollsim"].into_iter().chain(words.split_whitespace());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        out: &mut out,
        err: &mut err,
        colours: ColourChoice::Plain,
        watched: false,
    };
    let (mut run, mut trace) = (None, None);
    let studies = Studies {
        run: |request: &RunRequest, _: &_| {
            run = Some(request.clone());
            report
        },
        trace: |request: &TraceRequest| {
            trace = Some(request.clone());
            Ok(sample::trace().into())
        },
    };
    let code = main(arguments.map(OsString::from), &mut streams, studies);
    Seen {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
        run,
        trace,
    }
}

#[test]
fn every_flag_of_run_arrives() {
    let seen = typed(
        "run a.yaml - b --arm healthy --arm spike --arm healthy --rollout api --replications 500 --seed 7 \
         --threads 2 --format json",
        Ok(sample::report()),
    );
    assert_eq!(seen.code, ExitCode::Done, "{}", seen.err);
    let request = seen.run.unwrap();
    let path = |text: &str| InputPath::Path(text.into());
    assert_eq!(
        request.inputs,
        [path("a.yaml"), InputPath::Stdin, path("b")]
    );
    assert_eq!(request.arms, ["healthy", "spike"]);
    assert_eq!(request.rollouts, RolloutChoice::Named("api".to_owned()));
    assert_eq!(request.replications.unwrap().get(), 500);
    assert_eq!((request.seed, request.threads.unwrap().get()), (Some(7), 2));
    assert!(
        seen.out
            .starts_with("{\n  \"schema\": \"rollsim/result/v1\"")
    );
    assert_eq!(seen.err, "");
}

#[test]
fn what_isn_t_typed_is_left_to_the_scenario() {
    let request = typed("run a.yaml", Ok(sample::report())).run.unwrap();
    assert_eq!(request.rollouts, RolloutChoice::Default);
    assert!(request.arms.is_empty());
    assert_eq!(
        (request.replications, request.seed, request.threads),
        (None, None, None)
    );
    let request = typed("run a.yaml --all-rollouts", Ok(sample::report())).run;
    assert_eq!(request.unwrap().rollouts, RolloutChoice::All);
}

#[test]
fn every_flag_of_trace_arrives() {
    let words = "trace a.yaml --arm spike --replication 417 --seed 3 --rollout api --format csv";
    let seen = typed(words, Ok(sample::report()));
    assert_eq!(seen.code, ExitCode::Done);
    let request = seen.trace.unwrap();
    assert_eq!((request.arm.as_str(), request.replication), ("spike", 417));
    assert_eq!(
        (request.seed, request.rollout.as_deref()),
        (Some(3), Some("api"))
    );
    assert!(seen.out.starts_with("at_s,kind,text\n"));
    assert_eq!(
        typed("trace a", Ok(sample::report())).trace.unwrap().arm,
        "healthy"
    );
}

#[test]
fn the_text_names_the_command_that_reproduces_it() {
    let seen = typed(
        "run a.yaml ./it's --arm empty-body --all-rollouts",
        Ok(sample::report()),
    );
    let expected = "rollsim run a.yaml './it'\\''s' --all-rollouts --arm empty-body --replications 1000 --seed 1\n";
    assert!(seen.out.ends_with(expected), "{}", seen.out);
}

#[test]
fn wrong_usage_is_bad_input_and_starts_nothing() {
    for (words, reason) in [
        ("run", "required arguments were not provided"),
        (
            "run a.yaml --replications 0",
            "at least one replication is needed",
        ),
        ("run a.yaml --replications many", "a whole number is needed"),
        ("run a.yaml --threads 0", "at least one thread is needed"),
        ("run a.yaml --seed -1", "unexpected argument '-1'"),
        (
            "run a.yaml --format xml",
            "[possible values: text, json, csv]",
        ),
        (
            "run a.yaml --rollout api --all-rollouts",
            "cannot be used with",
        ),
        (
            "run a.yaml --replication 5",
            "a similar argument exists: '--replications'",
        ),
        ("run - -", "standard input (-) is given twice"),
        ("run a.yaml -o /", "it is a folder"),
        ("trace - -", "standard input (-) is given twice"),
        ("simulate a.yaml", "unrecognized subcommand"),
    ] {
        let seen = typed(words, Ok(sample::report()));
        assert_eq!(seen.code, ExitCode::BadInput, "{words}");
        assert!(seen.err.contains(reason), "{words}: {}", seen.err);
        assert_eq!(seen.out, "", "{words}");
        assert!(seen.run.is_none() && seen.trace.is_none(), "{words}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    for words in ["--help", "run --help", "--version"] {
        let seen = typed(words, Ok(sample::report()));
        assert_eq!((seen.code, seen.err.as_str()), (ExitCode::Done, ""));
        assert!(seen.out.contains("rollsim"), "{}", seen.out);
    }
    let nothing = typed("", Ok(sample::report()));
    assert_eq!(nothing.code, ExitCode::BadInput);
    assert!(
        nothing.err.contains("Usage: rollsim <COMMAND>"),
        "{}",
        nothing.err
    );
}

#[test]
fn failures_show_the_place_and_choose_the_code() {
    let mut sources = SourceMap::new();
    let source = sources.add("a.yaml", "rate: 50\n");
    let diagnostic = Diagnostic::error("a rate needs a unit")
        .at(Span::new(6, 8).in_source(source))
        .with_help("write 50/s");
    let failure = Failure::Input {
        diagnostics: vec![diagnostic],
        sources,
    };
    let seen = typed("run a.yaml", Err(failure));
    assert_eq!((seen.code, seen.out.as_str()), (ExitCode::BadInput, ""));
    for part in [
        "a rate needs a unit",
        "a.yaml:1:7",
        "rate: 50",
        "write 50/s",
    ] {
        assert!(seen.err.contains(part), "{}", seen.err);
    }
    let undecided = Failure::Undecided(Box::new(Diagnostic::error("not decided")));
    assert_eq!(
        typed("run a.yaml", Err(undecided)).code,
        ExitCode::Undecided
    );
}

#[test]
fn a_refused_rollout_is_reported_as_bad_input() {
    let mut report = sample::report();
    report.results[0].arms.clear();
    report.results[0].invalid_spec = Some(InvalidSpec {
        message: "args.service-name was not resolved".to_owned(),
        place: None,
        help: None,
        findings: Vec::new(),
    });
    let seen = typed("run a.yaml", Ok(report));
    assert_eq!(seen.code, ExitCode::BadInput);
    assert!(seen.out.contains("  args.service-name was not resolved\n"));
}

#[test]
fn a_file_gets_the_bytes_that_standard_output_would() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result.json");
    let words = format!("run a.yaml --format json -o {}", file.display());
    let to_file = typed(&words, Ok(sample::report()));
    assert_eq!((to_file.code, to_file.out.as_str()), (ExitCode::Done, ""));
    let to_stdout = typed("run a.yaml --format json", Ok(sample::report()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), to_stdout.out);
}

#[test]
fn a_failed_run_leaves_an_earlier_result_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result.json");
    std::fs::write(&file, "earlier").unwrap();
    let words = format!("run a.yaml -o {}", file.display());
    let failure = Failure::request(Diagnostic::error("no arm `spik`"));
    assert_eq!(typed(&words, Err(failure)).code, ExitCode::BadInput);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "earlier");
}

/// A reader that has gone away, or a full disk.
struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is() {
    for (kind, code) in [
        (io::ErrorKind::BrokenPipe, ExitCode::Done),
        (io::ErrorKind::StorageFull, ExitCode::BadInput),
    ] {
        let (mut out, mut err) = (Broken(kind), Vec::new());
        let mut streams = Streams {
            out: &mut out,
            err: &mut err,
            colours: ColourChoice::Plain,
            watched: false,
        };
        assert_eq!(streams.write(b"result", ExitCode::Done), code);
        assert_eq!(err.is_empty(), code == ExitCode::Done);
    }
}
