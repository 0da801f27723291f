//! Who waits for whom, and the smallest circle in it.

use super::cx::Cx;
use crate::base::TaskId;
use crate::trace::{LockId, Mode, Reason, TaskState};
use serde::Serialize;

/// One edge of the wait-for graph: `waiter` wants `lock`, which `holder` has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct WaitEdge {
    /// Who waits.
    pub waiter: TaskId,
    /// For what.
    pub lock: LockId,
    /// How the waiter wants it.
    pub wants: Mode,
    /// Who has it.
    pub holder: TaskId,
    /// How the holder has it.
    pub has: Mode,
}

/// All edges: from each task that waits for a lock to each holder that keeps it away.
pub fn wait_edges(cx: &Cx) -> Vec<WaitEdge> {
    let blocked: Vec<(TaskId, LockId)> = cx.tasks(|tasks| {
        (0u32..)
            .zip(tasks)
            .filter_map(|(id, task)| match task.state {
                TaskState::Blocked(Reason::Lock(lock)) => Some((TaskId(id), lock)),
                TaskState::Runnable | TaskState::Blocked(_) | TaskState::Done => None,
            })
            .collect()
    });
    cx.locks(|table| {
        let mut edges = Vec::new();
        for (waiter, lock) in blocked {
            let Some(state) = table.get(lock) else { continue };
            let Some(place) = state.waiters.iter().position(|(task, _)| *task == waiter) else { continue };
            let wants = state.waiters[place].1;
            let ahead = state.holders.iter().chain(state.waiters.iter().take(place));
            for (holder, has) in ahead.filter(|(_, has)| !has.compatible(wants)) {
                edges.push(WaitEdge { waiter, lock, wants, holder: *holder, has: *has });
            }
        }
        edges
    })
}

/// The shortest circle of waiting tasks; empty when there is none.
pub fn minimal_cycle(edges: &[WaitEdge]) -> Vec<WaitEdge> {
    let mut best: Vec<WaitEdge> = Vec::new();
    for first in edges {
        // Breadth first from the holder of `first` back to its waiter.
        let mut paths: Vec<Vec<WaitEdge>> = vec![vec![*first]];
        let mut seen = vec![first.holder];
        let mut at = 0;
        while at < paths.len() {
            let path = paths[at].clone();
            at += 1;
            let last = path.last().expect("a path has an edge").holder;
            if last == first.waiter {
                if best.is_empty() || path.len() < best.len() {
                    best = path;
                }
                break;
            }
            for edge in edges.iter().filter(|edge| edge.waiter == last) {
                if edge.holder == first.waiter || !seen.contains(&edge.holder) {
                    seen.push(edge.holder);
                    paths.push(path.iter().copied().chain([*edge]).collect());
                }
            }
        }
    }
    best
}
