//! Data that is small enough to live in a key.

use crate::base::packed::PACKED;
use crate::base::{SortedMap, Stamped, StateCell};
use crate::sim::Cx;
use crate::trace::Event;

/// Contents by identity; the identity stands in the extent's address.
pub struct InlineStore {
    cx: Cx,
    state: StateCell<(u64, SortedMap<u64, Stamped>)>,
}

impl InlineStore {
    /// Empty.
    pub fn new(cx: &Cx) -> Self {
        Self { cx: cx.clone(), state: StateCell::new((1, SortedMap::new())) }
    }
    /// Keeps one block's contents; returns its identity.
    pub fn put(&self, stamped: Stamped) -> u64 {
        self.keep(stamped, 0)
    }
    /// The same for contents that are compressed: their identities lie from [`PACKED`] on, as addresses do.
    pub fn put_packed(&self, stamped: Stamped) -> u64 {
        self.keep(stamped, PACKED.0)
    }
    /// A copy of contents, with an identity of its own.
    pub fn copy(&self, id: u64) -> u64 {
        self.keep(self.get(id), id & PACKED.0)
    }
    fn keep(&self, stamped: Stamped, from: u64) -> u64 {
        let (data, prov) = (stamped.data.clone(), stamped.prov);
        let id = self.state.change(|(next, store)| {
            let id = *next | from;
            *next += 1;
            store.insert(id, stamped);
            id
        });
        self.cx.emit(|| Event::InlineSet { id, data, prov });
        id
    }
    /// The contents of an identity, which exists.
    pub fn get(&self, id: u64) -> Stamped {
        self.state.with(|(_, store)| store.get(&id).cloned()).expect("inline data of a key exists")
    }
    /// Forgets an identity.
    pub fn remove(&self, id: u64) {
        self.state.change(|(_, store)| store.remove(&id)).expect("removed inline data existed");
        self.cx.emit(|| Event::InlineRemoved { id });
    }
    /// All of it.
    pub fn all(&self) -> SortedMap<u64, Stamped> {
        self.state.with(|(_, store)| store.clone())
    }
    /// A mount found this.
    pub fn load(&self, found: &SortedMap<u64, Stamped>) {
        self.state.change(|(next, store)| {
            store.clone_from(found);
            *next = store.keys().map(|id| (id & !PACKED.0) + 1).fold(*next, u64::max);
        });
        for (id, stamped) in found {
            let (id, data, prov) = (*id, stamped.data.clone(), stamped.prov);
            self.cx.emit(|| Event::InlineSet { id, data, prov });
        }
    }
}
