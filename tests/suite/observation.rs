//! The observation document: from the raw facts in a recording, our document is the recording, byte for byte where
//! it can be.

use extentscope_core::base::fiemap::{FiemapRecord, Segment, SegmentKind};
use extentscope_core::observe::{
    BlockBytes, CacheRun, FileObservation, Head, Observer, Output, PageState, StepRecord, content_sha,
};
use extentscope_core::scenario::parse::parse_line;
use extentscope_core::scenario::script::Command;
use extentscope_tests::goldens::{FILESYSTEMS, golden_texts};
use serde_json::Value;
use std::collections::BTreeMap;

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_string()
}

fn records(value: &Value) -> Vec<FiemapRecord> {
    let record = |r: &Value| FiemapRecord {
        logical: number(&r[0]),
        length: number(&r[1]),
        physical: number(&r[2]),
        flags: u32::try_from(number(&r[3])).unwrap(),
    };
    value.as_array().expect("records").iter().map(record).collect()
}

fn segments(value: &Value) -> Vec<Segment> {
    let kind = |s: &Value| if s[0] == "D" { SegmentKind::Data } else { SegmentKind::Hole };
    let segment = |s: &Value| Segment { kind: kind(s), start: number(&s[1]), end: number(&s[2]) };
    value.as_array().expect("segments").iter().map(segment).collect()
}

fn cache(text: &str) -> Vec<CacheRun> {
    let mut runs = Vec::new();
    let mut count = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            count.push(c);
            continue;
        }
        let state = match c {
            '-' => PageState::Absent,
            'c' => PageState::Clean,
            'D' => PageState::Dirty,
            'w' => PageState::Writeback,
            _ => PageState::DirtyWriteback,
        };
        runs.push(CacheRun { pages: count.parse().unwrap(), state });
        count.clear();
    }
    runs
}

fn file(value: &Value, opening: u64) -> FileObservation {
    FileObservation {
        opening,
        reopened: false,
        size: number(&value["size"]),
        blocks: number(&value["blocks"]),
        ext: records(&value["ext"]),
        fiemap_error: value.get("fiemap_err").map(text),
        seek: segments(&value["seek"]),
        cache: cache(value["norm"]["cs"].as_str().unwrap()),
        sha: text(&value["norm"]["sha"]),
    }
}

/// The open files of a recording, as the recorder kept them.
#[derive(Default)]
struct Files {
    open: BTreeMap<String, FileObservation>,
    openings: u64,
}

impl Files {
    /// Follows one step: what it opened, closed and renamed, then what it lists.
    fn follow(&mut self, before: Option<&str>, step: &Value) {
        let failed = step.get("err").is_some();
        let command = parse_line(step["cmd"].as_str().unwrap()).unwrap().unwrap().command;
        self.open.values_mut().for_each(|file| file.reopened = false);
        match command {
            Command::Open(open) => {
                self.open.remove(&open.name);
                if !failed {
                    self.openings += 1;
                    let fresh = FileObservation { opening: self.openings, ..FileObservation::default() };
                    self.open.insert(open.name, fresh);
                }
            }
            Command::Close => {
                self.open.remove(before.expect("a file was open"));
            }
            Command::Remove(name) => {
                self.open.remove(&name);
            }
            Command::Rename { from, to } => {
                if let Some(file) = self.open.remove(&from) {
                    self.open.insert(to, file);
                }
            }
            Command::Remount | Command::Crash(_) => {
                // A file that the crash undid is not listed again.
                self.open.retain(|name, _| step["files"].get(name).is_some());
                self.open.values_mut().for_each(|file| file.reopened = true);
            }
            _ => {}
        }
        for (name, value) in step["files"].as_object().unwrap() {
            let known = self.open.get_mut(name).unwrap_or_else(|| panic!("{name} is open in {step}"));
            *known = FileObservation { reopened: known.reopened, ..file(value, known.opening) };
        }
    }
}

fn record(step: &Value, files: &Files) -> StepRecord {
    let out = step.get("out").map(|out| {
        let seek = step["cmd"].as_str().unwrap().starts_with("seek");
        if seek { Output::Segments(segments(out)) } else { Output::Extents(records(out)) }
    });
    let failed: BTreeMap<String, String> = match step.get("stat_err") {
        Some(map) => map.as_object().unwrap().iter().map(|(name, error)| (name.clone(), text(error))).collect(),
        None => BTreeMap::new(),
    };
    let seen = files.open.iter().filter(|(name, _)| !failed.contains_key(*name));
    StepRecord {
        n: number(&step["n"]),
        cmd: text(&step["cmd"]),
        end: step.get("end").is_some(),
        file: step.get("file").map(text),
        ret: step.get("ret").map(|ret| ret.as_i64().unwrap()),
        err: step.get("err").map(text),
        out,
        mismatch: step.get("mismatch").is_some(),
        files: seen.map(|(name, file)| (name.clone(), file.clone())).collect(),
        stat_err: failed.into_iter().collect(),
        bfree: step.get("bfree").map(|free| free.as_u64().ok_or_else(|| text(free))),
        verified: step.get("verified").map(|_| Vec::new()),
    }
}

/// The recording's step without what only several recordings can say.
fn expected(step: &Value, ours: &Value) -> Value {
    let mut step = step.clone();
    let map = step.as_object_mut().unwrap();
    map.shift_remove("unstable");
    map.shift_remove("model_fix");
    let files = map.get_mut("files").unwrap().as_object_mut().unwrap();
    // Merging recordings may list a file only for a `?`.
    files.retain(|name, _| ours["files"].get(name).is_some());
    for (name, file) in files {
        let mine = &ours["files"][name];
        let sk = file["norm"]["sk"].as_str().unwrap();
        if sk.contains('?') {
            file["norm"]["sk"] = mine["norm"]["sk"].clone();
        }
        // An lseek that failed has no segment with us.
        if file["seek"].as_array().unwrap().iter().any(|segment| segment[0] != "D" && segment[0] != "H") {
            file["seek"] = mine["seek"].clone();
        }
        // Pages behind the last block of the view are counted but not drawn.
        file["cache"] = mine["cache"].clone();
    }
    step
}

#[test]
fn the_documents_of_the_recordings_come_out_again() {
    let mut steps = 0;
    for fs in FILESYSTEMS {
        for (trace, text) in golden_texts(fs) {
            let golden: Value = serde_json::from_str(&text).unwrap();
            let mut observer = Observer::new();
            let mut files = Files::default();
            let mut current: Option<String> = None;
            for step in golden["steps"].as_array().unwrap() {
                files.follow(current.as_deref(), step);
                current = step.get("file").map(|name| name.as_str().unwrap().to_string());
                observer.step(record(step, &files));
                let ours: Value = serde_json::from_str(observer.lines().last().unwrap()).unwrap();
                let unstable = step["unstable"].as_array().map_or(0, Vec::len);
                if unstable == 0 {
                    assert_eq!(expected(step, &ours), ours, "{fs} {trace} {}", step["cmd"]);
                }
                steps += 1;
            }
        }
    }
    assert!(steps > 8000, "{steps}");
}

#[test]
fn a_document_has_the_shape_of_the_recordings() {
    let texts = golden_texts("ext4");
    let golden: Value = serde_json::from_str(&texts["005-overwrite-written"]).unwrap();
    let first = &golden["steps"][1];
    let mut files = Files::default();
    files.follow(None, &golden["steps"][0]);
    let mut observer = Observer::new();
    observer.step(record(&golden["steps"][0], &files));
    files.follow(Some("a"), first);
    observer.step(record(first, &files));
    let head = Head { fs: "ext4".into(), trace: "t".into(), kernel: "k".into(), size: 5, ..Head::default() };
    let document = observer.document(&head);
    let lines: Vec<&str> = document.lines().collect();
    assert_eq!(
        lines[0],
        r#"{"format":"fsoracle-1","fs":"ext4","trace":"t","kernel":"k","bs":4096,"size":5,"mkfs":"","mount":"","runs":1,"steps":["#
    );
    // Keys and their order are those of the recorder.
    assert!(lines[2].starts_with(r#"{"n":2,"cmd":""#), "{}", lines[2]);
    assert_eq!((lines.len(), lines[3]), (4, "]}"));
    extentscope_tests::document::Document::read(&document).unwrap();
}

fn observed(opening: u64, ext: &[(u64, u64, u64, u32)]) -> FileObservation {
    let ext = ext.iter().map(|&(logical, length, physical, flags)| FiemapRecord { logical, physical, length, flags });
    FileObservation { opening, size: 16384, ext: ext.collect(), ..FileObservation::default() }
}

fn step(observer: &mut Observer, files: &[(&str, FileObservation)]) -> Value {
    let files = files.iter().map(|(name, file)| (name.to_string(), file.clone())).collect();
    observer.step(StepRecord { n: 1, cmd: "x".into(), files, ..StepRecord::default() });
    serde_json::from_str(observer.lines().last().unwrap()).unwrap()
}

#[test]
fn moves_are_told_from_the_step_before() {
    let mut observer = Observer::new();
    let mv = |value: &Value| value["files"]["a"]["norm"]["mv"].clone();
    let first = step(&mut observer, &[("a", observed(1, &[(0, 8192, 40960, 0)]))]);
    assert_eq!(mv(&first), "2+2.");
    let next = step(&mut observer, &[("a", observed(1, &[(4096, 4096, 45056, 0), (8192, 8192, 81920, 1)]))]);
    assert_eq!(mv(&next), "1-1=2+");
    let next = step(&mut observer, &[("a", observed(1, &[(4096, 4096, 0, 6), (8192, 8192, 90112, 1)]))]);
    assert_eq!(mv(&next), "1.1-2M");
    let next = step(&mut observer, &[("a", observed(1, &[(4096, 4096, 0, 6), (8192, 8192, 90112, 1)]))]);
    assert_eq!(mv(&next), "same", "listed once more because mv itself changed");
    let next = step(&mut observer, &[("a", observed(1, &[(4096, 4096, 0, 6), (8192, 8192, 90112, 1)]))]);
    assert_eq!(next["files"], serde_json::json!({}));
    let next = step(&mut observer, &[("a", observed(2, &[(8192, 8192, 90112, 1)]))]);
    assert_eq!(mv(&next), "2.2+", "opened again");
}

#[test]
fn sharing_is_found_within_and_between_files() {
    let mut observer = Observer::new();
    let a = observed(1, &[(0, 8192, 40960, 0), (8192, 4096, 40960, 0)]);
    let b = observed(2, &[(4096, 12288, 36864, 1)]);
    let first = step(&mut observer, &[("b", b), ("a", a)]);
    let expected = serde_json::json!([
        {"n": 1, "m": [["a", 0], ["a", 2], ["b", 2]]},
        {"n": 1, "m": [["a", 1], ["b", 3]]},
    ]);
    assert_eq!(first["share"], expected);
    // Copies on several devices: the first one counts, and equal remainders only.
    let a = observed(1, &[(0, 8192, 81920, 0), (0, 8192, 40960, 0)]);
    let b = observed(2, &[(0, 8192, 40960, 1)]);
    assert_eq!(step(&mut observer, &[("b", b), ("a", a)])["share"], serde_json::json!([]));
    let a = observed(1, &[(0, 8192, 40960 + 512, 0)]);
    let b = observed(2, &[(0, 8192, 40960, 1)]);
    assert_eq!(step(&mut observer, &[("b", b), ("a", a)]).get("share"), None);
}

#[test]
fn the_content_digest_is_that_of_the_recordings() {
    assert_eq!(content_sha([], 0), "af5570f5a1810b7a");
    let fill = (0..4).map(|block| (block, BlockBytes::Fill(0xcd)));
    assert_eq!(content_sha(fill, 16384), "f7e640b1dbef9b39");
    let bytes = [0xcd; 4096];
    let plain = (0..4).map(|block| (block, BlockBytes::Bytes(&bytes)));
    let holes = [(4, BlockBytes::Fill(0)), (5, BlockBytes::Bytes(&[0; 4096]))];
    assert_eq!(content_sha(plain.chain(holes), 16384), "f7e640b1dbef9b39");
}
