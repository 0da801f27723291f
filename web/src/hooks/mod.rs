//! Where the application meets the browser: messages, the JavaScript interface, focus, files, links, preferences.

pub mod api;
pub mod browser;
pub mod embed;
pub mod link;
pub mod outbox;
pub mod prefs;
