//! The patterns: the channel beside letters and colours. One definition for every drawing on the page.

use yew::prelude::*;

use crate::scene::Look;

/// The paint of a look: the pattern's address, for an attribute `fill`.
pub fn fill(look: Look) -> String {
    format!("url(#look-{})", look.key())
}

/// The definitions. Drawn once, takes no space.
#[component(Patterns)]
pub fn patterns() -> Html {
    html! {
        <svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false">
            <defs>
                { for Look::ALL.into_iter().map(pattern) }
                <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
                    <path d="M0 0 L8 4 L0 8 Z" class="arrow" />
                </marker>
            </defs>
        </svg>
    }
}

fn pattern(look: Look) -> Html {
    let id = format!("look-{}", look.key());
    let size = tile(look).to_string();
    html! {
        <pattern {id} key={look.key()} width={size.clone()} height={size.clone()} patternUnits="userSpaceOnUse">
            <rect width={size.clone()} height={size} class={classes!("tile", format!("fill-{}", look.key()))} />
            { marks(look) }
        </pattern>
    }
}

/// The side of a pattern's square.
fn tile(look: Look) -> u32 {
    match look {
        Look::Writeback | Look::Pinned => 8,
        Look::Stale => 5,
        _ => 6,
    }
}

fn marks(look: Look) -> Html {
    match look {
        // Dots of 3 on a grid of 6.
        Look::Delalloc => html! { <circle cx="3" cy="3" r="1.5" class="mark" /> },
        // Dots and a hatch: reserved like a promise, kept like an extent.
        Look::Reserved => {
            html! { <><circle cx="1.5" cy="4.5" r="1.2" class="mark" /><path d="M-1 7 L7 -1" class="mark-line" /></> }
        }
        // 45 degrees, 2 on 6.
        Look::Unwritten => html! { <path d="M-1.5 1.5 L1.5 -1.5 M0 6 L6 0 M4.5 7.5 L7.5 4.5" class="mark-line" /> },
        Look::Shared => html! { <path d="M1.5 0 V6" class="mark-line" /> },
        // Chevrons.
        Look::Writeback => html! { <path d="M0 6 L4 2 L8 6" class="mark-line" /> },
        Look::Pinned => html! { <path d="M0 0 L8 8 M8 0 L0 8" class="mark-thin" /> },
        Look::Taken => html! { <path d="M0 3 H6" class="mark-thin" /> },
        Look::Stale => html! { <circle cx="2.5" cy="2.5" r="0.7" class="mark" /> },
        Look::Absent | Look::Clean | Look::Dirty | Look::Hole | Look::Written | Look::Inline | Look::Free => html! {},
    }
}

/// A small sample of a look, for the legend.
pub fn swatch(look: Look) -> Html {
    html! {
        <svg class={classes!("swatch", format!("look-{}", look.key()))} viewBox="0 0 24 16" aria-hidden="true" focusable="false">
            <rect x="1" y="1" width="22" height="14" class="shape" fill={fill(look)} />
            { corner(look, 1.0, 1.0, 22.0) }
        </svg>
    }
}

/// The filled corner of a dirty cell, in the rectangle that begins at `x`, `y`.
pub fn corner(look: Look, x: f64, y: f64, width: f64) -> Html {
    if look != Look::Dirty {
        return html! {};
    }
    let right = x + width;
    let path = format!("M{:.1} {y:.1} H{right:.1} V{:.1} Z", right - 8.0_f64.min(width / 2.0), y + 8.0);
    html! { <path class="corner" d={path} /> }
}
