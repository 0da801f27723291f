//! A small WebDriver client for Chromium.
//!
//! Our own, since the tests need what the libraries do not model (console log, device metrics, scripts that run before
//! the page), need nothing asynchronous, and a library would double the time of a fresh test run.
//!
//! All methods panic when the browser refuses, with its reason: a test can do nothing else.

mod driver;
mod keys;
mod wire;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

use self::driver::Driver;
pub use self::keys::Key;

/// How long the waiting methods wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// Width and height of the page in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u16,
    /// Pixels from top to bottom.
    pub height: u16,
}

impl Size {
    /// A laptop.
    pub const LAPTOP: Self = Self { width: 1440, height: 900 };
    /// A projector.
    pub const PROJECTOR: Self = Self { width: 1280, height: 720 };
    /// A telephone.
    pub const PHONE: Self = Self { width: 390, height: 844 };
    /// The three sizes at which the page must be legible and usable.
    pub const ALL: [Self; 3] = [Self::LAPTOP, Self::PROJECTOR, Self::PHONE];
}

/// One browser with one page. Dropping it ends the browser.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    session: String,
}

impl Browser {
    /// Starts a browser with an empty profile.
    #[must_use]
    pub fn start(size: Size) -> Self {
        Self::start_with(size, None)
    }

    /// Starts a browser whose stored files live in the folder `profile`, so that a later one finds them.
    #[must_use]
    pub fn with_profile(size: Size, profile: &Path) -> Self {
        Self::start_with(size, Some(profile))
    }

    fn start_with(size: Size, profile: Option<&Path>) -> Self {
        let driver = Driver::start().unwrap_or_else(|reason| panic!("{reason}"));
        let answer = wire::call(driver.port, "POST", "/session", &driver::capabilities(profile))
            .unwrap_or_else(|reason| panic!("no browser: {reason}"));
        let session = answer["sessionId"].as_str().expect("a session has an id").to_owned();
        let browser = Self { driver, session };
        browser.resize(size);
        browser
    }

    /// Makes the page exactly this large; a window could not be as narrow as a telephone.
    pub fn resize(&self, size: Size) {
        let metrics = json!({ "width": size.width, "height": size.height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Opens `url` and waits for its `load` event.
    pub fn goto(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.post("refresh", &json!({}));
    }

    /// The first element for a CSS selector; waits for it.
    #[must_use]
    pub fn find(&self, css: &str) -> Element<'_> {
        self.wait_for(css, || self.find_all(css).into_iter().next())
    }

    /// The elements for a CSS selector that are there now.
    #[must_use]
    pub fn find_all(&self, css: &str) -> Vec<Element<'_>> {
        let found = self.post("elements", &json!({ "using": "css selector", "value": css }));
        let ids = found.as_array().into_iter().flatten().filter_map(|element| element.as_object()?.values().next());
        ids.filter_map(Value::as_str).map(|id| Element { browser: self, id: id.to_owned() }).collect()
    }

    /// The element with this `data-testid`; waits for it.
    #[must_use]
    pub fn test_id(&self, name: &str) -> Element<'_> {
        self.find(&format!("[data-testid='{name}']"))
    }

    /// Asks `probe` until it answers; panics with `what` when it does not in time.
    pub fn wait_for<T>(&self, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(value) = probe() {
                return value;
            }
            assert!(Instant::now() < end, "waited in vain for {what}; the console says {:#?}", self.console());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the element for `css` shows a text with `needle`, and gives the whole text.
    pub fn wait_for_text(&self, css: &str, needle: &str) -> String {
        let script = "const e = document.querySelector(arguments[0]); return e && (e.value ?? e.textContent);";
        self.wait_for(&format!("{needle:?} in {css}"), || {
            let text = self.execute(script, &[json!(css)]).as_str()?.to_owned();
            text.contains(needle).then_some(text)
        })
    }

    /// Types into the element that has the focus. A line feed is the Enter key.
    pub fn type_text(&self, text: &str) {
        let keys: Vec<char> = text.chars().map(|char| Key::Char(char).code()).collect();
        let actions = keys.iter().flat_map(|key| [action("keyDown", *key), action("keyUp", *key)]);
        self.perform(actions.collect());
    }

    /// Presses keys together, in the element that has the focus: down in this order, up in the reverse order.
    pub fn press(&self, chord: &[Key]) {
        let down = chord.iter().map(|key| action("keyDown", key.code()));
        let up = chord.iter().rev().map(|key| action("keyUp", key.code()));
        self.perform(down.chain(up).collect());
    }

    fn perform(&self, actions: Vec<Value>) {
        self.post("actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// The element that has the focus.
    #[must_use]
    pub fn focused(&self) -> Element<'_> {
        let found = self.call("GET", "element/active", &Value::Null);
        let id =
            found.as_object().and_then(|object| object.values().next()?.as_str()).expect("something has the focus");
        Element { browser: self, id: id.to_owned() }
    }

    /// Runs the body of a JavaScript function with `arguments`, and gives what it returns.
    pub fn execute(&self, script: &str, arguments: &[Value]) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Runs an asynchronous body (it may `await`) with `arguments`, and gives what it returns; panics when it throws.
    pub fn execute_async(&self, script: &str, arguments: &[Value]) -> Value {
        let whole = format!(
            "const done = arguments[arguments.length - 1];
             (async function () {{ {script} }}).apply(null, arguments)
               .then(value => done({{ value: value ?? null }}), error => done({{ thrown: String(error) }}));"
        );
        let answer = self.post("execute/async", &json!({ "script": whole, "args": arguments }));
        assert!(answer.get("thrown").is_none(), "the script threw {}", answer["thrown"]);
        answer["value"].clone()
    }

    /// Writes what the page shows to `target/screenshots/NAME.png`, and gives the path.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let data = self.call("GET", "screenshot", &Value::Null);
        let text = data.as_str().expect("a screenshot is a text in base64");
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("a screenshot is valid base64");
        let folder = target_folder().join("screenshots");
        let path = folder.join(name).with_extension("png");
        std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// What the console has got since the last call, as "LEVEL text". Uncaught errors and failed loads are "SEVERE".
    #[must_use]
    pub fn console(&self) -> Vec<String> {
        let lines = self.post("se/log", &json!({ "type": "browser" }));
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        lines.as_array().into_iter().flatten().map(|line| text(line, "level") + " " + &text(line, "message")).collect()
    }

    /// The errors among [`Browser::console`].
    #[must_use]
    pub fn console_errors(&self) -> Vec<String> {
        self.console().into_iter().filter(|line| line.starts_with("SEVERE")).collect()
    }

    /// Runs `script` in every page opened from now on, before the page's own scripts.
    pub fn before_each_page(&self, script: &str) {
        self.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
    }

    /// A command of the Chrome DevTools Protocol.
    pub fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", path, body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        wire::call(self.driver.port, method, &format!("/session/{}/{path}", self.session), body)
            .unwrap_or_else(|reason| panic!("{reason}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Lets Chromium end in order; the driver is killed in any case.
        let _ = wire::call(self.driver.port, "DELETE", &format!("/session/{}", self.session), &Value::Null);
    }
}

fn action(kind: &str, key: char) -> Value {
    json!({ "type": kind, "value": key })
}

/// One element of the page.
#[derive(Debug)]
pub struct Element<'browser> {
    browser: &'browser Browser,
    id: String,
}

impl Element<'_> {
    /// Clicks into its middle.
    pub fn click(&self) {
        self.browser.post(&format!("element/{}/click", self.id), &json!({}));
    }

    /// Gives it the focus without a click.
    pub fn focus(&self) {
        self.run("arguments[0].focus();");
    }

    /// Its text as shown.
    #[must_use]
    pub fn text(&self) -> String {
        let value = self.browser.call("GET", &format!("element/{}/text", self.id), &Value::Null);
        value.as_str().unwrap_or_default().to_owned()
    }

    /// An attribute, if it has it.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        let value = self.browser.call("GET", &format!("element/{}/attribute/{name}", self.id), &Value::Null);
        value.as_str().map(str::to_owned)
    }

    /// The value of a form field.
    #[must_use]
    pub fn value(&self) -> String {
        self.run("return arguments[0].value;").as_str().unwrap_or_default().to_owned()
    }

    /// Chooses the option of a select by its value.
    pub fn select(&self, value: &str) {
        let script = "const [element, value] = arguments;
            element.value = value;
            element.dispatchEvent(new Event('input', { bubbles: true }));
            element.dispatchEvent(new Event('change', { bubbles: true }));
            return element.value === value;";
        let chosen = self.browser.execute(script, &[self.reference(), json!(value)]);
        assert_eq!(chosen, json!(true), "there is no option {value:?}");
    }

    /// Runs a function body whose first argument is this element.
    pub fn run(&self, script: &str) -> Value {
        self.browser.execute(script, &[self.reference()])
    }

    /// This element as an argument for [`Browser::execute`]. The key is fixed by the protocol.
    #[must_use]
    pub fn reference(&self) -> Value {
        json!({ "element-6066-11e4-a52e-4f735466cecf": self.id })
    }
}

/// Cargo's target folder, from where the running test lies (`target/debug/deps/browser-...`).
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a test knows where it lies");
    program.ancestors().nth(3).expect("tests lie three folders below the target folder").to_path_buf()
}
