//! The script as it was written: comments, spelling and all. What the session prints means the same, but is its own.

use extentscope_core::session::CommandEntry;

use crate::header;

/// The text of a run, as long as the run only grows.
#[derive(Debug, Default)]
pub struct Source {
    text: String,
    lines: Vec<String>,
    broken: bool,
}

impl Source {
    /// A run made of a script, on another filesystem than the script says, if asked.
    pub fn new(script: &str, personality: Option<&str>, commands: &[CommandEntry]) -> Self {
        let mut text = match personality {
            Some(name) => header::set(script, "personality", Some(name)),
            None => script.to_owned(),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Self { text, lines: commands.iter().map(|command| command.text.clone()).collect(), broken: false }
    }

    /// Takes up lines that were added. A run whose past was changed is no longer what was written.
    pub fn follow(&mut self, commands: &[CommandEntry]) {
        let known = self.lines.len();
        let same = commands.len() >= known && self.lines.iter().zip(commands).all(|(line, now)| *line == now.text);
        self.broken |= !same;
        for command in commands.iter().skip(known) {
            self.text.push_str(&command.text);
            self.text.push('\n');
            self.lines.push(command.text.clone());
        }
    }

    /// The script, or what the session prints where it is not known any more.
    pub fn text(&self, printed: impl FnOnce() -> String) -> String {
        if self.broken { printed() } else { self.text.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(lines: &[&str]) -> Vec<CommandEntry> {
        let entry = |line: &&str| CommandEntry {
            number: 0,
            command: 0,
            text: (*line).to_owned(),
            output: String::new(),
            error: None,
            claim_failed: false,
            done: true,
            first_step: 0,
            last_step: 0,
        };
        lines.iter().map(entry).collect()
    }

    #[test]
    fn comments_and_spelling_stay_and_typed_lines_are_added() {
        let mut source = Source::new("# one\nopen -f a", Some("bcachefs"), &commands(&["open -f a"]));
        source.follow(&commands(&["open -f a", "pwrite 0 12k"]));
        let expected = "#@ personality bcachefs\n# one\nopen -f a\npwrite 0 12k\n";
        assert_eq!(source.text(|| String::from("printed")), expected);
    }

    #[test]
    fn a_changed_past_is_printed_by_the_session() {
        let mut source = Source::new("open -f a\nfsync\n", None, &commands(&["open -f a", "fsync"]));
        source.follow(&commands(&["open -f a", "falloc 0 4k"]));
        assert_eq!(source.text(|| String::from("printed")), "printed");
    }
}
