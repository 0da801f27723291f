//! The application: holds the state, speaks with the worker, lays the page out.

use std::cell::Cell;
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::{Interval, Timeout};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use crate::draw::timeline;
use crate::hooks::api::{self, Deferred, Outside};
use crate::hooks::embed::Host;
use crate::hooks::link::{self, Linked};
use crate::hooks::outbox::Outbox;
use crate::hooks::{browser, prefs};
use crate::keys;
use crate::layout;
use crate::protocol::{self, Answer, Call, Report};
use crate::scenarios;
use crate::state::{Action, Effect, Engine, Focus, For, LOW, Layout, Opening, Reported, State, reduce};
use crate::transport::Worker;

/// Where the loader lies, relative to the page.
const WORKER_URL: &str = "./worker_loader.js";

/// Mounts the application in place of the static first paint.
///
/// # Panics
/// When the page has no element `app`: `index.html` and this crate belong together.
pub fn mount() {
    let root = gloo::utils::document().get_element_by_id("app").expect("index.html has an element with the id app");
    root.set_inner_html("");
    yew::Renderer::<App>::with_root(root).render();
}

/// Messages of [`App`].
#[derive(Debug)]
pub enum Msg {
    /// Something happened on the page.
    Do(Action),
    /// Bytes from the worker.
    Received(Vec<u8>),
    /// Somebody outside asks for something.
    Outside(Outside, Deferred),
    /// A frame is over.
    Frame,
    /// A second is over.
    Second,
    /// The window has another size.
    Measure,
}

/// Whom an answer goes to.
#[derive(Debug)]
enum To {
    Page(For),
    Outside(Deferred),
}

/// The root component.
pub struct App {
    state: State,
    worker: Option<Worker>,
    outbox: Outbox<To>,
    ready: Option<Deferred>,
    host: Option<Host>,
    /// The cursor that the host knows.
    told: Option<(u64, u64)>,
    linked: Option<Linked>,
    focus: Option<Focus>,
    /// Width of the stage in pixels.
    width: u32,
    entries: usize,
    /// Single letters are shortcuts: read by the listener, which must decide at once.
    letters: Rc<Cell<bool>>,
    timers: Timers,
    _listeners: Vec<EventListener>,
    _seconds: Interval,
}

/// Timers that end when they are replaced.
#[derive(Default)]
struct Timers {
    frame: Option<AnimationFrame>,
    hidden_frame: Option<Timeout>,
    play: Option<Timeout>,
    opening: Option<Timeout>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let send = {
            let link = link.clone();
            move |outside, deferred| link.send_message(Msg::Outside(outside, deferred))
        };
        let host = Host::find();
        let mut listeners = Vec::from_iter(host.as_ref().map(|host| host.listen(send.clone())));
        let ready = api::install(send);
        let seconds = Interval::new(1_000, {
            let link = link.clone();
            move || link.send_message(Msg::Second)
        });
        let prefs = prefs::load();
        let letters = Rc::new(Cell::new(prefs.letters));
        let mut app = Self {
            state: State { prefs, ..State::default() },
            worker: None,
            outbox: Outbox::default(),
            ready,
            host,
            told: None,
            linked: link::read(),
            focus: None,
            width: 776,
            entries: 0,
            timers: Timers::default(),
            _listeners: {
                listeners.extend(page_listeners(ctx, &letters));
                listeners
            },
            letters,
            _seconds: seconds,
        };
        app.measure();
        prefs::dress(&app.state.prefs, app.state.present);
        app.start(ctx);
        app.begin(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Do(action) => self.act(ctx, action),
            Msg::Received(bytes) => self.receive(ctx, &bytes),
            Msg::Outside(outside, deferred) => self.outside(ctx, outside, deferred),
            Msg::Frame => {
                self.outbox.frame();
                self.flush(ctx);
                return false;
            }
            Msg::Second => return self.second(ctx),
            Msg::Measure => return self.measure_and_act(ctx),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let dispatch = ctx.link().callback(Msg::Do);
        layout::view(crate::panels::Ui { state: &self.state, dispatch: &dispatch, width: self.width })
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        if let Some(focus) = self.focus.take() {
            browser::focus(focus, self.state.cell);
        }
        if self.entries != self.state.log.len() {
            self.entries = self.state.log.len();
            browser::scroll_to_end("[data-testid='console-output']");
        }
        if let Some(scene) = &self.state.scene {
            browser::set_title(&format!("Step {} of {} - Extentscope", scene.cursor, scene.length));
        }
        let width = browser::width_of("#map-box").unwrap_or(self.width);
        if width != self.width {
            ctx.link().send_message(Msg::Measure);
        }
    }
}

impl App {
    /// The first script: the one in the link, or the first scenario.
    fn begin(&mut self, ctx: &Context<Self>) {
        let (script, scenario) = match &self.linked {
            Some(linked) => (linked.script.clone(), String::new()),
            None => {
                let first = scenarios::first();
                (first.text.to_owned(), first.id.to_owned())
            }
        };
        if let Some(linked) = &self.linked {
            self.state.opening = Opening::Over;
            self.state.present = linked.present;
            prefs::dress(&self.state.prefs, self.state.present);
        }
        self.state.script.clone_from(&script);
        self.state.scenario = scenario;
        self.send(Call::Load { script, personality: None }, To::Page(For::Load));
        if let Some(step) = self.linked.take().and_then(|linked| linked.step) {
            self.send(Call::Goto(step), To::Page(For::Step));
        }
        self.flush(ctx);
    }

    fn start(&mut self, ctx: &Context<Self>) {
        let link = ctx.link();
        let received = link.callback(Msg::Received);
        let failed = link.callback(|reason| Msg::Do(Action::Failed(reason)));
        let started = Worker::start(WORKER_URL, move |bytes| received.emit(bytes), move |reason| failed.emit(reason));
        match started {
            Ok(worker) => self.worker = Some(worker),
            Err(reason) => self.act(ctx, Action::Failed(reason)),
        }
    }

    fn act(&mut self, ctx: &Context<Self>, action: Action) {
        if let Action::Failed(reason) = &action {
            self.give_up_all(reason);
        }
        for effect in reduce(&mut self.state, action) {
            self.perform(ctx, effect);
        }
        self.flush(ctx);
    }

    fn give_up_all(&mut self, reason: &str) {
        self.worker = None;
        let message = format!("The engine stopped: {reason}");
        for to in self.outbox.drain() {
            if let To::Outside(deferred) = to {
                deferred.reject(&message);
            }
        }
        if let Some(ready) = self.ready.take() {
            ready.reject(&message);
        }
    }

    fn perform(&mut self, ctx: &Context<Self>, effect: Effect) {
        let link = ctx.link().clone();
        match effect {
            Effect::Call(call, wanted) => self.send(call, To::Page(wanted)),
            Effect::Goto(step) => self.outbox.push_goto(step, To::Page(For::Step), browser::now()),
            Effect::NewWorker => {
                self.give_up_all("it was restarted");
                self.start(ctx);
            }
            Effect::Focus(focus) => self.focus = Some(focus),
            Effect::PlayTimer(ms) => {
                let tick = move || link.send_message(Msg::Do(Action::Tick));
                self.timers.play = Some(Timeout::new(ms, tick));
            }
            Effect::OpeningTimer(ms) => {
                let tick = move || link.send_message(Msg::Do(Action::OpeningTick));
                self.timers.opening = Some(Timeout::new(ms, tick));
            }
            Effect::Download { name, text } => browser::download(name, &text),
            Effect::DownloadBytes { name, bytes } => browser::download_bytes(name, &bytes),
            Effect::Confirm { question, then } => {
                if browser::confirm(question) {
                    link.send_message(Msg::Do(*then));
                }
            }
            Effect::Copy(text) => browser::copy(&text),
            Effect::CopyLink { script, step } => browser::copy(&link::write(&script, step)),
            Effect::Prefs => {
                self.letters.set(self.state.prefs.letters);
                prefs::store(&self.state.prefs);
                prefs::dress(&self.state.prefs, self.state.present);
            }
        }
    }

    fn send(&mut self, call: Call, to: To) {
        self.outbox.push(call, to, browser::now());
    }

    /// Sends what waits, when this frame has not had its message yet.
    fn flush(&mut self, ctx: &Context<Self>) {
        let Some(worker) = &self.worker else { return };
        if let Some(batch) = self.outbox.take(&self.state.view) {
            worker.send(protocol::encode(&batch));
            let link = ctx.link().clone();
            // A hidden page has no frames.
            if browser::is_hidden() {
                self.timers.hidden_frame = Some(Timeout::new(16, move || link.send_message(Msg::Frame)));
            } else {
                self.timers.frame = Some(request_animation_frame(move |_| link.send_message(Msg::Frame)));
            }
        }
    }

    fn receive(&mut self, ctx: &Context<Self>, bytes: &[u8]) {
        let report: Report = match protocol::decode(bytes) {
            Ok(report) => report,
            Err(reason) => return self.act(ctx, Action::Failed(reason)),
        };
        let Report { answers, scene, log, script } = report;
        let reported = Reported { scene, log, script, now: browser::now() };
        self.act(ctx, Action::Reported(Box::new(reported)));
        if self.state.scene.is_some()
            && let Some(ready) = self.ready.take()
        {
            ready.settle(Ok(Answer::Done));
            if let Some(host) = &self.host {
                host.ready();
            }
        }
        self.tell_host();
        for (id, result) in answers {
            match self.outbox.answered(id, browser::now()) {
                Some(To::Page(wanted)) => self.act(ctx, Action::Answered(wanted, result)),
                Some(To::Outside(deferred)) => deferred.settle(result),
                None => {}
            }
        }
        self.flush(ctx);
    }

    fn tell_host(&mut self) {
        let place = self.state.scene.as_ref().map(|scene| (scene.cursor, scene.length));
        if let (Some(host), Some((step, length))) = (&self.host, place.filter(|place| self.told != Some(*place))) {
            host.stepped(step, length);
            self.told = place;
        }
    }

    fn outside(&mut self, ctx: &Context<Self>, outside: Outside, deferred: Deferred) {
        if let Engine::Failed(reason) = &self.state.engine {
            return deferred.reject(&format!("The engine stopped: {reason}"));
        }
        self.act(ctx, Action::Outside);
        let call = match outside {
            Outside::Call(call) => call,
            Outside::Reset => {
                let reset = reduce(&mut self.state, Action::Reset);
                let load = reset.into_iter().find_map(|effect| match effect {
                    Effect::Call(call, For::Load) => Some(call),
                    _ => None,
                });
                load.unwrap_or(Call::Look)
            }
        };
        if let Call::Load { .. } = call {
            self.state.forget_file();
            self.state.photos = [None, None, None];
            self.state.scenario = String::new();
        }
        self.send(call, To::Outside(deferred));
        self.flush(ctx);
    }

    fn second(&mut self, ctx: &Context<Self>) -> bool {
        let now = browser::now();
        for to in self.outbox.give_up(now) {
            if let To::Outside(deferred) = to {
                deferred.reject("The engine has not answered for a minute.");
            }
        }
        let silent = self.outbox.is_overdue(now);
        let changed = silent != (self.state.engine == Engine::Silent);
        if changed {
            self.act(ctx, Action::Silent(silent));
        }
        changed
    }

    fn measure(&mut self) -> Option<Action> {
        let page = browser::page_width();
        let width = browser::width_of("#map-box").unwrap_or_else(|| page.saturating_sub(24).clamp(200, 776));
        self.width = width;
        let layout = Layout::of(page);
        let low = browser::page_height() < LOW;
        let room = State { layout, low, present: self.state.present, ..State::default() }.room();
        let steps = timeline::steps_in(width, room);
        let same = layout == self.state.layout && low == self.state.low && steps == self.state.view.timeline_steps;
        let action = Action::Resized { width: page, low, timeline_steps: steps };
        if self.worker.is_none() {
            reduce(&mut self.state, action);
            return None;
        }
        (!same).then_some(action)
    }

    fn measure_and_act(&mut self, ctx: &Context<Self>) -> bool {
        let before = self.width;
        match self.measure() {
            Some(action) => {
                self.act(ctx, action);
                true
            }
            None => before != self.width,
        }
    }
}

/// Keys anywhere on the page, the size of the window, the tab being hidden.
fn page_listeners(ctx: &Context<App>, letters: &Rc<Cell<bool>>) -> Vec<EventListener> {
    let document = gloo::utils::document();
    let window = gloo::utils::window();
    let link = ctx.link().clone();
    let letters = Rc::clone(letters);
    let keys = EventListener::new_with_options(
        &document,
        "keydown",
        EventListenerOptions::enable_prevent_default(),
        move |event| link.send_message_batch(key_message(event, letters.get()).into_iter().collect()),
    );
    let link = ctx.link().clone();
    let size = EventListener::new(&window, "resize", move |_| link.send_message(Msg::Measure));
    let link = ctx.link().clone();
    let hidden = EventListener::new(&document, "visibilitychange", move |_| {
        link.send_message(Msg::Do(Action::Hidden(browser::is_hidden())));
    });
    vec![keys, size, hidden]
}

fn key_message(event: &web_sys::Event, letters: bool) -> Option<Msg> {
    let event = event.dyn_ref::<KeyboardEvent>()?;
    if event.alt_key() || event.meta_key() || event.is_composing() || event.default_prevented() {
        return None;
    }
    let (key, code) = (event.key(), event.code());
    let press = keys::Press { key: &key, code: &code, shift: event.shift_key(), ctrl: event.ctrl_key() };
    let action = keys::action(press, browser::place(event), letters)?;
    // A dialog closes itself on Escape, and tells us.
    if action == Action::Escape && gloo::utils::document().query_selector("dialog[open]").ok().flatten().is_some() {
        return None;
    }
    event.prevent_default();
    Some(Msg::Do(action))
}
