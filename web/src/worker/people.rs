//! Tasks and locks at the cursor, in words.

use extentscope_core::base::TaskId;
use extentscope_core::trace::{Frame, LockId, Mode, Reason, TaskState};
use extentscope_core::view::World;
use extentscope_core::view::world::TaskView;

use super::index::{doing, letter, mode_letter};
use crate::scene::{Doing, FrameItem, LockItem, TaskItem};

/// All tasks. `ran` took the step at the cursor; `command` gives the text of a command by its number.
pub fn tasks(world: &World, ran: Option<TaskId>, command: impl Fn(u32) -> Option<String>) -> Vec<TaskItem> {
    let item = |(order, (task, view)): (usize, (&TaskId, &TaskView))| {
        let after = doing(view.state);
        let running = ran == Some(*task) && after == Doing::Runnable;
        TaskItem {
            task: task.0,
            letter: letter(order),
            label: view.label.clone(),
            daemon: view.daemon,
            doing: if running { Doing::Running } else { after },
            words: words(view.state),
            frames: view.frames.iter().map(|(frame, a, b)| frame_item(*frame, *a, *b)).collect(),
            command: view.command.and_then(&command),
        }
    };
    world.tasks.iter().enumerate().map(item).collect()
}

fn words(state: TaskState) -> String {
    match state {
        TaskState::Runnable => String::from("can run"),
        TaskState::Done => String::from("finished"),
        TaskState::Blocked(Reason::Lock(lock)) => format!("waits for {lock}"),
        TaskState::Blocked(Reason::Io(request)) => format!("waits for device request {request}"),
        TaskState::Blocked(Reason::Writeback(ino)) => format!("waits for writeback of inode {ino}"),
        TaskState::Blocked(Reason::Timer(until)) => format!("sleeps until {} ms", until / 1_000_000),
        TaskState::Blocked(Reason::Work) => String::from("has nothing to do"),
        TaskState::Blocked(Reason::Command) => String::from("waits for a command"),
    }
}

fn frame_item(frame: Frame, a: u64, b: u64) -> FrameItem {
    // To the end of whatever there is.
    let number = |value: u64| if value >= i64::MAX.unsigned_abs() { String::from("end") } else { value.to_string() };
    let numbers = match (a, b) {
        (0, 0) => String::new(),
        (a, 0) => number(a),
        (a, b) => format!("{}, {}", number(a), number(b)),
    };
    FrameItem { label: frame.label().to_owned(), kernel: frame.kernel().to_owned(), numbers }
}

/// All locks that somebody holds or wants.
pub fn locks(world: &World) -> Vec<LockItem> {
    let who = |(task, mode): &(TaskId, Mode)| {
        let order = world.tasks.keys().position(|known| known == task).unwrap_or(0);
        format!("{} ({})", letter(order), mode_letter(*mode))
    };
    let item = |(lock, view): (&LockId, &extentscope_core::view::world::LockView)| LockItem {
        name: lock.to_string(),
        holders: view.holders.iter().map(who).collect(),
        waiters: view.waiters.iter().map(who).collect(),
    };
    world.locks.iter().map(item).collect()
}
