//! How each action changes the state.

use super::answer::{answered, call, failed, look, opening_back, opening_tick, reported, restart, say, words};
use super::{Action, Effect, Engine, Focus, For, Layout, Opening, Pane, SPEEDS, State, Tab, Theme, nav, tool_place};
use crate::header;
use crate::protocol::{Call, Pick, Place, StepSize, Tool};
use crate::scene::{Lane, Standing};

type Effects = Vec<Effect>;

/// Changes the state; returns what the browser has to do.
pub fn reduce(state: &mut State, action: Action) -> Effects {
    let mut effects = interrupt(state, &action);
    effects.extend(match action {
        Action::Reported(report) => reported(state, *report),
        Action::Answered(wanted, result) => answered(state, wanted, result),
        Action::Failed(reason) => failed(state, reason),
        Action::Silent(silent) => {
            match (&state.engine, silent) {
                (Engine::Ready | Engine::Starting, true) => state.engine = Engine::Silent,
                (Engine::Silent, false) => state.engine = Engine::Ready,
                _ => {}
            }
            Vec::new()
        }
        Action::Restart => restart(state),
        Action::Outside => {
            state.play.on = false;
            Vec::new()
        }
        action => run_action(state, action),
    });
    effects
}

/// The opening ends with whatever a viewer does. Unless it is a step, they find the run at its end.
fn interrupt(state: &mut State, action: &Action) -> Effects {
    let passive = matches!(
        action,
        Action::Reported(_)
            | Action::Answered(..)
            | Action::Failed(_)
            | Action::Silent(_)
            | Action::Resized { .. }
            | Action::Hidden(_)
            | Action::OpeningTick
            | Action::OpeningBack
            | Action::Theme(_)
            | Action::Still(_)
            | Action::Dismiss
    );
    if passive {
        return Vec::new();
    }
    let before = std::mem::replace(&mut state.opening, Opening::Over);
    let walks =
        matches!(action, Action::Step { .. } | Action::Play | Action::Goto(_) | Action::Scrub(_) | Action::First);
    match (before, &state.scene) {
        (Opening::Playing(stops), Some(scene)) if !walks && !stops.is_empty() => vec![Effect::Goto(scene.length)],
        // The offer is what the first step back means.
        (Opening::Offered(step), _) if matches!(action, Action::Step { forward: false, size: None }) => {
            state.opening = Opening::Offered(step);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn run_action(state: &mut State, action: Action) -> Effects {
    match action {
        Action::Step { size, forward } => step(state, size, forward),
        Action::Goto(step) => goto(state, step),
        Action::Scrub(step) => {
            state.play.on = false;
            vec![Effect::Goto(step)]
        }
        Action::First => goto(state, 0),
        Action::Last => goto(state, state.scene.as_ref().map_or(0, |scene| scene.length)),
        Action::StepTask { order, until_blocked } => step_task(state, order, until_blocked),
        Action::RunPending => call(Call::RunPending, For::Step),
        Action::Play => play(state),
        Action::Tick => tick(state),
        Action::Speed(speed) => {
            state.play.speed = speed.min(SPEEDS.len() - 1);
            Vec::new()
        }
        Action::Size(size) => {
            state.size = size;
            Vec::new()
        }
        Action::Pause(pause) => {
            state.pause = pause;
            Vec::new()
        }
        Action::Bookmark => call(Call::Bookmark, For::Picture),
        Action::Hidden(hidden) => {
            state.hidden = hidden;
            state.play.on &= !hidden;
            Vec::new()
        }
        action => script_action(state, action),
    }
}

fn script_action(state: &mut State, action: Action) -> Effects {
    match action {
        Action::Load { script, scenario } => {
            state.scenario = scenario;
            load(state, script, None)
        }
        Action::Personality(name) => {
            let script = state.script.clone();
            load(state, script, Some(name))
        }
        Action::Directive { key, value } => directive(state, key, &value),
        Action::Reset => {
            let personality = state.scene.as_ref().map(|scene| scene.settings.personality.clone());
            state.scenario = String::new();
            load(state, header::settings(&state.script), personality)
        }
        Action::SwitchBranch(index) => call(Call::SwitchBranch(index), For::Picture),
        Action::DiscardBranch(index) => call(Call::DiscardBranch(index), For::Picture),
        Action::Typed(text) => {
            state.console.typed(text);
            Vec::new()
        }
        Action::Enter => enter(state),
        Action::Give(line) => {
            if let Some(first) = ask_first(state, &Action::Give(line.clone())) {
                return first;
            }
            give(state, line)
        }
        Action::Sure(action) => {
            state.sure = true;
            let effects = reduce(state, *action);
            state.sure = false;
            effects
        }
        Action::Place(place) => {
            let chosen_there = state.notice.take().is_some();
            state.forget_file();
            [call(Call::Place(place), For::Device), leave_notice(chosen_there)].concat()
        }
        Action::Image => call(Call::Image, For::Image),
        Action::OpenImage(bytes) => {
            state.forget_file();
            call(Call::OpenImage(bytes), For::Device)
        }
        Action::Wipe if !state.sure => {
            let question = "Format the device again? Everything on it is lost.";
            vec![Effect::Confirm { question, then: Box::new(Action::Sure(Box::new(Action::Wipe))) }]
        }
        Action::Wipe => {
            state.forget_file();
            call(Call::Wipe, For::Device)
        }
        Action::Recall { older } => {
            state.console.recall(older);
            Vec::new()
        }
        action => map_action(state, action),
    }
}

fn map_action(state: &mut State, action: Action) -> Effects {
    match action {
        Action::Pick(pick) => {
            state.pinned = true;
            select(state, pick)
        }
        Action::Move(dir) => match nav::neighbour(state, dir) {
            Some((pick, lens)) => {
                state.view.lens_first = lens;
                let mut effects = if state.pinned { move_only(state, pick) } else { select(state, pick) };
                effects.push(Effect::Focus(Focus::Cell));
                effects
            }
            None => Vec::new(),
        },
        Action::Edge { last } => {
            let blocks = state.scene.as_ref().and_then(|scene| scene.file.as_ref()).map_or(1, |file| file.blocks);
            let block = if last { blocks.saturating_sub(1) } else { 0 };
            let lane = if state.cell.lane.on_file() { state.cell.lane } else { Lane::Extents };
            let mut effects = show(state, Pick { lane, block });
            effects.push(Effect::Focus(Focus::Cell));
            effects
        }
        Action::Pin => {
            state.pinned = !state.pinned;
            say(state, if state.pinned { "Inspector pinned." } else { "Inspector follows the cell." });
            select(state, state.cell)
        }
        Action::Show(block) => show(state, Pick { lane: Lane::Extents, block }),
        Action::NextChange { forward } => call(Call::NextChange { forward }, For::Selection),
        Action::Why => why(state),
        Action::File(ino) => {
            state.view.file = Some(ino);
            state.view.lens_first = 0;
            state.photos = [None, None, None];
            look()
        }
        Action::Lens(first) => {
            state.view.lens_first = first;
            look()
        }
        Action::Zoom(blocks) => {
            state.view.lens_blocks = blocks;
            look()
        }
        Action::Block(block) => to_block(state, block),
        Action::Device(first) => {
            state.view.device_first = Some(first);
            look()
        }
        Action::Metadata(near) => {
            state.view.meta_near = near;
            look()
        }
        action => panel_action(state, action),
    }
}

fn panel_action(state: &mut State, action: Action) -> Effects {
    match action {
        Action::Tab(tab) => open_tab(state, tab),
        Action::NextTab => {
            let at = Tab::ALL.iter().position(|tab| *tab == state.tab).unwrap_or(0);
            if state.present && !state.drawer {
                state.drawer = true;
                return open_tab(state, state.tab);
            }
            open_tab(state, Tab::ALL[(at + 1) % Tab::ALL.len()])
        }
        Action::Side(side) => {
            state.side = side;
            Vec::new()
        }
        Action::Pane(pane) => {
            state.pane = pane;
            Vec::new()
        }
        Action::Tool(tool) => {
            state.choose_tool(tool);
            if state.photo().is_none() { first_photo(state) } else { Vec::new() }
        }
        Action::Sync(on) => {
            state.sync[tool_place(state.tool)] = on;
            ask(state)
        }
        Action::Ask => ask(state),
        Action::Photograph => {
            let mut effects = open_tab(state, Tab::Fiemap);
            effects.retain(|effect| !matches!(effect, Effect::Call(Call::Ask { .. }, _)));
            effects.extend(ask(state));
            effects
        }
        Action::Export => call(Call::State, For::Export),
        Action::Copy(text, said) => {
            say(state, said);
            vec![Effect::Copy(text)]
        }
        Action::Share => {
            say(state, "A link to this run is in the clipboard.");
            let step = state.scene.as_ref().map_or(0, |scene| scene.cursor);
            vec![Effect::CopyLink { script: state.script.clone(), step }]
        }
        action => page_action(state, action),
    }
}

fn page_action(state: &mut State, action: Action) -> Effects {
    match action {
        Action::Theme(theme) => {
            state.prefs.theme = theme;
            return vec![Effect::Prefs];
        }
        Action::Still(still) => {
            state.prefs.still = still;
            return vec![Effect::Prefs];
        }
        Action::Letters(letters) => {
            state.prefs.letters = letters;
            return vec![Effect::Prefs];
        }
        Action::Difference => {
            state.prefs.difference = !state.prefs.difference;
            say(state, if state.prefs.difference { "Difference mode on." } else { "Difference mode off." });
            return vec![Effect::Prefs];
        }
        Action::Compare => {
            state.view.compare = !state.view.compare;
            say(state, if state.view.compare { "All filesystems, the same calls." } else { "One filesystem." });
            return look();
        }
        Action::Locks => {
            state.prefs.locks = !state.prefs.locks;
            say(state, if state.prefs.locks { "Locks are shown." } else { "Locks are hidden." });
            return vec![Effect::Prefs];
        }
        Action::Present => return present(state),
        Action::Drawer => {
            state.drawer = !state.drawer;
            return look();
        }
        Action::Overlay(overlay) => state.overlay = Some(overlay),
        Action::Escape => return escape(state),
        Action::FocusConsole => {
            state.pane = if state.layout == Layout::Narrow { Pane::Console } else { state.pane };
            if state.present {
                return [present(state), vec![Effect::Focus(Focus::Console)]].concat();
            }
            return vec![Effect::Focus(Focus::Console)];
        }
        Action::FocusStage => return vec![Effect::Focus(Focus::Stage)],
        Action::Say => state.status = words(state.scene.as_deref()),
        Action::Tell(text) => say(state, text),
        Action::Dismiss => return leave_notice(state.notice.take().is_some()),
        Action::Resized { width, low, timeline_steps } => {
            state.low = low;
            return resized(state, width, timeline_steps);
        }
        Action::OpeningTick => return opening_tick(state),
        Action::OpeningBack => return opening_back(state),
        _ => {}
    }
    Vec::new()
}

fn step(state: &mut State, size: Option<StepSize>, forward: bool) -> Effects {
    if let Opening::Offered(_) = state.opening
        && !forward
    {
        return opening_back(state);
    }
    state.play.on = false;
    take_step(state, size.unwrap_or(state.size), forward)
}

fn take_step(state: &mut State, size: StepSize, forward: bool) -> Effects {
    state.stepping = true;
    call(Call::Step { size, forward, count: 1 }, For::Step)
}

fn goto(state: &mut State, step: u64) -> Effects {
    state.play.on = false;
    state.overlay = None;
    let last = state.scene.as_ref().map_or(0, |scene| scene.length);
    vec![Effect::Goto(step.min(last))]
}

fn step_task(state: &mut State, order: usize, until_blocked: bool) -> Effects {
    let task = state.scene.as_ref().and_then(|scene| scene.tasks.get(order)).map(|task| task.task);
    match task {
        Some(task) => {
            state.play.on = false;
            call(Call::StepTask { task, until_blocked }, For::Step)
        }
        None => {
            say(state, "There is no such task.");
            Vec::new()
        }
    }
}

fn play(state: &mut State) -> Effects {
    state.play.on = !state.play.on;
    state.play.said = 0;
    if !state.play.on {
        state.status = words(state.scene.as_deref());
        return Vec::new();
    }
    let at_end = state.scene.as_ref().is_some_and(|scene| scene.cursor == scene.length) && !state.at_live_head();
    if at_end {
        return vec![Effect::Goto(0), Effect::PlayTimer(state.play.period())];
    }
    tick(state)
}

fn tick(state: &mut State) -> Effects {
    let Some(scene) = &state.scene else { return Vec::new() };
    if !state.play.on || state.stepping {
        return Vec::new();
    }
    if scene.cursor == scene.length && scene.standing != Standing::Pending {
        state.play.on = false;
        say(state, "The end of the run.");
        return Vec::new();
    }
    take_step(state, state.size, true)
}

fn load(state: &mut State, script: String, personality: Option<String>) -> Effects {
    state.forget_file();
    call(Call::Load { script, personality }, For::Load)
}

fn directive(state: &mut State, key: &'static str, value: &str) -> Effects {
    let value = value.trim();
    let mut script = header::set(&state.script, key, (!value.is_empty()).then_some(value));
    if key == "blocks" {
        // One of several ways to say how large the device is; the others would contradict.
        for other in ["device-blocks", "size"] {
            script = header::set(&script, other, None);
        }
    }
    load(state, script, None)
}

fn enter(state: &mut State) -> Effects {
    if let Some(first) = ask_first(state, &Action::Enter) {
        return first;
    }
    let Some(line) = state.console.enter() else { return Vec::new() };
    give(state, line)
}

/// Doing something in the past forks the run, and on a device that stays the fork rewrites what is there.
fn ask_first(state: &State, then: &Action) -> Option<Effects> {
    let scene = state.scene.as_ref()?;
    let rewrites = scene.settings.place == Place::Opfs && scene.cursor < scene.length;
    if state.sure || !rewrites {
        return None;
    }
    let question = "This changes the past: the device is put back to this step, and what came after is lost on it.";
    Some(vec![Effect::Confirm { question, then: Box::new(Action::Sure(Box::new(then.clone()))) }])
}

fn give(state: &mut State, line: String) -> Effects {
    state.play.on = false;
    state.unfinished = Some(line.clone());
    let request = if state.pause { Call::Start(line.clone()) } else { Call::Run(line.clone()) };
    call(request, For::Line(line))
}

/// To a block of the device, data or metadata: a click on what names it.
fn to_block(state: &mut State, block: u64) -> Effects {
    let Some(scene) = &state.scene else { return Vec::new() };
    let device = &scene.device;
    let pick = if block < device.blocks {
        state.view.device_first = Some(block);
        Pick { lane: Lane::Device, block }
    } else {
        Pick { lane: Lane::Metadata, block: device.meta.place(block) }
    };
    state.pinned = true;
    // On a phone the map is another pane.
    state.pane = Pane::Map;
    state.view.compare = false;
    let mut effects = select(state, pick);
    effects.push(Effect::Focus(Focus::Cell));
    effects
}

/// The strip of the metadata moves to the cell.
fn seen(state: &mut State, pick: Pick) {
    if pick.lane == Lane::Metadata && pick.block < state.scene.as_ref().map_or(0, |scene| scene.device.meta.end()) {
        state.view.meta_near = pick.block;
    }
}

fn move_only(state: &mut State, pick: Pick) -> Effects {
    seen(state, pick);
    state.cell = pick;
    look()
}

fn select(state: &mut State, pick: Pick) -> Effects {
    seen(state, pick);
    state.cell = pick;
    state.view.selection = Some(pick);
    look()
}

/// Selects a cell and brings it into the lens.
pub(super) fn show(state: &mut State, pick: Pick) -> Effects {
    if let Some(file) = state.scene.as_ref().and_then(|scene| scene.file.as_ref()) {
        state.view.lens_first = nav::lens_for(file.lens, pick);
    }
    select(state, pick)
}

fn why(state: &mut State) -> Effects {
    let scene = state.scene.as_deref();
    let causes = scene.and_then(|scene| scene.inspector.as_ref()).map_or(&[][..], |inspector| &inspector.why);
    let cursor = scene.map_or(0, |scene| scene.cursor);
    let earlier = causes.iter().find(|cause| cause.step < cursor).or(causes.first()).map(|cause| cause.step);
    match earlier {
        Some(step) => goto(state, step),
        None => {
            say(state, "Select a block first: then W leads to what made it so.");
            Vec::new()
        }
    }
}

fn open_tab(state: &mut State, tab: Tab) -> Effects {
    state.tab = tab;
    state.view.tree = tab == Tab::Tree;
    state.view.text = tab == Tab::Text;
    match tab {
        Tab::Fiemap if state.photo().is_none() => first_photo(state),
        Tab::Tree | Tab::Text => look(),
        Tab::Fiemap | Tab::Inspect | Tab::Export | Tab::Device => Vec::new(),
    }
}

/// Opening a tab must not change the file: the first answer is taken without sync.
fn first_photo(state: &mut State) -> Effects {
    if state.sync_first() && state.tool != Tool::Seek {
        return Vec::new();
    }
    ask(state)
}

fn ask(state: &mut State) -> Effects {
    let (tool, sync) = (state.tool, state.sync_first());
    call(Call::Ask { tool, sync: sync && tool != Tool::Seek, current: false }, For::Photo(tool))
}

fn present(state: &mut State) -> Effects {
    state.present = !state.present;
    state.drawer = false;
    if state.present && state.prefs.theme == Theme::Auto {
        say(state, "Present layout, projector colours.");
    }
    vec![Effect::Prefs, Effect::Call(Call::Look, For::Picture), Effect::Focus(Focus::Stage)]
}

fn escape(state: &mut State) -> Effects {
    if state.overlay.take().is_some() || state.notice.take().is_some() {
        return Vec::new();
    }
    if std::mem::take(&mut state.drawer) {
        return vec![Effect::Focus(Focus::Stage)];
    }
    state.pinned = false;
    vec![Effect::Focus(Focus::Stage)]
}

/// The button that was pressed goes with its message: the keyboard goes on at the stage.
fn leave_notice(was_there: bool) -> Vec<Effect> {
    if was_there { vec![Effect::Focus(Focus::Stage)] } else { Vec::new() }
}

fn resized(state: &mut State, width: u32, timeline_steps: u64) -> Effects {
    let layout = Layout::of(width);
    let lens = if layout == Layout::Narrow { 12 } else { 0 };
    let was = if state.layout == Layout::Narrow { 12 } else { 0 };
    if state.view.lens_blocks == was {
        state.view.lens_blocks = lens;
    }
    let same = state.layout == layout && state.view.timeline_steps == timeline_steps;
    state.layout = layout;
    state.view.timeline_steps = timeline_steps;
    if same { Vec::new() } else { look() }
}
