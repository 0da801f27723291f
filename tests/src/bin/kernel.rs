//! The live differential: scripts on the kernel that runs here and on the engine.
//!
//! ```text
//! kernel [--fs ext4,xfs,btrfs] [--seeds N] [--from S] [--ops N] [--traces] [--geometry NAME]
//!        [--jobs N] [--shrink N]
//! kernel --script FILE [--fs ...]           compares one script
//! kernel record --script FILE --fs FS       prints the kernel's document of a script
//! kernel print --fs FS --seeds N --from S   prints the random scripts themselves
//! kernel prove [--fs ...]                   holds the recorder against the public recordings
//! ```
//!
//! Without `--seeds` and `--traces`: all public traces, and 10 seeds in each geometry. Ends with 1 if something differs
//! that the list of simplifications does not explain, with 2 where it cannot run.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("cannot run here: recording needs Linux");
    std::process::ExitCode::from(2)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::{Path, PathBuf};
    use std::process::ExitCode;

    use extentscope_core::scenario::parse::parse;
    use extentscope_tests::compare::compare;
    use extentscope_tests::goldens::goldens;
    use extentscope_tests::kernel::{Recorder, able, kernel_release};
    use extentscope_tests::live::cases::{Case, FILESYSTEMS, GEOMETRIES, public};
    use extentscope_tests::live::judge::{Judge, Outcome};
    use extentscope_tests::live::pool;
    use extentscope_tests::live::report::Report;

    /// Seeds in each geometry when nothing is said.
    const SEEDS: u64 = 10;
    /// How many scripts of each filesystem are made short.
    const SHRINK: usize = 5;

    struct Options {
        filesystems: Vec<String>,
        seeds: Option<u64>,
        from: u64,
        ops: u64,
        traces: bool,
        jobs: usize,
        shrink: usize,
        geometry: Option<String>,
        script: Option<PathBuf>,
        words: Vec<String>,
    }

    fn options() -> Result<Options, String> {
        let jobs = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(2));
        let filesystems = FILESYSTEMS.map(str::to_owned).to_vec();
        let mut options = Options {
            filesystems,
            seeds: None,
            from: 0,
            ops: 40,
            traces: false,
            jobs,
            shrink: SHRINK,
            geometry: None,
            script: None,
            words: Vec::new(),
        };
        let mut said_shrink = false;
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is not a number"));
            match word.as_str() {
                "--fs" => options.filesystems = value()?.split(',').map(str::to_owned).collect(),
                "--seeds" => options.seeds = Some(number(value()?)?),
                "--from" => options.from = number(value()?)?,
                "--ops" => options.ops = number(value()?)?,
                "--traces" => options.traces = true,
                "--jobs" => options.jobs = usize::try_from(number(value()?)?.max(1)).unwrap_or(1),
                "--geometry" => options.geometry = Some(value()?),
                "--script" => options.script = Some(PathBuf::from(value()?)),
                "--shrink" => {
                    said_shrink = true;
                    options.shrink = usize::try_from(number(value()?)?).unwrap_or(0);
                }
                _ => options.words.push(word),
            }
        }
        let unknown = options.filesystems.iter().find(|fs| !FILESYSTEMS.contains(&fs.as_str()));
        if options.script.is_some() && !said_shrink {
            options.shrink = 0;
        }
        match unknown {
            Some(fs) => Err(format!("{fs} is not one of {}", FILESYSTEMS.join(", "))),
            None => Ok(options),
        }
    }

    /// Beside what cargo builds: it lies on a disk, and what was found is kept there.
    fn folder() -> Result<PathBuf, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let folder = program.ancestors().nth(2).ok_or("the program lies in no folder")?.join("kernel");
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }

    pub fn main() -> ExitCode {
        let outcome = options().and_then(|options| {
            if let Some(reason) = able::lacks() {
                return Err(reason);
            }
            let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["worker"] => pool::work(&folder()?).map(|()| true),
                ["record"] => record(&options),
                ["print"] => print_cases(&options),
                ["prove"] => prove(&options),
                [] => differential(&options),
                _ => Err(format!("`{}` is not understood", words.join(" "))),
            }
        });
        match outcome {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(reason) => {
                eprintln!("cannot run here: {reason}");
                ExitCode::from(2)
            }
        }
    }

    /// The script of `--script` on each filesystem that it is for.
    fn given(options: &Options, path: &Path) -> Result<Vec<Case>, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let script = parse(&text).map_err(|errors| errors[0].to_string())?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let meant = |fs: &&String| {
            let own = script.directives.personality.as_ref().is_none_or(|personality| personality == *fs);
            own && (script.directives.fs.is_empty() || script.directives.fs.contains(fs))
        };
        let filesystems = options.filesystems.iter().filter(meant);
        Ok(filesystems.map(|fs| Case { fs: fs.clone(), name: name.clone(), script: text.clone() }).collect())
    }

    fn record(options: &Options) -> Result<bool, String> {
        let path = options.script.as_ref().ok_or("--script says what to record")?;
        let mut judge = Judge::new(&folder()?)?;
        for case in given(options, path)? {
            print!("{}", judge.recording(&case)?);
        }
        Ok(true)
    }

    /// The scripts, to be looked at and changed.
    fn print_cases(options: &Options) -> Result<bool, String> {
        cases(options)?.iter().for_each(|case| print!("{}", case.script));
        Ok(true)
    }

    /// The recorder on every public trace, against the recordings that another program made of them.
    fn prove(options: &Options) -> Result<bool, String> {
        let mut recorder = Recorder::new(&folder()?)?;
        let mut all_equal = true;
        for fs in &options.filesystems {
            let goldens = goldens(fs);
            let (mut equal, mut steps, mut equal_steps) = (0, 0, 0);
            for case in public(fs) {
                let golden = &goldens[&case.name];
                let recorded = recorder.record(fs, &case.script, &case.name)?;
                let differences = compare(golden, &recorded.document);
                steps += golden.steps.len();
                equal_steps += golden.steps.len().saturating_sub(differences.len());
                match differences.first() {
                    None => equal += 1,
                    Some(first) => println!("  {} step {} `{}`: {}", case.name, first.n, first.cmd, first.what),
                }
            }
            all_equal &= equal == goldens.len();
            println!("{fs}: {equal}/{} recordings made again, {equal_steps}/{steps} steps", goldens.len());
        }
        Ok(all_equal)
    }

    fn cases(options: &Options) -> Result<Vec<Case>, String> {
        if let Some(path) = &options.script {
            return given(options, path);
        }
        let everything = options.seeds.is_none() && !options.traces;
        let seeds = options.seeds.unwrap_or(if everything { SEEDS } else { 0 });
        let mut cases = Vec::new();
        for fs in &options.filesystems {
            if options.traces || everything {
                cases.extend(public(fs));
            }
            let wanted = |name: &str| options.geometry.as_ref().is_none_or(|geometry| geometry == name);
            for geometry in GEOMETRIES.iter().filter(|each| each.fs == fs.as_str() && wanted(each.name)) {
                match geometry.is_modelled() {
                    Ok(()) => {
                        let seeds = options.from..options.from + seeds;
                        cases.extend(seeds.map(|seed| geometry.case(seed, options.ops)));
                    }
                    Err(reason) => println!("{fs} {}: left out: {reason}", geometry.name),
                }
            }
        }
        Ok(cases)
    }

    fn differential(options: &Options) -> Result<bool, String> {
        able::install(&options.filesystems);
        for fs in &options.filesystems {
            if let Some(reason) = able::lacks_filesystem(fs) {
                return Err(reason);
            }
        }
        println!("kernel {}, seeds from {}, {} operations each", kernel_release(), options.from, options.ops);
        let report = Report::new(folder()?, options.shrink);
        pool::judge_all(cases(options)?, options.jobs, |asker, case, verdict| {
            if report.take(case, verdict) {
                let short = asker.shorten(case);
                let again = asker.judge(&Case { script: short.clone(), ..case.clone() });
                let first = match again.map(|verdict| verdict.outcome) {
                    Ok(Outcome::Differs { first, .. }) => first,
                    _ => "it did not differ when it was run once more".to_owned(),
                };
                report.shortened(case, &short, &first);
            }
        });
        print!("{report}");
        Ok(!report.is_wrong())
    }
}
