//! A select that always shows what the state says, even after a choice that came to nothing.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What the select offers.
#[derive(Properties, PartialEq, Clone)]
pub struct PickerProps {
    /// The visible name.
    pub name: AttrValue,
    /// The hook.
    #[prop_or_default]
    pub testid: Option<&'static str>,
    /// Values and words.
    pub options: Vec<(AttrValue, AttrValue)>,
    /// Values that are there, but not yet to be had.
    #[prop_or_default]
    pub later: Vec<AttrValue>,
    /// The value that is chosen; one that is not among the options shows as it is.
    pub value: AttrValue,
    /// A value was chosen.
    pub on_choose: Callback<String>,
}

/// The select with its name.
#[component(Picker)]
pub fn picker(props: &PickerProps) -> Html {
    let select = use_node_ref();
    {
        let (select, value) = (select.clone(), props.value.clone());
        use_effect(move || {
            if let Some(select) = select.cast::<HtmlSelectElement>()
                && select.value() != value.as_str()
            {
                select.set_value(&value);
            }
        });
    }
    // The state decides what is shown: without this a choice that came to nothing would stay.
    let settled = use_state(|| 0_u32);
    let onchange = {
        let on_choose = props.on_choose.clone();
        let settled = settled.clone();
        Callback::from(move |event: Event| {
            if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
                on_choose.emit(select.value());
            }
            settled.set(settled.wrapping_add(1));
        })
    };
    let known = props.options.iter().any(|(value, _)| *value == props.value);
    let option = |(value, word): &(AttrValue, AttrValue)| {
        let later = props.later.contains(value);
        html! { <option key={value.to_string()} value={value.clone()} selected={*value == props.value} disabled={later}>{ word.clone() }</option> }
    };
    html! {
        <label class="picker">
            <span>{ props.name.clone() }</span>
            <select ref={select} data-testid={props.testid} {onchange}>
                if !known {
                    <option value={props.value.clone()} selected=true>{ props.value.clone() }</option>
                }
                { for props.options.iter().map(option) }
            </select>
        </label>
    }
}

/// Options whose words are their values.
pub fn words<'word>(words: impl IntoIterator<Item = &'word str>) -> Vec<(AttrValue, AttrValue)> {
    words.into_iter().map(|word| (AttrValue::from(word.to_owned()), AttrValue::from(word.to_owned()))).collect()
}
