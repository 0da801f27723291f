use super::*;
use crate::protocol::{Answer, Call, LogDelta};
use crate::scene::{CacheCell, FileScene, Lens, Look};

fn file(blocks: u64) -> FileScene {
    let cell = CacheCell { look: Look::Absent, dirty_again: false, writer: 0 };
    FileScene {
        name: String::from("a"),
        ino: 1,
        size: 0,
        disk_size: 0,
        blocks,
        lens: Lens { first: 0, blocks: 32 },
        cache: vec![cell; 32],
        folios: Vec::new(),
        promises: Vec::new(),
        promised: 0,
        extents: Vec::new(),
        overview: None,
        legend: Vec::new(),
        changed_outside: None,
    }
}

fn scene(cursor: u64, length: u64) -> Scene {
    let mut scene = Scene { cursor, length, file: Some(file(40)), ..Scene::default() };
    scene.device.lens = Lens { first: 0, blocks: 64 };
    scene
}

fn report(state: &mut State, scene: Scene, now: u64) -> Vec<Effect> {
    let report = Reported { scene: Some(Box::new(scene)), log: None, script: None, now };
    reduce(state, Action::Reported(Box::new(report)))
}

fn ready(cursor: u64, length: u64) -> State {
    let mut state = State { opening: Opening::Over, ..State::default() };
    report(&mut state, scene(cursor, length), 0);
    state
}

fn entry(line: &str, first_step: u64, last_step: u64) -> LogEntry {
    LogEntry { line: line.to_owned(), done: true, first_step, last_step, ..LogEntry::default() }
}

#[test]
fn playing_takes_a_step_waits_for_the_answer_and_stops_at_the_end() {
    let mut state = ready(0, 2);
    let step = Effect::Call(Call::Step { size: StepSize::Atomic, forward: true, count: 1 }, For::Step);
    assert_eq!(reduce(&mut state, Action::Play), [step]);
    assert_eq!(reduce(&mut state, Action::Tick), [], "the answer is not here yet");
    report(&mut state, scene(2, 2), 10);
    let timer = Effect::PlayTimer(STEP_MS);
    assert_eq!(reduce(&mut state, Action::Answered(For::Step, Ok(Answer::Cursor(2)))), [timer]);
    assert_eq!(reduce(&mut state, Action::Tick), []);
    assert!(!state.play.on);
}

#[test]
fn playing_from_the_end_starts_at_the_beginning() {
    let mut state = ready(2, 2);
    assert_eq!(reduce(&mut state, Action::Play), [Effect::Goto(0), Effect::PlayTimer(STEP_MS)]);
}

#[test]
fn a_sentence_is_said_for_each_step_but_while_playing_every_two_seconds() {
    let mut state = ready(0, 9);
    report(&mut state, scene(1, 9), 10);
    assert!(state.status.starts_with("Step 1 of 9"));
    state.play.on = true;
    state.play.said = 10;
    report(&mut state, scene(2, 9), 1_500);
    assert!(state.status.starts_with("Step 1 of 9"));
    report(&mut state, scene(3, 9), 2_500);
    assert!(state.status.starts_with("Step 3 of 9"));
}

#[test]
fn the_opening_shows_three_stops_and_then_the_offer() {
    let log = vec![
        entry("open -f a", 1, 2),
        entry("pwrite 0 16k", 3, 8),
        entry("filefrag -v", 9, 12),
        entry("fiemap -v", 13, 18),
        entry("filefrag -v", 19, 20),
    ];
    let mut state = State { log: Shared::new(log), ..State::default() };
    assert_eq!(report(&mut state, scene(20, 20), 0), [Effect::OpeningTimer(100)]);
    let mut stops = Vec::new();
    for _ in 0..3 {
        let effects = reduce(&mut state, Action::OpeningTick);
        stops.extend(effects.into_iter().find_map(|effect| match effect {
            Effect::Goto(step) => Some(step),
            _ => None,
        }));
    }
    assert_eq!(stops, [8, 12, 20]);
    let photo = |tool| Effect::Call(Call::Ask { tool, sync: false, current: false }, For::Photo(tool));
    let offer = reduce(&mut state, Action::OpeningTick);
    assert_eq!(offer, [photo(Tool::Fiemap), Effect::Focus(Focus::Opening)], "nothing is changed by the offer");
    let back = reduce(&mut state, Action::Step { size: None, forward: false });
    let goto = Effect::Call(Call::Goto(12), For::Step);
    assert_eq!(back, [goto, photo(Tool::Filefrag), Effect::Focus(Focus::Stage)]);
}

#[test]
fn typing_ends_the_opening_and_finds_the_run_at_its_end() {
    let mut state = ready(3, 9);
    state.opening = Opening::Playing(vec![9, 5]);
    assert_eq!(reduce(&mut state, Action::FocusConsole), [Effect::Goto(9), Effect::Focus(Focus::Console)]);
    assert_eq!(state.opening, Opening::Over);
}

#[test]
fn with_motion_off_the_opening_is_only_the_offer() {
    let mut state = State::default();
    state.prefs.still = true;
    state.log = Shared::new(vec![entry("open -f a", 1, 2), entry("pwrite 0 16k", 3, 8), entry("fiemap -v", 9, 20)]);
    let effects = report(&mut state, scene(20, 20), 0);
    assert_eq!(effects.last(), Some(&Effect::Focus(Focus::Opening)));
    assert_eq!(state.opening, Opening::Offered(8));
}

#[test]
fn a_failed_worker_gives_back_the_line_and_restarting_keeps_the_script() {
    let mut state = ready(0, 0);
    state.script = String::from("open -f a\n");
    reduce(&mut state, Action::Typed(String::from("pwrite 0 4k")));
    reduce(&mut state, Action::Enter);
    assert_eq!(state.console.input, "");
    reduce(&mut state, Action::Failed(String::from("panicked")));
    assert_eq!(state.console.input, "pwrite 0 4k");
    assert_eq!(state.engine, Engine::Failed(String::from("panicked")));
    let load = Call::Load { script: String::from("open -f a\n"), personality: None };
    assert_eq!(reduce(&mut state, Action::Restart), [Effect::NewWorker, Effect::Call(load, For::Load)]);
}

#[test]
fn with_pause_on_a_line_only_starts() {
    let mut state = ready(0, 0);
    reduce(&mut state, Action::Pause(true));
    reduce(&mut state, Action::Typed(String::from(" fsync ")));
    let line = String::from("fsync");
    assert_eq!(reduce(&mut state, Action::Enter), [Effect::Call(Call::Start(line.clone()), For::Line(line))]);
}

#[test]
fn the_lens_follows_the_cell_over_its_edge() {
    let mut state = ready(0, 0);
    state.cell = Pick { lane: Lane::Cache, block: 31 };
    reduce(&mut state, Action::Move(Dir::Right));
    assert_eq!((state.cell.block, state.view.lens_first), (32, 1));
    assert_eq!(state.view.selection, Some(state.cell));
}

#[test]
fn down_leads_from_the_extents_to_the_device_and_up_back() {
    let mut state = ready(0, 0);
    state.cell = Pick { lane: Lane::Extents, block: 5 };
    reduce(&mut state, Action::Move(Dir::Down));
    assert_eq!(state.cell, Pick { lane: Lane::Device, block: 5 });
    reduce(&mut state, Action::Move(Dir::Down));
    assert_eq!(state.cell, Pick { lane: Lane::Device, block: 37 });
    reduce(&mut state, Action::Move(Dir::Up));
    reduce(&mut state, Action::Move(Dir::Up));
    assert_eq!(state.cell, Pick { lane: Lane::Extents, block: 5 });
}

#[test]
fn a_pinned_inspector_stays_while_the_keyboard_walks() {
    let mut state = ready(0, 0);
    let pinned = Pick { lane: Lane::Cache, block: 3 };
    reduce(&mut state, Action::Pick(pinned));
    reduce(&mut state, Action::Move(Dir::Right));
    assert_eq!(state.view.selection, Some(pinned));
    assert_eq!(state.cell.block, 4);
}

#[test]
fn opening_the_tables_changes_nothing_and_sync_first_asks_for_a_flush() {
    let mut state = ready(0, 0);
    let ask = |tool, sync| vec![Effect::Call(Call::Ask { tool, sync, current: false }, For::Photo(tool))];
    assert_eq!(reduce(&mut state, Action::Tab(Tab::Fiemap)), ask(Tool::Filefrag, false));
    assert_eq!(reduce(&mut state, Action::Tool(Tool::Fiemap)), [], "sync is on there: the viewer decides");
    assert_eq!(reduce(&mut state, Action::Ask), ask(Tool::Fiemap, true));
}

#[test]
fn news_of_the_console_replace_its_end() {
    let mut state = ready(0, 0);
    let delta = |keep, lines: &[&str]| {
        let append = lines.iter().map(|line| entry(line, 0, 0)).collect();
        let report = Reported { scene: None, log: Some(LogDelta { keep, append }), script: None, now: 0 };
        Action::Reported(Box::new(report))
    };
    reduce(&mut state, delta(0, &["a", "b"]));
    reduce(&mut state, delta(1, &["c"]));
    let lines: Vec<_> = state.log.iter().map(|entry| entry.line.as_str()).collect();
    assert_eq!(lines, ["a", "c"]);
}

#[test]
fn the_device_size_is_said_once() {
    let mut state = ready(0, 0);
    state.script = String::from("#@ size 1m\nopen -f a\n");
    let effects = reduce(&mut state, Action::Directive { key: "blocks", value: String::from("128") });
    let load = Call::Load { script: String::from("#@ blocks 128\nopen -f a\n"), personality: None };
    assert_eq!(effects, [Effect::Call(load, For::Load)]);
}

#[test]
fn escape_closes_one_thing_at_a_time() {
    let mut state = ready(0, 0);
    state.overlay = Some(Overlay::Help);
    state.pinned = true;
    assert_eq!(reduce(&mut state, Action::Escape), []);
    assert!(state.pinned && state.overlay.is_none());
    assert_eq!(reduce(&mut state, Action::Escape), [Effect::Focus(Focus::Stage)]);
    assert!(!state.pinned);
}

#[test]
fn another_run_shows_the_first_nodes_again() {
    let mut state = ready(3, 9);
    reduce(&mut state, Action::Metadata(90));
    assert_eq!(state.view.meta_near, 90);
    state.forget_file();
    assert_eq!(state.view.meta_near, 0);
}
