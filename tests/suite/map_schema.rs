//! The extent map's types and its schema say the same.

use extentscope_core::base::fiemap::flags;
use extentscope_core::session::Session;
use extentscope_core::text::map_json::*;
use extentscope_tests::goldens::{FIRST_SLICE, MODELLED, uses_only};
use extentscope_tests::here;
use serde_json::{Value, json};

fn schema() -> Value {
    let path = here().join("../static/schema/extent-map-1.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn extent(logical: u64, physical: Option<u64>, bits: u32, state: ExtentState) -> ExtentJson {
    let names = flags::NAMES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name.to_string());
    ExtentJson {
        logical: Count(logical),
        physical: physical.map(Count),
        length: Count(65536),
        flags: bits,
        names: names.collect(),
        state,
        shared_with: vec![SharedWith { file: "b".into(), logical: Count(0) }],
        provenance: vec![ProvenanceJson {
            logical: Count(logical),
            length: Count(65536),
            command: Count(2),
            cmd: "pwrite 0 64k".into(),
        }],
    }
}

/// A map with everything in it.
fn example() -> ExtentMap {
    use ExtentState::*;
    let states = [Written, Unwritten, Delalloc, Reserved, Inline, Encoded];
    let extents = states.into_iter().zip(0u64..).map(|(state, at)| {
        let physical = matches!(state, Written | Unwritten | Encoded).then_some(at << 20);
        extent(at << 16, physical, 1 << at, state)
    });
    let cached = [CacheState::Clean, CacheState::Dirty, CacheState::Writeback, CacheState::DirtyWriteback];
    let cached = cached.into_iter().map(|state| CacheJson {
        logical: Count(0),
        length: Count(4096),
        state,
        uptodate: true,
        folio_pages: Count(4),
    });
    let promised = [ReservationKind::Delalloc, ReservationKind::Reserved, ReservationKind::Cow];
    let promised = promised.into_iter().map(|kind| ReservationJson { logical: Count(0), length: Count(4096), kind });
    let leaf =
        EntryJson::Extent { ino: Count(1), logical: Count(0), length: Count(4096), physical: None, state: Delalloc };
    let child = EntryJson::Child { ino: Count(1), logical: Count(0), child: Count(2) };
    let nodes = vec![
        NodeJson { id: Count(3), level: Count(1), parent: None, entries: vec![child] },
        NodeJson { id: Count(2), level: Count(0), parent: Some(Count(3)), entries: vec![leaf] },
    ];
    ExtentMap {
        format: FORMAT.into(),
        personality: "ext4".into(),
        level: "6.18".into(),
        geometry: Geometry {
            block_size: Count(4096),
            page_size: Count(4096),
            device_blocks: Count(64),
            free_blocks: Count(40),
            reserved_blocks: Count(4),
            fanout: Count(4),
        },
        files: vec![FileMap {
            name: "a".into(),
            ino: Count(1),
            size: Count(u64::MAX),
            blocks: Count(EXACT_MAX),
            extents: extents.collect(),
            holes: vec![Stretch { logical: Count(EXACT_MAX + 1), length: Count(4096) }],
            cache: cached.collect(),
            reservations: promised.collect(),
            tree: TreeJson { depth: Count(2), nodes },
        }],
    }
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::meta::is_valid(&schema()));
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn a_map_is_valid_and_read_back() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let map = example();
    let value: Value = serde_json::from_str(&map.to_text()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(serde_json::from_value::<ExtentMap>(value.clone()).unwrap(), map);
    // Numbers that JavaScript would round are texts.
    let file = &value["files"][0];
    assert_eq!(file["size"], json!("18446744073709551615"));
    assert_eq!(file["blocks"], json!(9_007_199_254_740_991u64));
    assert_eq!(file["holes"][0]["logical"], json!("9007199254740992"));
}

#[test]
fn what_is_wrong_is_refused() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let good: Value = serde_json::from_str(&example().to_text()).unwrap();
    type Change = fn(&mut Value);
    let changes: [Change; 9] = [
        |map| map["format"] = json!("extentscope-map-2"),
        |map| map["time"] = json!("now"),
        |map| map["files"][0]["size"] = json!(-1),
        |map| map["files"][0]["size"] = json!(18_446_744_073_709_551_615u64),
        |map| map["files"][0]["size"] = json!("12"),
        |map| map["files"][0]["extents"][0]["state"] = json!("lost"),
        |map| map["files"][0]["extents"][0]["names"] = json!(["LAST", "FIRST"]),
        |map| map["files"][0]["tree"]["nodes"][0]["entries"][0]["length"] = json!(1),
        |map| map["geometry"] = json!({}),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut map = good.clone();
        change(&mut map);
        assert!(!validator.is_valid(&map), "change {number} is accepted");
        // The types are as strict, but for the bounds of numbers and the lists of words.
        if !matches!(number, 0 | 3 | 4 | 6) {
            assert!(serde_json::from_value::<ExtentMap>(map).is_err(), "change {number} is read");
        }
    }
}

/// The keys of an object type in the schema, by its name in `$defs`.
#[test]
fn schema_and_types_have_the_same_keys() {
    let value: Value = serde_json::from_str(&example().to_text()).unwrap();
    let schema = schema();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let defined = |name: &str| keys(&schema["$defs"][name]["properties"]);
    let file = &value["files"][0];
    assert_eq!(keys(&value), keys(&schema["properties"]));
    assert_eq!(keys(&value["geometry"]), defined("geometry"));
    assert_eq!(keys(file), defined("file"));
    assert_eq!(keys(&file["extents"][0]), defined("extent"));
    assert_eq!(keys(&file["cache"][0]), defined("cached"));
    assert_eq!(keys(&file["reservations"][0]), defined("reservation"));
    assert_eq!(keys(&file["tree"]), defined("tree"));
    assert_eq!(keys(&file["tree"]["nodes"][0]), defined("node"));
}

#[test]
fn every_trace_ends_with_a_valid_map() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for fs in MODELLED {
        let mut maps = 0;
        for (trace, text) in extentscope_tests::traces() {
            // Random traces differ in length only: the first of each kind will do.
            if !uses_only(&text, FIRST_SLICE) || trace.starts_with('2') && !trace.ends_with("-1") {
                continue;
            }
            let Ok(session) = Session::load(&text, Some(fs)) else { continue };
            let text = session.map().to_text();
            let value: Value = serde_json::from_str(&text).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert_eq!(errors, Vec::<String>::new(), "{fs} {trace}");
            maps += 1;
        }
        assert!(maps > 80, "{fs}: {maps} maps");
    }
}
