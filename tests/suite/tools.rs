//! Our texts against captured output of the real tools: xfs_io 6.1, filefrag of e2fsprogs 1.47, qemu-img, fincore.
//!
//! Each fixture file is a list of cases: a line `=== {...}` with the raw records that the ioctl gave at that moment,
//! then what the tool printed (time and inode numbers cut out).

use extentscope_core::base::errno::Errno;
use extentscope_core::base::fiemap::{FiemapRecord, Segment, SegmentKind};
use extentscope_core::scenario::parse::parse_line;
use extentscope_core::scenario::script::{Command, Seek, SeekWhat};
use extentscope_core::text::bmap::{self, BmapListing, BmapPlace, BmapRecord};
use extentscope_core::text::errors;
use extentscope_core::text::fiemap::{self, FiemapListing};
use extentscope_core::text::filefrag::{self, FilefragListing};
use extentscope_core::text::fincore::{self, Resident};
use extentscope_core::text::qemu_map;
use extentscope_core::text::seek::{self, SeekAsk};
use extentscope_core::text::stat::{self, NativeAttributes, OpenFile, OpenFlags, StatFacts, StatfsFacts, XflagsStyle};
use extentscope_core::text::transfer::{self, Transfer};
use extentscope_tests::here;
use serde_json::Value;

/// Runs `ours` on every case of a fixture file and compares byte for byte.
fn hold(file: &str, at_least: usize, ours: impl Fn(&Value) -> String) {
    let text = std::fs::read_to_string(here().join("fixtures/tools").join(file)).unwrap();
    let mut cases = 0;
    for case in text.split("=== ").skip(1) {
        let (head, expected) = case.split_once('\n').unwrap();
        let head: Value = serde_json::from_str(head).unwrap();
        let got = ours(&head);
        assert!(got == expected, "{file}: {head}\n--- the tool\n{expected}--- ours\n{got}");
        cases += 1;
    }
    assert!(cases >= at_least, "{file} has {cases} cases");
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn small(value: &Value) -> u32 {
    u32::try_from(number(value)).expect("a small number")
}

fn records(head: &Value) -> Vec<FiemapRecord> {
    let record = |r: &Value| FiemapRecord {
        logical: number(&r[0]),
        length: number(&r[1]),
        physical: number(&r[2]),
        flags: small(&r[3]),
    };
    head["records"].as_array().unwrap().iter().map(record).collect()
}

fn segments(head: &Value) -> Vec<Segment> {
    let kind = |s: &Value| if s[0] == "D" { SegmentKind::Data } else { SegmentKind::Hole };
    let segment = |s: &Value| Segment { kind: kind(s), start: number(&s[1]), end: number(&s[2]) };
    head["segments"].as_array().unwrap().iter().map(segment).collect()
}

fn command(name: &str, head: &Value) -> Command {
    let line = format!("{name} {}", head["args"].as_str().unwrap());
    parse_line(&line).unwrap().unwrap().command
}

#[test]
fn fiemap_listings() {
    hold("fiemap.txt", 270, |head| {
        let Command::Fiemap(ask) = command("fiemap", head) else { panic!() };
        fiemap::listing(&FiemapListing {
            name: head["name"].as_str().unwrap(),
            size: number(&head["size"]),
            start: ask.off,
            end: ask.len.map(|len| ask.off + len),
            records: &records(head),
            verbose: ask.verbose,
            lengths: ask.lengths,
            limit: ask.limit,
        })
    });
}

#[test]
fn filefrag_listings() {
    hold("filefrag.txt", 170, |head| {
        let Command::Filefrag(ask) = command("filefrag", head) else { panic!() };
        let records = records(head);
        // A file whose data is inside the inode has no extent flag there: the tool takes it for one of the old kind.
        let groups = (number(&head["magic"]) == 0xef53 && records.iter().any(|r| r.flags & 0x200 != 0)).then_some(5);
        filefrag::listing(&FilefragListing {
            name: head["name"].as_str().unwrap(),
            size: number(&head["size"]),
            block: number(&head["block"]),
            fs_blocks: number(&head["fs_blocks"]),
            magic: small(&head["magic"]),
            records: &records,
            verbose: ask.verbose,
            unit: ask.unit,
            groups,
        })
    });
}

#[test]
fn seek_listings() {
    hold("seek.txt", 430, |head| {
        let Command::Seek(Seek { what, repeat, show_start, off }) = command("seek", head) else { panic!() };
        let ask = SeekAsk {
            data: what != SeekWhat::Hole,
            holes: what != SeekWhat::Data,
            repeat,
            show_start,
            off: u64::try_from(off).unwrap(),
        };
        let (segments, size) = (segments(head), number(&head["size"]));
        seek::listing(ask, |kind, at| seek::lseek_in(&segments, size, kind, at))
    });
}

#[test]
fn a_failed_seek_says_why() {
    let ask = SeekAsk { data: true, holes: true, repeat: false, show_start: false, off: 0 };
    assert_eq!(seek::listing(ask, |_, _| Err(Errno::EIO)), "Whence\tResult\nERR\t0\tInput/output error\n");
}

#[test]
fn image_maps() {
    hold("qemu-map.txt", 20, |head| qemu_map::listing(&segments(head), number(&head["size"])));
}

#[test]
fn resident_pages() {
    hold("fincore.txt", 20, |head| {
        let files = head["files"].as_array().unwrap();
        let file = |f: &'_ Value| (f[0].as_str().unwrap().to_string(), number(&f[1]), number(&f[2]));
        let files: Vec<(String, u64, u64)> = files.iter().map(file).collect();
        let files: Vec<Resident> =
            files.iter().map(|(name, size, pages)| Resident { name, size: *size, pages: *pages }).collect();
        fincore::listing(&files, head["args"].as_str().unwrap().contains("-b"))
    });
}

#[test]
fn transfers() {
    hold("transfer.txt", 30, |head| {
        let done_of = |range: extentscope_core::scenario::script::ByteRange, size: i64| {
            let len = range.len.min((size - range.off).max(0));
            (u64::try_from(len).unwrap(), u64::try_from(range.len).unwrap(), u64::try_from(range.off).unwrap())
        };
        match parse_line(head["cmd"].as_str().unwrap()).unwrap().unwrap().command {
            Command::Pwrite(write) => {
                // The last one filled the device.
                let room = if write.range.len == 0x7fff_ffff { 521_601_024 } else { i64::MAX };
                let (done, asked, off) = done_of(write.range, room);
                transfer::summary(Transfer::Wrote, done, asked, off, done.div_ceil(write.chunk))
            }
            Command::Pread(read) => {
                let size = if read.range.len > 10 << 20 { 5 << 30 } else { 17 << 20 };
                let (done, asked, off) = done_of(read.range, size);
                transfer::summary(Transfer::Read, done, asked, off, done.div_ceil(read.chunk))
            }
            Command::Reflink(clone) => {
                let (len, off) = clone.part.map_or((0, 0), |part| (part.len, part.dest_off));
                let (len, off) = (u64::try_from(len).unwrap(), u64::try_from(off).unwrap());
                transfer::summary(Transfer::Linked, len, len, off, 1)
            }
            Command::Dedupe(clone) => {
                let part = clone.part.unwrap();
                let (len, off) = (u64::try_from(part.len).unwrap(), u64::try_from(part.dest_off).unwrap());
                transfer::summary(Transfer::Deduped, len, len, off, 1)
            }
            other => panic!("{other}"),
        }
    });
}

#[test]
fn hex_dumps() {
    hold("hexdump.txt", 10, |head| {
        let hex = head["bytes"].as_str().unwrap();
        let bytes: Vec<u8> =
            (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
        let chunk = usize::try_from(number(&head["chunk"])).unwrap();
        let calls = bytes.chunks(chunk).enumerate();
        let off = |call: usize| number(&head["off"]) + u64::try_from(call * chunk).unwrap();
        calls.map(|(call, bytes)| transfer::hex_dump(off(call), bytes)).collect()
    });
}

fn open_flags(text: &str) -> OpenFlags {
    OpenFlags {
        sync: text.contains('s'),
        direct: text.contains('d'),
        read_only: text.contains('r'),
        append: text.contains('a'),
    }
}

#[test]
fn file_statistics() {
    hold("stat.txt", 25, |head| {
        let name = head["name"].as_str().unwrap_or("");
        let fs = head["fs"].as_str().unwrap_or("");
        match head["cmd"].as_str().unwrap() {
            "stat" => {
                let native = head.get("xflags").map(|xflags| NativeAttributes {
                    xflags: small(xflags),
                    extsize: small(&head["extsize"]),
                    cowextsize: small(&head["cowextsize"]),
                    extents: number(&head["nextents"]),
                    attribute_extents: 0,
                    memory: 512,
                    least_direct: 512,
                });
                let (size, blocks) = (number(&head["size"]), number(&head["blocks"]));
                let flags = open_flags(head["flags"].as_str().unwrap());
                let facts = StatFacts { name, flags, ino: 0, size, blocks, links: 1, io_block: 4096, native };
                stat::stat(&facts, XflagsStyle::Letters)
            }
            "extsize" => stat::size_hint(name, small(&head["bytes"])),
            "statfs" => stat::statfs(
                name,
                &StatfsFacts {
                    block: number(&head["block"]),
                    blocks: number(&head["blocks"]),
                    available: number(&head["available"]),
                    files: number(&head["files"]),
                    files_free: number(&head["files_free"]),
                    flags: number(&head["flags"]),
                },
            ),
            "file" => {
                let kind = if fs == "xfs" { fs } else { "foreign" };
                let file = |f: &'_ Value| (f[0].as_str().unwrap().to_string(), open_flags(f[1].as_str().unwrap()));
                let files: Vec<(String, OpenFlags)> = head["files"].as_array().unwrap().iter().map(file).collect();
                let files: Vec<OpenFile> =
                    files.iter().map(|(name, flags)| OpenFile { name, flags: *flags, kind }).collect();
                stat::open_files(&files, usize::try_from(number(&head["current"])).unwrap())
            }
            other => panic!("{other}"),
        }
    });
}

#[test]
fn native_maps() {
    hold("bmap.txt", 60, |head| {
        let Command::Bmap(ask) = command("bmap", head) else { panic!() };
        let record = |r: &Value| BmapRecord {
            offset: number(&r[0]),
            length: number(&r[2]),
            place: match r[1].as_i64().unwrap() {
                -1 => BmapPlace::Hole,
                -2 => BmapPlace::Delayed,
                block => BmapPlace::Block(u64::try_from(block).unwrap()),
            },
            unwritten: number(&r[3]) & 1 != 0,
            shared: number(&r[3]) & 8 != 0,
        };
        let records: Vec<BmapRecord> = head["records"].as_array().unwrap().iter().map(record).collect();
        bmap::listing(&BmapListing {
            name: head["name"].as_str().unwrap(),
            records: &records,
            group: number(&head["group"]),
            groups: number(&head["groups"]),
            verbose: ask.verbose,
            lengths: ask.lengths,
            unwritten: ask.unwritten,
            limit: ask.limit,
        })
    });
}

#[test]
fn error_lines() {
    let errnos =
        [Errno::ENOENT, Errno::EIO, Errno::EBADF, Errno::EINVAL, Errno::EFBIG, Errno::EBADR, Errno::EOPNOTSUPP];
    hold("errors.txt", 60, |head| {
        let command = parse_line(head["cmd"].as_str().unwrap()).unwrap().unwrap().command;
        let text = head["errno"].as_str().unwrap();
        let errno = errnos.into_iter().find(|errno| errno.name() == text).expect(text);
        let name = if let Command::Open(open) = &command { open.name.clone() } else { "a".to_string() };
        errors::failed(command.call().expect("it makes a call"), &name, errno)
    });
}
