//! Starting other programs, and where things lie.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in a folder of the workspace")
}

/// The folder that the page is built into.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Where cargo puts what it builds, which the environment and configuration files may have moved.
pub fn target_folder() -> Outcome<PathBuf> {
    let text = output(cargo().args(["metadata", "--format-version=1", "--no-deps", "--offline"]))?;
    let (_, rest) = text.split_once("\"target_directory\":\"").ok_or("cargo metadata names no target folder")?;
    let (path, _) = rest.split_once('"').ok_or("cargo metadata ends early")?;
    Ok(PathBuf::from(path.replace("\\\\", "\\")))
}

/// The same cargo that runs this program, at the root of the workspace.
pub fn cargo() -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Set for us by the outer cargo; they describe xtask and must not reach the builds.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// Any program, at the root of the workspace.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Runs to the end with our own terminal.
pub fn status(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| format!("{} cannot be started: {error}", name_of(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", name_of(command))) }
}

/// Runs to the end and gives what it wrote to its standard output.
pub fn output(command: &mut Command) -> Outcome<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", name_of(command)))?;
    if !output.status.success() {
        return Err(format!("{} failed ({})", name_of(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{} wrote something that is not text", name_of(command)))
}

/// Runs to the end without a trace and tells whether that went well.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The first of `names` that lies in a folder of `PATH`.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// The program with its arguments, as one would type it.
pub fn name_of(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program()).to_string_lossy();
    let words = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}
