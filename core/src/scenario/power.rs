//! Losing power in the middle of a run: every task ends where it stands, and what the device kept is mounted.

use super::machine::{Finished, Machine, SCRIPT_TASK};
use super::reply::CommandResult;
use super::script::{Command, PowerCut};
use crate::base::{Errno, StateCell};
use crate::dev::Survivors;
use crate::dev::fault::survivors_by_chance;
use crate::sim::rng::Rng;
use crate::trace::Event;
use std::rc::Rc;

/// The name of the task that pulls the plug: it goes before all others.
pub(super) const PLUG_TASK: &str = "plug";

/// A command that pulls the plug, by its number, and how. The power goes at the end of its step.
pub(super) type Plug = Rc<StateCell<Option<(u32, PowerCut)>>>;

/// How a command takes the power away at once, if it does.
pub(super) fn pulls_plug(command: &Command) -> Option<&PowerCut> {
    match command {
        Command::Crash(cut) if *cut != PowerCut::Settled => Some(cut),
        _ => None,
    }
}

impl Machine {
    /// A command that was just submitted takes the power away before anybody else goes on, if that is what it does.
    pub fn pull_plug(&mut self, command: &Command) {
        if pulls_plug(command).is_none() {
            return;
        }
        let (task, _) = self.task(PLUG_TASK);
        // The task ends with the power.
        while self.cx.runnable().contains(&task) {
            self.step(Some(task));
        }
    }

    pub(super) fn lose_power(&mut self, number: u32, cut: &PowerCut) {
        let survivors = self.survivors(cut);
        self.executor.end_all();
        let waiting = self.inboxes.values().flat_map(|(_, inbox)| inbox.lines.change(std::mem::take));
        let mut lost: Vec<u32> = waiting.map(|(number, _)| number).collect();
        self.inboxes.clear();
        for (task, number) in self.cx.end_commands() {
            lost.push(number);
            self.cx.emit(|| Event::CommandEnded { task, number, ret: 0, errno: None });
        }
        self.findings = self.fs.lose_power(&survivors);
        self.task(SCRIPT_TASK);
        for lost in lost {
            let finished = if lost == number { self.mounted(lost) } else { gone(lost) };
            self.finished.change(|all| all.push(finished));
        }
    }

    /// What the command that cut the power says of the mount.
    fn mounted(&self, number: u32) -> Finished {
        let text: String = self.findings.iter().map(|finding| format!("{finding}\n")).collect();
        let broken = !self.findings.is_empty();
        let result = if broken { CommandResult::failed(Errno::EUCLEAN.into()) } else { CommandResult::done() };
        Finished { number, result, text }
    }

    fn survivors(&self, cut: &PowerCut) -> Survivors {
        match cut {
            PowerCut::Settled | PowerCut::All => Survivors::All,
            PowerCut::Nothing => Survivors::Nothing,
            PowerCut::Keep(these) => Survivors::These(these.clone()),
            PowerCut::Random(seed) => {
                let mut rng = Rng::stream(*seed, "power");
                self.fs.volume().io.device(|device| survivors_by_chance(device.unflushed(), |bound| rng.below(bound)))
            }
        }
    }
}

/// A command that the power took away: nobody hears how it ended.
fn gone(number: u32) -> Finished {
    Finished { number, result: CommandResult::done(), text: String::new() }
}
