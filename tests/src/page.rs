//! The built page, served to a browser.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use static_server::StaticServer;

use crate::webdriver::{Browser, Size};

/// A browser that shows the page from a server of its own. Dropping it fails the test when the console has errors.
pub struct Page {
    browser: Browser,
    server: Rc<StaticServer>,
    killed: bool,
}

impl Page {
    /// Starts both and opens the page.
    #[must_use]
    pub fn open(size: Size) -> Self {
        let page = Self::prepare(size);
        page.goto(&page.url());
        page
    }

    /// Starts both, for tests that do something before the page is opened.
    #[must_use]
    pub fn prepare(size: Size) -> Self {
        let dist = dist();
        let server = StaticServer::start(&dist, 0).unwrap_or_else(|error| panic!("{}: {error}", dist.display()));
        Self { browser: Browser::start(size), server: Rc::new(server), killed: false }
    }

    /// The same in a browser that keeps what pages store in this folder.
    #[must_use]
    pub fn with_profile(size: Size, profile: &Path) -> Self {
        let dist = dist();
        let server = StaticServer::start(&dist, 0).unwrap_or_else(|error| panic!("{}: {error}", dist.display()));
        let page = Self { browser: Browser::with_profile(size, profile), server: Rc::new(server), killed: false };
        page.goto(&page.url());
        page
    }

    /// Ends every process of the browser at once, as a power cut would, and opens the page in another browser with the
    /// same storage.
    #[must_use]
    pub fn killed_and_reopened(mut self, size: Size, profile: &Path) -> Self {
        let mark = format!("user-data-dir={}", profile.display());
        let kill = std::process::Command::new("pkill").args(["-9", "-f", &mark]).status();
        assert!(kill.is_ok(), "pkill is there");
        self.killed = true;
        std::thread::sleep(std::time::Duration::from_millis(500));
        // What a dead browser leaves in its folder keeps the next one out.
        for lock in ["SingletonLock", "SingletonCookie", "SingletonSocket"] {
            drop(std::fs::remove_file(profile.join(lock)));
        }
        let server = Rc::clone(&self.server);
        drop(self);
        let page = Self { browser: Browser::with_profile(size, profile), server, killed: false };
        page.goto(&page.url());
        page
    }

    /// The address of the page.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }
}

impl Deref for Page {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // A test that is failing already has its reason.
        if !std::thread::panicking() && !self.killed {
            let errors = self.browser.console_errors();
            assert!(errors.is_empty(), "the console has errors: {errors:#?}");
        }
    }
}

/// The folder in `EXTENTSCOPE_DIST`, or `dist/` of this repository.
fn dist() -> PathBuf {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    let folder = std::env::var_os("EXTENTSCOPE_DIST").map_or(usual, PathBuf::from);
    assert!(folder.join("index.html").is_file(), "{} holds no page: run `cargo xtask build`", folder.display());
    folder
}
