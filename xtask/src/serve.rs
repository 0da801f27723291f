//! `cargo xtask serve`.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use static_server::StaticServer;

use crate::bundle::{self, Profile};
use crate::{Outcome, run};

/// What the page is made of.
const WATCHED: [&str; 7] =
    ["core/src", "web/src", "static", "index.html", "Cargo.toml", "core/Cargo.toml", "web/Cargo.toml"];

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Port on 127.0.0.1 (another port is another origin: files stored in the browser are not shared)
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Open the page in the default browser
    #[arg(long)]
    open: bool,
    /// Debug build, built again whenever a source file changes
    #[arg(long)]
    dev: bool,
}

/// Builds, serves, prints the address, and stays.
pub fn run(options: &Options) -> Outcome {
    let profile = if options.dev { Profile::Dev } else { Profile::Release };
    // Before the build: that a port is taken should not be learned after a minute.
    let server = StaticServer::start(&run::dist(), options.port)
        .map_err(|error| format!("port {} cannot be used: {error}; choose another with --port", options.port))?;
    let state = sources();
    bundle::build(profile)?;
    println!("{}", server.url());
    if options.open
        && let Err(reason) = open(&server.url())
    {
        eprintln!("{reason}: open the address yourself");
    }
    if options.dev {
        rebuild_on_change(state);
    }
    server.wait();
    Ok(())
}

fn open(url: &str) -> Outcome {
    let (program, words): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    run::status(run::program(program).args(words).arg(url))
}

/// The number of watched files and the latest change of any of them.
type State = (usize, Option<SystemTime>);

/// Looks twice a second: a few hundred files cost nothing, and it works on every system without a library.
fn rebuild_on_change(mut built: State) -> ! {
    loop {
        let now = sources();
        if now == built {
            thread::sleep(Duration::from_millis(500));
            continue;
        }
        built = now;
        match bundle::build(Profile::Dev) {
            Ok(_) => println!("Built again; reload the page."),
            Err(reason) => eprintln!("error: {reason}; waiting for the next change"),
        }
    }
}

fn sources() -> State {
    let files: Vec<PathBuf> = WATCHED.iter().flat_map(|name| files_at(name)).collect();
    let latest = files.iter().filter_map(|file| fs::metadata(file).and_then(|data| data.modified()).ok()).max();
    (files.len(), latest)
}

fn files_at(name: &str) -> Vec<PathBuf> {
    let path = run::root().join(name);
    if path.is_file() {
        return vec![path];
    }
    let files = bundle::files_below(&path).unwrap_or_default();
    files.into_iter().map(|file| path.join(file)).collect()
}
