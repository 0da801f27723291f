//! Runs, cursors and forks.

use super::*;
use crate::trace::Mark;

fn fresh() -> Session {
    Session::load("#@ personality ext4\n", None).unwrap_or_else(|error| panic!("{error}"))
}

fn typed(lines: &[&str]) -> Session {
    let mut session = fresh();
    for line in lines {
        session.run_line(line).unwrap_or_else(|error| panic!("{error}"));
    }
    session
}

#[test]
fn a_line_runs_to_its_end_and_can_be_walked_back_into() {
    let mut session = typed(&["open -f a"]);
    let report = session.run_line("pwrite 0 16k").expect("accepted");
    assert!(report.output.starts_with("wrote 16384/16384 bytes at offset 0"), "{}", report.output);
    assert_eq!(report.outcome, Standing::Idle);
    assert_eq!((report.number, report.forked.clone()), (2, None));
    assert_eq!((report.last_step, session.cursor()), (session.len(), session.len()));
    let end = session.world().clone();
    let mut worlds = Vec::new();
    for step in (0..=session.len()).rev() {
        assert_eq!(session.seek(step), step);
        worlds.push(session.world().clone());
    }
    assert!(session.world().files.is_empty());
    for step in 0..=session.len() {
        session.seek(step);
        assert_eq!(Some(session.world()), worlds.pop().as_ref(), "step {step}");
    }
    assert_eq!(*session.world(), end);
    let entry = &session.commands()[1];
    assert_eq!((entry.text.as_str(), entry.command, entry.done), ("pwrite 0 16k", 2, true));
    let info = session.step_info(entry.first_step).expect("a step");
    assert_eq!((info.mark, info.command, info.label.as_str()), (Mark::Command(2), Some(2), "script"));
}

#[test]
fn typed_and_loaded_lines_give_the_same_run() {
    let lines = ["open -f a", "pwrite 0 16k", "open -f b", "pwrite 4k 8k"];
    let typed = typed(&lines);
    let loaded = Session::load(&lines.join("\n"), Some("ext4")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(typed.world(), loaded.world());
    assert_eq!((typed.run_digest(), typed.state_digest()), (loaded.run_digest(), loaded.state_digest()));
    assert_eq!(typed.script(), loaded.script());
    let again = Session::load(&typed.script(), None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.run_digest(), typed.run_digest());
}

#[test]
fn the_past_forks_and_the_old_future_can_be_taken_up_again() {
    let mut session = typed(&["open -f a", "pwrite 0 16k", "pwrite 16k 8k"]);
    let (old_len, old_digest) = (session.len(), session.run_digest());
    let cut = session.commands()[1].last_step;
    session.seek(cut);
    let report = session.run_line("pwrite 64k 4k").expect("accepted");
    assert_eq!(report.forked.as_deref(), Some("main"));
    assert_eq!(session.branch_name(), "fork 1");
    let texts: Vec<&str> = session.commands().iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, ["open -f a", "pwrite 0 16k", "pwrite 64k 4k"]);
    let branches = session.branches();
    let expected =
        BranchInfo { name: "main".to_owned(), len: old_len, forked_at: cut, lines: vec!["pwrite 16k 8k".to_owned()] };
    assert_eq!(branches, [expected]);
    let fork_digest = session.run_digest();
    assert!(session.switch_branch(0));
    session.seek(session.len());
    assert_eq!((session.run_digest(), session.branch_name()), (old_digest, "main"));
    assert_eq!(session.branches()[0].name, "fork 1");
    assert!(session.switch_branch(0));
    session.seek(session.len());
    assert_eq!(session.run_digest(), fork_digest);
    assert!(session.discard_branch(0));
    assert!(!session.discard_branch(0));
    assert!(!session.switch_branch(0));
}

#[test]
fn a_fork_inside_a_command_lets_it_finish() {
    let mut session = typed(&["open -f a", "pwrite 0 16k", "pwrite 16k 8k"]);
    let inside = session.commands()[1].first_step + 2;
    session.seek(inside);
    session.run_line("pwrite 64k 4k").expect("accepted");
    let same = typed(&["open -f a", "pwrite 0 16k", "pwrite 64k 4k"]);
    assert_eq!(session.state_digest(), same.state_digest());
    assert!(session.commands().iter().all(|entry| entry.done));
}

#[test]
fn with_pause_on_a_line_waits_to_be_stepped() {
    let mut session = typed(&["open -f a"]);
    let before = session.len();
    assert_eq!(session.start_line("pwrite 0 8k"), Ok(2));
    assert!(session.pending());
    assert_eq!((session.len(), session.cursor()), (before, before));
    let mut steps = 0;
    while session.pending() {
        session.step_forward(1);
        steps += 1;
        assert!(steps < 1_000);
    }
    assert_eq!(session.standing(), Standing::Idle);
    assert!(session.commands()[1].output.starts_with("wrote 8192/8192"));
    assert_eq!(session.run_digest(), typed(&["open -f a", "pwrite 0 8k"]).run_digest());
    session.seek(before);
    session.step_forward(1_000);
    assert_eq!(session.cursor(), session.len());
}

#[test]
fn another_choice_than_the_recorded_one_forks() {
    let mut session = typed(&["open -f a"]);
    session.start_line("@w1 pwrite 0 8k").expect("accepted");
    session.start_line("@w2 pwrite 8k 8k").expect("accepted");
    let start = session.cursor();
    let world = session.world();
    let find = |label: &str| *world.tasks.iter().find(|(_, task)| task.label == label).expect("a task").0;
    let (w1, w2) = (find("w1"), find("w2"));
    session.run_pending(usize::MAX);
    assert_eq!(session.step_info(start + 1).map(|step| step.task), Some(w1));
    session.seek(start);
    assert_eq!(session.step_task(w1), Ok(start + 1), "the recorded choice only moves");
    assert!(session.branches().is_empty());
    session.seek(start);
    assert_eq!(session.step_task(w2), Ok(start + 1));
    assert_eq!(session.branches().len(), 1);
    assert_eq!(session.step_info(start + 1).map(|step| step.task), Some(w2));
    session.run_pending(usize::MAX);
    assert_eq!(session.standing(), Standing::Idle);
    assert!(session.commands().iter().all(|entry| entry.done), "{:?}", session.commands());
    let error = session.step_task(w1).expect_err("it has nothing to do");
    assert_eq!(error.to_string(), "w1 cannot take a step here");
    session.seek(start);
    session.run_line("pwrite 0 4k").expect("accepted");
    assert!(session.commands().iter().any(|entry| entry.text == "@w2 pwrite 8k 8k"), "what waits is kept");
}

#[test]
fn bad_lines_change_nothing() {
    let mut session = typed(&["open -f a", "pwrite 0 8k"]);
    let digest = session.run_digest();
    session.seek(1);
    for line in ["pwrit 0 8k", "pwrite 0", "run w9 until exit", "schedule nobody", "#@ seed 4"] {
        let error = session.run_line(line).expect_err(line).to_string();
        assert!(!error.is_empty(), "{line}");
    }
    assert_eq!((session.cursor(), session.branches().len(), session.commands().len()), (1, 0, 2));
    let nothing = session.run_line("  # a comment").expect("accepted");
    assert_eq!((nothing.number, nothing.forked), (0, None));
    session.seek(session.len());
    assert_eq!(session.run_digest(), digest);
    assert!(Session::load("pwrit 0 1\nfsync 3", None).is_err());
    assert!(matches!(Session::load("fsync", Some("zfs")), Err(LoadError::Setup(_))));
}

#[test]
fn scripts_steer_and_claim() {
    let script = "open -f a\n@w1 pwrite 0 8k\n@w2 pwrite 8k 8k\nschedule w2 w1\nstep 1\nexpect ok\nexpect fsync <<END\nEND\nexpect pwrite 9k 1k <<END\nnonsense\nEND\nexpect error ENOSPC\nquit\npwrite 0 4k\n";
    let session = Session::load(script, Some("ext4")).unwrap_or_else(|error| panic!("{error}"));
    let entries = session.commands();
    assert!(entries.iter().all(|entry| entry.done), "{entries:#?}");
    assert_eq!(entries.len(), 10, "nothing after quit");
    let errors: Vec<_> = entries.iter().filter_map(|entry| entry.error.as_deref()).collect();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].starts_with("line 1 of the output: expected `nonsense`, got `wrote 1024/1024"), "{errors:?}");
    assert_eq!(errors[1], "expected ENOSPC, got success");
    assert!(session.complaint().expect("claims are not true").contains("line 12: `expect error ENOSPC`"));
    let first = entries[3].first_step;
    assert_eq!(session.step_info(first).map(|step| step.label), Some("w2".to_owned()));
    assert_eq!(session.step_info(first + 1).map(|step| step.label), Some("w1".to_owned()));
}

#[test]
fn sentences_causes_and_boundaries() {
    let mut session = typed(&["open -f a", "pwrite 0 12k"]);
    let ino = session.world().ino("a").expect("the file");
    let block = Selection::Block { ino, block: crate::base::FileBlock(1) };
    let why = session.why(block);
    assert!(why.last().expect("a cause").sentence.contains("`pwrite 0 12k`"), "{why:?}");
    let last = session.next_boundary(&Boundary::Change(block), Direction::Backward);
    assert!(session.sentence(last).contains("block 1 of a"), "{}", session.sentence(last));
    let begin = session.commands()[1].first_step;
    session.seek(0);
    assert!(!session.toggle_bookmark(3) || session.bookmarks() == [3]);
    assert_eq!(session.next_boundary(&Boundary::Bookmark, Direction::Forward), 3);
    session.seek(session.commands()[0].last_step);
    assert_eq!(session.next_boundary(&Boundary::Call, Direction::Forward), begin - 1);
    assert_eq!(session.sentence(0), "The filesystem is freshly mounted.");
    assert!(session.text_view().to_string().contains(&format!("step {} of", session.cursor())));
    assert_eq!(session.event_sentences(begin).len(), session.events(begin, <[Event]>::len));
}

#[test]
fn answers_are_read_from_the_picture_or_flush_first() {
    let mut session = typed(&["open -f a", "pwrite 0 64k"]);
    let step = session.len();
    let before = session.fiemap(None, Sync::No).expect("a file is open");
    assert_eq!((before.step, session.len()), (step, step), "it adds no step");
    assert_eq!(before.records.len(), 1);
    assert_ne!(before.records[0].flags & crate::base::fiemap::flags::DELALLOC, 0);
    assert_eq!(session.seek_table(Some("a")).expect("the file").segments.len(), 1);
    let map = session.map();
    let after = session.fiemap(None, Sync::Yes).expect("a file is open");
    assert!(session.len() > step, "a flush has steps");
    assert_eq!(after.records[0].flags & crate::base::fiemap::flags::DELALLOC, 0);
    assert_eq!(session.commands().last().map(|entry| entry.output.clone()), Some(after.text_xfs_io_v));
    assert_ne!(session.map(), map);
    session.seek(step);
    assert_eq!(session.map(), map);
    assert_eq!(session.fiemap(Some("a"), Sync::No).expect("the file"), before);
    let error = session.fiemap(Some("b"), Sync::No).expect_err("no such file").to_string();
    assert_eq!(error, "b: No such file or directory");
}

#[test]
fn a_repetition_is_one_line_of_many_commands() {
    let session = typed(&["open -f a", "repeat 3 { pwrite 0 4k; fsync }"]);
    assert_eq!(session.commands().len(), 2);
    assert_eq!(session.names().commands().len(), 7);
    assert_eq!(session.commands()[1].output.matches("wrote 4096/4096").count(), 3);
    let mut again = typed(&["open -f a", "repeat 3 { pwrite 0 4k; fsync }", "pwrite 8k 4k"]);
    again.seek(session.len());
    again.run_line("pwrite 4k 4k").expect("accepted");
    assert_eq!(again.world().files.len(), 1);
    again.seek(session.len());
    assert_eq!(again.state_digest(), {
        let mut same = typed(&["open -f a", "repeat 3 { pwrite 0 4k; fsync }", "pwrite 4k 4k"]);
        same.seek(session.len());
        same.state_digest()
    });
}

#[test]
fn a_task_runs_until_the_lock_that_is_named() {
    let script = "open -f a\n@w1 pwrite 0 8k\n@w2 pwrite 8k 8k\nrun w1 until lock inode\nrun w2 until exit\nrun w1\n";
    let mut session = Session::load(script, None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(session.complaint(), None);
    let entries = session.commands();
    let (w1, w2) = (&entries[1], &entries[2]);
    assert!(w1.first_step < w2.first_step && w2.last_step < w1.last_step, "{entries:#?}");
    let after = session.step_info(entries[5].first_step).expect("a step");
    let is_inode = matches!(after.mark, Mark::Lock(lock, _) if lock.class == crate::trace::LockClass::Inode);
    assert!(after.label == "w1" && is_inode, "{after:?}");
    let error = session.run_line("run w1 until lock nonsense").expect_err("no such class").to_string();
    assert!(error.contains("inode, invalidate, folio"), "{error}");
}
