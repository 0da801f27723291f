//! What every filesystem shows after the same lines.

use extentscope_core::base::Range;
use extentscope_core::base::fiemap::{SegmentKind, flags};
use extentscope_core::query::fiemap::Byte;
use extentscope_core::session::Session;
use extentscope_core::session::side_by_side::{self, Run, Side};

use crate::draw::scale::bytes;
use crate::scene::{CompareScene, Lens, Look, SideBar, SideFile, SideScene, Stretch};

/// All of them at the cursor, for one file.
pub fn scene(session: &mut Session, file: &str, lens: Lens) -> CompareScene {
    let own = session.setup().personality_name();
    let block_size = session.setup().block_size();
    let (line, sides) = session.side_by_side();
    let line = line.map(|entry| entry.text.clone());
    let differs: Vec<Stretch> = side_by_side::differences(&sides, file).into_iter().map(stretch).collect();
    let same = Same::of(&sides, file);
    CompareScene {
        file: file.to_owned(),
        line,
        lens,
        block_size,
        sentence: sentence(&differs, &same),
        sides: sides.iter().map(|side| side_scene(side, file, side.name == own, &same)).collect(),
        differs,
    }
}

/// What is the same on all that take part.
struct Same {
    size: bool,
    blocks: bool,
    answer: bool,
}

impl Same {
    fn of(sides: &[Side], file: &str) -> Self {
        let files = || sides.iter().filter_map(|side| side.files.get(file));
        let part = sides.iter().filter(|side| side.refused.is_none());
        Self {
            size: alike(files().map(|file| file.size)),
            blocks: alike(files().map(|file| file.blocks)),
            answer: alike(part.map(|side| &side.answer)),
        }
    }
}

fn alike<T: PartialEq>(mut all: impl Iterator<Item = T>) -> bool {
    let first = all.next();
    all.all(|other| Some(other) == first)
}

fn sentence(differs: &[Stretch], same: &Same) -> String {
    let places: Vec<String> =
        differs.iter().map(|part| format!("{} to {}", bytes(part.from), bytes(part.to))).collect();
    let mut found = match places.as_slice() {
        [] => Vec::new(),
        places if places.len() <= 4 => vec![format!("the extents of {}", places.join(", "))],
        places => vec![format!("the extents in {} places", places.len())],
    };
    let facts = [(same.answer, "the answer"), (same.size, "the size"), (same.blocks, "st_blocks")];
    found.extend(facts.iter().filter(|(same, _)| !same).map(|(_, name)| (*name).to_owned()));
    match found.split_last() {
        None => String::from("No difference: FIEMAP, size, st_blocks and the answer are the same everywhere."),
        Some((last, [])) => format!("Different: {last}."),
        Some((last, rest)) => format!("Different: {}; {last}.", rest.join("; ")),
    }
}

fn side_scene(side: &Side, name: &str, own: bool, same: &Same) -> SideScene {
    let file = side.files.get(name).map(|file| SideFile {
        size: file.size,
        size_differs: !same.size,
        blocks: file.blocks,
        blocks_differ: !same.blocks,
        bars: file.runs.iter().map(|run| SideBar { bytes: stretch(run.bytes), look: look(run) }).collect(),
        dirty: file.dirty.iter().copied().map(stretch).collect(),
        data: file
            .seek
            .iter()
            .filter(|segment| segment.kind == SegmentKind::Data)
            .map(|segment| Stretch { from: segment.start, to: segment.end })
            .collect(),
    });
    let answer = (!same.answer).then(|| side.answer.lines().next().unwrap_or("no output").to_owned());
    let mut scene = SideScene {
        name: side.name.to_owned(),
        level: side.level.clone(),
        own,
        refused: side.refused.clone(),
        answer,
        file,
        words: String::new(),
    };
    scene.words = words(&scene);
    scene
}

/// Everything that the picture of a side says.
fn words(side: &SideScene) -> String {
    let Some(file) = &side.file else {
        let why = side.refused.as_deref().unwrap_or("the file is not there");
        return format!("{}: {why}", side.name);
    };
    let list = |parts: &[Stretch]| {
        let parts: Vec<String> =
            parts.iter().map(|part| format!("{} to {}", bytes(part.from), bytes(part.to))).collect();
        if parts.is_empty() { String::from("nothing") } else { parts.join(", ") }
    };
    let said = |bar: &SideBar| format!("{} to {} {}", bytes(bar.bytes.from), bytes(bar.bytes.to), bar.look.word());
    let bars: Vec<String> = file.bars.iter().map(said).collect();
    let bars = if bars.is_empty() { String::from("nothing") } else { bars.join(", ") };
    format!("{}: FIEMAP says {bars}. Dirty: {}. SEEK data: {}.", side.name, list(&file.dirty), list(&file.data))
}

fn stretch(bytes: Range<Byte>) -> Stretch {
    Stretch { from: bytes.start.0, to: bytes.end.0 }
}

/// How a record's flags look. A promise that is also unwritten is a reservation without an address.
fn look(run: &Run) -> Look {
    let Some(bits) = run.flags else { return Look::Hole };
    let has = |flag: u32| bits & flag != 0;
    match () {
        () if has(flags::DATA_INLINE) => Look::Inline,
        () if has(flags::DELALLOC) && has(flags::UNWRITTEN) => Look::Reserved,
        () if has(flags::DELALLOC) => Look::Delalloc,
        () if has(flags::UNWRITTEN) => Look::Unwritten,
        () if has(flags::SHARED) => Look::Shared,
        () => Look::Written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extentscope_core::personality;

    #[test]
    fn sides_differ_where_they_preallocate() {
        let mut session = Session::load("open -f a\npwrite 0 8k\nfsync\nfalloc 0 16k\n", None).unwrap();
        let compared = scene(&mut session, "a", Lens { first: 0, blocks: 16 });
        assert_eq!(compared.sides.len(), personality::NAMES.len());
        assert_eq!(compared.differs, [Stretch { from: 8192, to: 16384 }]);
        assert_eq!(compared.line.as_deref(), Some("falloc 0 16k"));
        assert!(compared.sentence.starts_with("Different: the extents of 8K to 16K"), "{}", compared.sentence);
        let own: Vec<&str> = compared.sides.iter().filter(|side| side.own).map(|side| side.name.as_str()).collect();
        assert_eq!(own, [personality::DEFAULT]);
        assert!(compared.sides.iter().any(|side| side.words.contains("8K to 16K unwritten")));
        session.seek(0);
        let before = scene(&mut session, "a", Lens { first: 0, blocks: 16 });
        assert!(before.sides.iter().all(|side| side.file.is_none()) && before.line.is_none());
    }
}
