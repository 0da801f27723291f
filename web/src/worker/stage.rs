//! Puts the scene together: what the view sees of the run at the cursor.

use extentscope_core::base::{BlockSize, Ino};
use extentscope_core::session::{self, Session};
use extentscope_core::trace::Counter;
use extentscope_core::view::World;

use super::index::Index;
use super::looks::FileLooks;
use super::motion::{self, LaneRuns, Shown};
use super::tree::ShownNodes;
use super::{compare, device, inspector, lanes, metadata, people, tree};
use crate::header;
use crate::protocol::View;
use crate::scene::{
    BranchItem, FileItem, FileScene, Ghost, InspectorScene, Lane, Look, Scene, Settings, Standing, TimelineScene,
};

/// What was shown before, to see what moved.
#[derive(Debug, Default)]
pub struct Stage {
    shown: Shown,
    nodes: ShownNodes,
    cursor: Option<u64>,
    index: Index,
    branches: usize,
    outside: Option<u64>,
    pulses: Vec<crate::scene::Pulse>,
    forward: bool,
}

impl Stage {
    /// Another run: nothing moves from the old picture to the new one.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The run is another one from some step on (a fork, another branch): the past must be read again.
    pub fn forget_past(&mut self) {
        self.index = Index::default();
    }

    /// What the view sees now.
    pub fn scene(&mut self, session: &mut Session, view: &View, script: &str) -> Scene {
        self.follow(session);
        let cursor = wide(session.cursor());
        let block_size = block_size(session);
        let world = session.world();
        let chosen = chosen(world, view);
        let file = chosen.as_ref().and_then(|(_, ino)| FileLooks::new(world, *ino, block_size));
        let picked = view.selection.filter(|pick| pick.lane.on_file()).map(|pick| pick.block);
        let near = file.as_ref().and_then(|file| device::near(file, picked));
        let device_size = session.setup().device_blocks();
        let layout = session.setup().layout();
        let (mut device, device_runs) = device::scene(world, device_size, view, near);
        let (mut file, mut lanes) = match (&chosen, &file) {
            (Some((name, _)), Some(file)) => {
                let (scene, lanes) = lanes::scene(name, file, view);
                (Some(scene), lanes)
            }
            _ => (None, Vec::new()),
        };
        let columns = file.as_ref().map_or(32, |file| file.lens.blocks);
        device.meta = metadata::scene(world, &layout, view, columns);
        lanes.push(LaneRuns { lane: Lane::Device, runs: device_runs, rest: Look::Free });
        self.compare(cursor, file.as_mut(), device.lens, lanes);
        let tree = tree_of(world, view, chosen.as_ref(), picked, &mut self.nodes);
        let mut scene = Scene {
            cursor,
            length: wide(session.len()),
            standing: standing(session),
            now: world.now,
            files: files(world),
            file,
            device,
            ledger: ledger(world),
            pulses: self.pulses.clone(),
            forward: self.forward,
            tree,
            branches: branches(session),
            ..Scene::default()
        };
        self.people(session, view, &mut scene);
        scene.settings = settings(session, script);
        scene.inspector = self.inspect(session, view, &scene);
        scene.text = view.text.then(|| session.text_view());
        if view.compare {
            let none = crate::scene::Lens { first: 0, blocks: 32 };
            let (name, lens) = scene.file.as_ref().map_or(("", none), |file| (&file.name, file.lens));
            scene.compare = Some(compare::scene(session, name, lens));
        }
        scene
    }

    /// The next change of look along a lane, from a block on.
    pub fn next_change(&self, lane: Lane, block: u64, forward: bool) -> Option<u64> {
        let runs = &self.shown.lanes.iter().find(|known| known.lane == lane)?.runs;
        let edges = runs.iter().flat_map(|run| [run.first, run.end]);
        if forward { edges.filter(|edge| *edge > block).min() } else { edges.filter(|edge| *edge < block).max() }
    }

    /// Whether the last scene differed from the one before it.
    pub fn moved(&self) -> bool {
        !self.pulses.is_empty() || self.outside.is_some()
    }

    fn follow(&mut self, session: &Session) {
        let branches = session.branches().len();
        if branches != self.branches || session.len() < self.index.steps() {
            self.branches = branches;
            self.forget_past();
        }
        if self.index.steps() == 0 {
            self.index = Index::default();
            session.events(0, |events| self.index.mount(events));
        }
        for step in self.index.steps() + 1..=session.len() {
            let Some(info) = session.step_info(step) else { break };
            session.events(step, |events| self.index.step(info.task, events));
        }
    }

    fn compare(&mut self, cursor: u64, file: Option<&mut FileScene>, device: crate::scene::Lens, lanes: Vec<LaneRuns>) {
        let now = Shown { ino: file.as_ref().map_or(0, |file| file.ino), lanes };
        // The same step looked at again (another panel, another lens) moves nothing and keeps what moved.
        if self.cursor != Some(cursor) || self.shown.ino != now.ino {
            let forward = self.cursor.is_none_or(|before| before <= cursor);
            let lens = file.as_ref().map_or_else(Default::default, |file| file.lens);
            let motion = match self.cursor {
                Some(_) => motion::compare(&self.shown, &now, forward, lens, device),
                None => motion::Motion::default(),
            };
            (self.pulses, self.outside, self.forward) = (motion.pulses, motion.outside, forward);
        }
        if let Some(file) = file {
            file.changed_outside = self.outside.filter(|block| !file.lens.contains(*block));
        }
        self.cursor = Some(cursor);
        self.shown = now;
    }

    fn people(&self, session: &Session, view: &View, scene: &mut Scene) {
        let at = session.cursor();
        let info = (at > 0).then(|| session.step_info(at)).flatten();
        let text = |number: u32| {
            session.commands().iter().find(|entry| entry.command == number).map(|entry| entry.text.clone())
        };
        scene.sentence = session.sentence(at);
        scene.command = info.as_ref().and_then(|info| info.command).and_then(|number| Some((number, text(number)?)));
        scene.tasks = people::tasks(session.world(), info.map(|info| info.task), text);
        scene.locks = people::locks(session.world());
        scene.timeline = self.timeline(session, view);
    }

    /// Windows move by half their width, so that steps keep their place while one walks along.
    fn timeline(&self, session: &Session, view: &View) -> TimelineScene {
        let steps = usize::try_from(view.timeline_steps.clamp(8, 512)).unwrap_or(64);
        let half = (steps / 2).max(1);
        let last = (session.len() + 1).saturating_sub(steps).next_multiple_of(8);
        let first = ((session.cursor() / half).saturating_sub(1) * half).min(last);
        let end = first + steps;
        let inside = |step: usize| first <= step && step < end;
        let commands = session.commands().iter().filter(|entry| entry.first_step <= entry.last_step);
        let commands = commands.filter(|entry| inside(entry.first_step));
        let ghost = |branch: session::BranchInfo| Ghost {
            name: branch.name,
            from: wide(branch.forked_at),
            to: wide(branch.len),
        };
        TimelineScene {
            first: wide(first),
            steps: wide(steps),
            tasks: self.index.task_lanes(first, end),
            locks: self.index.lock_lanes(first, end),
            commands: commands.map(|entry| (wide(entry.first_step), entry.text.clone())).collect(),
            bookmarks: session.bookmarks().iter().copied().filter(|step| inside(*step)).map(wide).collect(),
            ghosts: session.branches().into_iter().map(ghost).collect(),
        }
    }

    fn inspect(&self, session: &mut Session, view: &View, scene: &Scene) -> Option<InspectorScene> {
        let pick = view.selection?;
        if pick.lane == Lane::Metadata {
            return Some(inspector::metadata_block(session, pick.block));
        }
        if pick.lane == Lane::Device {
            return Some(inspector::device_block(session, pick.block, &scene.device));
        }
        let file = scene.file.as_ref()?;
        let lanes: Vec<LaneRuns> = self.shown.lanes.iter().filter(|lane| lane.lane != Lane::Device).cloned().collect();
        Some(inspector::file_block(session, &file.name, Ino(file.ino), pick.block, &lanes))
    }
}

fn wide(step: usize) -> u64 {
    u64::try_from(step).unwrap_or(u64::MAX)
}

/// The block size of the run, which its setup has checked.
pub fn block_size(session: &Session) -> BlockSize {
    BlockSize::new(session.setup().block_size()).expect("a setup has a legal block size")
}

/// The file that the view shows: the chosen one while it exists, else the current one, else the first.
pub fn chosen(world: &World, view: &View) -> Option<(String, Ino)> {
    let asked = view.file.map(Ino).filter(|ino| world.files.contains_key(ino));
    let ino =
        asked.or_else(|| world.open.get(&world.current).copied()).or_else(|| world.names.values().next().copied());
    ino.map(|ino| (inspector::name_of(world, ino), ino))
}

fn files(world: &World) -> Vec<FileItem> {
    let item = |(name, ino): (&String, &Ino)| FileItem {
        name: name.clone(),
        ino: ino.0,
        size: world.files.get(ino).map_or(0, |file| file.size),
        open: world.open.contains_key(name),
        current: world.current == *name,
    };
    world.names.iter().map(item).collect()
}

fn ledger(world: &World) -> Vec<(String, u64)> {
    let names = [
        (Counter::Used, "used"),
        (Counter::Delayed, "promised"),
        (Counter::Reserved, "reserved by keys"),
        (Counter::Pinned, "pinned"),
        (Counter::Metadata, "metadata"),
    ];
    names.into_iter().map(|(counter, name)| (name.to_owned(), world.counter(counter))).collect()
}

fn tree_of(
    world: &World,
    view: &View,
    chosen: Option<&(String, Ino)>,
    block: Option<u64>,
    nodes: &mut ShownNodes,
) -> Option<crate::scene::TreeScene> {
    let (_, ino) = chosen?;
    view.tree.then(|| tree::scene(world, *ino, block.unwrap_or(view.lens_first), nodes))
}

fn standing(session: &Session) -> Standing {
    match session.standing() {
        session::Standing::Idle => Standing::Idle,
        session::Standing::Pending => Standing::Pending,
        session::Standing::Deadlock(text) => Standing::Deadlock(text),
    }
}

fn branches(session: &Session) -> Vec<BranchItem> {
    let item = |branch: session::BranchInfo| BranchItem {
        name: branch.name,
        steps: wide(branch.len),
        forked_at: wide(branch.forked_at),
        lines: branch.lines,
    };
    session.branches().into_iter().map(item).collect()
}

fn settings(session: &Session, script: &str) -> Settings {
    let setup = session.setup();
    let number = |key: &str| header::get(script, key).and_then(|value| value.parse().ok());
    Settings {
        personality: setup.personality_name().to_owned(),
        block_size: setup.block_size(),
        device_blocks: setup.device_blocks(),
        fanout: header::get(script, "fanout").and_then(|value| value.parse().ok()),
        seed: number("seed").unwrap_or(0),
        summary: format!(
            "{}, {} blocks of {} bytes",
            setup.personality_name(),
            setup.device_blocks(),
            setup.block_size()
        ),
        device_bytes: setup.layout().bytes(),
        ..Settings::default()
    }
}
