//! Bytes between the page and the worker. What the bytes mean is [`crate::protocol`]'s business.
//!
//! Three kinds of JavaScript values travel:
//!
//! * a `Uint8Array`, whose buffer is transferred: one message;
//! * a number, once, from the worker: it is ready and speaks this [`VERSION`];
//! * a string, from the worker: it has panicked or could not start, and this is why.
//!
//! Messages sent before the worker is ready wait here: a module worker whose script is still being awaited would lose
//! them. How often to send is the caller's decision (at most one message each way per frame).
//!
//! A panic ends the worker for good (`panic = "abort"` kills the wasm instance). It reaches the page exactly once,
//! through `on_error`; the page then drops the handle and starts another one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::events::EventListener;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, ErrorEvent, Event, MessageEvent, WorkerOptions, WorkerType};

use crate::protocol::VERSION;

/// The page's end: a running worker. Dropping it terminates the worker.
#[derive(Debug)]
pub struct Worker {
    link: Rc<Link>,
    _listeners: [EventListener; 2],
}

#[derive(Debug)]
struct Link {
    worker: web_sys::Worker,
    state: Cell<State>,
    waiting: RefCell<Vec<Vec<u8>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The script is loading; messages wait.
    Starting,
    /// The receive loop runs; messages are posted at once.
    Ready,
    /// The worker has failed, the page knows, nothing is sent or delivered any more.
    Failed,
}

/// What one JavaScript message means.
enum Incoming {
    Ready(u32),
    Bytes(Vec<u8>),
    Failure(String),
}

impl Worker {
    /// Starts the worker whose loader module is at `url` (relative to the page).
    ///
    /// `on_message` gets each message; `on_error` gets the reason, once, when the worker cannot start, panics, or is of
    /// another build. Both may drop this handle.
    ///
    /// # Errors
    /// When the browser refuses to create a worker at all (from `file://`, or a browser without module workers).
    pub fn start(
        url: &str,
        on_message: impl Fn(Vec<u8>) + 'static,
        on_error: impl Fn(String) + 'static,
    ) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(url, &options).map_err(|error| describe(&error))?;
        let link = Rc::new(Link { worker, state: Cell::new(State::Starting), waiting: RefCell::default() });
        let on_error = Rc::new(on_error);
        let messages = EventListener::new(&link.worker, "message", {
            let (link, on_error) = (Rc::clone(&link), Rc::clone(&on_error));
            move |event| link.receive(event, &on_message, &*on_error)
        });
        let errors = EventListener::new(&link.worker, "error", {
            let link = Rc::clone(&link);
            move |event| link.fail(failure_text(event), &*on_error)
        });
        Ok(Self { link, _listeners: [messages, errors] })
    }

    /// Sends one message, now or as soon as the worker is ready. A failed worker gets nothing: `on_error` has said so.
    pub fn send(&self, bytes: Vec<u8>) {
        match self.link.state.get() {
            State::Starting => self.link.waiting.borrow_mut().push(bytes),
            State::Ready => self.link.post(&bytes),
            State::Failed => {}
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.link.worker.terminate();
    }
}

impl Link {
    fn receive(&self, event: &Event, on_message: &impl Fn(Vec<u8>), on_error: &impl Fn(String)) {
        if self.state.get() == State::Failed {
            return;
        }
        match classify(&event.unchecked_ref::<MessageEvent>().data()) {
            Incoming::Bytes(bytes) => on_message(bytes),
            Incoming::Failure(text) => self.fail(text, on_error),
            Incoming::Ready(VERSION) => {
                self.state.set(State::Ready);
                for bytes in self.waiting.take() {
                    self.post(&bytes);
                }
            }
            Incoming::Ready(other) => {
                self.fail(format!("the page speaks version {VERSION}, the worker {other}: reload the page"), on_error);
            }
        }
    }

    /// Takes the first reason only: a panic arrives as a message with its text and then as an `error` event without.
    fn fail(&self, reason: String, on_error: &impl Fn(String)) {
        if self.state.replace(State::Failed) != State::Failed {
            on_error(reason);
        }
    }

    fn post(&self, bytes: &[u8]) {
        let (message, transfer) = transferable(bytes);
        // Fails only for a value that cannot be cloned or transferred; a fresh byte array always can.
        self.worker.post_message_with_transfer(&message, &transfer).expect("a fresh byte array is transferable");
    }
}

/// The worker's end. Call once: announces the worker, then hands each message to `on_message`, for ever.
///
/// # Panics
/// When not called in a dedicated worker.
pub fn serve(on_message: impl Fn(Vec<u8>) + 'static) {
    report_panics();
    let scope = worker_scope();
    EventListener::new(&scope, "message", move |event| {
        if let Incoming::Bytes(bytes) = classify(&event.unchecked_ref::<MessageEvent>().data()) {
            on_message(bytes);
        }
    })
    .forget();
    scope.post_message(&JsValue::from(VERSION)).expect("a number can always be posted");
}

/// From the worker to the page: one message.
///
/// # Panics
/// When not called in a dedicated worker.
pub fn reply(bytes: &[u8]) {
    let (message, transfer) = transferable(bytes);
    worker_scope().post_message_with_transfer(&message, &transfer).expect("a fresh byte array is transferable");
}

/// Every panic goes to the browser's console, and as text to the page. The message must be posted from the hook: a
/// panic inside a promise callback raises no `error` event at the page.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        // Nothing is left to do if even this fails: the console has the text.
        let _ = worker_scope().post_message(&JsValue::from_str(&info.to_string()));
    }));
}

fn worker_scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().dyn_into().expect("the worker's end of the transport runs in a dedicated worker only")
}

/// A copy outside wasm memory (which cannot be transferred), and the list that transfers it.
fn transferable(bytes: &[u8]) -> (Uint8Array, Array) {
    let message = Uint8Array::from(bytes);
    let transfer = Array::of1(&message.buffer());
    (message, transfer)
}

fn classify(data: &JsValue) -> Incoming {
    if let Some(bytes) = data.dyn_ref::<Uint8Array>() {
        return Incoming::Bytes(bytes.to_vec());
    }
    if let Ok(version) = serde_wasm_bindgen::from_value::<u32>(data.clone()) {
        return Incoming::Ready(version);
    }
    Incoming::Failure(describe(data))
}

/// An `error` event has a message when the script threw, and none when it could not be loaded.
fn failure_text(event: &Event) -> String {
    match event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message) {
        Some(text) if !text.is_empty() => text,
        _ => String::from("the worker's script could not be loaded"),
    }
}

fn describe(value: &JsValue) -> String {
    match value.as_string() {
        Some(text) => text,
        None => js_sys::JsString::from(value.clone()).into(),
    }
}
