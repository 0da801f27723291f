//! Links that hold a run: everything is behind the `#`, so it never reaches a server.

use gloo::utils::window;
use js_sys::{decode_uri_component, encode_uri_component};
use wasm_bindgen::JsValue;

/// A run in a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Linked {
    /// The script.
    pub script: String,
    /// The step to show.
    pub step: Option<u64>,
    /// The presenter's layout.
    pub present: bool,
}

/// The run in the page's own address.
pub fn read() -> Option<Linked> {
    let hash = window().location().hash().ok()?;
    let decode = |text: &str| decode_uri_component(text).ok().map(String::from);
    let parts = parts(hash.trim_start_matches('#'));
    let script = parts.iter().find(|(key, _)| key == "run").and_then(|(_, value)| decode(value))?;
    let value = |name: &str| parts.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    Some(Linked {
        script,
        step: value("step").and_then(|step| step.parse().ok()),
        present: value("present") == Some("1"),
    })
}

/// Puts a run into the page's address, and gives the whole address.
pub fn write(script: &str, step: u64) -> String {
    let hash = format!("#run={}&step={step}", String::from(encode_uri_component(script)));
    let history = window().history();
    if let Ok(history) = history {
        // Fails only for addresses of another origin.
        drop(history.replace_state_with_url(&JsValue::NULL, "", Some(&hash)));
    }
    window().location().href().unwrap_or(hash)
}

fn parts(hash: &str) -> Vec<(String, String)> {
    let pair = |part: &str| part.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    hash.split('&').filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_a_list_of_pairs() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(parts("run=a%3D&step=3&x"), [pair("run", "a%3D"), pair("step", "3")]);
    }
}
