//! Charts: series of numbers and names enter, a picture leaves as SVG text or PNG bytes, the same bytes for the same
//! chart. Layout, ticks, legend and dashes are drawn here; plotters puts lines, shapes and texts onto its back ends.
//! Never reads the machine's fonts: one face is embedded.

mod font;
mod frame;
mod names;
mod scene;
mod series;
mod style;
mod ticks;

pub use names::{pretty, pretty_title};

use crate::diag::codes::data as codes;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// A picture with one pair of axes.
#[derive(Clone, Debug)]
pub struct Chart {
    pub title: Option<String>,
    pub x: AxisSpec,
    pub y: AxisSpec,
    pub series: Vec<Series>,
    /// What the series differ in (`tau`), above the legend.
    pub legend: Option<String>,
    /// Names of the positions 0, 1, … of the x axis, for bars.
    pub categories: Vec<String>,
    /// In points; the PNG has twice as many pixels each way.
    pub size: (u32, u32),
}

/// One axis of a picture.
#[derive(Clone, Debug, Default)]
pub struct AxisSpec {
    pub label: String,
    pub log: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A line through the points in the order given; points that are not finite leave a gap.
    Line,
    Scatter,
    /// One bar from zero per point; several series stand side by side.
    Bars,
    /// `xs` are edges, one more than the counts `ys`.
    Histogram,
}

#[derive(Clone, Debug)]
pub struct Series {
    /// As in the legend; empty for none.
    pub name: String,
    pub kind: Kind,
    pub xs: Vec<f64>,
    pub ys: Vec<f64>,
    /// Lower and upper end of a band (bars: of an error bar) at each point.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
    /// Which colour, dash and marker; by position among the series if not given.
    pub style: Option<usize>,
}

impl Chart {
    pub fn new(x_label: impl Into<String>, y_label: impl Into<String>) -> Chart {
        Chart {
            title: None,
            x: AxisSpec { label: x_label.into(), log: false },
            y: AxisSpec { label: y_label.into(), log: false },
            series: Vec::new(),
            legend: None,
            categories: Vec::new(),
            size: (640, 400),
        }
    }

    pub fn with(mut self, series: Series) -> Chart {
        self.series.push(series);
        self
    }

    /// Points in one colour per class; classes without a point keep their colour but are not in the legend.
    pub fn scatter_by_class(mut self, xs: &[f64], ys: &[f64], classes: &[i64], names: &[String]) -> Chart {
        let count = classes.iter().map(|&c| c + 1).max().unwrap_or(0).max(0);
        for class in 0..count {
            let mine = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(classes).filter(|(_, c)| **c == class).map(|(v, _)| *v).collect()
            };
            let name = names.get(class as usize).cloned().unwrap_or_else(|| class.to_string());
            let series = Series::new(name, Kind::Scatter, mine(xs), mine(ys)).styled(class as usize);
            if !series.xs.is_empty() {
                self.series.push(series);
            }
        }
        self
    }

    /// A histogram series of the finite values in equally wide bins: the Freedman-Diaconis rule (1981) sets the width,
    /// within 5 to 100 bins; two empty edges if there is no finite value.
    pub fn histogram(mut self, name: impl Into<String>, values: &[f64]) -> Chart {
        let (edges, counts) = series::bins(values);
        self.series.push(Series::new(name, Kind::Histogram, edges, counts));
        self
    }
}

impl Series {
    pub fn new(name: impl Into<String>, kind: Kind, xs: Vec<f64>, ys: Vec<f64>) -> Series {
        Series { name: name.into(), kind, xs, ys, band: None, style: None }
    }

    pub fn line(name: impl Into<String>, xs: Vec<f64>, ys: Vec<f64>) -> Series {
        Series::new(name, Kind::Line, xs, ys)
    }

    pub fn scatter(name: impl Into<String>, xs: Vec<f64>, ys: Vec<f64>) -> Series {
        Series::new(name, Kind::Scatter, xs, ys)
    }

    pub fn with_band(mut self, lo: Vec<f64>, hi: Vec<f64>) -> Series {
        self.band = Some((lo, hi));
        self
    }

    pub fn styled(mut self, style: usize) -> Series {
        self.style = Some(style);
        self
    }
}

/// Why a chart cannot be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotFault {
    pub code: &'static Code,
    pub message: String,
    pub help: Option<String>,
}

impl PlotFault {
    pub fn diagnostic(&self, plot: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(self.code, plot, self.message.clone(), "this plot");
        match &self.help {
            Some(help) => diagnostic.help(help.clone()),
            None => diagnostic,
        }
    }

    fn new(code: &'static Code, message: impl Into<String>, help: impl Into<String>) -> PlotFault {
        PlotFault { code, message: message.into(), help: Some(help.into()) }
    }
}

/// The picture as SVG text.
pub fn to_svg(chart: &Chart) -> Result<String, PlotFault> {
    Ok(scene::svg(&draw(chart)?))
}

/// The picture as the bytes of a PNG file, two pixels to a point.
pub fn to_png(chart: &Chart) -> Result<Vec<u8>, PlotFault> {
    Ok(scene::png(&draw(chart)?))
}

/// Both forms, laid out once.
pub fn render(chart: &Chart) -> Result<(String, Vec<u8>), PlotFault> {
    let scene = draw(chart)?;
    Ok((scene::svg(&scene), scene::png(&scene)))
}

fn draw(chart: &Chart) -> Result<scene::Scene, PlotFault> {
    check(chart)?;
    frame::compose(chart)
}

/// Lengths agree and there is something to see.
fn check(chart: &Chart) -> Result<(), PlotFault> {
    for series in &chart.series {
        let (xs, ys) = (series.xs.len(), series.ys.len());
        let wanted = if series.kind == Kind::Histogram { ys + 1 } else { ys };
        let name = if series.name.is_empty() { "the series".to_string() } else { format!("series {}", series.name) };
        if xs != wanted {
            let message = format!("{name} has {xs} values along the x axis and {ys} along the y axis");
            return Err(PlotFault::new(&codes::E0620, message, "plot values over an axis or values they share"));
        }
        if let Some((lo, hi)) = &series.band
            && (lo.len() != ys || hi.len() != ys)
        {
            let message = format!("{name} has {ys} points, its band {} and {}", lo.len(), hi.len());
            return Err(PlotFault::new(&codes::E0620, message, "give the band one pair of values per point"));
        }
    }
    if chart.series.iter().all(|s| s.ys.is_empty()) {
        return Err(PlotFault::new(&codes::E0620, "there is nothing to plot: no points", "plot at least one value"));
    }
    if chart.series.iter().any(|s| series::visible(chart, s).next().is_some()) {
        return Ok(());
    }
    let finite = |s: &Series| series::points(s).any(|(x, y)| x.is_finite() && y.is_finite());
    Err(if chart.series.iter().any(finite) {
        let message = "there is nothing to plot: no point is positive, as a logarithmic axis needs";
        PlotFault::new(&codes::E0620, message, "leave `log` out, or plot the magnitude: `abs(x)`")
    } else {
        let message = "there is nothing to plot: every point is NaN or infinite";
        PlotFault::new(&codes::E0620, message, "print the values to see where they stop being finite")
    })
}
