//! Two tasks and two locks: orders, replay, deadlock as an answer.

use super::*;
use crate::base::{StateCell, TaskId};
use crate::sim::cx::Recording;
use crate::trace::{Event, LockClass, LockId, Mode};
use std::rc::Rc;

fn lock(a: u64) -> LockId {
    LockId { class: LockClass::Commit, a, b: 0 }
}

fn spawn_pair(cx: &Cx, orders: [[u64; 2]; 2]) -> Rc<StateCell<Vec<u64>>> {
    let log = Rc::new(StateCell::new(Vec::new()));
    for (task, order) in orders.into_iter().enumerate() {
        let (handle, log) = (cx.clone(), log.clone());
        let body = async move {
            let _first = handle.lock(lock(order[0]), Mode::Exclusive).await;
            let _second = handle.lock(lock(order[1]), Mode::Exclusive).await;
            log.change(|log| log.push(task as u64));
        };
        cx.spawn("pair", false, Box::pin(body));
    }
    log
}

fn events(cx: &Cx) -> Vec<Event> {
    cx.record(|recorder| recorder.events.clone())
}

#[test]
fn stepping_and_running_through_give_the_same_events() {
    let through = Cx::new(Recording::On);
    let log = spawn_pair(&through, [[1, 2], [1, 2]]);
    let mut executor = Executor::new(through.clone(), Chooser::Default);
    assert_eq!(executor.run(), Outcome::Idle);
    assert_eq!(log.with(Vec::clone), [0, 1]);

    let stepped = Cx::new(Recording::On);
    spawn_pair(&stepped, [[1, 2], [1, 2]]);
    let mut executor = Executor::new(stepped.clone(), Chooser::Default);
    executor.set_stepping(true);
    assert_eq!(executor.run(), Outcome::Idle);
    assert_eq!(events(&through), events(&stepped));
    assert_eq!(through.record(|r| r.steps.clone()), stepped.record(|r| r.steps.clone()));
}

#[test]
fn opposite_orders_deadlock_under_some_schedule_and_the_cycle_is_named() {
    let mut deadlocks = 0;
    for seed in 0..200 {
        let cx = Cx::new(Recording::On);
        cx.check_lock_order(false);
        spawn_pair(&cx, [[1, 2], [2, 1]]);
        let mut executor = Executor::new(cx.clone(), Chooser::random(seed));
        if let Outcome::Deadlock { cycle, stuck } = executor.run() {
            deadlocks += 1;
            assert_eq!(cycle.len(), 2);
            assert_eq!(stuck, [TaskId(0), TaskId(1)]);
            let again = Cx::new(Recording::On);
            again.check_lock_order(false);
            spawn_pair(&again, [[1, 2], [2, 1]]);
            let mut replay = Executor::new(again.clone(), Chooser::Default);
            replay.replay(executor.choices().to_vec());
            assert!(matches!(replay.run(), Outcome::Deadlock { .. }), "seed {seed}: the choice log replays the run");
            assert_eq!(events(&cx), events(&again), "seed {seed}");
        }
        cx.locks(|table| table.verify()).expect("the lock table keeps its rules");
    }
    assert!((20..180).contains(&deadlocks), "{deadlocks} of 200 random orders deadlock");
}

#[test]
fn dropping_the_tasks_at_any_step_leaves_no_lock_behind() {
    for steps in 0..8 {
        let cx = Cx::new(Recording::On);
        cx.check_lock_order(false);
        spawn_pair(&cx, [[1, 2], [2, 1]]);
        let mut executor = Executor::new(cx.clone(), Chooser::random(steps));
        for _ in 0..steps {
            executor.run_one(None);
        }
        drop(executor);
        assert_eq!(cx.locks(|table| table.iter().count()), 0, "after {steps} steps");
    }
}

#[test]
fn virtual_time_moves_to_the_next_timer() {
    let cx = Cx::new(Recording::On);
    let handle = cx.clone();
    cx.spawn("sleeper", false, Box::pin(async move { handle.sleep(7_000).await }));
    assert_eq!(Executor::new(cx.clone(), Chooser::Default).run(), Outcome::Idle);
    assert_eq!(cx.now(), 7_000);
}
