//! The only interior mutability of the engine.

use std::cell::RefCell;

/// State that is reached only through a closure, so that no borrow can live across an `await`.
///
/// Closures must not nest on the same cell and must not call out to another floor's cell that may call back.
#[derive(Debug, Default)]
pub struct StateCell<T>(RefCell<T>);

impl<T> StateCell<T> {
    /// A cell that holds `value`.
    pub fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }
    /// Looks at the state.
    #[track_caller]
    #[inline]
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.borrow())
    }
    /// Changes the state.
    #[track_caller]
    #[inline]
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.borrow_mut())
    }
}
