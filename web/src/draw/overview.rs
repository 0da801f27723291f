//! The overview strip: the whole file in a few pixels, on a canvas. A decorative duplicate; the map has the cells.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};
use yew::prelude::*;

use super::icons::Icon;
use super::scale::{nth, px};
use crate::scene::{FileScene, Look, Overview, Scene};
use crate::state::{Action, Shared, Theme};

/// What the strip is drawn from.
#[derive(Properties, PartialEq, Clone)]
pub struct OverviewProps {
    /// The picture.
    pub scene: Shared<Scene>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The colours: another theme is another drawing.
    pub theme: Theme,
    /// Where actions go.
    pub dispatch: Callback<Action>,
}

/// The strip, with buttons on both sides that move the lens.
#[component(OverviewStrip)]
pub fn overview_strip(props: &OverviewProps) -> Html {
    let canvas = use_node_ref();
    {
        let canvas = canvas.clone();
        use_effect_with(props.clone(), move |props| {
            if let Some(file) = &props.scene.file
                && let Some(overview) = &file.overview
                && let Some(canvas) = canvas.cast::<HtmlCanvasElement>()
            {
                paint(&canvas, file, overview, props);
            }
        });
    }
    let Some(file) = props.scene.file.as_ref().filter(|file| file.overview.is_some()) else { return html! {} };
    let lens = file.lens;
    let go = |first: u64| props.dispatch.reform(move |_: MouseEvent| Action::Lens(first));
    let last = file.blocks.saturating_sub(lens.blocks);
    let onclick = {
        let (dispatch, blocks, width) = (props.dispatch.clone(), file.blocks, props.width.max(1));
        Callback::from(move |event: MouseEvent| {
            let block = block_at(event.offset_x(), width, blocks);
            dispatch.emit(Action::Lens(block.saturating_sub(lens.blocks / 2)));
        })
    };
    html! {
        <div class="overview">
            <button type="button" aria-label="Lens to the left" disabled={lens.first == 0}
                onclick={go(lens.first.saturating_sub(lens.blocks))}>{ Icon::Left.draw() }</button>
            <canvas ref={canvas} class="strip" width={props.width.to_string()} height={props.height.to_string()} {onclick}
                aria-hidden="true"></canvas>
            <button type="button" aria-label="Lens to the right" disabled={lens.first >= last}
                onclick={go((lens.first + lens.blocks).min(last))}>{ Icon::Right.draw() }</button>
        </div>
    }
}

/// The block under a pixel.
fn block_at(x: i32, width: u32, blocks: u64) -> u64 {
    let x = u64::from(u32::try_from(x).unwrap_or(0).min(width));
    (u128::from(blocks) * u128::from(x) / u128::from(width)).try_into().unwrap_or(u64::MAX)
}

fn paint(canvas: &HtmlCanvasElement, file: &FileScene, overview: &Overview, props: &OverviewProps) {
    let context = canvas.get_context("2d").ok().flatten().and_then(|found| found.dyn_into().ok());
    let Some(context) = context else { return };
    let context: CanvasRenderingContext2d = context;
    let (width, height) = (f64::from(props.width), f64::from(props.height));
    context.clear_rect(0.0, 0.0, width, height);
    let scale = width / px(file.blocks.max(1));
    let column = px(overview.blocks_per_column) * scale;
    let half = height / 2.0;
    for (looks, top) in [(&overview.cache, 1.0), (&overview.extents, half + 1.0)] {
        for (at, look) in looks.iter().enumerate() {
            if matches!(look, Look::Absent | Look::Hole) {
                continue;
            }
            context.set_fill_style_str(&color(*look));
            context.fill_rect(nth(at) * column, top, column.max(1.0), half - 2.0);
        }
    }
    context.set_stroke_style_str(&property("--ink"));
    context.set_line_width(2.0);
    let (left, lens) = (px(file.lens.first) * scale, px(file.lens.blocks) * scale);
    context.stroke_rect(left + 1.0, 1.0, (lens - 2.0).clamp(4.0, width - 2.0), height - 2.0);
    if let Some(block) = file.changed_outside {
        context.set_fill_style_str(&property("--accent"));
        context.fill_rect((px(block) * scale - 2.0).max(0.0), 0.0, 4.0, height);
    }
}

/// The colour of a look, as the style sheet has it now.
fn color(look: Look) -> String {
    property(&format!("--{}", look.key()))
}

fn property(name: &str) -> String {
    let root = gloo::utils::document_element();
    let style = gloo::utils::window().get_computed_style(&root).ok().flatten();
    style.and_then(|style| style.get_property_value(name).ok()).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_leads_to_a_block_of_any_file() {
        assert_eq!(block_at(50, 100, 200), 100);
        assert_eq!(block_at(-3, 100, 200), 0);
        assert_eq!(block_at(100, 100, u64::MAX), u64::MAX);
    }
}
