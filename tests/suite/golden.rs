//! The comparer and the report, on the recordings themselves.

use extentscope_tests::compare::compare;
use extentscope_tests::document::Document;
use extentscope_tests::goldens::{FILESYSTEMS, FIRST_SLICE, golden_report, golden_texts, goldens, model, uses_only};
use extentscope_tests::{here, traces};
use serde_json::Value;

#[test]
fn every_recording_equals_itself() {
    let count = |fs: &str| {
        let goldens = goldens(fs);
        for (trace, golden) in &goldens {
            assert_eq!((golden.fs.as_str(), golden.trace.as_str()), (fs, trace.as_str()));
            assert_eq!(compare(golden, golden), [], "{fs} {trace}");
        }
        goldens.len()
    };
    assert_eq!(FILESYSTEMS.map(count), [129, 149, 154, 177]);
}

/// One changed place in a recording, and what the reference comparer says of it.
#[derive(serde::Deserialize)]
struct Change {
    fs: String,
    trace: String,
    path: Vec<Value>,
    value: Value,
    differs: Vec<(u64, String)>,
}

fn change(document: &mut Value, path: &[Value], value: &Value) {
    let (key, rest) = path.split_first().expect("a path has a key");
    match (key, rest.is_empty(), document) {
        (Value::String(key), true, Value::Object(map)) if value.is_null() => {
            map.shift_remove(key);
        }
        (Value::String(key), true, Value::Object(map)) => {
            map.insert(key.clone(), value.clone());
        }
        (Value::Number(at), true, Value::Array(list)) => {
            let at = usize::try_from(at.as_u64().expect("an index")).expect("an index");
            if value.is_null() {
                list.remove(at);
            } else {
                list[at] = value.clone();
            }
        }
        (Value::String(key), false, document) => change(&mut document[key.as_str()], rest, value),
        (Value::Number(at), false, document) => {
            let at = usize::try_from(at.as_u64().expect("an index")).expect("an index");
            change(&mut document[at], rest, value);
        }
        (key, _, _) => panic!("no place {key}"),
    }
}

#[test]
fn the_comparer_agrees_with_the_reference() {
    let text = std::fs::read_to_string(here().join("fixtures/comparer.jsonl")).unwrap();
    let changes: Vec<Change> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(changes.len(), 170);
    for fs in FILESYSTEMS {
        let texts = golden_texts(fs);
        for each in changes.iter().filter(|each| each.fs == fs) {
            let golden = Document::read(&texts[&each.trace]).unwrap();
            let mut changed: Value = serde_json::from_str(&texts[&each.trace]).unwrap();
            change(&mut changed, &each.path, &each.value);
            let found = compare(&golden, &Document::read(&changed.to_string()).unwrap());
            let what = |text: &str| {
                let end = text.find([',', ':'].as_slice()).and(text.find(" golden")).unwrap_or(text.len());
                text[..end].trim_end_matches([',', ':']).to_string()
            };
            let found: Vec<(u64, String)> = found.iter().map(|d| (d.n, what(&d.what))).collect();
            assert_eq!(found, each.differs, "{fs} {} {:?} {}", each.trace, each.path, each.value);
        }
    }
}

#[test]
fn the_report_counts_traces_and_steps() {
    let texts = golden_texts("ext4");
    let echo = |_: &str, _: &str, trace: &str| Ok(texts[trace].clone());
    let all = golden_report("ext4", None, |_| true, echo);
    assert_eq!((all.equal_traces(), all.rows.len()), (129, 129));
    assert_eq!(all.equal_steps(), all.steps());
    // With the last step gone and one size wrong, the trace is not equal and the other steps still count.
    let broken = |_: &str, _: &str, trace: &str| {
        let mut document: Value = serde_json::from_str(&texts[trace]).unwrap();
        let steps = document["steps"].as_array_mut().unwrap();
        steps.pop();
        steps[0]["files"]["a"]["size"] = Value::from(77);
        Ok(document.to_string())
    };
    let report = golden_report("ext4", Some(FIRST_SLICE), |_| true, broken);
    let row = report.unequal().find(|row| row.trace == "005-overwrite-written").expect("it is not equal");
    assert!(row.equal < row.steps, "{row:?}");
    assert!(row.reason.as_deref().unwrap().starts_with("step 1 `open -f a`: a: size"), "{row:?}");
    let refused = golden_report("ext4", Some(FIRST_SLICE), |_| true, |_, _, _| Err("not modelled".to_string()));
    assert_eq!((refused.equal_traces(), refused.equal_steps()), (0, 0));
    assert!(refused.to_string().starts_with("ext4: 0/"));
}

#[test]
fn applicable_traces_are_chosen_by_their_commands() {
    assert!(uses_only("open -f a\nsync\nfzero -k 0 4k\nrepeat 2 { fsync }", FIRST_SLICE));
    assert!(!uses_only("open -f a\nrepeat 2 { reflink b }", FIRST_SLICE));
    assert!(!uses_only("nonsense", FIRST_SLICE));
    let count = |fs| {
        let goldens = goldens(fs);
        let applicable = |(name, text): &&(String, String)| goldens.contains_key(name) && uses_only(text, FIRST_SLICE);
        traces().iter().filter(applicable).count()
    };
    assert_eq!([count("ext4"), count("bcachefs")], [107, 122]);
}

/// Traces and steps that the engine equals, per filesystem. Raise them when the engine gets better; `cargo run -p
/// extentscope-tests --bin golden_report` prints what is not equal yet, and why.
const EQUAL: [(&str, usize, usize); 4] =
    [("ext4", 129, 2752), ("xfs", 149, 3337), ("btrfs", 154, 3382), ("bcachefs", 174, 3879)];

#[test]
fn the_engine_equals_the_recordings() {
    for (fs, traces, steps) in EQUAL {
        let report = golden_report(fs, None, |_| true, model);
        let (equal, equal_steps) = (report.equal_traces(), report.equal_steps());
        assert!(equal >= traces && equal_steps >= steps, "{report}");
        let worse = report.unequal().find(|row| row.reason.as_deref().unwrap_or("").starts_with("the engine broke"));
        assert_eq!(worse, None);
    }
}
