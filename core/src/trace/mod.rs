//! Floor 1, the record: the one list of events, the vocabulary they share, and who keeps them.

pub mod event;
pub mod names;
pub mod recorder;

pub use event::{Event, EventInfo};
pub use names::{Counter, Frame, LockClass, LockId, Mark, Mode, Reason, TaskState};
pub use recorder::{Recorder, StepRecord};
