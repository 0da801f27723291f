//! The colours of the style sheet: letters can be read on every fill, and both ways to a dark page are the same.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../../static/app.css");

/// Fills with letters on them, and the property of the letters.
const LABELLED: [(&str, &str); 10] = [
    ("delalloc", "on-delalloc"),
    ("unwritten", "on-unwritten"),
    ("written", "on-written"),
    ("shared", "on-shared"),
    ("inline", "on-inline"),
    ("clean", "on-clean"),
    ("dirty", "on-dirty"),
    ("writeback", "on-writeback"),
    ("paper", "quiet"),
    ("accent", "on-accent"),
];

type Colors = BTreeMap<String, String>;

/// The properties of the block that begins with this selector.
fn block(selector: &str) -> Colors {
    let (_, rest) = STYLE.split_once(&format!("{selector} {{")).unwrap_or_else(|| panic!("no block {selector}"));
    let (body, _) = rest.split_once('}').expect("a block ends");
    let pair = |line: &str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
        Some((name.to_owned(), value.trim_end_matches(';').to_owned()))
    };
    body.lines().filter_map(pair).collect()
}

/// A theme: what it sets, over what it leaves as it is.
fn theme(selector: &str) -> Colors {
    let mut colors = block(":root");
    colors.extend(block(selector));
    colors
}

/// Relative luminance of `#rrggbb`.
fn luminance(color: &str) -> f64 {
    let channel = |at: usize| {
        let part = f64::from(u8::from_str_radix(&color[at..at + 2], 16).expect("a hexadecimal colour")) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn letters_can_be_read_on_every_fill_of_every_theme() {
    for selector in [":root", ":root[data-theme=\"dark\"]", ":root[data-theme=\"projector\"]"] {
        let colors = theme(selector);
        for (fill, letters) in LABELLED {
            let found = contrast(&colors[fill], &colors[letters]);
            assert!(found >= 4.5, "{selector}: {letters} on {fill} is {found:.2} to 1");
        }
        for line in ["stroke", "accent", "error", "hole-stroke"] {
            let found = contrast(&colors["paper"], &colors[line]);
            assert!(found >= 3.0, "{selector}: {line} on paper is {found:.2} to 1");
        }
    }
}

#[test]
fn a_dark_system_and_the_dark_theme_look_the_same() {
    let system = block(":root:not([data-theme=\"light\"], [data-theme=\"projector\"])");
    assert_eq!(system, block(":root[data-theme=\"dark\"]"));
}
