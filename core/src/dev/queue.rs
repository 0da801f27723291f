//! The request queue: hands requests to the device in order, and lets tasks wait for them.
//!
//! The device works as a background task, so that the viewer sees each request wait and complete. Time passes only
//! here: a request costs a fixed time and a time per block.

use super::{BlockDevice, Completion, Fault, Faulty, Op, Request, Survivors};
use crate::base::{DevBlock, Errno, Range, SortedMap, Stamped, StateCell};
use crate::sim::{Cx, WaitQueue};
use crate::trace::{Event, Frame, Mark, Reason};
use std::collections::VecDeque;
use std::rc::Rc;

/// What a request costs in virtual nanoseconds, plus [`BLOCK_TIME`] a block.
const REQUEST_TIME: u64 = 20_000;
/// What each block of a request costs in virtual nanoseconds.
const BLOCK_TIME: u64 = 1_000;

/// Contents in runs of equal blocks, in order.
pub type Runs = Vec<(Range<DevBlock>, Stamped)>;

struct State {
    device: Faulty,
    waiting: VecDeque<Request>,
    answers: SortedMap<u64, Result<Runs, Errno>>,
    next_id: u64,
}

/// The queue in front of a device.
#[derive(Clone)]
pub struct IoQueue(Rc<Shared>);

struct Shared {
    cx: Cx,
    state: StateCell<State>,
    work: WaitQueue,
    answered: WaitQueue,
}

/// A request that was handed in and not yet awaited.
#[must_use]
pub struct Ticket(u64);

impl IoQueue {
    /// A queue over a device with blocks of `block` bytes, with the background task that serves it.
    pub fn new(cx: &Cx, device: Box<dyn BlockDevice>, block: u64) -> Self {
        let device = Faulty::new(device, block);
        let state = State { device, waiting: VecDeque::new(), answers: SortedMap::new(), next_id: 1 };
        let queue = Self(Rc::new(Shared {
            cx: cx.clone(),
            state: StateCell::new(state),
            work: WaitQueue::default(),
            answered: WaitQueue::default(),
        }));
        queue.start();
        queue
    }

    /// The background task that serves the queue begins; one that was there before is gone.
    pub fn start(&self) {
        let server = self.clone();
        self.0.cx.spawn("device", true, Box::pin(async move { server.serve().await }));
    }

    /// A coming request meets a fault.
    pub fn inject(&self, fault: Fault, nth: u64) {
        self.0.state.change(|state| state.device.plan(fault, nth));
    }

    /// Looks at the device.
    pub fn device<R>(&self, look: impl FnOnce(&dyn BlockDevice) -> R) -> R {
        self.0.state.with(|state| look(&state.device))
    }

    /// Hands in a request without waiting for it.
    pub fn submit(&self, op: Op, range: Range<DevBlock>) -> Ticket {
        let (write, fua) = (matches!(op, Op::Write { .. }), matches!(op, Op::Write { fua: true, .. }));
        let request = self.0.state.change(|state| {
            let id = state.next_id;
            state.next_id += 1;
            state.waiting.push_back(Request { id, op, range });
            id
        });
        self.0.cx.emit(|| Event::RequestQueued { request, write, fua, range });
        self.0.work.wake_all(&self.0.cx);
        Ticket(request)
    }

    /// Waits for a request's answer.
    pub async fn wait(&self, ticket: Ticket) -> Result<Runs, Errno> {
        let shared = &self.0;
        let done = || shared.state.with(|state| state.answers.contains_key(&ticket.0));
        shared.answered.wait_until(&shared.cx, Reason::Io(ticket.0), done).await;
        shared.state.change(|state| state.answers.remove(&ticket.0)).expect("the answer has come")
    }

    /// Contents of a range of blocks.
    pub async fn read(&self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        let ticket = self.submit(Op::Read, range);
        self.wait(ticket).await
    }

    /// Everything written so far becomes durable.
    pub async fn flush(&self) -> Result<(), Errno> {
        let ticket = self.submit(Op::Flush, Range::sized(DevBlock(0), 0));
        self.wait(ticket).await.map(drop)
    }

    async fn serve(&self) {
        let shared = &self.0;
        loop {
            let ready = || shared.state.with(|state| !state.waiting.is_empty());
            shared.work.wait_until(&shared.cx, Reason::Work, ready).await;
            shared.cx.step(Mark::Io).await;
            let request = shared.state.change(|state| state.waiting.pop_front()).expect("a request waits");
            let _frame = shared.cx.frame(Frame::Device, request.id, 0);
            self.perform(request);
        }
    }

    fn perform(&self, request: Request) {
        let cx = &self.0.cx;
        cx.advance(REQUEST_TIME + BLOCK_TIME * request.range.len());
        let (op, id, range) = (request.op.clone(), request.id, request.range);
        let (Completion { result, .. }, spoilt) = self.0.state.change(|state| {
            state.device.submit(request);
            (state.device.poll().expect("this device answers at once"), state.device.take_spoilt())
        });
        match (&result, op) {
            (Err(errno), _) => {
                let errno = *errno;
                cx.emit(|| Event::RequestFailed { request: id, errno });
            }
            (Ok(_), op) => {
                // What is told is what is there.
                let there = || Op::Write { data: self.device(|device| device.peek(range)), fua: false };
                self.tell(if spoilt { there() } else { op });
                cx.emit(|| Event::RequestDone { request: id });
            }
        }
        self.0.state.change(|state| state.answers.insert(id, result));
        self.0.answered.wake_all(cx);
    }

    fn tell(&self, op: Op) {
        let cx = &self.0.cx;
        match op {
            Op::Write { data, .. } => {
                for (range, stamped) in data {
                    cx.emit(|| Event::DeviceData { range, data: stamped.data, prov: stamped.prov });
                }
            }
            Op::Flush => {
                let epoch = self.device(|device| device.flushes());
                cx.emit(|| Event::DeviceFlushed { epoch });
            }
            Op::Read | Op::Discard => {}
        }
    }
}

/// While no task waits for the device.
impl IoQueue {
    /// Contents of a range at once, as a mount reads them.
    ///
    /// # Errors
    /// What the device says.
    pub fn read_now(&self, range: Range<DevBlock>) -> Result<Runs, Errno> {
        self.0.state.change(|state| {
            let id = state.next_id;
            state.next_id += 1;
            state.device.submit(Request { id, op: Op::Read, range });
            state.device.poll().expect("this device answers at once").result
        })
    }

    /// A write or a flush at once, as formatting does it.
    ///
    /// # Errors
    /// What the device says.
    pub fn do_now(&self, op: Op, range: Range<DevBlock>) -> Result<(), Errno> {
        let ticket = self.submit(op, range);
        let request = self.0.state.change(|state| state.waiting.pop_front()).expect("it was just handed in");
        self.perform(request);
        self.0.state.change(|state| state.answers.remove(&ticket.0)).expect("it was just done").map(drop)
    }

    /// The power goes and comes back; requests that the device had not done are gone. With
    /// [`IoQueue::start`] the queue serves a new mount.
    pub fn cut_power(&self, survivors: &Survivors) {
        let cx = &self.0.cx;
        let (dropped, runs) = self.0.state.change(|state| {
            state.answers.clear();
            (std::mem::take(&mut state.waiting), state.device.cut_power(survivors))
        });
        for request in dropped {
            cx.emit(|| Event::RequestFailed { request: request.id, errno: Errno::EIO });
        }
        cx.emit(|| Event::PowerCut {});
        for (range, stamped) in runs {
            cx.emit(|| Event::DeviceData { range, data: stamped.data, prov: stamped.prov });
        }
    }
}

impl IoQueue {
    /// Requests that the device has not done, in order: number, whether it writes, whether durably, blocks.
    pub fn pending(&self) -> Vec<(u64, bool, bool, Range<DevBlock>)> {
        self.0.state.with(|state| {
            let one = |request: &Request| {
                let (write, fua) =
                    (matches!(request.op, Op::Write { .. }), matches!(request.op, Op::Write { fua: true, .. }));
                (request.id, write, fua, request.range)
            };
            state.waiting.iter().map(one).collect()
        })
    }
}
