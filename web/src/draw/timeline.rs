//! Time: a lane per task, a lane per lock, steps on the axis.

use yew::prelude::*;

use super::bars::Place;
use super::scale::{Sizes, at, nth, px};
use crate::scene::{Doing, Ghost, LockLane, LockSpan, Scene, Segment, TaskLane, TimelineScene};
use crate::state::{Room, Shared};

/// What the timeline is drawn from.
#[derive(Properties, PartialEq, Clone)]
pub struct TimelineProps {
    /// The picture.
    pub scene: Shared<Scene>,
    /// Pixels.
    pub width: u32,
    /// How much room there is.
    pub room: Room,
    /// Locks are shown.
    pub locks: bool,
}

/// Pixels right of the last step: a scroll bar must not hide the cursor.
const MARGIN: f64 = 20.0;

/// Pixels left of the first step, for the names of the lanes.
pub fn gutter(room: Room) -> f64 {
    match room {
        Room::Hall => 190.0,
        Room::Hand => 84.0,
        Room::Desk | Room::Low => 118.0,
    }
}

/// Steps that fit into a width.
pub fn steps_in(width: u32, room: Room) -> u64 {
    let space = (f64::from(width) - gutter(room)).max(0.0);
    // From 8 to 96 steps, each at least 7 pixels wide.
    let mut steps = 96;
    while steps > 8 && px(steps) * 7.0 > space {
        steps -= 8;
    }
    steps
}

struct Frame {
    left: f64,
    step: f64,
    first: u64,
    row: f64,
    sizes: Sizes,
}

impl Frame {
    fn x(&self, step: u64) -> f64 {
        self.left + px(step.saturating_sub(self.first)) * self.step
    }
    fn place(&self, from: u64, to: u64, y: f64, height: f64) -> Place {
        Place { x: self.x(from), y, width: self.x(to) - self.x(from), height }
    }
}

/// The timeline as a drawing; the list of tasks and locks beside it says the same in words.
#[component(Timeline)]
pub fn timeline(props: &TimelineProps) -> Html {
    let time = &props.scene.timeline;
    let sizes = Sizes::of(props.room);
    let left = gutter(props.room);
    let row = (sizes.font * 1.45).round();
    let step = (f64::from(props.width) - left - MARGIN) / px(time.steps.max(1));
    let frame = Frame { left, step, first: time.first, row, sizes };
    let head = row + 4.0;
    let tasks_end = head + nth(time.tasks.len()) * row;
    let locks = if props.locks { time.locks.as_slice() } else { &[] };
    let locks_end = tasks_end + if locks.is_empty() { 0.0 } else { 6.0 + nth(locks.len()) * row };
    let height = locks_end + nth(time.ghosts.len()) * row + 4.0;
    let label = format!(
        "Timeline, steps {} to {}: {} tasks, {} locks; step {} is shown",
        time.first,
        (time.first + time.steps).min(props.scene.length + 1).saturating_sub(1),
        time.tasks.len(),
        locks.len(),
        props.scene.cursor
    );
    html! {
        <svg class="timeline-svg" role="img" aria-label={label} width={props.width.to_string()} height={at(height)}
            viewBox={format!("0 0 {} {height:.1}", props.width)}>
            { axis(&frame, time, height) }
            { cursor(&frame, &props.scene, height) }
            <g data-testid="task-lanes">
                { for time.tasks.iter().enumerate().map(|(at, lane)| task_lane(&frame, lane, head + nth(at) * row)) }
            </g>
            <g class="lock-lanes">
                { for locks.iter().enumerate().map(|(at, lane)| lock_lane(&frame, lane, tasks_end + 6.0 + nth(at) * row)) }
            </g>
            { for time.ghosts.iter().enumerate().map(|(at, ghost)| ghost_lane(&frame, time, ghost, locks_end + nth(at) * row)) }
        </svg>
    }
}

fn axis(frame: &Frame, time: &TimelineScene, height: f64) -> Html {
    let every = if frame.step >= 16.0 { 4 } else { 8 };
    let first = time.first.next_multiple_of(every);
    let mark = |step: u64| {
        html! {
            <g key={format!("t{step}")}>
                <path class="tick" d={format!("M{:.1} {:.1} V{height:.1}", frame.x(step), frame.row)} />
                <text class="quiet" x={at(frame.x(step) + 2.0)} y={at(frame.row - 4.0)}>{ step }</text>
            </g>
        }
    };
    let marks = (0..).map(|order| first + order * every).take_while(|step| *step < time.first + time.steps);
    let command = |(order, (step, line)): (usize, &(u64, String))| {
        html! {
            <path key={format!("c{order}")} class="command-mark" d={format!("M{:.1} {:.1} V{height:.1}", frame.x(*step), frame.row)}>
                <title>{ line.clone() }</title>
            </path>
        }
    };
    let bookmark = |step: &u64| {
        let x = frame.x(*step) + frame.step / 2.0;
        html! { <path key={format!("b{step}")} class="bookmark" d={format!("M{:.1} 1 h8 v10 l-4 -3 l-4 3 Z", x - 4.0)} /> }
    };
    html! {
        <g class="time-axis" aria-hidden="true">
            { for marks.map(mark) }
            { for time.commands.iter().enumerate().map(command) }
            { for time.bookmarks.iter().map(bookmark) }
        </g>
    }
}

fn cursor(frame: &Frame, scene: &Scene, height: f64) -> Html {
    let place = Place { x: frame.x(scene.cursor), y: 1.0, width: frame.step, height: height - 2.0 };
    place.rect("now", None)
}

fn lane_name(frame: &Frame, y: f64, letter: &str, name: &str) -> Html {
    let room = ((frame.left - 8.0) / (frame.sizes.font * 0.56)).max(4.0);
    let mut short = String::new();
    let mut used = nth(letter.len()) + 1.0;
    for character in name.chars() {
        if used + 1.0 > room {
            short.push('…');
            break;
        }
        short.push(character);
        used += 1.0;
    }
    html! {
        <text class="lane-name" x="2" y={at(y + frame.row / 2.0)} dominant-baseline="central">
            <tspan class="letter">{ letter.to_owned() }</tspan>{ format!(" {short}") }
        </text>
    }
}

fn task_lane(frame: &Frame, lane: &TaskLane, y: f64) -> Html {
    let segment = |part: &Segment| {
        let place = frame.place(part.from, part.to, y + 2.0, frame.row - 4.0);
        let word = part.doing.key();
        let quiet = matches!(part.doing, Doing::Idle | Doing::Done);
        html! {
            <g key={part.from} class={format!("doing-{word}")}>
                { place.rect("doing", None) }
                if frame.sizes.fits(word.len(), place.width) && !quiet {
                    { place.text("doing-word", word.to_owned()) }
                }
            </g>
        }
    };
    html! {
        <g key={lane.task} class="task-lane">
            { lane_name(frame, y, &lane.letter, &lane.label) }
            { for lane.segments.iter().map(segment) }
        </g>
    }
}

fn lock_lane(frame: &Frame, lane: &LockLane, y: f64) -> Html {
    let span = |(order, span): (usize, &LockSpan)| {
        let half = (frame.row - 4.0) / 2.0;
        // Who holds is above, who waits below.
        let top = if span.wanted { y + 2.0 + half } else { y + 2.0 };
        let place = frame.place(span.from, span.to, top, half);
        let kind = match (span.wanted, span.mode) {
            (true, _) => "lock-wanted",
            (false, 'X') => "lock-exclusive",
            (false, _) => "lock-shared",
        };
        let long = format!("{}{} {}", span.letter, if span.wanted { " waits" } else { "" }, span.mode);
        let words = if span.object.is_empty() { long } else { format!("{long} {}", span.object) };
        html! {
            <g key={order} class={kind}>
                { place.rect("lock", None) }
                <title>{ words }</title>
            </g>
        }
    };
    html! {
        <g key={lane.name.clone()} class="lock-lane">
            { lane_name(frame, y, "", &lane.name) }
            { for lane.spans.iter().enumerate().map(span) }
        </g>
    }
}

fn ghost_lane(frame: &Frame, time: &TimelineScene, ghost: &Ghost, y: f64) -> Html {
    let end = time.first + time.steps;
    let (from, to) = (ghost.from.clamp(time.first, end), (ghost.to + 1).clamp(time.first, end));
    let place = frame.place(from, to.max(from), y + 4.0, frame.row - 8.0);
    html! {
        <g key={ghost.name.clone()} class="ghost">
            { lane_name(frame, y, "", &ghost.name) }
            { place.rect("ghost-bar", None) }
        </g>
    }
}

/// The step under a pixel of the drawing.
pub fn step_at(x: i32, width: u32, room: Room, time: &TimelineScene) -> Option<u64> {
    let left = gutter(room);
    let step = (f64::from(width) - left - MARGIN) / px(time.steps.max(1));
    let mut edge = left;
    let x = f64::from(x);
    if x < left {
        return None;
    }
    for order in 0..time.steps {
        edge += step;
        if x < edge {
            return Some(time.first + order);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_leads_to_a_step_and_names_lead_nowhere() {
        let time = TimelineScene { first: 32, steps: 64, ..TimelineScene::default() };
        assert_eq!(step_at(10, 776, Room::Desk, &time), None);
        assert_eq!(step_at(119, 776, Room::Desk, &time), Some(32));
        assert_eq!(step_at(754, 776, Room::Desk, &time), Some(95));
    }

    #[test]
    fn steps_keep_seven_pixels() {
        assert_eq!(steps_in(776, Room::Desk), 88);
        assert_eq!(steps_in(370, Room::Hand), 40);
        assert_eq!(steps_in(10, Room::Hand), 8);
    }
}
