//! `window.extentscope`: the page for tests and for those who embed it.
//!
//! Every method returns a promise. It is rejected with an `Error` that has the message the console shows.

use gloo::utils::window;
use js_sys::{Error, Function, JSON, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use crate::protocol::{Answer, Call, StepSize, Tool};

/// The version of this interface: that of the package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A promise that is still open.
#[derive(Debug, Clone)]
pub struct Deferred {
    resolve: Function,
    reject: Function,
    wanted: Wanted,
}

/// What a promise is resolved with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Number,
    Text,
    Json,
}

/// What somebody outside asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    /// A call of the worker.
    Call(Call),
    /// A new run of the same settings.
    Reset,
}

impl Deferred {
    fn new(wanted: Wanted, hand_over: impl FnOnce(Self)) -> Promise {
        let mut hand_over = Some(hand_over);
        Promise::new(&mut |resolve, reject| {
            if let Some(hand_over) = hand_over.take() {
                hand_over(Self { resolve, reject, wanted });
            }
        })
    }

    /// Keeps the promise, or breaks it.
    pub fn settle(self, result: Result<Answer, String>) {
        let value = match (self.wanted, result) {
            (_, Err(message)) => return self.reject(&message),
            (Wanted::Number, Ok(Answer::Cursor(number) | Answer::Number(number))) => number_value(number),
            (Wanted::Text, Ok(Answer::Text(text))) => JsValue::from(text),
            (Wanted::Text, Ok(Answer::Photo(photo))) => JsValue::from(photo.text()),
            (Wanted::Json, Ok(Answer::Text(text))) => JSON::parse(&text).unwrap_or(JsValue::NULL),
            _ => JsValue::UNDEFINED,
        };
        drop(self.resolve.call1(&JsValue::NULL, &value));
    }

    /// Breaks the promise.
    pub fn reject(self, message: &str) {
        drop(self.reject.call1(&JsValue::NULL, &Error::new(message)));
    }
}

/// A number where JavaScript keeps it exactly, else a decimal string.
fn number_value(number: u64) -> JsValue {
    match u32::try_from(number) {
        Ok(small) => JsValue::from(small),
        Err(_) => JSON::parse(&number.to_string()).unwrap_or(JsValue::NULL),
    }
}

/// Puts the object into the window. The returned deferred is that of `ready`.
pub fn install(send: impl Fn(Outside, Deferred) + Clone + 'static) -> Option<Deferred> {
    let object = Object::new();
    let mut ready = None;
    let promise = Deferred::new(Wanted::Nothing, |deferred| ready = Some(deferred));
    // A page that never gets ready is shown as such; nobody has to catch it as well.
    let ignore = Closure::new(|_| {});
    drop(promise.catch(&ignore));
    ignore.forget();
    set(&object, "ready", &promise);
    set(&object, "version", &JsValue::from(VERSION));
    method(&object, "load", &send, Wanted::Nothing, |script| {
        let script = text(&script, "load takes a script as text")?;
        Ok(Outside::Call(Call::Load { script, personality: None }))
    });
    method(&object, "run", &send, Wanted::Text, |line| {
        Ok(Outside::Call(Call::Run(text(&line, "run takes one line of the console as text")?)))
    });
    method(&object, "step", &send, Wanted::Number, |count| {
        let count = if count.is_undefined() { 1 } else { whole(&count, "step takes a whole number of steps")? };
        let (forward, count) = (count >= 0, u32::try_from(count.unsigned_abs()).unwrap_or(u32::MAX));
        Ok(Outside::Call(Call::Step { size: StepSize::Atomic, forward, count }))
    });
    method(&object, "seek", &send, Wanted::Number, |step| {
        let step = whole(&step, "seek takes the number of a step")?;
        let step = u64::try_from(step).map_err(|_| format!("there is no step {step}: the first one is 0"))?;
        Ok(Outside::Call(Call::Goto(step)))
    });
    method(&object, "length", &send, Wanted::Number, |_| Ok(Outside::Call(Call::Length)));
    method(&object, "state", &send, Wanted::Json, |_| Ok(Outside::Call(Call::State)));
    method(&object, "fiemap", &send, Wanted::Text, |options| {
        let sync = Reflect::get(&options, &JsValue::from("sync")).unwrap_or(JsValue::UNDEFINED);
        let sync = sync.is_undefined() || sync.is_truthy();
        Ok(Outside::Call(Call::Ask { tool: Tool::Fiemap, sync, current: true }))
    });
    method(&object, "reset", &send, Wanted::Nothing, |_| Ok(Outside::Reset));
    set(&window(), "extentscope", &object);
    ready
}

fn set(target: &JsValue, name: &str, value: &JsValue) {
    // Fails only for frozen objects, and nobody has had this one yet.
    drop(Reflect::set(target, &JsValue::from(name), value));
}

fn method(
    object: &Object,
    name: &str,
    send: &(impl Fn(Outside, Deferred) + Clone + 'static),
    wanted: Wanted,
    read: impl Fn(JsValue) -> Result<Outside, String> + 'static,
) {
    let send = send.clone();
    let closure = Closure::<dyn Fn(JsValue) -> Promise>::new(move |argument: JsValue| match read(argument) {
        Ok(outside) => Deferred::new(wanted, |deferred| send(outside, deferred)),
        Err(message) => Promise::reject(&Error::new(&message)),
    });
    set(object, name, closure.as_ref());
    // The window keeps it as long as the page lives.
    closure.forget();
}

fn text(value: &JsValue, otherwise: &str) -> Result<String, String> {
    value.as_string().ok_or_else(|| otherwise.to_owned())
}

fn whole(value: &JsValue, otherwise: &str) -> Result<i64, String> {
    serde_wasm_bindgen::from_value::<i64>(value.clone()).map_err(|_| otherwise.to_owned())
}
