//! Floor 1, the ground: a deterministic executor for tasks that are written as `async fn`.
//!
//! It knows tasks, locks, time and choices, and nothing of what the tasks are for. A *step* is what one task does
//! between two suspensions. Tasks suspend before each attempt to take a lock, at requests to the device, at timers
//! and at named marks; nowhere else. With nobody stepping the same code runs through without suspending and gives
//! the same steps, because the default chooser lets the current task go on until it blocks.
//!
//! Nothing else may influence a run: no clock of the machine, no randomness of the machine, no hash order.

pub mod choose;
pub mod cx;
pub mod deadlock;
pub mod executor;
pub mod lock;
pub mod rng;
pub mod wait;

#[cfg(test)]
mod tests;

pub use choose::{Choice, Chooser};
pub use cx::Cx;
pub use executor::{Executor, Outcome};
pub use lock::{Guard, LockTable};
pub use wait::WaitQueue;
