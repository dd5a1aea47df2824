//! `plot` statements: series of arrays become a chart.

use super::Session;
use super::present::Results;
use crate::diag::{Diagnostic, codes};
use crate::display;
use crate::elaborate::value::Value;
use crate::elaborate::{PlotBy, PlotSeries};
use crate::plot::{Chart, Kind, Series};
use crate::source::Span;
use crate::syntax::ast::Ident;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Elem};

impl Session {
    pub(super) fn plot(
        &mut self,
        series: &[PlotSeries],
        clauses: &[(Ident, Option<Value>)],
        doc: Option<&str>,
        span: Span,
        results: &Results,
    ) -> Result<(), Box<Diagnostic>> {
        let mut chart = Chart::new("", "");
        chart.title = doc.and_then(|d| d.lines().next()).map(str::to_string);
        let (kind, stem) = apply_clauses(&mut chart, clauses)?;
        for s in series {
            self.add_series(&mut chart, s, kind, results)?;
        }
        // Several series are named in the legend; one names the axis.
        let first = self.sources.snippet(series[0].span).to_string();
        let same = series.iter().all(|s| self.sources.snippet(s.span) == first);
        chart.y.label = match kind {
            Kind::Histogram => "count".into(),
            _ if same => first,
            _ => String::new(),
        };
        let (svg, png) = crate::plot::render(&chart).map_err(|fault| Box::new(fault.diagnostic(span)))?;
        let stem = stem.unwrap_or_else(|| self.results.free_stem("plot", &["svg", "png"]));
        for (extension, bytes) in [("svg", svg.into_bytes()), ("png", png)] {
            self.results.add(&format!("{stem}.{extension}"), bytes).map_err(|f| Box::new(f.diagnostic(span)))?;
        }
        Ok(())
    }

    fn add_series(
        &mut self,
        chart: &mut Chart,
        s: &PlotSeries,
        kind: Kind,
        results: &Results,
    ) -> Result<(), Box<Diagnostic>> {
        let Some((ty, data)) = tensor(&s.y, results) else { return Ok(()) };
        let name = match &s.tag {
            Some(tag) => {
                let shown = self.displayed(tag, results);
                display::to_text(&shown, 40)
            }
            None => self.sources.snippet(s.span).to_string(),
        };
        if kind == Kind::Histogram {
            *chart = std::mem::replace(chart, Chart::new("", "")).histogram(name, &data.to_f64());
            chart.x.label = self.sources.snippet(s.span).to_string();
            return Ok(());
        }
        let along = match (&s.x, &s.by[..]) {
            (Some((_, x)), _) => tensor(x, results).and_then(|(t, _)| t.axes().next().cloned()),
            (None, _) => {
                let split = |a: &&Axis| !s.by.iter().any(|b| matches!(b, PlotBy::Axis(x) if x == *a));
                ty.axes().filter(split).last().cloned()
            }
        };
        let (xs, x_ty, label) = match &s.x {
            Some((span, x)) => match tensor(x, results) {
                Some((t, data)) => (data.to_f64(), Some(t), self.sources.snippet(*span).to_string()),
                None => return Ok(()),
            },
            None => {
                let n = along.as_ref().and_then(|a| ty.dim(a)).and_then(|d| d.size.known()).unwrap_or(1);
                let label = along.as_ref().map_or(String::new(), Axis::to_string);
                ((0..n).map(|i| i as f64).collect(), None, label)
            }
        };
        chart.x.label = label;
        let along = along.filter(|a| ty.has(a));
        if let [PlotBy::Values(span, by)] = &s.by[..] {
            return self.by_class(chart, s, (&ty, &data), (&xs, x_ty.as_ref()), (*span, by), kind, results);
        }
        let others: Vec<Axis> = ty.axes().filter(|a| Some(*a) != along.as_ref()).cloned().collect();
        if others.len() > 1 {
            let d = Diagnostic::new(
                &codes::data::E0622,
                s.span,
                format!("a plot draws one line for each coordinate of one axis, and this is `{ty}`"),
                "too many axes",
            )
            .help("reduce it, or pick one coordinate, as in `x[k = 0]`");
            return Err(Box::new(d));
        }
        let n_lines = others.first().and_then(|a| ty.dim(a)).and_then(|d| d.size.known()).unwrap_or(1);
        if let Some(axis) = others.first() {
            chart.legend = Some(axis.to_string());
        }
        for i in 0..n_lines {
            let ys = line_values(&ty, &data, along.as_ref(), others.first(), i);
            let xs = match &x_ty {
                Some(t) if others.first().is_some_and(|a| t.has(a)) => {
                    line_values(t, &reals(&xs, t), along.as_ref(), others.first(), i)
                }
                _ => xs.clone(),
            };
            let name = if others.is_empty() { name.clone() } else { i.to_string() };
            chart.series.push(Series::new(name, kind, xs, ys));
        }
        if kind == Kind::Bars && chart.categories.is_empty() {
            chart.categories = (0..xs.len()).map(|i| i.to_string()).collect();
        }
        Ok(())
    }

    /// One series for each class of a label.
    #[allow(clippy::too_many_arguments)]
    fn by_class(
        &mut self,
        chart: &mut Chart,
        s: &PlotSeries,
        (ty, data): (&ArrayTy, &Tensor),
        (xs, _): (&[f64], Option<&ArrayTy>),
        (span, by): (Span, &Value),
        kind: Kind,
        results: &Results,
    ) -> Result<(), Box<Diagnostic>> {
        let Some((by_ty, classes)) = tensor(by, results) else { return Ok(()) };
        let fits = by_ty.elem.is_integer() && ty.dims.len() == 1 && by_ty.dims == ty.dims;
        if !fits {
            let d = Diagnostic::new(
                &codes::data::E0622,
                span,
                format!("points are split by a label of each: this is `{by_ty}`, and the points are `{ty}`"),
                "does not label the points",
            )
            .label(s.span, format!("`{ty}`"));
            return Err(Box::new(d));
        }
        let classes: Vec<i64> = classes.to_f64().iter().map(|v| *v as i64).collect();
        let legend = match &by_ty.elem {
            Elem::Label(axis) => axis.to_string(),
            _ => self.sources.snippet(span).to_string(),
        };
        let before = chart.series.len();
        *chart = std::mem::replace(chart, Chart::new("", "")).scatter_by_class(xs, &data.to_f64(), &classes, &[]);
        for series in &mut chart.series[before..] {
            series.kind = kind;
        }
        chart.legend = Some(legend);
        Ok(())
    }
}

fn tensor(value: &Value, results: &Results) -> Option<(ArrayTy, Tensor)> {
    match value {
        Value::Array(a) => results.tensor(a),
        _ => None,
    }
}

fn reals(values: &[f64], ty: &ArrayTy) -> Tensor {
    let shape: Vec<usize> = ty.shape().unwrap_or_else(|| vec![values.len()]);
    Tensor::from_vec(&shape, values.to_vec())
}

/// The entries along one axis at a coordinate of another.
fn line_values(ty: &ArrayTy, data: &Tensor, along: Option<&Axis>, across: Option<&Axis>, at: usize) -> Vec<f64> {
    let values = data.to_f64();
    let Some(shape) = ty.shape() else { return values };
    let stride = |axis: Option<&Axis>| -> Option<(usize, usize)> {
        let place = ty.position(axis?)?;
        Some((shape[place], shape[place + 1..].iter().product()))
    };
    let (n, step) = stride(along).unwrap_or((1, 0));
    let (_, jump) = stride(across).unwrap_or((1, 0));
    (0..n).filter_map(|i| values.get(i * step + at * jump).copied()).collect()
}

/// What the clauses behind a plot ask for: written into the chart; the kind of its marks, and the file's name if given.
pub(super) fn apply_clauses(
    chart: &mut Chart,
    clauses: &[(Ident, Option<Value>)],
) -> Result<(Kind, Option<String>), Box<Diagnostic>> {
    let (mut kind, mut stem) = (Kind::Line, None);
    for (word, value) in clauses {
        let text = match value {
            Some(Value::Text(t)) => t.to_string(),
            _ => String::new(),
        };
        match (&*word.name, text.as_str()) {
            ("as", "scatter" | "points") => kind = Kind::Scatter,
            ("as", "line" | "lines") => kind = Kind::Line,
            ("as", "bars") => kind = Kind::Bars,
            ("as", "histogram") => kind = Kind::Histogram,
            ("titled", _) => chart.title = Some(text),
            ("to", _) => stem = Some(crate::out::file_stem(&text)),
            ("log", "x") => chart.x.log = true,
            ("log", "y") => chart.y.log = true,
            _ => return Err(unknown_clause(word, &text)),
        }
    }
    Ok((kind, stem))
}

fn unknown_clause(word: &Ident, text: &str) -> Box<Diagnostic> {
    let message = if text.is_empty() {
        format!("`{}` is not understood here", word.name)
    } else {
        format!("`{} {text}` is not understood here", word.name)
    };
    let d = Diagnostic::new(&codes::data::E0622, word.span, message, "in this plot");
    let known = ["over", "by", "as", "titled", "to", "log"];
    if let Some(near) = crate::diag::suggest::nearest(&word.name, known)
        && near != &*word.name
    {
        return Box::new(d.help(format!("did you mean `{near}`?")));
    }
    let d = d.help("a plot takes `as line`, `as scatter`, `as bars`, `as histogram`, `titled \"...\"`, `to \"name\"`, `log x`, `log y`");
    Box::new(d)
}
