//! The console's line and the lines before it.

/// Lines that are kept.
const HISTORY_MAX: usize = 500;

/// The line being typed, and the history that Up and Down walk through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Console {
    /// What the field holds.
    pub input: String,
    history: Vec<String>,
    /// Place in the history while walking; `None` in the line being typed.
    at: Option<usize>,
    draft: String,
}

impl Console {
    /// The field was changed.
    pub fn typed(&mut self, text: String) {
        self.input = text;
        self.at = None;
    }

    /// The line is complete: takes it out of the field. `None` when it says nothing.
    pub fn enter(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.input).trim().to_owned();
        self.at = None;
        if line.is_empty() {
            return None;
        }
        if self.history.last() != Some(&line) {
            self.history.push(line.clone());
        }
        let surplus = self.history.len().saturating_sub(HISTORY_MAX);
        self.history.drain(..surplus);
        Some(line)
    }

    /// To an older line or a newer one; behind the newest is what was being typed.
    pub fn recall(&mut self, older: bool) {
        let next = match (self.at, older) {
            (None, true) => self.history.len().checked_sub(1),
            (None, false) => return,
            (Some(at), true) => Some(at.saturating_sub(1)),
            (Some(at), false) => Some(at + 1).filter(|next| *next < self.history.len()),
        };
        if self.at.is_none() {
            self.draft.clone_from(&self.input);
        }
        self.input = match next {
            Some(at) => self.history[at].clone(),
            None => self.draft.clone(),
        };
        self.at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> Console {
        let mut console = Console::default();
        for line in lines {
            console.typed((*line).to_owned());
            console.enter();
        }
        console
    }

    #[test]
    fn up_walks_back_and_down_returns_to_the_draft() {
        let mut console = after(&["open -f a", "fsync"]);
        console.typed(String::from("pwr"));
        let mut seen = Vec::new();
        for older in [true, true, true, false, false, false] {
            console.recall(older);
            seen.push(console.input.clone());
        }
        assert_eq!(seen, ["fsync", "open -f a", "open -f a", "fsync", "pwr", "pwr"]);
    }

    #[test]
    fn an_empty_line_is_no_line_and_repeats_are_kept_once() {
        let mut console = after(&["fsync", "  ", "fsync"]);
        console.recall(true);
        console.recall(true);
        assert_eq!(console.input, "fsync");
        assert_eq!(console.history.len(), 1);
    }
}
