//! Chromium and its driver: found, or installed where that is nobody else's business.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, run};

/// The two programs the browser tests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    driver: PathBuf,
    chromium: PathBuf,
}

impl Browser {
    /// Finds both; as root on Debian, installs them when they are missing.
    pub fn find_or_install() -> Outcome<Self> {
        // A wrong hint is not cured by installing another browser.
        for variable in ["CHROMEDRIVER", "CHROMIUM"] {
            if std::env::var_os(variable).is_some_and(|path| !Path::new(&path).is_file()) {
                return Err(format!("${variable} names no file"));
            }
        }
        if let Some(browser) = Self::find() {
            return Ok(browser);
        }
        if !is_root_on_debian() {
            return Err(format!("Chromium and chromedriver are missing. Install them: {}", advice()));
        }
        println!("Chromium and chromedriver are missing; installing them with apt ...");
        apt(&["update", "-q"])?;
        apt(&["install", "-q", "-y", "--no-install-recommends", "chromium", "chromium-driver", "fonts-dejavu-core"])?;
        Self::find()
            .ok_or_else(|| String::from("apt has installed Chromium and chromedriver, but they are not on PATH"))
    }

    fn find() -> Option<Self> {
        let driver = named("CHROMEDRIVER", &["chromedriver"])?;
        let chromium = named("CHROMIUM", &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])?;
        Some(Self { driver, chromium })
    }

    /// Tells a test run where they are.
    pub fn announce(&self, command: &mut Command) {
        command.env("CHROMEDRIVER", &self.driver).env("CHROMIUM", &self.chromium);
    }
}

/// The file in the environment variable, or the first of `names` on `PATH` or in `/usr/bin`.
fn named(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        return path.is_file().then_some(path);
    }
    let usual = || names.iter().map(|name| Path::new("/usr/bin").join(name)).find(|path| path.is_file());
    run::find_program(names).or_else(usual)
}

fn is_root_on_debian() -> bool {
    let is_root = run::output(run::program("id").arg("-u")).is_ok_and(|user| user.trim() == "0");
    is_root && Path::new("/etc/debian_version").is_file()
}

fn apt(words: &[&str]) -> Outcome {
    run::status(run::program("apt-get").args(words).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// The one line for this system.
fn advice() -> &'static str {
    if Path::new("/etc/debian_version").is_file() {
        return "sudo apt-get install -y chromium chromium-driver";
    }
    match std::env::consts::OS {
        "macos" => "brew install --cask chromium chromedriver",
        "windows" => "winget install Google.Chrome Chromium.ChromeDriver",
        _ => "install chromium and chromedriver with your system's packages",
    }
}
