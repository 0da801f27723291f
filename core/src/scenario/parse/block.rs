//! Lines into statements: directives, the `@task` prefix, `repeat` blocks and here-documents.

use super::args::choice;
use super::command::command;
use super::directive;
use super::error::{Bad, ParseError, Parsed, Rule};
use super::expect::{self, Head};
use super::token::{Token, tokens};
use super::{control, number};
use crate::base::limits::{COMMANDS_MAX, LINE_BYTES_MAX, PARSE_ERRORS_MAX, REPEAT_DEPTH_MAX, REPEAT_MAX};
use crate::base::order_by;
use crate::scenario::help;
use crate::scenario::script::{Command, Directives, Line, Script};

/// Reads the lines of one script from first to last.
pub(super) struct Reader<'a> {
    rest: std::str::Lines<'a>,
    number: u32,
    directives: Directives,
    commands: usize,
    errors: Vec<ParseError>,
    /// No more lines are read: a bound is passed.
    stopped: bool,
}

/// Where a statement stands.
#[derive(Clone, Copy)]
struct Place {
    /// `repeat` blocks around it.
    depth: usize,
    /// Whether one of them runs on a task.
    in_task: bool,
}

/// What one line turned out to be.
enum Statement {
    /// A command that is complete.
    Done(Line),
    /// A `repeat` whose block is on the following lines.
    Block { head: Line, count: u64 },
    /// An `expect` whose text is on the following lines.
    Text { head: Line, command: Box<Command>, end_mark: String },
    /// `}`
    Close,
    /// Nothing, or a comment.
    Empty,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a str) -> Self {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        Self {
            rest: source.lines(),
            number: 0,
            directives: Directives::default(),
            commands: 0,
            errors: Vec::new(),
            stopped: false,
        }
    }

    pub fn script(mut self) -> Result<Script, Vec<ParseError>> {
        let lines = self.block(Place { depth: 0, in_task: false }, None);
        if self.errors.is_empty() {
            return Ok(Script { directives: self.directives, lines });
        }
        order_by(&mut self.errors, |error| u64::from(error.line) << 32 | u64::from(error.column));
        self.errors.truncate(PARSE_ERRORS_MAX);
        Err(self.errors)
    }

    fn next_line(&mut self) -> Option<&'a str> {
        if self.stopped {
            return None;
        }
        self.number = self.number.saturating_add(1);
        self.rest.next()
    }

    fn fail(&mut self, bad: Bad, number: u32, line: &str) {
        self.errors.push(bad.at(number, line));
        self.stopped = self.stopped || self.errors.len() >= PARSE_ERRORS_MAX;
    }

    /// The statements up to `}` or, outside of a block, the end. `opened` is the line that opened the block.
    fn block(&mut self, place: Place, opened: Option<(u32, &'a str)>) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(line) = self.next_line() {
            match self.statement(line, place) {
                Ok(Statement::Empty) => {}
                Ok(Statement::Done(done)) => lines.push(done),
                Ok(Statement::Text { head, command, end_mark }) => {
                    let expected = self.text(line, &end_mark);
                    lines.push(Line { command: expect::output(command, end_mark, expected), ..head });
                }
                Ok(Statement::Block { head, count }) => {
                    let inner =
                        Place { depth: place.depth.saturating_add(1), in_task: place.in_task || head.task.is_some() };
                    let body = self.block(inner, Some((self.number, line)));
                    lines.push(Line { command: Command::Repeat { count, lines: body }, ..head });
                }
                Ok(Statement::Close) if opened.is_some() => return lines,
                Ok(Statement::Close) => {
                    let at = line.find('}').unwrap_or(0);
                    let bad = Bad::new(at..at.saturating_add(1), Rule::Block, "there is no block to close");
                    self.fail(bad, self.number, line);
                }
                Err(bad) => self.recover(bad, line, place),
            }
        }
        if let Some((number, line)) = opened.filter(|_| !self.stopped) {
            let bad = Bad::new(0..line.len(), Rule::Block, "no line `}` closes this block");
            self.fail(bad, number, line);
        }
        lines
    }

    /// Records an error and skips what belongs to the line that has it.
    fn recover(&mut self, bad: Bad, line: &'a str, place: Place) {
        let number = self.number;
        let too_deep = place.depth >= REPEAT_DEPTH_MAX;
        self.fail(bad, number, line);
        let words = tokens(line, true).unwrap_or_default();
        if let Some(mark) = words.last().and_then(expect::end_mark) {
            self.text(line, &mark);
        } else if words.last().is_some_and(|word| word.is("{")) {
            if too_deep {
                self.stopped = true;
            } else {
                self.block(Place { depth: place.depth.saturating_add(1), ..place }, Some((number, line)));
            }
        }
    }

    /// The lines up to `end_mark`.
    fn text(&mut self, opened: &'a str, end_mark: &str) -> String {
        let number = self.number;
        let mut text = String::new();
        while let Some(line) = self.next_line() {
            if line.trim() == end_mark {
                return text;
            }
            text.push_str(line);
            text.push('\n');
        }
        let bad = Bad::new(0..opened.len(), Rule::Block, format!("no line `{end_mark}` ends this text"));
        self.fail(bad, number, opened);
        text
    }

    fn statement(&mut self, line: &str, place: Place) -> Parsed<Statement> {
        if line.len() > LINE_BYTES_MAX {
            let message = format!("the line has more than {LINE_BYTES_MAX} bytes");
            return Err(Bad::new(0..0, Rule::TooLarge, message));
        }
        if line.trim_start().starts_with("#@") {
            directive::read(line, &mut self.directives)?;
            return Ok(Statement::Empty);
        }
        let words = tokens(line, false)?;
        let Some(first) = words.first() else { return Ok(Statement::Empty) };
        if words.len() == 1 && first.is("}") {
            return Ok(Statement::Close);
        }
        let repeats = words.iter().take(2).any(|word| word.is("repeat"));
        let words = if repeats { tokens(line, true)? } else { words };
        let statement = sentence(&words, Source { line, number: self.number }, place)?;
        self.commands = self.commands.saturating_add(statement.commands());
        if self.commands > COMMANDS_MAX {
            self.stopped = true;
            let message = format!("the script has more than {COMMANDS_MAX} commands");
            return Err(Bad::new(0..0, Rule::TooLarge, message));
        }
        Ok(statement)
    }
}

impl Statement {
    /// Commands in it, those of a block on the same line included.
    fn commands(&self) -> usize {
        match self {
            Self::Done(line) => count(line),
            Self::Block { .. } | Self::Text { .. } => 1,
            Self::Close | Self::Empty => 0,
        }
    }
}

fn count(line: &Line) -> usize {
    let inner = match &line.command {
        Command::Repeat { lines, .. } => lines.iter().map(count).fold(0, usize::saturating_add),
        _ => 0,
    };
    inner.saturating_add(1)
}

/// The line that words came from.
#[derive(Clone, Copy)]
struct Source<'a> {
    line: &'a str,
    number: u32,
}

impl Source<'_> {
    fn text(&self, words: &[Token]) -> String {
        let start = words.first().map_or(0, |word| word.span.start);
        let end = words.last().map_or(0, |word| word.span.end);
        self.line.get(start..end).unwrap_or("").to_string()
    }
}

/// `[@task] command ...`; `words` is not empty.
fn sentence(words: &[Token], source: Source<'_>, place: Place) -> Parsed<Statement> {
    let (task, words) = task_prefix(words, place)?;
    let name = words.first().expect("the prefix leaves a command");
    let head = |command| Line { number: source.number, text: source.text(words), task: task.clone(), command };
    if name.is("repeat") {
        let inner = Place { depth: place.depth, in_task: place.in_task || task.is_some() };
        let (count, body) = repeat(words, source, inner).map_err(|bad| bad.usage(usage("repeat")))?;
        return Ok(match body {
            Some(lines) => Statement::Done(head(Command::Repeat { count, lines })),
            None => Statement::Block { head: head(Command::Quit), count },
        });
    }
    if name.is("expect") {
        forbid_task(place.in_task || task.is_some(), words)?;
        return Ok(match expect::head(words).map_err(|bad| bad.usage(usage("expect")))? {
            Head::Done(claim) => Statement::Done(head(Command::Expect(claim))),
            Head::Text { command, end_mark } => Statement::Text { head: head(Command::Quit), command, end_mark },
        });
    }
    let command = command(words)?;
    if command.is_control() {
        forbid_task(place.in_task || task.is_some(), words)?;
    }
    Ok(Statement::Done(head(command)))
}

fn usage(name: &str) -> &'static str {
    help::entry(name).map_or("", |entry| entry.usage)
}

/// Takes `@w1` off the front.
fn task_prefix(words: &[Token], place: Place) -> Parsed<(Option<String>, &[Token])> {
    let Some((first, rest)) = words.split_first() else { return Ok((None, words)) };
    let Some(name) = first.text.strip_prefix('@').filter(|_| !first.quoted) else { return Ok((None, words)) };
    let bad = |message: &str| Err(Bad::new(first.span.clone(), Rule::BadTask, message));
    if place.in_task {
        return bad("the block around this line already runs on a task");
    }
    if rest.is_empty() {
        return bad("a task needs a command: @w1 pwrite 0 4k");
    }
    let token = Token { text: name.to_string(), span: first.span.clone(), quoted: false };
    Ok((Some(control::task_name(&token)?), rest))
}

fn forbid_task(on_task: bool, words: &[Token]) -> Parsed<()> {
    match words.first() {
        Some(name) if on_task => {
            let message = format!("{} steers the run and cannot be given to a task", name.text);
            Err(Bad::new(name.span.clone(), Rule::BadTask, message))
        }
        _ => Ok(()),
    }
}

/// `repeat N {` (no body yet) or `repeat N { a; b }`.
fn repeat(words: &[Token], source: Source<'_>, place: Place) -> Parsed<(u64, Option<Vec<Line>>)> {
    let end = words.last().map_or(0, |word| word.span.end);
    let missing = |what: &str| Bad::new(end..end, Rule::MissingArgument, format!("repeat needs {what}"));
    let count = number::within(words.get(1).ok_or_else(|| missing("a number"))?, 1, REPEAT_MAX)?;
    let brace = words.get(2).ok_or_else(|| missing("a block: { ... }"))?;
    choice(brace, "what follows the number", &[("{", ())])?;
    if place.depth >= REPEAT_DEPTH_MAX {
        let message = format!("more than {REPEAT_DEPTH_MAX} blocks inside each other");
        return Err(Bad::new(brace.span.clone(), Rule::TooLarge, message));
    }
    let body = words.get(3..).unwrap_or_default();
    if body.is_empty() {
        return Ok((count, None));
    }
    let (close, body) = body.split_last().expect("the body is not empty");
    if !close.is("}") {
        let message = "the block ends on this line with `}`, or its first line ends with `{`";
        return Err(Bad::new(close.span.clone(), Rule::Block, message));
    }
    let inner = Place { depth: place.depth.saturating_add(1), ..place };
    Ok((count, Some(inline(body, source, inner)?)))
}

/// The statements of a block on one line, apart by `;`.
fn inline(words: &[Token], source: Source<'_>, place: Place) -> Parsed<Vec<Line>> {
    let mut lines = Vec::new();
    let mut open: usize = 0;
    let parts = words.split(|word| {
        if word.is("{") {
            open = open.saturating_add(1);
        } else if word.is("}") {
            open = open.saturating_sub(1);
        }
        open == 0 && word.is(";")
    });
    for part in parts.filter(|part| !part.is_empty()) {
        match sentence(part, source, place)? {
            Statement::Done(line) => lines.push(line),
            Statement::Close | Statement::Empty => {}
            Statement::Block { .. } | Statement::Text { .. } => {
                let span = part.last().map_or(0..0, |word| word.span.clone());
                return Err(Bad::new(
                    span,
                    Rule::Block,
                    "a text or an open block cannot stand inside a one-line block",
                ));
            }
        }
    }
    Ok(lines)
}
