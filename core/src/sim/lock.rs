//! Every lock of the simulated system: one table, one queue per lock, first come first served.
//!
//! Rules of the table:
//! (1) holders are pairwise compatible;
//! (2) a lock without holders has no waiters and no entry;
//! (3) the first waiter is not compatible with some holder;
//! (4) nobody overtakes a waiter: the lock is handed over at release.

use super::cx::Cx;
use crate::base::{SortedMap, TaskId};
use crate::trace::names::Holder;
use crate::trace::{Event, LockId, Mark, Mode, Reason, TaskState};
use std::collections::VecDeque;

/// Who holds a lock and who waits, in order of coming.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockState {
    /// Holders, in order of taking.
    pub holders: Vec<Holder>,
    /// Waiters, first to be served first.
    pub waiters: VecDeque<Holder>,
}

/// All locks that are held.
#[derive(Clone, Debug, Default)]
pub struct LockTable {
    locks: SortedMap<LockId, LockState>,
    held: Vec<Held>,
    /// States of locks that nobody holds any more, kept for the room in their lists.
    spare: Vec<LockState>,
}

/// How many states are kept for their room.
const SPARE_MAX: usize = 16;

/// The locks of one task, in order of taking. A pass of writeback holds hundreds, and takes them in rising order.
#[derive(Clone, Debug, Default)]
struct Held {
    locks: Vec<LockId>,
    /// Some lock was taken after a greater or equal one: else the list rises.
    mixed: bool,
}

impl Held {
    fn push(&mut self, lock: LockId) {
        self.mixed |= self.locks.last().is_some_and(|last| *last >= lock);
        self.locks.push(lock);
    }
    fn remove(&mut self, lock: LockId) {
        let at = match self.mixed {
            false => self.locks.binary_search(&lock).ok(),
            true => self.locks.iter().rposition(|id| *id == lock),
        };
        self.locks.remove(at.expect("the task's list has the lock"));
        self.mixed &= !self.locks.is_empty();
    }
    fn greatest(&self) -> Option<&LockId> {
        if self.mixed { self.locks.iter().max() } else { self.locks.last() }
    }
}

/// A held lock; dropping it gives the lock back.
#[must_use]
pub struct Guard {
    cx: Cx,
    lock: LockId,
    mode: Mode,
    task: TaskId,
}

impl LockTable {
    /// Held locks in order.
    pub fn iter(&self) -> impl Iterator<Item = (&LockId, &LockState)> {
        self.locks.iter()
    }
    /// The lock's state, if anybody holds it.
    pub fn get(&self, lock: LockId) -> Option<&LockState> {
        self.locks.get(&lock)
    }
    /// The locks that a task holds, in order of taking.
    pub fn held_by(&self, task: TaskId) -> &[LockId] {
        self.held.get(task.0 as usize).map_or(&[], |held| &held.locks)
    }

    fn try_take(&mut self, lock: LockId, task: TaskId, mode: Mode) -> bool {
        let spare = &mut self.spare;
        let state = self.locks.entry(lock).or_insert_with(|| spare.pop().unwrap_or_default());
        let free = state.waiters.is_empty() && state.holders.iter().all(|(_, held)| held.compatible(mode));
        if free {
            state.holders.push((task, mode));
            self.note_held(task, lock);
        }
        free
    }

    fn note_held(&mut self, task: TaskId, lock: LockId) {
        let at = task.0 as usize;
        if self.held.len() <= at {
            self.held.resize_with(at + 1, Held::default);
        }
        self.held[at].push(lock);
    }

    fn enqueue(&mut self, lock: LockId, task: TaskId, mode: Mode) {
        self.locks.entry(lock).or_default().waiters.push_back((task, mode));
    }

    /// Takes the hold away; returns who gets the lock now.
    fn drop_hold(&mut self, lock: LockId, task: TaskId, mode: Mode) -> Vec<Holder> {
        let state = self.locks.get_mut(&lock).expect("a held lock is in the table");
        let at = state.holders.iter().rposition(|hold| *hold == (task, mode)).expect("the guard holds the lock");
        state.holders.remove(at);
        let used = !state.holders.is_empty() || !state.waiters.is_empty();
        let unused = if used { None } else { self.locks.remove(&lock) };
        self.held[task.0 as usize].remove(lock);
        if let Some(state) = unused {
            if self.spare.len() < SPARE_MAX {
                self.spare.push(state);
            }
            return Vec::new();
        }
        self.hand_over(lock)
    }

    fn hand_over(&mut self, lock: LockId) -> Vec<Holder> {
        let mut granted = Vec::new();
        let state = self.locks.get_mut(&lock).expect("the lock is in the table");
        while let Some((task, mode)) = state.waiters.front().copied() {
            if !state.holders.iter().all(|(_, held)| held.compatible(mode)) {
                break;
            }
            state.waiters.pop_front();
            state.holders.push((task, mode));
            granted.push((task, mode));
        }
        if state.holders.is_empty() {
            self.locks.remove(&lock);
        }
        for (task, _) in &granted {
            self.note_held(*task, lock);
        }
        granted
    }

    fn abandon(&mut self, lock: LockId, task: TaskId) -> Vec<Holder> {
        let state = self.locks.get_mut(&lock).expect("a waited-for lock is in the table");
        state.waiters.retain(|(waiter, _)| *waiter != task);
        self.hand_over(lock)
    }

    /// Checks the numbered rules.
    pub fn verify(&self) -> Result<(), String> {
        for (lock, state) in &self.locks {
            if state.holders.is_empty() {
                return Err(format!("rule 2: {lock} is in the table and nobody holds it"));
            }
            for (at, (_, mode)) in state.holders.iter().enumerate() {
                if state.holders[..at].iter().any(|(_, other)| !other.compatible(*mode)) {
                    return Err(format!("rule 1: {lock} has holders that exclude each other"));
                }
            }
            if let Some((_, mode)) = state.waiters.front()
                && state.holders.iter().all(|(_, held)| held.compatible(*mode))
            {
                return Err(format!("rule 3: {lock} could be handed to its first waiter"));
            }
        }
        Ok(())
    }
}

/// Leaves the queue of a lock when the waiting future is dropped.
struct Waiting<'a> {
    cx: &'a Cx,
    lock: LockId,
    mode: Mode,
    task: TaskId,
    granted: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.granted {
            return;
        }
        let waits = self.cx.locks(|table| {
            table.get(self.lock).is_some_and(|state| state.waiters.iter().any(|(task, _)| *task == self.task))
        });
        let (task, lock, mode) = (self.task, self.lock, self.mode);
        let granted = if waits {
            self.cx.emit(|| Event::LockAbandoned { task, lock, mode });
            self.cx.change_locks(|table| table.abandon(lock, task))
        } else {
            // It was handed over while the task was being dropped.
            self.cx.emit(|| Event::LockDropped { task, lock, mode });
            self.cx.change_locks(|table| table.drop_hold(lock, task, mode))
        };
        self.cx.tell_granted(lock, &granted);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (task, lock, mode) = (self.task, self.lock, self.mode);
        self.cx.emit(|| Event::LockDropped { task, lock, mode });
        let granted = self.cx.change_locks(|table| table.drop_hold(lock, task, mode));
        self.cx.tell_granted(lock, &granted);
    }
}

impl Cx {
    /// Takes a lock, waiting as long as it must. The task may be suspended before the attempt.
    pub async fn lock(&self, lock: LockId, mode: Mode) -> Guard {
        self.step(Mark::Lock(lock, mode)).await;
        let task = self.current();
        self.assert_order(lock, task);
        if self.change_locks(|table| table.try_take(lock, task, mode)) {
            self.emit(|| Event::LockTaken { task, lock, mode });
            return Guard { cx: self.clone(), lock, mode, task };
        }
        self.change_locks(|table| table.enqueue(lock, task, mode));
        self.emit(|| Event::LockWaited { task, lock, mode });
        let mut waiting = Waiting { cx: self, lock, mode, task, granted: false };
        self.park(Reason::Lock(lock), Mark::Granted(lock)).await;
        waiting.granted = true;
        Guard { cx: self.clone(), lock, mode, task }
    }

    /// Takes a lock if that needs no waiting. Not a suspension point.
    pub fn try_lock(&self, lock: LockId, mode: Mode) -> Option<Guard> {
        let task = self.current();
        if self.change_locks(|table| table.try_take(lock, task, mode)) {
            self.emit(|| Event::LockTaken { task, lock, mode });
            return Some(Guard { cx: self.clone(), lock, mode, task });
        }
        self.emit(|| Event::LockRefused { task, lock, mode });
        None
    }

    fn tell_granted(&self, lock: LockId, granted: &[Holder]) {
        for (task, mode) in granted.iter().copied() {
            self.emit(|| Event::LockTaken { task, lock, mode });
            let waits = self.tasks(|tasks| tasks[task.0 as usize].state == TaskState::Blocked(Reason::Lock(lock)));
            if waits {
                self.wake(task);
            }
        }
    }

    /// Locks are taken in the order of their classes, and inside a class by rising name.
    fn assert_order(&self, lock: LockId, task: TaskId) {
        if !self.state(|state| state.check_order) {
            return;
        }
        self.locks(|table| {
            if let Some(last) = table.held.get(task.0 as usize).and_then(Held::greatest) {
                // Nodes of one tree are taken from the root down, which their names do not show.
                let by_parent = lock.class == last.class && lock.class == crate::trace::LockClass::Node;
                assert!(by_parent || *last < lock, "lock order: {lock} is taken while {last} is held");
            }
        });
    }
}
