//! Whether what a power cut left is right: it mounts, keeps every rule, shows what it may, survives a second cut in its
//! first commit, and goes on working.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use extentscope_core::base::{DevBlock, Range};
use extentscope_core::dev::{BlockDevice, Disk};
use extentscope_core::scenario::devices::{Devices, Start};
use extentscope_core::scenario::machine::Machine;
use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::setup::Setup;
use extentscope_core::sim::cx::Recording;

use super::oracle::{Moment, Oracle, look, same_bytes};
use super::states::{Asked, Epoch, Left, Plan};

/// What is done after the mount.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct After {
    /// Steps of the first commit before the power goes again.
    pub steps: u64,
    /// Chooses what survives then.
    pub seed: u64,
    /// Operations, a line each.
    pub lines: Vec<String>,
}

/// Where the first commit after a mount was when the power went again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// Under way, or not begun.
    UnderWay,
    /// It had ended.
    Ended,
}

/// Judges contents of one workload's device.
pub struct Judge<'a> {
    /// The filesystem.
    pub setup: &'a Setup,
    /// What may be seen.
    pub oracle: &'a Oracle,
}

type Shared<T> = Rc<RefCell<T>>;

impl Judge<'_> {
    /// What is wrong with what a plan leaves of an epoch; `asked` tells what was read for that. If nothing, whether the
    /// first commit was under way when it was cut.
    pub fn one(
        &self,
        epoch: &Rc<Epoch>,
        plan: &Plan,
        moment: Moment,
        after: &After,
        asked: &Shared<Asked>,
    ) -> Result<Cut, String> {
        caught(|| {
            let mut machine = self.mount(epoch, plan, asked)?;
            self.right(&machine, moment)?;
            let cut = self.cut_again(&mut machine, moment, after)?;
            Self::goes_on(&mut machine, after)?;
            Ok(cut)
        })
    }

    /// The same for contents that no power cut leaves: a rule is named, or all is as it should be.
    pub fn damaged(&self, epoch: &Rc<Epoch>, plan: &Plan, moment: Moment) -> Result<(), String> {
        caught(|| match self.mount(epoch, plan, &Rc::default()) {
            Ok(machine) if machine.fs().volume().peek_sums().is_some() => Ok(()),
            Ok(machine) => self.right(&machine, moment),
            Err(_named) => Ok(()),
        })
    }

    /// The blocks of what a plan leaves that have checksums: what a mount reads behind the data, and data that has some.
    pub fn checked(&self, epoch: &Rc<Epoch>, plan: &Plan) -> BTreeSet<DevBlock> {
        let layout = self.setup.layout();
        let behind = Range::new(layout.node(0).start, DevBlock(layout.blocks()));
        let asked: Shared<Asked> = Rc::default();
        let machine = self.mount(epoch, plan, &asked);
        let mut checked: BTreeSet<DevBlock> = asked.take().read.into_iter().filter(|at| behind.contains(*at)).collect();
        if let Ok(machine) = machine {
            let sums = machine.fs().volume().sums.all();
            checked.extend(sums.iter().flat_map(|(range, _)| range.iter().collect::<Vec<_>>()));
        }
        checked
    }

    fn mount(&self, epoch: &Rc<Epoch>, plan: &Plan, asked: &Shared<Asked>) -> Result<Machine, String> {
        let blocks = self.setup.layout().blocks();
        let (epoch, plan, asked) = (epoch.clone(), plan.clone(), asked.clone());
        let open = move || -> (Box<dyn BlockDevice>, Start) {
            let left = Left::new(epoch.clone(), plan.clone(), asked.clone());
            (Box::new(Disk::over(blocks, Box::new(left))), Start::Mount)
        };
        let machine = Machine::on(self.setup, &Devices::new(open), Recording::Off);
        match machine.findings().first() {
            Some(finding) => Err(finding.to_string()),
            None => Ok(machine),
        }
    }

    fn right(&self, machine: &Machine, moment: Moment) -> Result<(), String> {
        machine.verify().map_err(|rule| format!("mounted, and {rule}"))?;
        let whole = Range::new(DevBlock(0), DevBlock(self.setup.layout().blocks()));
        if !machine.fs().volume().io.device(|device| device.written(whole)).is_empty() {
            return Err("the mount wrote to the device".to_owned());
        }
        if let Some(wrong) = machine.fs().volume().peek_sums() {
            return Err(format!("the checksum of block {} is of other data", wrong.at));
        }
        self.oracle.judge(machine, moment)
    }

    /// The power goes once more, in the first commit after the mount: nobody changed anything.
    fn cut_again(&self, machine: &mut Machine, moment: Moment, after: &After) -> Result<Cut, String> {
        for line in &parse("@w syncfs").expect("the script is ours").lines {
            machine.play_line(line);
        }
        (0..after.steps).for_each(|_| drop(machine.step(None)));
        let cut = if machine.unfinished() { Cut::UnderWay } else { Cut::Ended };
        play(machine, &format!("crash -r {}\n", after.seed));
        if let Some(finding) = machine.findings().first() {
            return Err(format!("cut again after {} steps: {finding}", after.steps));
        }
        machine.verify().map_err(|rule| format!("cut again after {} steps, and {rule}", after.steps))?;
        let right = self.oracle.judge(machine, moment);
        right.map_err(|what| format!("cut again after {} steps: {what}", after.steps))?;
        Ok(cut)
    }

    /// Whatever was mounted goes on working, and another mount finds what was there.
    fn goes_on(machine: &mut Machine, after: &After) -> Result<(), String> {
        play(machine, &format!("open -f b\nopen -f a\nmmap 0 16k\n{}\nsyncfs\n", after.lines.join("\n")));
        machine.verify().map_err(|rule| format!("went on, and {rule}"))?;
        let before = look(machine);
        play(machine, "remount\n");
        let first = look(machine);
        if machine.findings().is_empty() && !same_bytes(&before, &first) {
            return Err("a mount after it went on finds other bytes".to_owned());
        }
        play(machine, "remount\n");
        machine.verify().map_err(|rule| format!("mounted once more, and {rule}"))?;
        if machine.findings().is_empty() && look(machine) != first {
            return Err("a second mount finds something else than the first".to_owned());
        }
        let clean = machine.findings().is_empty() && !machine.fs().volume().is_shut_down();
        if clean { Ok(()) } else { Err("it could not go on after the mount".to_owned()) }
    }
}

fn play(machine: &mut Machine, text: &str) {
    machine.play(&parse(text).expect("the script is ours"));
}

/// What a panic says is an answer, too.
///
/// # Errors
/// What went wrong.
pub fn caught<T>(judge: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(judge)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no text");
        Err(format!("the engine panicked: {text}"))
    })
}
