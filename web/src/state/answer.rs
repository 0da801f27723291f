//! What the worker says, and what the page makes of it.

use super::reduce::show;
use super::{Effect, Engine, Focus, For, Notice, Opening, Reported, Shared, State, Tab, opening, tool_place};
use crate::protocol::{Answer, Call, HELD, LogDelta, LogEntry, Pick, Place, Tool};
use crate::scene::{Lane, Scene};

const MOUNTED: &str = "What is on the device is mounted.";

/// The least milliseconds between two sentences while playing.
const SAY_MS: u64 = 2_000;

type Effects = Vec<Effect>;

/// Asks the worker.
pub(super) fn call(call: Call, wanted: For) -> Effects {
    vec![Effect::Call(call, wanted)]
}

/// Asks for nothing but a picture of what the view sees now.
pub(super) fn look() -> Effects {
    call(Call::Look, For::Picture)
}

/// Says something in the live region.
pub(super) fn say(state: &mut State, text: &str) {
    // The same words again must still be noticed.
    let same = state.status == text;
    state.status = if same { format!("{text} ") } else { text.to_owned() };
}

/// The state in one breath.
pub fn words(scene: Option<&Scene>) -> String {
    let Some(scene) = scene else { return String::from("The engine is arriving.") };
    let counts = scene.file.iter().flat_map(|file| &file.legend).filter(|row| row.blocks > 0);
    let counts: Vec<String> = counts.map(|row| format!("{} {}", row.blocks, row.look.word())).collect();
    let file = scene.file.as_ref().map_or("no file", |file| file.name.as_str());
    format!("Step {} of {}. {} {file}: {}.", scene.cursor, scene.length, scene.sentence, counts.join(", "))
}

/// A report is here.
pub(super) fn reported(state: &mut State, report: Reported) -> Effects {
    if let Some(delta) = report.log {
        apply_log(state, delta);
    }
    if let Some(script) = report.script {
        state.script = script;
    }
    let Some(scene) = report.scene else { return Vec::new() };
    let first = state.scene.is_none();
    let moved = state.scene.as_ref().is_none_or(|before| before.cursor != scene.cursor);
    if moved && !first {
        let quiet = state.play.on && report.now < state.play.said + SAY_MS;
        if !quiet {
            state.play.said = report.now;
            state.status = format!("Step {} of {}: {}", scene.cursor, scene.length, scene.sentence);
        }
    }
    if let Some(file) = &scene.file {
        state.view.lens_first = file.lens.first;
    }
    state.cell = visible(state.cell, &scene);
    state.engine = Engine::Ready;
    state.scene = Some(Shared::new(*scene));
    if first { begin_opening(state) } else { Vec::new() }
}

/// The cell of the keyboard, moved to where it can be seen: the grid must always have one that Tab reaches.
fn visible(cell: Pick, scene: &Scene) -> Pick {
    if cell.lane == Lane::Metadata {
        let meta = &scene.device.meta;
        let block = meta.at(cell.block).or(Some(0)).and_then(|at| meta.cells.get(at)).map(|cell| cell.block);
        return Pick { block: block.unwrap_or(cell.block), ..cell };
    }
    let lens = match (cell.lane, &scene.file) {
        (Lane::Device, _) => scene.device.lens,
        (_, Some(file)) => file.lens,
        (_, None) => return Pick { lane: Lane::Device, block: scene.device.lens.first },
    };
    Pick { block: cell.block.clamp(lens.first, lens.end().saturating_sub(1).max(lens.first)), ..cell }
}

fn apply_log(state: &mut State, delta: LogDelta) {
    let keep = usize::try_from(delta.keep).unwrap_or(usize::MAX);
    let mut log: Vec<LogEntry> = state.log.iter().take(keep).cloned().collect();
    log.extend(delta.append);
    state.log = Shared::new(log);
}

fn begin_opening(state: &mut State) -> Effects {
    if state.opening != Opening::Before {
        return Vec::new();
    }
    let length = state.scene.as_ref().map_or(0, |scene| scene.length);
    match opening::plan(&state.log, length) {
        Some(_) if state.prefs.still => offer(state),
        Some(stops) => {
            state.opening = Opening::Playing(stops);
            vec![Effect::OpeningTimer(100)]
        }
        None => {
            state.opening = Opening::Over;
            Vec::new()
        }
    }
}

fn offer(state: &mut State) -> Effects {
    state.opening = opening::before_the_look(&state.log).map_or(Opening::Over, Opening::Offered);
    state.tab = Tab::Fiemap;
    state.choose_tool(Tool::Fiemap);
    vec![photograph(Tool::Fiemap), Effect::Focus(Focus::Opening)]
}

/// Asks a tool without letting it change anything.
fn photograph(tool: Tool) -> Effect {
    Effect::Call(Call::Ask { tool, sync: false, current: false }, For::Photo(tool))
}

/// The next stop of the opening.
pub(super) fn opening_tick(state: &mut State) -> Effects {
    let Opening::Playing(stops) = &mut state.opening else { return Vec::new() };
    match stops.pop() {
        Some(step) => vec![Effect::Goto(step), Effect::OpeningTimer(opening::STOP_MS)],
        None => offer(state),
    }
}

/// To where the offer leads.
pub(super) fn opening_back(state: &mut State) -> Effects {
    match std::mem::replace(&mut state.opening, Opening::Over) {
        Opening::Offered(step) => {
            state.choose_tool(Tool::Filefrag);
            let look = Effect::Call(Call::Goto(step), For::Step);
            vec![look, photograph(Tool::Filefrag), Effect::Focus(Focus::Stage)]
        }
        _ => Vec::new(),
    }
}

/// An answer is here.
pub(super) fn answered(state: &mut State, wanted: For, result: Result<Answer, String>) -> Effects {
    match (wanted, result) {
        (For::Step, result) => {
            state.stepping = false;
            if let Err(text) = result {
                state.play.on = false;
                notice(state, text);
            }
            next_tick(state)
        }
        (For::Load, Ok(_)) => {
            state.photos = [None, None, None];
            say(state, "A new run, played to its end.");
            Vec::new()
        }
        (For::Line(line), Ok(Answer::Text(output))) => {
            state.unfinished = None;
            let words = if output.is_empty() { line } else { format!("{line}: {output}") };
            say(state, &words);
            Vec::new()
        }
        (For::Line(_), Err(reason)) => {
            state.unfinished = None;
            say(state, &reason);
            Vec::new()
        }
        (For::Photo(tool), Ok(Answer::Photo(photo))) => {
            say(state, &photo_words(&photo));
            state.photos[tool_place(tool)] = Some(Shared::new(photo));
            Vec::new()
        }
        (For::Selection, Ok(Answer::Number(block))) => {
            let lane = state.view.selection.map_or(Lane::Extents, |pick| pick.lane);
            [show(state, Pick { lane, block }), vec![Effect::Focus(Focus::Cell)]].concat()
        }
        (For::Image, Ok(Answer::Bytes(bytes))) => vec![Effect::DownloadBytes { name: "extentscope.img", bytes }],
        (For::Device, Ok(_)) => {
            state.photos = [None, None, None];
            state.broken = String::new();
            let copied = state.scene.as_ref().is_some_and(|scene| scene.settings.place == Place::Copy);
            let how = if copied { "A read-only copy is mounted: open files with -r." } else { MOUNTED };
            say(state, how);
            Vec::new()
        }
        (For::Device, Err(text)) => {
            state.broken = if text == HELD { String::new() } else { text.clone() };
            notice(state, text);
            Vec::new()
        }
        (For::Export, Ok(Answer::Text(text))) => vec![Effect::Download { name: "extent-map.json", text }],
        (_, Err(text)) => {
            notice(state, text);
            Vec::new()
        }
        (_, Ok(_)) => Vec::new(),
    }
}

fn photo_words(photo: &crate::protocol::Photo) -> String {
    let told = format!("{} of {} at step {}.", photo.tool.word(), photo.file, photo.step);
    if photo.changed.is_some() { format!("{told} Looking changed the file.") } else { told }
}

fn notice(state: &mut State, text: String) {
    say(state, &text);
    state.notice = Some(Notice { text, error: true });
}

/// The worker is gone.
pub(super) fn failed(state: &mut State, reason: String) -> Effects {
    state.play.on = false;
    state.stepping = false;
    state.opening = Opening::Over;
    if let Some(line) = state.unfinished.take() {
        state.console.typed(line);
    }
    state.engine = Engine::Failed(reason);
    Vec::new()
}

/// A new worker with the same script.
pub(super) fn restart(state: &mut State) -> Effects {
    state.engine = Engine::Starting;
    state.notice = None;
    let load = Call::Load { script: state.script.clone(), personality: None };
    vec![Effect::NewWorker, Effect::Call(load, For::Load)]
}

/// While playing: the next step.
pub(super) fn next_tick(state: &State) -> Effects {
    if state.play.on { vec![Effect::PlayTimer(state.play.period())] } else { Vec::new() }
}
