//! `window.extentscope`: the page for tests and for those who embed it.
//!
//! Every method returns a promise. It is rejected with an `Error` that has the message the console shows.

use gloo::utils::window;
use js_sys::{Error, Function, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::protocol::{Answer, Call, StepSize, Tool};

/// The version of this interface: that of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

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
    Bytes,
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
    fn promise(wanted: Wanted, hand_over: impl FnOnce(Self)) -> Promise {
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
            (Wanted::Bytes, Ok(Answer::Bytes(bytes))) => Uint8Array::from(bytes.as_slice()).into(),
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
pub fn number_value(number: u64) -> JsValue {
    match u32::try_from(number) {
        Ok(small) => JsValue::from(small),
        Err(_) => JSON::parse(&number.to_string()).unwrap_or(JsValue::NULL),
    }
}

/// A verb of the interface: its name, what its promise is resolved with, and how its argument is read.
type Verb = (&'static str, Wanted, fn(&JsValue) -> Result<Outside, String>);

const VERBS: [Verb; 10] = [
    ("load", Wanted::Nothing, |script| {
        let script = text(script, "load takes a script as text")?;
        Ok(Outside::Call(Call::Load { script, personality: None }))
    }),
    ("run", Wanted::Text, |line| {
        Ok(Outside::Call(Call::Run(text(line, "run takes one line of the console as text")?)))
    }),
    ("step", Wanted::Number, |count| {
        let count = if count.is_undefined() { 1 } else { whole(count, "step takes a whole number of steps")? };
        let (forward, count) = (count >= 0, u32::try_from(count.unsigned_abs()).unwrap_or(u32::MAX));
        Ok(Outside::Call(Call::Step { size: StepSize::Atomic, forward, count }))
    }),
    ("seek", Wanted::Number, |step| {
        let step = whole(step, "seek takes the number of a step")?;
        let step = u64::try_from(step).map_err(|_| format!("there is no step {step}: the first one is 0"))?;
        Ok(Outside::Call(Call::Goto(step)))
    }),
    ("length", Wanted::Number, |_| Ok(Outside::Call(Call::Length))),
    ("state", Wanted::Json, |_| Ok(Outside::Call(Call::State))),
    ("fiemap", Wanted::Text, |options| {
        let sync = Reflect::get(options, &JsValue::from("sync")).unwrap_or(JsValue::UNDEFINED);
        let sync = sync.is_undefined() || sync.is_truthy();
        Ok(Outside::Call(Call::Ask { tool: Tool::Fiemap, sync, current: true }))
    }),
    ("digest", Wanted::Text, |_| Ok(Outside::Call(Call::Digest))),
    ("image", Wanted::Bytes, |_| Ok(Outside::Call(Call::Image))),
    ("reset", Wanted::Nothing, |_| Ok(Outside::Reset)),
];

/// Puts the object into the window. The returned deferred is that of `ready`.
pub fn install(send: impl Fn(Outside, Deferred) + Clone + 'static) -> Option<Deferred> {
    let object = Object::new();
    let mut ready = None;
    let promise = Deferred::promise(Wanted::Nothing, |deferred| ready = Some(deferred));
    // A page that never gets ready is shown as such; nobody has to catch it as well.
    let ignore = Closure::new(|_| {});
    drop(promise.catch(&ignore));
    ignore.forget();
    set(&object, "ready", &promise);
    set(&object, "version", &JsValue::from(VERSION));
    for (name, ..) in VERBS {
        let send = send.clone();
        let closure =
            Closure::<dyn Fn(JsValue) -> Promise>::new(move |argument: JsValue| call(name, &argument, send.clone()));
        set(&object, name, closure.as_ref());
        // The window keeps it as long as the page lives.
        closure.forget();
    }
    set(&window(), "extentscope", &object);
    ready
}

/// Calls a verb by its name.
pub fn call(name: &str, argument: &JsValue, send: impl Fn(Outside, Deferred)) -> Promise {
    let Some((_, wanted, read)) = VERBS.into_iter().find(|(known, ..)| *known == name) else {
        return Promise::reject(&Error::new(&format!("there is no verb {name}")));
    };
    match read(argument) {
        Ok(outside) => Deferred::promise(wanted, |deferred| send(outside, deferred)),
        Err(message) => Promise::reject(&Error::new(&message)),
    }
}

/// Sets a property of an object of ours.
pub fn set(target: &JsValue, name: &str, value: &JsValue) {
    // Fails only for frozen objects, and nobody has had this one yet.
    drop(Reflect::set(target, &JsValue::from(name), value));
}

fn text(value: &JsValue, otherwise: &str) -> Result<String, String> {
    value.as_string().ok_or_else(|| otherwise.to_owned())
}

fn whole(value: &JsValue, otherwise: &str) -> Result<i64, String> {
    serde_wasm_bindgen::from_value::<i64>(value.clone()).map_err(|_| otherwise.to_owned())
}
