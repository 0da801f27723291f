//! `measure`: times the rows natively, lets node time them in WebAssembly, and prints the report.
//!
//! Started by `cargo xtask bench`, which builds and fetches what is needed.
#![allow(clippy::cast_precision_loss, reason = "times are shown, nothing is decided by them")]

use extentscope_bench::rows::{self, Peer, ROWS, Row};
use extentscope_bench::{Make, rows::listed};
use extentscope_core::trace::Event;
use serde::Deserialize;
use std::fmt::Write;
use std::process::{Command, ExitCode, Stdio};

/// What was asked for.
#[derive(Default)]
struct Options {
    repeats: usize,
    json: bool,
    /// The script that times in node, and the module.
    node: Option<(String, String)>,
    /// The folder with `node_modules`.
    packages: Option<String>,
    /// Why something is missing.
    notes: Vec<String>,
}

/// Nanoseconds for an operation, one number for each repeat.
#[derive(Deserialize)]
struct Samples {
    id: String,
    ours: Vec<f64>,
    peer: Vec<f64>,
}

struct Result {
    place: &'static str,
    row: &'static Row,
    ratios: [f64; 3],
    ours: f64,
    peer: f64,
    repeats: usize,
}

fn main() -> ExitCode {
    let mut options = options();
    let mut results = native(options.repeats);
    match in_node(&options) {
        Ok(found) => results.extend(found),
        Err(reason) => options.notes.push(reason),
    }
    let report = if options.json { json(&results, &options.notes) } else { table(&results, &options.notes) };
    println!("{report}");
    ExitCode::SUCCESS
}

fn options() -> Options {
    let mut options = Options { repeats: 5, ..Options::default() };
    let mut words = std::env::args().skip(1);
    let mut script = String::new();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--json" => options.json = true,
            "--repeats" => options.repeats = value().parse().expect("--repeats needs a number"),
            "--node" => script = value(),
            "--module" => options.node = Some((script.clone(), value())),
            "--packages" => options.packages = Some(value()),
            "--note" => options.notes.push(value()),
            _ => panic!("{word} is not an option of measure"),
        }
    }
    options.repeats = options.repeats.max(1);
    options
}

/// CPU time of this thread in nanoseconds; what other processes take does not count.
#[cfg(unix)]
fn clock() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live, writable value of the right type.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert!(failed == 0, "the thread has a clock");
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Wall time in nanoseconds, where there is nothing better.
#[cfg(not(unix))]
fn clock() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as f64
}

fn sample(make: Make, calls: u32) -> f64 {
    let mut run = make();
    let start = clock();
    let operations: u64 = (0..calls).map(|_| run()).sum();
    (clock() - start) / operations as f64
}

/// All rows whose peer is Rust, the sides taking turns.
fn native(repeats: usize) -> Vec<Result> {
    let mut results = Vec::new();
    for row in ROWS {
        let Peer::Rust(peer) = row.peer else { continue };
        eprintln!("native: {} ...", row.id);
        let mut samples = Samples { id: row.id.to_owned(), ours: Vec::new(), peer: Vec::new() };
        for repeat in 0..=repeats {
            let ours_first = repeat % 2 == 0;
            let early = ours_first.then(|| sample(row.ours, row.calls));
            let other = sample(peer, 1);
            let ours = early.unwrap_or_else(|| sample(row.ours, row.calls));
            // The first round warms up.
            if repeat > 0 {
                samples.ours.push(ours);
                samples.peer.push(other);
            }
        }
        results.extend(result("native", &samples));
    }
    results
}

fn in_node(options: &Options) -> std::result::Result<Vec<Result>, String> {
    let Some((script, module)) = &options.node else { return Ok(Vec::new()) };
    eprintln!("node: all rows, this takes a while ...");
    let list = serde_json::to_string(&listed()).map_err(|error| error.to_string())?;
    let mut node = Command::new("node");
    node.args(["--expose-gc", script, module, &options.repeats.to_string(), &list]);
    node.args(&options.packages).stderr(Stdio::inherit());
    let output = node.output().map_err(|error| format!("node cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("node failed ({}): its rows are missing", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let samples = text.lines().filter_map(|line| serde_json::from_str::<Samples>(line).ok());
    Ok(samples.filter_map(|samples| result("wasm, node", &samples)).collect())
}

fn result(place: &'static str, samples: &Samples) -> Option<Result> {
    let row = ROWS.iter().find(|row| row.id == samples.id)?;
    // Each ratio is of two samples taken next to each other.
    let ratios = sorted(samples.ours.iter().zip(&samples.peer).map(|(ours, peer)| peer / ours));
    let middle = |times: &[f64]| times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
    let (ours, peer) = (sorted(samples.ours.iter().copied()), sorted(samples.peer.iter().copied()));
    let ratios = [*ratios.first()?, middle(&ratios), *ratios.last()?];
    Some(Result { place, row, ratios, ours: middle(&ours), peer: middle(&peer), repeats: samples.ours.len() })
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = numbers.collect();
    all.sort_by(f64::total_cmp);
    all
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        short if short < 1e3 => format!("{short:.1} ns"),
        middle if middle < 1e6 => format!("{:.2} us", middle / 1e3),
        long => format!("{:.2} ms", long / 1e6),
    }
}

fn table(results: &[Result], notes: &[String]) -> String {
    let mut out = String::from(
        "Ratio: time of the peer / time of ours, so above 1 ours is faster. Only ratios of one row and one place mean \
         something;\nthe times beside them are for orientation (median, CPU time of one operation).\n\n",
    );
    let line = |cells: [&str; 9]| {
        let [id, place, min, median, max, ours, peer, measures, recorded] = cells;
        format!("{id:10} {place:10} {min:>8} {median:>8} {max:>8}  {ours:>10} {peer:>10}  {measures:12} {recorded:9}")
    };
    let head = line(["row", "place", "min", "median", "max", "ours", "peer", "measures", "recording"]);
    writeln!(out, "{head}  what / against what").expect("text can be written");
    for result in results {
        let [min, median, max] = result.ratios.map(|ratio| format!("{ratio:.2}"));
        let (ours, peer) = (time(result.ours), time(result.peer));
        let (row, recorded) = (result.row, if result.row.recorded { "on" } else { "off" });
        let cells = [row.id, result.place, &min, &median, &max, &ours, &peer, row.measures.label(), recorded];
        writeln!(out, "{}  {} / {}", line(cells), row.what, row.against).expect("text can be written");
    }
    writeln!(out, "\nAn event takes {} bytes in the recording.", size_of::<Event>()).expect("text can be written");
    for note in notes {
        writeln!(out, "Note: {note}.").expect("text can be written");
    }
    out
}

fn json(results: &[Result], notes: &[String]) -> String {
    let row = |result: &Result| {
        let row: &rows::Row = result.row;
        serde_json::json!({
            "id": row.id, "place": result.place, "what": row.what, "peer": row.against, "measures": row.measures,
            "recording": row.recorded, "repeats": result.repeats,
            "ratio": { "min": result.ratios[0], "median": result.ratios[1], "max": result.ratios[2] },
            "nanoseconds": { "ours": result.ours, "peer": result.peer },
        })
    };
    let all: Vec<_> = results.iter().map(row).collect();
    let document = serde_json::json!({ "rows": all, "event_bytes": size_of::<Event>(), "notes": notes });
    serde_json::to_string_pretty(&document).expect("numbers and text can be written")
}
