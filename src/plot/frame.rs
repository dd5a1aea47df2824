//! Composes a picture: room for labels is measured first, then axes, grid, series and legend are laid out around it.

use super::scene::{Anchor, Mark, Scene};
use super::series::{self, Plane};
use super::style::{self, FAINT, GRID, INK, Rgb};
use super::ticks::{Scale, Ticks};
use super::{Chart, Kind, PlotFault, Series, font, pretty, pretty_title};

const TITLE: f64 = 14.0;
const LABEL: f64 = 12.0;
const TICK: f64 = 10.5;
const EDGE: f64 = 12.0;
/// Length of a legend's sample of a line.
const SAMPLE: f64 = 24.0;
const LINE_HEIGHT: f64 = 17.0;
/// The most that the legend may take of the picture's width.
const LEGEND_SHARE: f64 = 0.32;

struct Ranges {
    x: (f64, f64),
    y: (f64, f64),
}

pub fn compose(chart: &Chart) -> Result<Scene, PlotFault> {
    let (width, height) = (chart.size.0.clamp(160, 4000), chart.size.1.clamp(120, 4000));
    let (x, y) = scales(chart);
    let legend = Legend::of(chart, f64::from(width));
    let top = EDGE + if chart.title.is_some() { TITLE + 12.0 } else { 2.0 };
    let bottom = EDGE + TICK + 9.0 + if chart.x.label.is_empty() { 0.0 } else { LABEL + 7.0 };
    let y_ticks = y.ticks(6, false);
    let x_count = ((f64::from(width) - legend.width) / 85.0).clamp(2.0, 9.0) as usize;
    let x_ticks = match chart.categories.is_empty() {
        true => x.ticks(x_count, whole_numbers(chart)),
        false => categories(chart, &x),
    };
    let note = |ticks: &Ticks| if ticks.note.is_some() { TICK + 4.0 } else { 0.0 };
    let widest = y_ticks.major.iter().map(|(_, label)| font::width(label, TICK)).fold(0.0, f64::max);
    let left = EDGE + widest + 9.0 + if chart.y.label.is_empty() { 0.0 } else { LABEL + 9.0 };
    let last = x_ticks.major.last().map_or(0.0, |(_, label)| font::width(label, TICK) / 2.0);
    let right = if legend.width > 0.0 { legend.width + EDGE } else { EDGE + last.min(40.0) };
    let top = top + note(&y_ticks);
    let plane = Plane {
        left,
        top,
        width: (f64::from(width) - left - right).max(40.0),
        height: (f64::from(height) - top - bottom).max(40.0),
        x: &x,
        y: &y,
    };
    let mut marks = Vec::new();
    grid_and_axes(chart, &plane, &x_ticks, &y_ticks, &mut marks);
    let bars = chart.series.iter().filter(|s| s.kind == Kind::Bars).count();
    let mut bar = 0;
    for (i, one) in chart.series.iter().enumerate() {
        marks.extend(series::marks(chart, one, one.style.unwrap_or(i), (bar, bars.max(1)), &plane));
        bar += usize::from(one.kind == Kind::Bars);
    }
    legend.draw(chart, plane.left + plane.width + 16.0, plane.top, plane.height, &mut marks);
    labels(chart, &plane, (f64::from(width), f64::from(height)), &mut marks);
    Ok(Scene { size: (width, height), description: description(chart), marks })
}

fn description(chart: &Chart) -> String {
    let axes = [&chart.y.label, &chart.x.label];
    let axes: Vec<String> = axes.into_iter().filter(|l| !l.is_empty()).map(|l| pretty(l)).collect();
    let axes = axes.join(" over ");
    match &chart.title {
        Some(title) if axes.is_empty() => pretty_title(title),
        Some(title) => format!("{}: {axes}", pretty_title(title)),
        None => axes,
    }
}

/// What the data spans along both axes. There is a visible point, as was checked before.
fn ranges(chart: &Chart) -> Ranges {
    let (mut x, mut y) = ((f64::INFINITY, f64::NEG_INFINITY), (f64::INFINITY, f64::NEG_INFINITY));
    let widen = |range: &mut (f64, f64), v: f64| *range = (range.0.min(v), range.1.max(v));
    for one in &chart.series {
        for (px, py) in series::visible(chart, one) {
            widen(&mut x, px);
            widen(&mut y, py);
        }
        if let Some((lo, hi)) = &one.band {
            let ends = lo.iter().chain(hi).copied().filter(|v| v.is_finite() && (!chart.y.log || *v > 0.0));
            ends.for_each(|v| widen(&mut y, v));
        }
        if matches!(one.kind, Kind::Bars | Kind::Histogram) && !chart.y.log {
            widen(&mut y, 0.0);
        }
    }
    if chart.y.log {
        // The lower end of a band may come near zero and would stretch the axis far below every line.
        let least = chart.series.iter().flat_map(|s| series::visible(chart, s)).map(|p| p.1);
        y.0 = y.0.max(least.fold(f64::INFINITY, f64::min) / 10.0);
    }
    if chart.series.iter().any(|s| s.kind == Kind::Bars) && !chart.x.log {
        let room = series::spacing(chart) * 0.6;
        x = (x.0 - room, x.1 + room);
    }
    Ranges { x, y }
}

fn scales(chart: &Chart) -> (Scale, Scale) {
    let ranges = ranges(chart);
    let filled = chart.series.iter().any(|s| matches!(s.kind, Kind::Bars | Kind::Histogram));
    let pad = if chart.series.iter().any(|s| s.kind == Kind::Scatter) { 0.035 } else { 0.015 };
    let x = Scale::new(ranges.x.0, ranges.x.1, chart.x.log, if filled { 0.01 } else { pad });
    let y = Scale::new(ranges.y.0, ranges.y.1, chart.y.log, 0.045);
    (x, if filled && ranges.y.0 >= 0.0 { y.raised_to_zero() } else { y })
}

fn whole_numbers(chart: &Chart) -> bool {
    let drawn = chart.series.iter().filter(|s| s.kind != Kind::Histogram);
    let mut xs = drawn.flat_map(|s| series::visible(chart, s)).map(|p| p.0).peekable();
    xs.peek().is_some() && xs.all(|x| x.fract() == 0.0)
}

fn categories(chart: &Chart, x: &Scale) -> Ticks {
    let names = chart.categories.iter().enumerate();
    let major = names.map(|(i, name)| (i as f64, clip(&pretty(name), 110.0, TICK)));
    let major = major.filter(|(at, _)| (0.0..=1.0).contains(&x.place(*at))).collect();
    Ticks { major, minor: Vec::new(), note: None }
}

/// A text cut to a width.
fn clip(text: &str, most: f64, em: f64) -> String {
    if font::width(text, em) <= most {
        return text.to_string();
    }
    let mut out = String::new();
    for c in text.chars() {
        if font::width(&out, em) + font::width("…", em) + font::width(&c.to_string(), em) > most {
            break;
        }
        out.push(c);
    }
    out + "…"
}

/// A text cut to a width in its middle: names of series often differ at their ends.
fn clip_middle(text: &str, most: f64, em: f64) -> String {
    const TAIL: usize = 9;
    let count = text.chars().count();
    if font::width(text, em) <= most || count <= 2 * TAIL {
        return clip(text, most, em);
    }
    let tail: String = text.chars().skip(count - TAIL).collect();
    clip(text, most - font::width(&tail, em), em) + &tail
}

fn path(points: Vec<(f64, f64)>, colour: Rgb, width: f64) -> Mark {
    Mark::Path { points, colour, width }
}

fn text(at: (f64, f64), text: &str, em: f64, colour: Rgb, anchor: Anchor) -> Mark {
    Mark::Text { at, text: text.to_string(), em, colour, anchor, upright: true }
}

fn grid_and_axes(chart: &Chart, plane: &Plane, x_ticks: &Ticks, y_ticks: &Ticks, marks: &mut Vec<Mark>) {
    let (left, right) = (plane.left, plane.left + plane.width);
    let (top, bottom) = (plane.top, plane.top + plane.height);
    let x_at = |v: f64| left + plane.x.place(v) * plane.width;
    let y_at = |v: f64| bottom - plane.y.place(v) * plane.height;
    let inside = |scale: &Scale, v: f64| (-1e-9..=1.0 + 1e-9).contains(&scale.place(v));
    for (v, _) in y_ticks.major.iter().filter(|t| inside(plane.y, t.0)) {
        marks.push(path(vec![(left, y_at(*v)), (right, y_at(*v))], GRID, 0.8));
    }
    if chart.categories.is_empty() {
        for (v, _) in x_ticks.major.iter().filter(|t| inside(plane.x, t.0)) {
            marks.push(path(vec![(x_at(*v), top), (x_at(*v), bottom)], GRID, 0.8));
        }
    }
    let mut free = f64::NEG_INFINITY;
    for (v, label) in x_ticks.major.iter().filter(|t| inside(plane.x, t.0)) {
        let (x, half) = (x_at(*v), font::width(label, TICK) / 2.0);
        marks.push(path(vec![(x, bottom), (x, bottom + 4.0)], FAINT, 0.8));
        // A label that would touch its neighbour is left out; its tick stays.
        if x - half > free {
            marks.push(text((x, bottom + 6.0 + TICK), label, TICK, INK, Anchor::Middle));
            free = x + half + 5.0;
        }
    }
    for (v, label) in y_ticks.major.iter().filter(|t| inside(plane.y, t.0)) {
        marks.push(path(vec![(left - 4.0, y_at(*v)), (left, y_at(*v))], FAINT, 0.8));
        marks.push(text((left - 7.0, y_at(*v) + TICK * 0.36), label, TICK, INK, Anchor::End));
    }
    for v in x_ticks.minor.iter().filter(|v| inside(plane.x, **v)) {
        marks.push(path(vec![(x_at(*v), bottom), (x_at(*v), bottom + 2.2)], FAINT, 0.6));
    }
    for v in y_ticks.minor.iter().filter(|v| inside(plane.y, **v)) {
        marks.push(path(vec![(left - 2.2, y_at(*v)), (left, y_at(*v))], FAINT, 0.6));
    }
    marks.push(path(vec![(left, top), (left, bottom)], FAINT, 1.0));
    marks.push(path(vec![(left, bottom), (right, bottom)], FAINT, 1.0));
    if let Some(note) = &y_ticks.note {
        marks.push(text((left - 4.0, top - 6.0), note, TICK, INK, Anchor::Start));
    }
    if let Some(note) = &x_ticks.note {
        marks.push(text((right, bottom + 6.0 + TICK * 2.0 + 5.0), note, TICK, INK, Anchor::End));
    }
}

fn labels(chart: &Chart, plane: &Plane, (width, height): (f64, f64), marks: &mut Vec<Mark>) {
    let middle = (plane.left + plane.width / 2.0, plane.top + plane.height / 2.0);
    if let Some(title) = &chart.title {
        let title = clip(&pretty_title(title), width - plane.left - EDGE, TITLE);
        marks.push(text((plane.left, EDGE + TITLE * 0.8), &title, TITLE, INK, Anchor::Start));
    }
    if !chart.x.label.is_empty() {
        let label = clip(&pretty(&chart.x.label), plane.width, LABEL);
        marks.push(text((middle.0, height - EDGE), &label, LABEL, INK, Anchor::Middle));
    }
    if !chart.y.label.is_empty() {
        let label = clip(&pretty(&chart.y.label), plane.height + 20.0, LABEL);
        let at = (EDGE + LABEL * 0.8, middle.1);
        marks.push(Mark::Text { at, text: label, em: LABEL, colour: INK, anchor: Anchor::Middle, upright: false });
    }
}

/// The list of series beside the plot; of no width where one unnamed or single series needs none.
struct Legend {
    width: f64,
    /// Which series, and their names.
    entries: Vec<(usize, String)>,
    title: Option<String>,
}

impl Legend {
    fn of(chart: &Chart, width: f64) -> Legend {
        let named = |(i, s): (usize, &Series)| (!s.name.is_empty()).then(|| (i, pretty(&s.name)));
        let most = width * LEGEND_SHARE - SAMPLE - 24.0;
        let mut entries: Vec<(usize, String)> = chart.series.iter().enumerate().filter_map(named).collect();
        if chart.series.len() < 2 {
            entries.clear();
        }
        for (_, name) in &mut entries {
            *name = clip_middle(name, most, TICK);
        }
        let title = chart.legend.as_ref().filter(|_| !entries.is_empty()).map(|t| clip(&pretty(t), most, TICK));
        let names = entries.iter().map(|(_, name)| SAMPLE + 7.0 + font::width(name, TICK));
        let widest = names.chain(title.iter().map(|t| font::width(t, TICK))).fold(0.0, f64::max);
        Legend { width: if entries.is_empty() { 0.0 } else { widest + 16.0 }, entries, title }
    }

    fn draw(&self, chart: &Chart, left: f64, top: f64, height: f64, marks: &mut Vec<Mark>) {
        let mut y = top + 10.0;
        if let Some(title) = &self.title {
            marks.push(text((left, y + TICK * 0.36), title, TICK, INK, Anchor::Start));
            y += LINE_HEIGHT + 1.0;
        }
        let room = ((top + height - y) / LINE_HEIGHT).max(1.0) as usize + 1;
        let shown = if self.entries.len() > room { room.saturating_sub(1) } else { self.entries.len() };
        for (i, name) in self.entries.iter().take(shown) {
            let Some(one) = chart.series.get(*i) else { continue };
            self.sample(one, one.style.unwrap_or(*i), left, y, marks);
            marks.push(text((left + SAMPLE + 7.0, y + TICK * 0.36), name, TICK, INK, Anchor::Start));
            y += LINE_HEIGHT;
        }
        if shown < self.entries.len() {
            let more = format!("… {} more", self.entries.len() - shown);
            marks.push(text((left + SAMPLE + 7.0, y + TICK * 0.36), &more, TICK, FAINT, Anchor::Start));
        }
    }

    fn sample(&self, one: &Series, index: usize, left: f64, y: f64, marks: &mut Vec<Mark>) {
        let colour = style::colour(index);
        let middle = (left + SAMPLE / 2.0, y);
        match one.kind {
            Kind::Line => {
                let paths = series::dashed(&[(left, y), (left + SAMPLE, y)], style::dash(index));
                marks.extend(paths.into_iter().map(|points| path(points, colour, 1.7)));
                if one.ys.len() <= series::MARKED {
                    marks.push(series::marker(middle, index, 3.0, colour, 1.0));
                }
            }
            Kind::Scatter => marks.push(series::marker(middle, index, 3.6, colour, 1.0)),
            Kind::Bars | Kind::Histogram => {
                let (w, h) = (6.0, 5.0);
                let points =
                    vec![(middle.0 - w, y - h), (middle.0 + w, y - h), (middle.0 + w, y + h), (middle.0 - w, y + h)];
                let alpha = if one.kind == Kind::Bars { 1.0 } else { 0.45 };
                marks.push(Mark::Area { points, colour, alpha });
            }
        }
    }
}
