//! Measures over the browser's private storage: the program behind `cargo xtask bench opfs`, which builds what it serves.
//!
//! Both sides are measured in one worker, taking turns; a row is the median of the rounds' ratios. No goal fails the run.

use std::process::ExitCode;

use extentscope_tests::page::Page;
use extentscope_tests::webdriver::Size;
use serde_json::{Value, json};

/// Starts the worker; every later script asks it.
const START: &str = "const worker = new Worker('./worker.js', { type: 'module' }); \
     window.ask = message => new Promise((keep, fail) => { \
       worker.onmessage = ({ data }) => data.failed ? fail(new Error(data.failed)) : keep(data.value); \
       worker.onerror = event => fail(new Error(event.message || 'the worker cannot be loaded')); \
       worker.postMessage(message); }); \
     return await window.ask({ work: 'start', watched: arguments[0] });";

/// What is done to both files.
#[derive(Clone, Copy)]
enum Work {
    Sequential,
    Random,
    Passes,
    Chunks,
}

/// What of a sample a row counts.
#[derive(Clone, Copy)]
enum Count {
    /// The writes alone.
    Write,
    /// The writes and a flush.
    Both,
    /// Everything.
    Total,
    /// Ours: fsync; the peer: the writes and a flush.
    Sync,
    /// The same without what the file's own flush takes.
    Writeback,
}

struct Row {
    name: &'static str,
    work: Work,
    count: Count,
    goal: f64,
}

const fn row(name: &'static str, work: Work, count: Count, goal: f64) -> Row {
    Row { name, work, count, goal }
}

const ROWS: [Row; 7] = [
    row("P5 sequential 4 KiB writes", Work::Sequential, Count::Write, 3.0),
    row("P5 sequential, one flush counted", Work::Sequential, Count::Both, 2.0),
    row("P5 random 4 KiB writes", Work::Random, Count::Write, 3.0),
    row("P5 random, one flush counted", Work::Random, Count::Both, 2.0),
    row("P5 four passes, random and flush", Work::Passes, Count::Total, 4.0),
    row("P6 writeback / 1 MiB chunks, flushes not counted", Work::Chunks, Count::Writeback, 0.8),
    row("P6 writeback / 1 MiB chunks, flush counted", Work::Chunks, Count::Sync, 0.8),
];

fn message(side: &str, work: Work, watched: bool, personality: &str, seed: u32) -> Value {
    json!({
        "work": side, "watched": watched, "personality": personality, "seed": seed,
        "random": matches!(work, Work::Random), "passes": matches!(work, Work::Passes),
        "chunks": matches!(work, Work::Chunks),
    })
}

fn number(sample: &Value, name: &str) -> f64 {
    sample[name].as_f64().unwrap_or(f64::NAN)
}

/// Milliseconds of a sample that a row counts.
fn counted(sample: &Value, count: Count, ours: bool) -> f64 {
    let field = |name| number(sample, name);
    match count {
        Count::Write => field("write"),
        Count::Both => field("write") + field("sync"),
        Count::Total => field("total"),
        Count::Sync if ours => field("sync"),
        Count::Sync => field("write") + field("sync"),
        Count::Writeback if ours => field("sync") - field("flush"),
        Count::Writeback => field("write"),
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Samples of both sides for one work, taken next to each other. The first round warms up and does not count.
fn samples(page: &Page, work: Work, watched: bool, personality: &str, rounds: u32) -> Vec<(Value, Value)> {
    let ask = |side: &str, seed: u32| {
        page.execute_async("return await ask(arguments[0]);", &[message(side, work, watched, personality, seed)])
    };
    let round = |seed: u32| {
        if seed.is_multiple_of(2) {
            let ours = ask("ours", seed);
            (ours, ask("raw", seed))
        } else {
            let raw = ask("raw", seed);
            (ask("ours", seed), raw)
        }
    };
    (0..=rounds).map(round).skip(1).collect()
}

fn print(row: &Row, samples: &[(Value, Value)]) {
    let times = |pair: &(Value, Value)| (counted(&pair.0, row.count, true), counted(&pair.1, row.count, false));
    let ours = median(samples.iter().map(|pair| times(pair).0).collect());
    let peer = median(samples.iter().map(|pair| times(pair).1).collect());
    let ratio = median(samples.iter().map(|pair| times(pair).1 / times(pair).0).collect());
    let said = if ratio >= row.goal { "reached" } else { "missed" };
    println!("{:50} {ours:>9.1} {peer:>9.1} {ratio:>7.2} {:>6.1}  {said}", row.name, row.goal);
}

/// All rows of one way to run the engine, in a browser of its own.
fn table(watched: bool, personality: &str, rounds: u32) {
    let how = if watched { "as the page runs it: lines of a script, every event recorded" } else { "nothing recorded" };
    println!("\n{personality}, {how}; median of {rounds} rounds, milliseconds for 16 MiB (four passes: 64 MiB)");
    println!("{:50} {:>9} {:>9} {:>7} {:>6}", "row", "ours", "peer", "ratio", "goal");
    let page = Page::open(Size::LAPTOP);
    page.execute_async(START, &[watched.into()]);
    for work in [Work::Sequential, Work::Random, Work::Passes, Work::Chunks] {
        let samples = samples(&page, work, watched, personality, rounds);
        let same = |row: &&Row| std::mem::discriminant(&row.work) == std::mem::discriminant(&work);
        ROWS.iter().filter(same).for_each(|row| print(row, &samples));
        if matches!(work, Work::Chunks) {
            let middle = |name: &str| median(samples.iter().map(|(ours, _)| number(ours, name)).collect());
            let (whole, flush, moving) = (middle("sync"), middle("flush"), middle("move"));
            let own = whole - flush - moving;
            println!("Our fsync: {} writes of the file and what was read for them: {moving:.1} ms.", middle("writes"));
            println!("           {} flushes: {flush:.1} ms. The engine itself: {own:.1} ms.", middle("syncs"));
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [rounds, personality] = words.as_slice() else {
        eprintln!("error: this program is started by cargo xtask bench opfs");
        return ExitCode::FAILURE;
    };
    let rounds = rounds.parse().unwrap_or(5_u32).max(1);
    println!(
        "Ours: buffered writes of 4 KiB of one byte, fsync. Peer: SyncAccessHandle writes, flush. Ratio: peer / ours."
    );
    table(false, personality, rounds);
    table(true, personality, rounds);
    ExitCode::SUCCESS
}
