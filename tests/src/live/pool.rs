//! Worker processes. A recording forks, and a child holds its parent's files open; so two recordings at the same time
//! need two processes, or a `close` of one would wait for the other.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::cases::Case;
use super::judge::{Judge, Verdict};

/// What a worker is asked for, one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Job {
    /// Judge it.
    Judge(Case),
    /// Make it as short as it can be.
    Shorten(Case),
}

/// What it answers, one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The verdict, or why the kernel could not be asked.
    Judged(Result<Verdict, String>),
    /// A script.
    Shortest(String),
}

/// The life of a worker: jobs from its input, answers to its output, until there are no more.
pub fn work(folder: &Path) -> Result<(), String> {
    let mut judge = Judge::new(folder)?;
    let said = |error: std::io::Error| error.to_string();
    for line in std::io::stdin().lines() {
        let job: Job = serde_json::from_str(&line.map_err(said)?).map_err(|error| error.to_string())?;
        let answer = match job {
            Job::Judge(case) => Answer::Judged(judge.verdict(&case)),
            Job::Shorten(case) => Answer::Shortest(judge.shortest(&case)),
        };
        let text = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
        println!("{text}");
    }
    Ok(())
}

struct Worker {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Worker {
    fn start() -> Result<Self, String> {
        let said = |error: std::io::Error| format!("a worker cannot be started: {error}");
        let program = std::env::current_exe().map_err(said)?;
        let mut command = Command::new(program);
        let mut child = command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(said)?;
        let to = child.stdin.take().ok_or("a worker has no input")?;
        let from = BufReader::new(child.stdout.take().ok_or("a worker has no output")?);
        Ok(Self { child, to, from })
    }

    fn ask(&mut self, job: &Job) -> Result<Answer, String> {
        let text = serde_json::to_string(job).map_err(|error| error.to_string())?;
        writeln!(self.to, "{text}").and_then(|()| self.to.flush()).map_err(|error| error.to_string())?;
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => Err("the worker ended".to_owned()),
            Ok(_) => serde_json::from_str(&line).map_err(|error| format!("{error}: {line}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Someone to give jobs to.
pub struct Asker(Option<Worker>);

impl Asker {
    /// One job; a worker that died is replaced for the next.
    fn ask(&mut self, job: &Job) -> Result<Answer, String> {
        let mut worker = match self.0.take() {
            Some(worker) => worker,
            None => Worker::start()?,
        };
        let answer = worker.ask(job);
        match &answer {
            Ok(_) => self.0 = Some(worker),
            Err(_) => {
                worker.child.kill().ok();
                worker.child.wait().ok();
            }
        }
        answer
    }

    /// The verdict on a case; the error says why there is none.
    pub fn judge(&mut self, case: &Case) -> Result<Verdict, String> {
        match self.ask(&Job::Judge(case.clone()))? {
            Answer::Judged(verdict) => verdict,
            Answer::Shortest(_) => Err("another question was answered".to_owned()),
        }
    }

    /// The shortest script that still differs; the whole one if that cannot be said.
    pub fn shorten(&mut self, case: &Case) -> String {
        match self.ask(&Job::Shorten(case.clone())) {
            Ok(Answer::Shortest(script)) => script,
            _ => case.script.clone(),
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        if let Some(Worker { mut child, to, from }) = self.0.take() {
            // With its input closed it ends, and its mounts with it.
            drop((to, from));
            child.wait().ok();
        }
    }
}

/// Gives each case to one of `count` workers, in order. `each` is called as verdicts come in.
pub fn judge_all(cases: Vec<Case>, count: usize, each: impl Fn(&mut Asker, &Case, Result<Verdict, String>) + Sync) {
    let queue = Mutex::new(VecDeque::from(cases));
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                let mut asker = Asker(None);
                loop {
                    let next = queue.lock().expect("nobody panics with the queue").pop_front();
                    let Some(case) = next else { break };
                    let verdict = asker.judge(&case);
                    each(&mut asker, &case, verdict);
                }
            });
        }
    });
}
