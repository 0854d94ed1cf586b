//! Where a result goes: checked before the run, written all at once after it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::exit_code::ExitCode;
use super::streams::Streams;
use crate::diagnostics::Diagnostic;
use crate::study::request::InputPath;

/// A place that took a trial before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file: replaced by a rename from the same folder, so that it holds all of a result or what it held.
    File(PathBuf),
    /// Something else that can be opened: a device, a named pipe.
    Device(PathBuf),
}

impl Target {
    /// Checks that the result can be written there, without changing anything.
    ///
    /// # Errors
    /// A folder, a missing or unwritable folder, a read-only file, or one of the inputs.
    pub fn check(path: Option<&Path>, inputs: &[InputPath]) -> Result<Self, Box<Diagnostic>> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Ok(Self::Stdout);
        };
        // A symbolic link stays one: what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Ok(found) = fs::metadata(&target) {
            if found.is_dir() {
                return Err(unwritable(path, "it is a folder", "name a file in it"));
            }
            if !found.is_file() {
                return Ok(Self::Device(target));
            }
            if is_input(&target, inputs) {
                let help = "choose another file for the result";
                return Err(unwritable(path, "it is one of the inputs", help));
            }
            if found.permissions().readonly() {
                let help = "make it writable or choose another file";
                return Err(unwritable(path, "it is read-only", help));
            }
        }
        match fs::metadata(folder(&target)) {
            Ok(found) if found.is_dir() => {}
            _ => {
                let reason = format!("there is no folder `{}`", folder(&target).display());
                return Err(unwritable(path, &reason, "create the folder first"));
            }
        }
        // The temporary file vanishes at once; only creating it tells whether creating works.
        temporary(&target)
            .map_err(|error| unwritable(path, &error.to_string(), "choose another place"))?;
        Ok(Self::File(target))
    }

    /// Writes the result and returns `code`, or [`ExitCode::BadInput`] if that fails.
    pub fn write(&self, bytes: &[u8], streams: &mut Streams<'_>, code: ExitCode) -> ExitCode {
        let (path, written) = match self {
            Self::Stdout => return streams.write(bytes, code),
            Self::File(path) => (path, replace(path, bytes)),
            Self::Device(path) => (path, fs::write(path, bytes)),
        };
        match written {
            Ok(()) => code,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
            Err(error) => {
                let help = "choose another place";
                streams.complain(&unwritable(path, &error.to_string(), help))
            }
        }
    }
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn temporary(target: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".rollsim-").suffix(".part");
    // Temporary files are private; a result has the permissions of any new file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(target))
}

fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = temporary(target)?;
    file.write_all(bytes)?;
    // A file that is replaced keeps its own.
    if let Ok(found) = fs::metadata(target) {
        file.as_file().set_permissions(found.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

fn is_input(target: &Path, inputs: &[InputPath]) -> bool {
    inputs.iter().any(|input| match input {
        InputPath::Stdin => false,
        InputPath::Path(path) => fs::canonicalize(path).is_ok_and(|path| path == target),
    })
}

fn unwritable(path: &Path, reason: &str, help: &str) -> Box<Diagnostic> {
    let message = format!("can't write the result to `{}`", path.display());
    let diagnostic = Diagnostic::error(message).with_note(reason);
    Box::new(diagnostic.with_help(help))
}

#[cfg(test)]
mod tests {
    use super::Target;
    use crate::cli::exit_code::ExitCode;
    use crate::cli::streams::Streams;
    use crate::diagnostics::ColourChoice;
    use crate::study::request::InputPath;
    use std::fs;
    use std::path::Path;

    fn reason(path: &Path, inputs: &[InputPath]) -> String {
        let diagnostic = Target::check(Some(path), inputs).unwrap_err();
        assert!(diagnostic.message.contains(&path.display().to_string()));
        assert!(diagnostic.help.is_some());
        diagnostic.notes.join(" ")
    }

    fn write(target: &Target, bytes: &[u8]) -> (ExitCode, Vec<u8>) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut streams = Streams {
            out: &mut out,
            err: &mut err,
            colours: ColourChoice::Plain,
            watched: false,
        };
        let code = target.write(bytes, &mut streams, ExitCode::Done);
        (code, out)
    }

    #[test]
    fn no_file_and_a_dash_mean_standard_output() {
        assert_eq!(Target::check(None, &[]), Ok(Target::Stdout));
        assert_eq!(Target::check(Some(Path::new("-")), &[]), Ok(Target::Stdout));
        assert_eq!(
            write(&Target::Stdout, b"x"),
            (ExitCode::Done, b"x".to_vec())
        );
    }

    #[test]
    fn what_can_t_be_written_is_told_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("scenario.yaml");
        fs::write(&input, "").unwrap();
        assert_eq!(reason(folder.path(), &[]), "it is a folder");
        let inputs = [InputPath::Stdin, InputPath::Path(input.clone())];
        assert_eq!(reason(&input, &inputs), "it is one of the inputs");
        let missing = folder.path().join("nowhere").join("result.json");
        assert!(reason(&missing, &[]).starts_with("there is no folder"));
        let under_a_file = input.join("result.json");
        assert!(reason(&under_a_file, &[]).starts_with("there is no folder"));
        let mut permissions = fs::metadata(&input).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&input, permissions).unwrap();
        assert_eq!(reason(&input, &[]), "it is read-only");
    }

    #[test]
    fn the_check_leaves_no_trace_and_the_write_replaces_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        let target = Target::check(Some(&file), &[]).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(write(&target, b"a longer first result").0, ExitCode::Done);
        assert_eq!(write(&target, b"second"), (ExitCode::Done, Vec::new()));
        assert_eq!(fs::read(&file).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_went_away_is_bad_output_and_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("result.json");
        let target = Target::check(Some(&file), &[]).unwrap();
        folder.close().unwrap();
        assert_eq!(write(&target, b"x").0, ExitCode::BadInput);
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_devices_are_written_through() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "before").unwrap();
        symlink(&file, &link).unwrap();
        let target = Target::check(Some(&link), &[]).unwrap();
        assert_eq!(write(&target, b"after").0, ExitCode::Done);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"after");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_ne!(
            mode & 0o040,
            0,
            "readable for more than its owner: {mode:o}"
        );
        let null = Target::check(Some(Path::new("/dev/null")), &[]).unwrap();
        assert_eq!(null, Target::Device("/dev/null".into()));
        assert_eq!(write(&null, b"x").0, ExitCode::Done);
    }
}
