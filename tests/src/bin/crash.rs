//! The exhaustive crash test, as a program: `cargo xtask crash`.
//!
//! ```text
//! crash [--personality NAME] [--depth 1|2|3] [--from N] [--count N] [--mounts N] [--sample N] [--seed N]
//!       [--defect NAME|all]
//! ```
//!
//! A name may be one way to make a filesystem, such as `ext4-1k`. Without `--count`: every sequence of the depth. Ends
//! with 1 when a promise was broken; with `--defect` when one was not found.

use std::process::ExitCode;

use extentscope_core::personality::plan::Defect;
use extentscope_tests::crash::makes::{self, Make};
use extentscope_tests::crash::workloads::{count, sequence};
use extentscope_tests::crash::{Effort, Tally, run};

struct Options {
    makes: Vec<Make>,
    depth: u32,
    from: u64,
    count: Option<u64>,
    effort: Effort,
    defect: Option<String>,
}

fn options() -> Result<Options, String> {
    let effort = Effort { mounts: 1 << 12, sample: 64, seed: 1 };
    let mut options = Options { makes: makes::ALL.to_vec(), depth: 1, from: 0, count: None, effort, defect: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match word.as_str() {
            "--personality" => options.makes = makes::named(&value),
            "--depth" => options.depth = u32::try_from(number()?.clamp(1, 3)).expect("small"),
            "--from" => options.from = number()?,
            "--count" => options.count = Some(number()?),
            "--mounts" => options.effort.mounts = number()?,
            "--sample" => options.effort.sample = number()?,
            "--seed" => options.effort.seed = number()?,
            "--defect" => options.defect = Some(value),
            _ => return Err(format!("`{word}` is not understood")),
        }
    }
    if options.makes.is_empty() {
        let names: Vec<&str> = makes::ALL.iter().map(|make| make.name).collect();
        return Err(format!("the names are {}", names.join(", ")));
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

/// The line that tries a sequence again.
fn again(options: &Options, make: &Make, defect: Option<&str>, number: u64) -> String {
    let Effort { mounts, sample, seed } = options.effort;
    let defect = defect.map_or_else(String::new, |name| format!(" --defect {name}"));
    format!(
        "\n    cargo xtask crash --personality {} --depth {} --from {number} --count 1 --mounts {mounts} --sample {sample} \
         --seed {seed}{defect}",
        make.name, options.depth
    )
}

fn test(options: &Options, make: &Make, defect: Option<&str>) -> Tally {
    let numbers = numbers(options);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut tally = Tally::default();
        while let Some(number) = numbers.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let lines = sequence(options.depth, *number);
            let mut one = run(make, defect, &lines, options.effort);
            let again = again(options, make, defect, *number);
            one.violations.iter_mut().for_each(|text| text.push_str(&again));
            tally.add(one);
            // One find is enough of a fault that was put there.
            if defect.is_some() && !tally.violations.is_empty() {
                break;
            }
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
    // What a panic says is told as a violation.
    if std::env::var_os("RUST_BACKTRACE").is_none_or(|wanted| wanted != "full") {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let defects: Vec<&str> = match options.defect.as_deref() {
        Some("all") => Defect::ALL.iter().map(|(name, _)| *name).collect(),
        Some(name) => vec![name],
        None => Vec::new(),
    };
    let mut ok = true;
    if defects.is_empty() {
        for make in &options.makes {
            let tally = test(&options, make, None);
            println!("{}", tally.told(make.name, options.depth));
            tally.violations.iter().take(20).for_each(|text| println!("  {text}"));
            ok &= tally.violations.is_empty();
        }
    }
    for defect in defects {
        let mut found = 0;
        for make in &options.makes {
            let tally = test(&options, make, Some(defect));
            found += tally.violations.len();
            let first = tally.violations.first().map_or("not found", String::as_str);
            println!("{defect} on {}: {first}", make.name);
        }
        ok &= found > 0;
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
