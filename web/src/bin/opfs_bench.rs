//! The engine's side of `cargo xtask bench opfs`: writes and flushes on the browser's file, without the page around.
//!
//! It uses the engine and the file as the worker does and is built with the page's profile. It is no part of `dist/`.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use extentscope_core::base::{Errno, Ino, PAGE_SIZE, Prov};
use extentscope_core::dev::file::{ByteFile, FileMedium, Remember};
use extentscope_core::io::Fill;
use extentscope_core::scenario::devices::Start;
use extentscope_core::scenario::found;
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse;
use extentscope_core::scenario::script::Directives;
use extentscope_core::session::{Session, Setup, Standing};
use extentscope_core::sim::Outcome;
use extentscope_core::sim::cx::Recording;
use extentscope_core::vfs::Fs;
use extentscope_core::vfs::rw::Path;
use extentscope_web::worker::opfs;
use wasm_bindgen::{JsCast, prelude::wasm_bindgen};
use web_sys::{DedicatedWorkerGlobalScope, Performance};

/// Bytes of the device: room for a file of 16 MiB that is written elsewhere each time.
const DEVICE_BYTES: u64 = 64 << 20;
/// The first file.
const INO: Ino = Ino(1);

type Result<T> = std::result::Result<T, String>;

/// Bindgen's start; the worker's script calls what it needs.
fn main() {
    console_error_panic_hook::set_once();
}

/// The browser's file, with the time that calls of it take.
struct Timed {
    file: Box<dyn ByteFile>,
    clock: Performance,
    spent: Rc<Spent>,
}

/// Milliseconds in calls of the file.
#[derive(Default)]
struct Spent {
    moving: Cell<f64>,
    syncing: Cell<f64>,
}

impl Timed {
    fn since(&self, start: f64, sum: &Cell<f64>) {
        sum.set(sum.get() + self.clock.now() - start);
    }
}

impl ByteFile for Timed {
    fn read_at(&self, at: u64, to: &mut [u8]) -> std::result::Result<(), Errno> {
        let start = self.clock.now();
        let done = self.file.read_at(at, to);
        self.since(start, &self.spent.moving);
        done
    }
    fn write_at(&mut self, at: u64, from: &[u8]) -> std::result::Result<(), Errno> {
        let start = self.clock.now();
        let done = self.file.write_at(at, from);
        self.since(start, &self.spent.moving);
        done
    }
    fn sync(&mut self) -> std::result::Result<(), Errno> {
        let start = self.clock.now();
        let done = self.file.sync();
        self.since(start, &self.spent.syncing);
        done
    }
    fn size(&self) -> std::result::Result<u64, Errno> {
        self.file.size()
    }
    fn resize(&mut self, bytes: u64) -> std::result::Result<(), Errno> {
        self.file.resize(bytes)
    }
}

/// The open file, and what runs on it.
#[wasm_bindgen]
pub struct Ours {
    medium: FileMedium<Timed>,
    spent: Rc<Spent>,
    run: Option<Run>,
}

/// An engine on the file.
enum Run {
    /// Nothing is recorded, and a task inside makes the calls.
    Plain(Box<Machine>),
    /// As the page has it: lines of a script, every event recorded, overwritten blocks remembered.
    Watched(Box<Session>),
}

#[wasm_bindgen]
impl Ours {
    /// Opens the browser's file.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub async fn open(watched: bool) -> Result<Self> {
        let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into().map_err(|_| "this is no worker")?;
        let clock = scope.performance().ok_or("this worker has no clock")?;
        let spent = Rc::new(Spent::default());
        let file = Timed { file: opfs::open().await?, clock, spent: Rc::clone(&spent) };
        let remember = if watched { Remember::Yes } else { Remember::No };
        Ok(Self { medium: FileMedium::new(file, 512, remember), spent, run: None })
    }

    /// A new filesystem with one empty file, open; not timed.
    ///
    /// # Errors
    /// What the filesystem or the browser's file says.
    pub fn begin(&mut self, personality: &str, watched: bool) -> Result<()> {
        self.run = None;
        let setup =
            Setup::sized(personality, &Directives::default(), DEVICE_BYTES).map_err(|error| error.to_string())?;
        self.medium.file(|file| file.resize(0)).map_err(said)?;
        found::make(&self.medium, &setup).map_err(said)?;
        let devices = found::devices(&self.medium, &setup, Start::Format);
        let script = parse::parse("open -f a").map_err(|errors| errors[0].to_string())?;
        self.run = Some(if watched {
            Run::Watched(Box::new(Session::play_on(setup, devices, &script.lines)))
        } else {
            let mut machine = Machine::on(&setup, &devices, Recording::Off);
            idle(machine.play(&script))?;
            Run::Plain(Box::new(machine))
        });
        Ok(())
    }

    /// One write of 4 KiB for each page, in this order. The byte differs from page to page, so that no two are alike.
    ///
    /// # Errors
    /// What the filesystem says.
    pub fn write(&mut self, pages: &[u32], seed: u8) -> Result<()> {
        match self.run.as_mut().ok_or("nothing runs")? {
            Run::Plain(machine) => {
                let pages = pages.to_vec();
                task(machine, |fs| async move {
                    for page in pages {
                        let at = i64::from(page) << 12;
                        let fill = Fill { byte: byte(page, seed), prov: Prov(1) };
                        let done = fs.pwrite(INO, at, PAGE_SIZE, fill, Path::Buffered).await;
                        assert!(done.done == PAGE_SIZE, "the whole page is written");
                    }
                })
            }
            Run::Watched(session) => pages.iter().try_for_each(|page| line(session, &pwrite(*page, byte(*page, seed)))),
        }
    }

    /// Lines of a script; only where the run is watched.
    ///
    /// # Errors
    /// What the session says.
    pub fn play(&mut self, text: &str) -> Result<()> {
        match self.run.as_mut() {
            Some(Run::Watched(session)) => text.lines().try_for_each(|text| line(session, text)),
            _ => Err(String::from("no watched run")),
        }
    }

    /// fsync of the file.
    ///
    /// # Errors
    /// What the filesystem says.
    pub fn sync(&mut self) -> Result<()> {
        match self.run.as_mut().ok_or("nothing runs")? {
            Run::Plain(machine) => {
                task(machine, |fs| async move { assert!(fs.fsync(INO).await.is_ok(), "the file becomes durable") })
            }
            Run::Watched(session) => line(session, "fsync"),
        }
    }

    /// Milliseconds that were spent in the file's own flush since it was opened.
    pub fn syncing(&self) -> f64 {
        self.spent.syncing.get()
    }

    /// Milliseconds that were spent in its reads and writes.
    pub fn moving(&self) -> f64 {
        self.spent.moving.get()
    }

    /// How often the file was written, how many bytes, and how often it was flushed, since it was opened.
    pub fn counts(&self) -> Vec<u64> {
        let counts = self.medium.counts();
        vec![counts.writes, counts.bytes, counts.syncs]
    }

    /// Reads the file as a mount would: whether what was flushed is there and keeps every rule.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<()> {
        let (_, findings) = self.medium.file(|file| found::check(file));
        findings.first().map_or(Ok(()), |finding| Err(finding.to_string()))
    }
}

fn byte(page: u32, seed: u8) -> u8 {
    let [low, ..] = page.to_le_bytes();
    low.wrapping_add(seed)
}

fn pwrite(page: u32, byte: u8) -> String {
    format!("pwrite -q -S {byte} {} 4k", u64::from(page) << 12)
}

fn line(session: &mut Session, text: &str) -> Result<()> {
    match session.run_line(text).map_err(|error| error.to_string())?.outcome {
        Standing::Deadlock(text) => Err(text),
        _ => Ok(()),
    }
}

fn task<F: Future<Output = ()> + 'static>(machine: &mut Machine, body: impl FnOnce(Fs) -> F) -> Result<()> {
    let body: Pin<Box<dyn Future<Output = ()>>> = Box::pin(body(machine.fs().clone()));
    machine.cx().spawn("bench", false, body);
    idle(machine.run())
}

fn idle(outcome: Outcome) -> Result<()> {
    if outcome == Outcome::Idle { Ok(()) } else { Err(String::from("the run does not come to its end")) }
}

fn said(errno: Errno) -> String {
    format!("the browser's storage fails: {}", errno.text())
}
