//! The exhaustive crash test, as a program: `cargo xtask crash`.
//!
//! ```text
//! crash [--personality NAME] [--depth 1|2|3] [--from N] [--count N] [--sample N] [--seed N] [--defect NAME|all]
//! ```
//!
//! Without `--count`: every sequence of the depth. Ends with 1 when a promise was broken; with `--defect` when one was not
//! found.

use std::process::ExitCode;

use extentscope_core::personality::NAMES;
use extentscope_core::personality::plan::Defect;
use extentscope_tests::crash::workloads::{count, sequence};
use extentscope_tests::crash::{Tally, run};

struct Options {
    personalities: Vec<String>,
    depth: u32,
    from: u64,
    count: Option<u64>,
    sample: u64,
    seed: u64,
    defect: Option<String>,
}

fn options() -> Result<Options, String> {
    let personalities = NAMES.map(str::to_owned).to_vec();
    let mut options = Options { personalities, depth: 1, from: 0, count: None, sample: 64, seed: 1, defect: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match word.as_str() {
            "--personality" => options.personalities = vec![value],
            "--depth" => options.depth = u32::try_from(number()?.clamp(1, 3)).expect("small"),
            "--from" => options.from = number()?,
            "--count" => options.count = Some(number()?),
            "--sample" => options.sample = number()?,
            "--seed" => options.seed = number()?,
            "--defect" => options.defect = Some(value),
            _ => return Err(format!("`{word}` is not understood")),
        }
    }
    Ok(options)
}

/// The numbers of the sequences: all of them, or so many at equal distances.
fn numbers(options: &Options) -> Vec<u64> {
    let all = count(options.depth);
    match options.count {
        Some(some) if some < all => (0..some).map(|at| (options.from + at * (all / some)) % all).collect(),
        _ => (options.from..all).collect(),
    }
}

fn test(options: &Options, personality: &str, defect: Option<&str>) -> Tally {
    let numbers = numbers(options);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut tally = Tally::default();
        while let Some(number) = numbers.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let lines = sequence(options.depth, *number);
            let mut one = run(personality, defect, &lines, options.sample, options.seed);
            one.violations.iter_mut().for_each(|text| text.insert_str(0, &format!("[{number}] ")));
            tally.add(one);
        }
        tally
    };
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut tally = Tally::default();
        handles.into_iter().for_each(|handle| tally.add(handle.join().expect("a worker catches what it runs")));
        tally
    })
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    std::panic::set_hook(Box::new(|_| {}));
    let defects: Vec<&str> = match options.defect.as_deref() {
        Some("all") => Defect::ALL.iter().map(|(name, _)| *name).collect(),
        Some(name) => vec![name],
        None => Vec::new(),
    };
    let mut ok = true;
    if defects.is_empty() {
        for personality in &options.personalities {
            let tally = test(&options, personality, None);
            println!(
                "{personality}: {} workloads of depth {} of {}, {} states of {} possible, {} violations",
                tally.workloads,
                options.depth,
                count(options.depth),
                tally.states,
                tally.possible,
                tally.violations.len()
            );
            tally.violations.iter().take(20).for_each(|text| println!("  {text}"));
            ok &= tally.violations.is_empty();
        }
    }
    for defect in defects {
        let mut found = 0;
        for personality in &options.personalities {
            let tally = test(&options, personality, Some(defect));
            found += tally.violations.len();
            let first = tally.violations.first().map_or("not found", String::as_str);
            println!("{defect} on {personality}: {} found; {first}", tally.violations.len());
        }
        ok &= found > 0;
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
