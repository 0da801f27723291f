//! What waits to be sent to the worker: at most one message a frame, and of many wishes where to go the newest.

use crate::protocol::{Batch, Call, View};
use extentscope_core::base::SortedMap;

/// Milliseconds after which the page says that the worker is silent.
pub const SILENT_MS: u64 = 5_000;
/// Milliseconds after which a call from outside is given up.
pub const GIVE_UP_MS: u64 = 60_000;

/// Calls that wait to be sent, and calls that wait for their answers. `T` is what an answer is for.
#[derive(Debug)]
pub struct Outbox<T> {
    next: u32,
    queue: Vec<(u32, Call)>,
    waiting: SortedMap<u32, Waiting<T>>,
    /// A step to go to, while an earlier wish is being answered.
    wish: Option<(u64, T)>,
    going: Option<u32>,
    sent_in_frame: bool,
}

#[derive(Debug)]
struct Waiting<T> {
    since: u64,
    to: T,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self { next: 1, queue: Vec::new(), waiting: SortedMap::new(), wish: None, going: None, sent_in_frame: false }
    }
}

impl<T> Outbox<T> {
    /// A call, to be sent in its turn.
    pub fn push(&mut self, call: Call, to: T, now: u64) {
        if let Some((step, to)) = self.wish.take() {
            self.enqueue(Call::Goto(step), to, now);
        }
        self.enqueue(call, to, now);
    }

    /// A step to go to. Only the newest wish counts while an earlier one has no answer.
    pub fn push_goto(&mut self, step: u64, to: T, now: u64) {
        if self.going.is_some() {
            self.wish = Some((step, to));
        } else {
            self.going = Some(self.next);
            self.enqueue(Call::Goto(step), to, now);
        }
    }

    fn enqueue(&mut self, call: Call, to: T, now: u64) {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        self.queue.push((id, call));
        self.waiting.insert(id, Waiting { since: now, to });
    }

    /// The message to send now; `None` when there is nothing, or when this frame has had its message.
    pub fn take(&mut self, view: &View) -> Option<Batch> {
        if self.sent_in_frame || self.queue.is_empty() {
            return None;
        }
        self.sent_in_frame = true;
        // Pictures of what is not looked at any more are not asked for.
        let last_look = self.queue.iter().rposition(|(_, call)| *call == Call::Look);
        let mut at = 0;
        let waiting = &mut self.waiting;
        self.queue.retain(|(id, call)| {
            let stays = *call != Call::Look || Some(at) == last_look;
            at += 1;
            if !stays {
                waiting.remove(id);
            }
            stays
        });
        Some(Batch { view: view.clone(), calls: std::mem::take(&mut self.queue) })
    }

    /// A frame is over.
    pub fn frame(&mut self) {
        self.sent_in_frame = false;
    }

    /// Whether something waits to be sent.
    pub fn is_loaded(&self) -> bool {
        !self.queue.is_empty()
    }

    /// What the answer of this number is for. An answered wish makes place for the next one.
    pub fn answered(&mut self, id: u32, now: u64) -> Option<T> {
        if self.going == Some(id) {
            self.going = None;
            if let Some((step, to)) = self.wish.take() {
                self.push_goto(step, to, now);
            }
        }
        self.waiting.remove(&id).map(|waiting| waiting.to)
    }

    /// Whether the worker owes an answer for too long.
    pub fn is_overdue(&self, now: u64) -> bool {
        self.waiting.values().any(|waiting| waiting.since + SILENT_MS < now)
    }

    /// Takes out what has waited so long that it is given up.
    pub fn give_up(&mut self, now: u64) -> Vec<T> {
        let old = self.waiting.iter().filter(|(_, waiting)| waiting.since + GIVE_UP_MS < now);
        let old: Vec<u32> = old.map(|(id, _)| *id).collect();
        old.iter().filter_map(|id| self.waiting.remove(id)).map(|waiting| waiting.to).collect()
    }

    /// The worker is gone: nothing will be answered. Numbers go on, so that no late answer is mistaken.
    pub fn drain(&mut self) -> Vec<T> {
        self.queue.clear();
        self.going = None;
        let wish = self.wish.take().map(|(_, to)| to);
        std::mem::take(&mut self.waiting).into_values().map(|waiting| waiting.to).chain(wish).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(outbox: &mut Outbox<&'static str>) -> Vec<(u32, Call)> {
        outbox.frame();
        outbox.take(&View::default()).map_or_else(Vec::new, |batch| batch.calls)
    }

    #[test]
    fn one_message_a_frame() {
        let mut outbox = Outbox::default();
        outbox.push(Call::Length, "a", 0);
        assert!(outbox.take(&View::default()).is_some());
        outbox.push(Call::Length, "b", 0);
        assert_eq!(outbox.take(&View::default()), None);
        assert_eq!(calls(&mut outbox), [(2, Call::Length)]);
    }

    #[test]
    fn of_many_wishes_the_newest_counts() {
        let mut outbox = Outbox::default();
        outbox.push_goto(1, "first", 0);
        outbox.push_goto(2, "second", 0);
        outbox.push_goto(3, "third", 0);
        assert_eq!(calls(&mut outbox), [(1, Call::Goto(1))]);
        assert_eq!(outbox.answered(1, 0), Some("first"));
        assert_eq!(calls(&mut outbox), [(2, Call::Goto(3))]);
    }

    #[test]
    fn a_wish_goes_before_a_later_call() {
        let mut outbox = Outbox::default();
        outbox.push_goto(1, "first", 0);
        outbox.push_goto(9, "wish", 0);
        outbox.push(Call::State, "state", 0);
        assert_eq!(calls(&mut outbox), [(1, Call::Goto(1)), (2, Call::Goto(9)), (3, Call::State)]);
    }

    #[test]
    fn only_the_last_look_of_a_message_is_sent() {
        let mut outbox = Outbox::default();
        outbox.push(Call::Look, "a", 0);
        outbox.push(Call::Length, "b", 0);
        outbox.push(Call::Look, "c", 0);
        assert_eq!(calls(&mut outbox), [(2, Call::Length), (3, Call::Look)]);
        assert_eq!(outbox.answered(1, 0), None);
    }

    #[test]
    fn silence_is_noticed_and_then_given_up() {
        let mut outbox = Outbox::default();
        outbox.push(Call::Length, "a", 0);
        assert!(!outbox.is_overdue(SILENT_MS));
        assert!(outbox.is_overdue(SILENT_MS + 1));
        assert_eq!(outbox.give_up(GIVE_UP_MS + 1), ["a"]);
        assert!(!outbox.is_overdue(SILENT_MS + 1));
    }
}
