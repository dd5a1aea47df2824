//! Series as marks: lines with gaps, dashes and bands, scattered points, bars, histograms. Data and scales enter, marks
//! in points leave.

use super::scene::Mark;
use super::style::{self, Rgb};
use super::ticks::Scale;
use super::{Chart, Kind, Series};

/// The plot's inner rectangle and its scales.
pub struct Plane<'a> {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: &'a Scale,
    pub y: &'a Scale,
}

const LINE: f64 = 1.7;
/// Lines of few points show them.
pub const MARKED: usize = 12;

impl Plane<'_> {
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + self.x.place(x) * self.width, self.top + (1.0 - self.y.place(y)) * self.height)
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// A height, kept within the plane: lower ends of bands may lie below a logarithmic axis.
    fn height_of(&self, y: f64) -> f64 {
        let place = if self.y.log && y <= 0.0 { 0.0 } else { self.y.place(y) };
        self.top + (1.0 - place.clamp(0.0, 1.0)) * self.height
    }
}

/// The points of a series; of a histogram, the corners of its bars.
pub fn points(series: &Series) -> Box<dyn Iterator<Item = (f64, f64)> + '_> {
    let pairs = series.xs.iter().copied().zip(series.ys.iter().copied());
    if series.kind != Kind::Histogram {
        return Box::new(pairs);
    }
    Box::new(pairs.chain(series.xs.iter().skip(1).copied().zip(series.ys.iter().copied())))
}

/// The points that can be drawn: finite, and positive along logarithmic axes.
pub fn visible<'a>(chart: &'a Chart, series: &'a Series) -> impl Iterator<Item = (f64, f64)> + 'a {
    points(series).filter(move |&(x, y)| shows(x, chart.x.log) && shows(y, chart.y.log))
}

fn shows(value: f64, log: bool) -> bool {
    value.is_finite() && (!log || value > 0.0)
}

/// Marks of one series; `index` says which colour it has, `bar` which of how many side by side.
pub fn marks(chart: &Chart, series: &Series, index: usize, bar: (usize, usize), plane: &Plane) -> Vec<Mark> {
    let colour = style::colour(index);
    match series.kind {
        Kind::Line => line(chart, series, index, colour, plane),
        Kind::Scatter => scatter(chart, series, index, colour, plane),
        Kind::Bars => bars(chart, series, bar, colour, plane),
        Kind::Histogram => histogram(chart, series, colour, plane),
    }
}

/// Stretches of points without a gap, as indexes.
fn stretches(chart: &Chart, series: &Series) -> Vec<std::ops::Range<usize>> {
    let mut out = Vec::new();
    let mut start = None;
    for i in 0..=series.ys.len() {
        let seen = i < series.ys.len() && shows(series.xs[i], chart.x.log) && shows(series.ys[i], chart.y.log);
        match (seen, start) {
            (true, None) => start = Some(i),
            (false, Some(first)) => {
                out.push(first..i);
                start = None;
            }
            _ => {}
        }
    }
    out
}

fn line(chart: &Chart, series: &Series, index: usize, colour: Rgb, plane: &Plane) -> Vec<Mark> {
    let mut marks = Vec::new();
    let stretches = stretches(chart, series);
    if let Some((lo, hi)) = &series.band {
        for stretch in &stretches {
            band(series, lo, hi, stretch.clone(), colour, plane, &mut marks);
        }
    }
    let count: usize = stretches.iter().map(ExactSizeIterator::len).sum();
    for stretch in stretches {
        let placed: Vec<(f64, f64)> = stretch.map(|i| plane.place(series.xs[i], series.ys[i])).collect();
        let single = placed.len() == 1;
        if single || count <= MARKED {
            marks.extend(placed.iter().map(|&at| marker(at, index, 3.0, colour, 1.0)));
        }
        if !single {
            let paths = dashed(&thin(&placed), style::dash(index));
            marks.extend(paths.into_iter().map(|points| Mark::Path { points, colour, width: LINE }));
        }
    }
    marks
}

fn band(
    series: &Series,
    lo: &[f64],
    hi: &[f64],
    stretch: std::ops::Range<usize>,
    colour: Rgb,
    plane: &Plane,
    marks: &mut Vec<Mark>,
) {
    // Where an end of the band is not finite the band has a gap, the line has none.
    let mut run: Vec<usize> = Vec::new();
    let end = stretch.end;
    for i in stretch.chain([end]) {
        if i < end && lo[i].is_finite() && hi[i].is_finite() {
            run.push(i);
            continue;
        }
        if run.len() > 1 {
            let x = |i: usize| plane.place(series.xs[i], series.ys[i]).0;
            let upper: Vec<(f64, f64)> = run.iter().map(|&i| (x(i), plane.height_of(hi[i]))).collect();
            let lower: Vec<(f64, f64)> = run.iter().map(|&i| (x(i), plane.height_of(lo[i]))).collect();
            let points = thin(&upper).into_iter().chain(thin(&lower).into_iter().rev()).collect();
            marks.push(Mark::Area { points, colour, alpha: 0.18 });
        }
        run.clear();
    }
}

/// Leaves out points that nobody could tell apart: of those within a quarter of a point along x, the first, lowest,
/// highest and last stay.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const STEP: f64 = 0.25;
    if points.len() < 2000 {
        return points.to_vec();
    }
    let cell = |p: &(f64, f64)| (p.0 / STEP).floor();
    let mut out = Vec::new();
    for group in points.chunk_by(|a, b| cell(a) == cell(b)) {
        let mut keep = vec![0, group.len() - 1];
        let order = |i: &usize, j: &usize| group[*i].1.total_cmp(&group[*j].1);
        keep.extend((0..group.len()).min_by(order));
        keep.extend((0..group.len()).max_by(order));
        keep.sort_unstable();
        keep.dedup();
        out.extend(keep.into_iter().map(|i| group[i]));
    }
    out
}

/// A polyline cut into strokes; the pattern runs on around its corners.
pub fn dashed(points: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    if pattern.is_empty() {
        return vec![points.to_vec()];
    }
    let mut out = Vec::new();
    let (mut part, mut left) = (0, pattern[0]);
    let mut stroke: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length <= left {
                left -= length;
                if part % 2 == 0 {
                    stroke.push(to);
                }
                break;
            }
            from = (from.0 + dx * left / length, from.1 + dy * left / length);
            if part % 2 == 0 {
                stroke.push(from);
                out.push(std::mem::take(&mut stroke));
            } else {
                stroke = vec![from];
            }
            part = (part + 1) % pattern.len();
            left = pattern[part];
        }
    }
    if stroke.len() > 1 {
        out.push(stroke);
    }
    out
}

/// One marker of a style.
pub fn marker(at: (f64, f64), index: usize, radius: f64, colour: Rgb, alpha: f64) -> Mark {
    let outline = style::marker(index).outline();
    let points = outline.iter().map(|(x, y)| (at.0 + radius * x, at.1 + radius * y)).collect();
    Mark::Area { points, colour, alpha }
}

fn scatter(chart: &Chart, series: &Series, index: usize, colour: Rgb, plane: &Plane) -> Vec<Mark> {
    let all: usize = chart.series.iter().map(|s| s.ys.len()).sum();
    let (radius, alpha) = match all {
        0..200 => (3.4, 0.85),
        200..1000 => (2.8, 0.75),
        1000..5000 => (2.2, 0.65),
        _ => (1.6, 0.5),
    };
    let mut placed: Vec<(f64, f64)> = visible(chart, series).map(|(x, y)| plane.place(x, y)).collect();
    if placed.len() > 5000 {
        // Points on the same quarter of a point look like one.
        let cell = |p: &(f64, f64)| ((p.0 * 4.0) as i64, (p.1 * 4.0) as i64);
        placed.sort_by_key(cell);
        placed.dedup_by_key(|p| cell(p));
    }
    placed.into_iter().map(|at| marker(at, index, radius, colour, alpha)).collect()
}

fn rectangle(left: f64, right: f64, top: f64, bottom: f64) -> Vec<(f64, f64)> {
    vec![(left, top), (right, top), (right, bottom), (left, bottom)]
}

fn bars(chart: &Chart, series: &Series, bar: (usize, usize), colour: Rgb, plane: &Plane) -> Vec<Mark> {
    let mut marks = Vec::new();
    let base = if plane.y.log { plane.bottom() } else { plane.height_of(0.0) };
    let room = spacing(chart) * 0.78;
    for i in 0..series.ys.len() {
        if !(shows(series.xs[i], chart.x.log) && shows(series.ys[i], chart.y.log)) {
            continue;
        }
        let middle = plane.place(series.xs[i], series.ys[i]).0;
        let unit = plane.x.unit() * plane.width;
        let whole = if chart.x.log { 8.0 } else { room * unit };
        let width = whole / bar.1 as f64;
        let left = middle - whole / 2.0 + width * bar.0 as f64;
        let gap = if bar.1 > 1 { width * 0.04 } else { 0.0 };
        let end = plane.height_of(series.ys[i]);
        let points = rectangle(left + gap, left + width - gap, end.min(base), end.max(base));
        marks.push(Mark::Area { points, colour, alpha: 1.0 });
        if let Some((lo, hi)) = &series.band
            && lo[i].is_finite()
            && hi[i].is_finite()
        {
            let (x, cap) = (left + width / 2.0, (width * 0.2).min(4.0));
            let (low, high) = (plane.height_of(lo[i]), plane.height_of(hi[i]));
            for points in [
                vec![(x, low), (x, high)],
                vec![(x - cap, low), (x + cap, low)],
                vec![(x - cap, high), (x + cap, high)],
            ] {
                marks.push(Mark::Path { points, colour: style::INK, width: 1.0 });
            }
        }
    }
    marks
}

/// The least distance between neighbouring bars; 1 where there is but one.
pub fn spacing(chart: &Chart) -> f64 {
    let bars = chart.series.iter().filter(|s| s.kind == Kind::Bars);
    let mut xs: Vec<f64> = bars.flat_map(|s| visible(chart, s)).map(|p| p.0).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let least = xs.windows(2).map(|p| p[1] - p[0]).fold(f64::INFINITY, f64::min);
    if least.is_finite() { least } else { 1.0 }
}

fn histogram(chart: &Chart, series: &Series, colour: Rgb, plane: &Plane) -> Vec<Mark> {
    let base = if plane.y.log { plane.bottom() } else { plane.height_of(0.0) };
    let mut outline: Vec<(f64, f64)> = Vec::new();
    for (i, &count) in series.ys.iter().enumerate() {
        let (a, b) = (series.xs[i], series.xs[i + 1]);
        if !(shows(a, chart.x.log) && shows(b, chart.x.log)) {
            continue;
        }
        let (left, right) = (plane.place(a, 1.0).0, plane.place(b, 1.0).0);
        let top = if shows(count, chart.y.log) { plane.height_of(count) } else { base };
        outline.extend([(left, top), (right, top)]);
    }
    let (Some(first), Some(last)) = (outline.first().copied(), outline.last().copied()) else { return Vec::new() };
    let closed: Vec<(f64, f64)> = [(first.0, base)].into_iter().chain(outline).chain([(last.0, base)]).collect();
    vec![Mark::Area { points: closed.clone(), colour, alpha: 0.35 }, Mark::Path { points: closed, colour, width: 1.3 }]
}

/// Edges and counts of a histogram of the finite values.
pub fn bins(values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return (vec![f64::NAN; 2], vec![0.0]) };
    if low == high {
        let room = (low.abs() * 0.1).max(0.5);
        return (vec![low - room, low + room], vec![sorted.len() as f64]);
    }
    let at = |q: f64| sorted[((sorted.len() - 1) as f64 * q) as usize];
    let width = 2.0 * (at(0.75) / 2.0 - at(0.25) / 2.0) * 2.0 / libm::cbrt(sorted.len() as f64);
    let half_span = high / 2.0 - low / 2.0;
    let count = if width > 0.0 { (half_span * 2.0 / width).ceil().clamp(5.0, 100.0) } else { 20.0 };
    let edge = |i: f64| (low / 2.0 + half_span * (i / count)) * 2.0;
    let mut counts = vec![0.0; count as usize];
    for v in &sorted {
        let bin = ((v / 2.0 - low / 2.0) / half_span * count) as usize;
        counts[bin.min(count as usize - 1)] += 1.0;
    }
    ((0..=count as usize).map(|i| edge(i as f64)).collect(), counts)
}
