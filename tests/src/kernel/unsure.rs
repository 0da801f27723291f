//! Marks what a recording cannot be sure of.
//!
//! Over an unwritten block that is cached clean, SEEK_DATA answers "data", and whether it is cached was decided by
//! readahead. Recordings have `?` there, which equals anything.

use serde_json::Value;

/// The document with `?` in `sk` where `st` is unwritten and `cs` is clean.
pub fn marked(text: &str) -> Result<String, String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let (body, comma) = line.strip_suffix(',').map_or((line, ""), |body| (body, ","));
        // The document's first and last lines are no values; steps are one line each.
        let step = serde_json::from_str::<Value>(body).ok().filter(|value| value.get("files").is_some());
        match step {
            None => lines.push(line.to_owned()),
            Some(mut step) => {
                mark_step(&mut step);
                lines.push(format!("{step}{comma}"));
            }
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn mark_step(step: &mut Value) {
    let Some(files) = step["files"].as_object_mut() else { return };
    for (_, file) in files {
        let norm = &mut file["norm"];
        let text = |key: &str| norm[key].as_str().unwrap_or_default().to_owned();
        let sk = mark(&text("sk"), &text("st"), &text("cs"));
        norm["sk"] = Value::from(sk);
    }
}

/// One run after another, each with a count and a character.
struct Runs<'t> {
    text: std::str::Chars<'t>,
    left: u64,
    kind: char,
}

impl<'t> Runs<'t> {
    fn new(text: &'t str) -> Self {
        let mut runs = Self { text: text.chars(), left: 0, kind: '.' };
        runs.skip(0);
        runs
    }

    /// Goes on by so many blocks. Behind the end everything is `.` and has no border.
    fn skip(&mut self, blocks: u64) {
        self.left -= blocks;
        let mut count = 0;
        while self.left == 0 {
            match self.text.next() {
                None => (self.left, self.kind) = (u64::MAX, '.'),
                Some(c) => match c.to_digit(10) {
                    Some(digit) => count = count * 10 + u64::from(digit),
                    None => (self.left, self.kind, count) = (count, c, 0),
                },
            }
        }
    }
}

fn mark(sk: &str, st: &str, cs: &str) -> String {
    let (mut seek, mut states, mut cache) = (Runs::new(sk), Runs::new(st), Runs::new(cs));
    let mut out: Vec<(u64, char)> = Vec::new();
    while seek.left != u64::MAX {
        let blocks = seek.left.min(states.left).min(cache.left);
        let unsure = matches!(states.kind, 'u' | 'v') && cache.kind == 'c';
        let kind = if unsure { '?' } else { seek.kind };
        match out.last_mut() {
            Some(last) if last.1 == kind => last.0 += blocks,
            _ => out.push((blocks, kind)),
        }
        for runs in [&mut seek, &mut states, &mut cache] {
            runs.skip(blocks);
        }
    }
    out.into_iter().map(|(blocks, kind)| format!("{blocks}{kind}")).collect()
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn clean_cache_over_unwritten_blocks_is_marked() {
        assert_eq!(mark("10D", "2D4u4D", "10c"), "2D4?4D");
        assert_eq!(mark("4D4H", "8u", "2D2c4-"), "2D2?4H");
        assert_eq!(mark("3H", "9u", "9c"), "3?");
        assert_eq!(mark("", "9u", "9c"), "");
        assert_eq!(mark("5D", "", "5c"), "5D");
    }
}
