//! A small slice of the live differential: some public traces and seeds on the kernel that runs here.
//!
//! It has no harness, so that it can be skipped for a reason that only the machine knows: the last line is counted like
//! that of any other tests, with what was skipped as `ignored`.

use std::process::ExitCode;

/// What a test ended with.
enum Ended {
    Passed,
    Failed,
    /// The machine lacks something.
    Skipped,
}

fn main() -> ExitCode {
    let ended = slice::all();
    let count = |wanted: fn(&Ended) -> bool| ended.iter().filter(|each| wanted(each)).count();
    let passed = count(|each| matches!(each, Ended::Passed));
    let failed = count(|each| matches!(each, Ended::Failed));
    let ignored = count(|each| matches!(each, Ended::Skipped));
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(target_os = "linux"))]
mod slice {
    use super::Ended;

    pub fn all() -> Vec<Ended> {
        println!("test the_slice ... ignored: recording needs Linux");
        vec![Ended::Skipped]
    }
}

#[cfg(target_os = "linux")]
mod slice {
    use std::path::Path;

    use extentscope_tests::compare::compare;
    use extentscope_tests::goldens::goldens;
    use extentscope_tests::kernel::{Recorder, able, kernel_release};
    use extentscope_tests::live::cases::{FILESYSTEMS, GEOMETRIES, public};
    use extentscope_tests::live::judge::Judge;

    use super::Ended;

    /// The kernel that the recordings are of. Another one may do otherwise, and that is no fault of ours.
    const RECORDED: &str = "6.18";
    /// Traces of each filesystem.
    const TRACES: [&str; 6] =
        ["001-delalloc-appears", "016-punch-written", "047-", "068-", "087-crash-after-fsync-overwrite", "201-"];

    /// Filesystems whose traces of the slice the engine equals, with seeds that it equals too.
    const EQUAL: [(&str, &[u64]); 2] = [("ext4", &[0, 1, 4, 5]), ("btrfs", &[0, 3, 5, 9, 10])];

    /// Each test once for every filesystem.
    pub fn all() -> Vec<Ended> {
        let mut ended = Vec::new();
        for fs in FILESYSTEMS {
            let lacks = able::lacks().or_else(|| able::lacks_filesystem(fs));
            let other = (!kernel_release().starts_with(&format!("{RECORDED}.")))
                .then(|| format!("this is Linux {}; the recordings are of {RECORDED}", kernel_release()));
            let skip = lacks.or(other);
            ended.push(test("the_recorder_makes_the_recordings_again", fs, skip.clone(), again));
            if EQUAL.iter().any(|(equal, _)| *equal == fs) {
                ended.push(test("the_engine_does_as_the_kernel", fs, skip, as_the_kernel));
            }
        }
        ended
    }

    fn test(name: &str, fs: &str, skip: Option<String>, body: fn(&str) -> Result<(), String>) -> Ended {
        if let Some(reason) = skip {
            println!("test {name}::{fs} ... ignored: {reason}");
            return Ended::Skipped;
        }
        // A thread of its own: its mounts end with it.
        let ran = std::thread::scope(|scope| scope.spawn(|| body(fs)).join());
        match ran.unwrap_or_else(|_| Err("it panicked".to_owned())) {
            Ok(()) => {
                println!("test {name}::{fs} ... ok");
                Ended::Passed
            }
            Err(reason) => {
                println!("{reason}\ntest {name}::{fs} ... FAILED");
                Ended::Failed
            }
        }
    }

    fn folder() -> &'static Path {
        Path::new(env!("CARGO_TARGET_TMPDIR"))
    }

    fn again(fs: &str) -> Result<(), String> {
        let mut recorder = Recorder::new(folder())?;
        let goldens = goldens(fs);
        for case in public(fs).into_iter().filter(|case| TRACES.iter().any(|name| case.name.starts_with(name))) {
            let recorded = recorder.record(fs, &case.script, &case.name)?;
            if let Some(first) = compare(&goldens[&case.name], &recorded.document).first() {
                return Err(format!("{} step {} `{}`: {}", case.name, first.n, first.cmd, first.what));
            }
        }
        Ok(())
    }

    fn as_the_kernel(fs: &str) -> Result<(), String> {
        let mut judge = Judge::new(folder())?;
        let geometry = GEOMETRIES.iter().find(|geometry| geometry.fs == fs).ok_or("no geometry")?;
        let traces = public(fs).into_iter().filter(|case| TRACES.iter().any(|name| case.name.starts_with(name)));
        let seeds = EQUAL.iter().find(|(equal, _)| *equal == fs).map_or(&[][..], |(_, seeds)| seeds);
        let cases = traces.chain(seeds.iter().map(|seed| geometry.case(*seed, 20)));
        for case in cases {
            let verdict = judge.verdict(&case)?;
            if verdict.outcome.is_wrong() {
                return Err(format!("{}: {}", case.name, verdict.outcome));
            }
        }
        Ok(())
    }
}
