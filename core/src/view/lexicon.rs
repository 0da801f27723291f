//! What things are called: names of tasks, files and commands, gathered from the events as they come.

use crate::base::{Ino, SortedMap, TaskId};
use crate::trace::Event;

/// Names by number. A file's name is the one that it had at the event that is talked about.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    tasks: Vec<String>,
    files: SortedMap<Ino, Vec<(usize, String)>>,
    commands: Vec<String>,
    seen: usize,
}

impl Lexicon {
    /// Learns from the events that are new since the last time. `events` are all events of the run.
    pub fn learn(&mut self, events: &[Event]) {
        for (at, event) in (self.seen..).zip(events.iter().skip(self.seen)) {
            match event {
                Event::TaskSpawned { label, .. } => self.tasks.push(label.clone()),
                Event::NameSet { name, ino } => self.files.entry(*ino).or_default().push((at, name.clone())),
                _ => {}
            }
        }
        self.seen = events.len();
    }
    /// The texts of the commands, from number 1 on.
    pub fn set_commands(&mut self, commands: Vec<String>) {
        self.commands = commands;
    }
    /// The texts of the commands, from number 1 on.
    pub fn commands(&self) -> &[String] {
        &self.commands
    }
    /// The next command, as typed.
    pub fn push_command(&mut self, text: String) {
        self.commands.push(text);
    }
    /// A task's name.
    pub fn task(&self, task: TaskId) -> String {
        let known = usize::try_from(task.0).ok().and_then(|at| self.tasks.get(at));
        known.cloned().unwrap_or_else(|| format!("task {task}"))
    }
    /// A file's name at event number `at`, else its first one, else its number.
    pub fn file(&self, ino: Ino, at: usize) -> String {
        let names = self.files.get(&ino).map_or(&[][..], Vec::as_slice);
        let known = names.iter().rev().find(|(since, _)| *since <= at).or(names.first());
        known.map_or_else(|| format!("inode {ino}"), |(_, name)| name.clone())
    }
    /// A command as typed.
    pub fn command(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.commands.get(at).map(String::as_str)
    }
}
