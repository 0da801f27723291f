//! The console's entries: the lines of the run, and between them what was rejected or noted.

use extentscope_core::session::CommandEntry;

use crate::protocol::{LogDelta, LogEntry};

/// Entries that are sent at once; of a longer console the end.
const SENT_MAX: usize = 1000;

/// What the console shows.
#[derive(Debug, Default)]
pub struct Log {
    items: Vec<Item>,
    sent: Vec<LogEntry>,
}

#[derive(Debug)]
struct Item {
    entry: LogEntry,
    /// The place of the line among the lines of the run; `None` for what is not one of them.
    line: Option<usize>,
}

impl Log {
    /// A new run: nothing is left.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// A line that changed nothing, and why.
    pub fn rejected(&mut self, line: &str, reason: &str) {
        let entry = LogEntry {
            line: line.to_owned(),
            output: reason.to_owned(),
            error: true,
            done: true,
            ..LogEntry::default()
        };
        self.items.push(Item { entry, line: None });
    }

    /// Something to be said between two lines.
    pub fn note(&mut self, text: &str, error: bool) {
        let entry = LogEntry { output: text.to_owned(), error, done: true, ..LogEntry::default() };
        self.items.push(Item { entry, line: None });
    }

    /// Takes over the lines of the run. Lines that are not in it any more go away: they are on a branch now.
    pub fn follow(&mut self, commands: &[CommandEntry]) {
        let stays = |item: &Item| match item.line {
            Some(at) => commands.get(at).is_some_and(|command| command.text == item.entry.line),
            None => true,
        };
        let lost = self.items.iter().position(|item| !stays(item)).and_then(|at| self.items[at].line);
        if let Some(lost) = lost {
            self.items.retain(|item| item.line.is_none_or(|at| at < lost));
        }
        for item in &mut self.items {
            if let Some(command) = item.line.and_then(|at| commands.get(at)) {
                item.entry = entry(command);
            }
        }
        let known = self.items.iter().filter(|item| item.line.is_some()).count();
        for (at, command) in commands.iter().enumerate().skip(known) {
            self.items.push(Item { entry: entry(command), line: Some(at) });
        }
    }

    /// What the page does not have yet.
    pub fn delta(&mut self) -> Option<LogDelta> {
        let from = self.items.len().saturating_sub(SENT_MAX);
        let now: Vec<LogEntry> = self.items[from..].iter().map(|item| item.entry.clone()).collect();
        let keep = now.iter().zip(&self.sent).take_while(|(new, old)| new == old).count();
        if keep == now.len() && keep == self.sent.len() {
            return None;
        }
        let append = now[keep..].to_vec();
        self.sent = now;
        Some(LogDelta { keep: u64::try_from(keep).unwrap_or(0), append })
    }
}

fn entry(command: &CommandEntry) -> LogEntry {
    let wide = |step: usize| u64::try_from(step).unwrap_or(u64::MAX);
    LogEntry {
        line: command.text.clone(),
        output: command.output.clone(),
        error: command.error.is_some(),
        done: command.done,
        command: command.command,
        first_step: wide(command.first_step),
        last_step: wide(command.last_step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str, done: bool) -> CommandEntry {
        CommandEntry {
            number: 0,
            command: 0,
            text: text.to_owned(),
            output: String::new(),
            error: None,
            claim_failed: false,
            done,
            first_step: 0,
            last_step: 0,
        }
    }
    fn lines(delta: &LogDelta) -> Vec<&str> {
        delta.append.iter().map(|entry| entry.line.as_str()).collect()
    }

    #[test]
    fn only_what_is_new_is_sent() {
        let mut log = Log::default();
        log.follow(&[command("open -f a", true)]);
        assert_eq!(log.delta().map(|delta| delta.keep), Some(0));
        log.rejected("pwrit", "unknown");
        log.follow(&[command("open -f a", true), command("fsync", false)]);
        let delta = log.delta().unwrap();
        assert_eq!((delta.keep, lines(&delta)), (1, vec!["pwrit", "fsync"]));
        assert_eq!(log.delta(), None);
    }

    #[test]
    fn a_line_that_ends_later_is_sent_again() {
        let mut log = Log::default();
        log.follow(&[command("fsync", false)]);
        log.delta();
        log.follow(&[command("fsync", true)]);
        assert_eq!(log.delta().map(|delta| (delta.keep, delta.append.len())), Some((0, 1)));
    }

    #[test]
    fn a_fork_takes_the_lines_after_it_away() {
        let mut log = Log::default();
        log.follow(&[command("open -f a", true), command("pwrite 0 4k", true), command("fsync", true)]);
        log.delta();
        log.follow(&[command("open -f a", true), command("falloc 0 4k", true), command("fsync", true)]);
        let delta = log.delta().unwrap();
        assert_eq!((delta.keep, lines(&delta)), (1, vec!["falloc 0 4k", "fsync"]));
    }
}
