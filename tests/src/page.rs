//! The built page, served to a browser.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use static_server::StaticServer;

use crate::webdriver::{Browser, Size};

/// A browser that shows the page from a server of its own. Dropping it fails the test when the console has errors.
pub struct Page {
    browser: Browser,
    server: StaticServer,
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
        Self { browser: Browser::start(size), server }
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
        if !std::thread::panicking() {
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
