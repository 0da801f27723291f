//! The application: starts the worker, shows whether it lives, restarts it when it has failed.

use std::rc::Rc;

use yew::prelude::*;

use crate::protocol::{self, Batch, Call, Report, View};
use crate::transport::Worker;

/// Where the loader lies, relative to the page.
const WORKER_URL: &str = "./worker_loader.js";

/// Mounts the application in place of the static first paint.
///
/// # Panics
/// When the page has no element `app`: `index.html` and this crate belong together.
pub fn mount() {
    let root = gloo::utils::document().get_element_by_id("app").expect("index.html has an element with the id app");
    yew::Renderer::<App>::with_root(root).render();
}

/// Messages of [`App`].
#[derive(Debug)]
pub enum Msg {
    /// Bytes from the worker.
    Received(Vec<u8>),
    /// The worker is gone; this is why.
    Failed(String),
    /// Start a new worker.
    Restart,
    /// Send a ping.
    Ping,
}

/// The root component.
#[derive(Debug)]
pub struct App {
    worker: Option<Worker>,
    pings: u32,
    status: Status,
}

#[derive(Debug)]
enum Status {
    Starting,
    Answered(u32),
    Failed(Rc<str>),
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let mut app = Self { worker: None, pings: 0, status: Status::Starting };
        app.start(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Received(bytes) => match protocol::decode::<Report>(&bytes) {
                Ok(report) => self.status = Status::Answered(report.answers.last().map_or(0, |(id, _)| *id)),
                Err(reason) => self.fail(reason),
            },
            Msg::Failed(reason) => self.fail(reason),
            Msg::Restart => self.start(ctx),
            Msg::Ping => self.ping(),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        html! {
            <main>
                <h1>{ "Extentscope" }</h1>
                { self.view_status(ctx) }
            </main>
        }
    }
}

impl App {
    fn start(&mut self, ctx: &Context<Self>) {
        self.status = Status::Starting;
        let link = ctx.link();
        let received = link.callback(Msg::Received);
        let failed = link.callback(Msg::Failed);
        match Worker::start(WORKER_URL, move |bytes| received.emit(bytes), move |reason| failed.emit(reason)) {
            Ok(worker) => {
                self.worker = Some(worker);
                self.ping();
            }
            Err(reason) => self.fail(reason),
        }
    }

    fn ping(&mut self) {
        if let Some(worker) = &self.worker {
            self.pings = self.pings.wrapping_add(1);
            worker.send(protocol::encode(&Batch { view: View::default(), calls: vec![(self.pings, Call::Look)] }));
        }
    }

    fn fail(&mut self, reason: String) {
        self.worker = None;
        self.status = Status::Failed(reason.into());
    }

    fn view_status(&self, ctx: &Context<Self>) -> Html {
        match &self.status {
            Status::Starting => html! { <p role="status" data-testid="status">{ "Starting the engine …" }</p> },
            Status::Answered(number) => html! {
                <>
                    <p role="status" data-testid="status">{ format!("The engine answered ping {number}.") }</p>
                    <button data-testid="ping" onclick={ctx.link().callback(|_| Msg::Ping)}>{ "Ping" }</button>
                </>
            },
            Status::Failed(reason) => html! {
                <div role="alert">
                    <p data-testid="failure">{ format!("The engine stopped: {reason}") }</p>
                    <button data-testid="restart" onclick={ctx.link().callback(|_| Msg::Restart)}>{ "Restart" }</button>
                </div>
            },
        }
    }
}
