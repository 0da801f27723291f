//! The text view: everything the picture says, as headings and tables.

use extentscope_core::view::text_view::{Section, Table};
use yew::prelude::*;

use super::Ui;

/// The panel.
pub fn view(ui: Ui<'_>) -> Html {
    let text = ui.state.scene.as_ref().and_then(|scene| scene.text.clone());
    let Some(text) = text else {
        return html! { <div data-testid="text-view"><p class="hint">{ "The text is arriving." }</p></div> };
    };
    html! {
        <div class="text-view" data-testid="text-view">
            <h3>{ text.title.clone() }</h3>
            { for text.sections.iter().enumerate().map(section) }
        </div>
    }
}

fn section((at, section): (usize, &Section)) -> Html {
    html! {
        <section key={at}>
            <h4>{ section.heading.clone() }</h4>
            { for section.lines.iter().map(|line| html! { <p>{ line.clone() }</p> }) }
            { for section.tables.iter().map(table) }
        </section>
    }
}

fn table(table: &Table) -> Html {
    if table.rows.is_empty() {
        return html! { <p class="quiet">{ format!("{}: none.", table.caption) }</p> };
    }
    let head = table.columns.iter().map(|column| html! { <th scope="col">{ column.clone() }</th> });
    let row = |(at, row): (usize, &Vec<String>)| {
        html! { <tr key={at}>{ for row.iter().map(|cell| html! { <td>{ cell.clone() }</td> }) }</tr> }
    };
    html! {
        <table>
            <caption>{ table.caption.clone() }</caption>
            <thead><tr>{ for head }</tr></thead>
            <tbody>{ for table.rows.iter().enumerate().map(row) }</tbody>
        </table>
    }
}
