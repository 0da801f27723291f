//! A queue of tasks that wait for something to become true.

use super::cx::Cx;
use crate::base::{StateCell, TaskId};
use crate::trace::{Mark, Reason};
use std::collections::VecDeque;

/// Tasks in the order in which they came. A woken task looks again at what it waits for.
#[derive(Default)]
pub struct WaitQueue {
    waiting: StateCell<VecDeque<TaskId>>,
}

/// Leaves the queue when the waiting future is dropped, so that nobody wakes a ghost.
struct Place<'a> {
    queue: &'a WaitQueue,
    task: TaskId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.waiting.change(|waiting| waiting.retain(|task| *task != self.task));
    }
}

impl WaitQueue {
    /// Waits until `done` answers true. It is asked at once and after each wake-up.
    pub async fn wait_until(&self, cx: &Cx, reason: Reason, mut done: impl FnMut() -> bool) {
        while !done() {
            let task = cx.current();
            self.waiting.change(|waiting| waiting.push_back(task));
            let _place = Place { queue: self, task };
            cx.park(reason, Mark::Woken(reason)).await;
        }
    }
    /// Makes every waiting task runnable.
    pub fn wake_all(&self, cx: &Cx) {
        for task in self.waiting.change(std::mem::take) {
            cx.wake(task);
        }
    }
}
