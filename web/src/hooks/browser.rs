//! Small errands in the document: focus, files, the clipboard, sizes.

use gloo::file::{Blob, ObjectUrl};
use gloo::utils::{document, document_element, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlAnchorElement, HtmlElement, KeyboardEvent, SvgElement};

use crate::draw::marks::cell_id;
use crate::keys::Place;
use crate::protocol::Pick;
use crate::state::Focus;

/// Moves the focus.
pub fn focus(focus: Focus, cell: Pick) {
    let selector = match focus {
        Focus::Console => String::from("[data-testid='console-input']"),
        Focus::Stage => String::from("[data-testid='stage']"),
        Focus::Opening => String::from("#opening-back"),
        Focus::Cell => format!("[data-cell='{}']", cell_id(cell)),
    };
    let Some(element) = document().query_selector(&selector).ok().flatten() else { return };
    // Focus fails only for elements that cannot have it, and then it stays where it is.
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        drop(element.focus());
    } else if let Some(element) = element.dyn_ref::<SvgElement>() {
        drop(element.focus());
    }
}

/// Where the focus is, in the words of the keyboard map.
pub fn place(event: &KeyboardEvent) -> Place {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return Place::Stage;
    };
    if element.has_attribute("data-cell") {
        return Place::Grid;
    }
    let name = element.tag_name().to_ascii_lowercase();
    let kind = element.get_attribute("type").unwrap_or_default();
    match name.as_str() {
        "textarea" => Place::Text,
        "input" if matches!(kind.as_str(), "range" | "checkbox" | "radio") => Place::Control,
        "input" => Place::Text,
        "select" => Place::Control,
        "button" | "a" | "summary" if element.get_attribute("role").as_deref() == Some("tab") => Place::Control,
        "button" | "a" | "summary" => Place::Button,
        _ => Place::Stage,
    }
}

/// Offers a text as a file.
pub fn download(name: &str, text: &str) {
    offer(name, Blob::new_with_options(text, Some("application/json")));
}

/// The same with bytes.
pub fn download_bytes(name: &str, bytes: &[u8]) {
    offer(name, Blob::new_with_options(bytes, Some("application/octet-stream")));
}

/// Whether the viewer says yes.
pub fn confirm(question: &str) -> bool {
    window().confirm_with_message(question).unwrap_or(false)
}

fn offer(name: &str, blob: Blob) {
    let url = ObjectUrl::from(blob);
    let anchor = document().create_element("a").ok().and_then(|element| element.dyn_into::<HtmlAnchorElement>().ok());
    let (Some(anchor), Some(body)) = (anchor, document().body()) else { return };
    anchor.set_href(&url);
    anchor.set_download(name);
    // Firefox follows only anchors that are in the document.
    drop(body.append_child(&anchor));
    anchor.click();
    anchor.remove();
    // The browser reads the file after this turn of its loop; the address must live until then.
    gloo::timers::callback::Timeout::new(10_000, move || drop(url)).forget();
}

/// To the clipboard; a browser that refuses says so itself.
pub fn copy(text: &str) {
    let promise = window().navigator().clipboard().write_text(text);
    spawn_local(async move { drop(JsFuture::from(promise).await) });
}

/// The width of the first element that matches, in CSS pixels.
pub fn width_of(selector: &str) -> Option<u32> {
    let element = document().query_selector(selector).ok().flatten()?;
    u32::try_from(element.client_width()).ok().filter(|width| *width > 0)
}

/// The width of the page in CSS pixels.
pub fn page_width() -> u32 {
    u32::try_from(document_element().client_width()).unwrap_or(0)
}

/// The height of the page in CSS pixels.
pub fn page_height() -> u32 {
    u32::try_from(document_element().client_height()).unwrap_or(0)
}

/// Whether the tab is hidden.
pub fn is_hidden() -> bool {
    document().hidden()
}

/// Milliseconds on a clock that never goes back.
pub fn now() -> u64 {
    // Past 2^53 milliseconds nobody reads this any more.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let now = window().performance().map_or(0.0, |clock| clock.now()) as u64;
    now
}

/// Whether the system asks for as little motion as possible.
pub fn wants_less_motion() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Scrolls the end of the console into view.
pub fn scroll_to_end(selector: &str) {
    if let Some(element) = document().query_selector(selector).ok().flatten() {
        element.set_scroll_top(element.scroll_height());
    }
}

/// The title of the tab.
pub fn set_title(title: &str) {
    document().set_title(title);
}
