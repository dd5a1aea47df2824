//! Pictures: written where they can be looked at when LOSS_PLOTS names a folder.

use super::*;

/// Splitmix64 as uniform numbers in 0..1.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn curves() -> Chart {
    let mut dice = Dice(1);
    let mut chart = Chart::new("step", "loss");
    chart.title = Some("Training loss of comp_sum on digits".into());
    chart.legend = Some("tau".into());
    chart.y.log = true;
    for (i, tau) in ["0", "0.5", "1", "1.5", "2"].iter().enumerate() {
        let xs: Vec<f64> = (0..300).map(f64::from).collect();
        let ys: Vec<f64> = xs
            .iter()
            .map(|x| 2.3 * libm::exp(-x / (30.0 + 25.0 * i as f64)) + 0.05 * (i + 1) as f64 + 0.02 * dice.uniform())
            .collect();
        let lo = ys.iter().map(|y| y * 0.85).collect();
        let hi = ys.iter().map(|y| y * 1.18).collect();
        chart.series.push(Series::line(*tau, xs, ys).with_band(lo, hi));
    }
    chart
}

fn clusters() -> Chart {
    let mut dice = Dice(2);
    let (mut xs, mut ys, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..450i64 {
        let class = i % 3;
        xs.push(dice.normal() + 2.5 * class as f64);
        ys.push(dice.normal() * 0.7 + if class == 1 { 2.5 } else { 0.0 });
        classes.push(class);
    }
    let names = ["setosa", "versicolor", "virginica"].map(String::from);
    let mut chart = Chart::new("z_1", "z_2").scatter_by_class(&xs, &ys, &classes, &names);
    chart.legend = Some("species".into());
    chart
}

fn few_points() -> Chart {
    let xs = vec![1e-4, 1e-3, 1e-2, 1e-1, 1.0];
    let mut chart = Chart::new("lambda", "R^2");
    chart.x.log = true;
    chart.with(Series::line("ridge", xs.clone(), vec![0.52, 0.61, 0.66, 0.58, 0.31])).with(Series::line(
        "lasso",
        xs,
        vec![0.49, 0.6, f64::NAN, 0.55, 0.12],
    ))
}

fn bars() -> Chart {
    let mut chart = Chart::new("", "accuracy");
    chart.title = Some("Accuracy by method".into());
    chart.categories = ["uniform", "sensitivity", "k-center", "herding"].map(String::from).to_vec();
    let at: Vec<f64> = (0..4).map(f64::from).collect();
    for (name, shift) in [("digits", 0.0), ("wine", 0.03)] {
        let ys: Vec<f64> = [0.81, 0.93, 0.88, 0.9].iter().map(|y| y + shift).collect();
        let (lo, hi) = (ys.iter().map(|y| y - 0.02).collect(), ys.iter().map(|y| y + 0.02).collect());
        chart.series.push(Series::new(name, Kind::Bars, at.clone(), ys).with_band(lo, hi));
    }
    chart
}

fn histograms() -> Chart {
    let mut dice = Dice(3);
    let a: Vec<f64> = (0..4000).map(|_| dice.normal()).collect();
    let b: Vec<f64> = (0..3000).map(|_| dice.normal() * 0.6 + 2.0).collect();
    Chart::new("w", "count").histogram("before", &a).histogram("after", &b)
}

fn gallery() -> Vec<(&'static str, Chart)> {
    let sine: Vec<f64> = (0..100_000).map(|i| f64::from(i) * 1e-4).collect();
    let waves = Chart::new("t", "signal").with(Series::line(
        "",
        sine.clone(),
        sine.iter().map(|t| libm::sin(200.0 * t) * libm::exp(-t / 4.0) * 3e6).collect(),
    ));
    vec![
        ("curves", curves()),
        ("clusters", clusters()),
        ("few_points", few_points()),
        ("bars", bars()),
        ("histograms", histograms()),
        ("waves", waves),
    ]
}

#[test]
fn pictures_to_look_at() {
    let Ok(folder) = std::env::var("LOSS_PLOTS") else { return };
    for (name, chart) in gallery() {
        let (svg, png) = render(&chart).expect("drawn");
        std::fs::write(format!("{folder}/{name}.svg"), svg).expect("written");
        std::fs::write(format!("{folder}/{name}.png"), png).expect("written");
    }
}
