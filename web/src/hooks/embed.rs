//! The page inside another one: the verbs of [`super::api`] by `postMessage`.
//!
//! A request is `{ extentscope: 1, id, verb, argument }`; its answer `{ extentscope: 1, id, value }` or
//! `{ extentscope: 1, id, error }`. `ping` is answered with the version. The page posts `{ extentscope: 1, event:
//! "ready" }`, and `{ extentscope: 1, event: "stepped", step, length }` when the cursor has moved.
//!
//! Only the page that embeds this one is heard, and only it is answered: the sender must be the parent window, and its
//! origin that of the page that opened this one. Nothing that comes in is ever run as code.

use gloo::events::EventListener;
use gloo::utils::{document, window};
use js_sys::{Error, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageEvent, Url, Window};

use super::api::{self, Deferred, Outside, set};

/// The window that embeds this page.
#[derive(Debug, Clone)]
pub struct Host {
    parent: Window,
    origin: String,
}

impl Host {
    /// `None` when the page stands alone, or does not know who embeds it.
    pub fn find() -> Option<Self> {
        let parent = window().parent().ok().flatten()?;
        if parent == window() {
            return None;
        }
        let origin = Url::new(&document().referrer()).ok()?.origin();
        Some(Self { parent, origin })
    }

    /// Hears and answers requests.
    pub fn listen(&self, send: impl Fn(Outside, Deferred) + Clone + 'static) -> EventListener {
        let host = self.clone();
        EventListener::new(&window(), "message", move |event| {
            if let Some(event) = event.dyn_ref::<MessageEvent>().filter(|event| host.is_sender(event)) {
                host.answer(&event.data(), send.clone());
            }
        })
    }

    fn is_sender(&self, event: &MessageEvent) -> bool {
        let parent: &JsValue = self.parent.as_ref();
        event.source().is_some_and(|source| JsValue::from(source) == *parent) && event.origin() == self.origin
    }

    fn answer(&self, request: &JsValue, send: impl Fn(Outside, Deferred)) {
        let part = |name: &str| Reflect::get(request, &JsValue::from(name)).unwrap_or(JsValue::UNDEFINED);
        let Some(verb) = part("verb").as_string().filter(|_| part("extentscope") == 1) else { return };
        let (host, id) = (self.clone(), part("id"));
        if verb == "ping" {
            return host.reply(&id, "value", &JsValue::from(api::VERSION));
        }
        let promise = api::call(&verb, &part("argument"), send);
        spawn_local(async move {
            match JsFuture::from(promise).await {
                Ok(value) => host.reply(&id, "value", &value),
                Err(error) => {
                    let message =
                        error.dyn_ref::<Error>().map_or_else(JsValue::default, |error| error.message().into());
                    host.reply(&id, "error", &message);
                }
            }
        });
    }

    fn reply(&self, id: &JsValue, name: &str, value: &JsValue) {
        let answer = Object::new();
        set(&answer, "id", id);
        set(&answer, name, value);
        self.post(&answer);
    }

    /// Tells the host that the page is ready.
    pub fn ready(&self) {
        let event = Object::new();
        set(&event, "event", &JsValue::from("ready"));
        self.post(&event);
    }

    /// Tells the host where the cursor is.
    pub fn stepped(&self, step: u64, length: u64) {
        let event = Object::new();
        set(&event, "event", &JsValue::from("stepped"));
        set(&event, "step", &api::number_value(step));
        set(&event, "length", &api::number_value(length));
        self.post(&event);
    }

    fn post(&self, message: &Object) {
        set(message, "extentscope", &JsValue::from(1));
        // A host that has gone away needs no answer.
        drop(self.parent.post_message(message, &self.origin));
    }
}
