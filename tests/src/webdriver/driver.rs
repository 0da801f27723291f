//! The chromedriver process and what Chromium is started with.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};

/// A running chromedriver on a port of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Driver {
    /// Starts `$CHROMEDRIVER`, or `chromedriver` from `PATH`.
    pub fn start() -> Result<Self, String> {
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let mut child = Command::new(&program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let mut output = BufReader::new(child.stdout.take().ok_or("chromedriver has no output")?);
        let port = read_port(&mut output);
        let driver = Self { child, port: port.unwrap_or_default() };
        // Nobody reads on, but a full pipe would stop it.
        thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        if port.is_some() { Ok(driver) } else { Err(String::from("chromedriver did not say its port")) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads up to the line "ChromeDriver was started successfully on port 12345."
fn read_port(output: &mut impl BufRead) -> Option<u16> {
    let mut line = String::new();
    while output.read_line(&mut line).ok()? > 0 {
        if let Some((_, rest)) = line.split_once("successfully on port ") {
            return rest.trim().trim_end_matches('.').parse().ok();
        }
        line.clear();
    }
    None
}

/// What a new session asks for. With a `profile`, files stored by the page outlive the session.
pub fn capabilities(profile: Option<&Path>) -> Value {
    let mut words = vec![
        String::from("--headless=new"),
        String::from("--no-sandbox"),
        String::from("--disable-gpu"),
        String::from("--disable-quic"),
        String::from("--disable-dev-shm-usage"),
        String::from("--no-first-run"),
        String::from("--disable-background-networking"),
        String::from("--disable-component-update"),
        String::from("--disable-sync"),
    ];
    words.extend(profile.map(|folder| format!("--user-data-dir={}", folder.display())));
    let mut options = json!({ "args": words });
    if let Ok(chromium) = std::env::var("CHROMIUM") {
        options["binary"] = json!(chromium);
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": options,
    } } })
}
