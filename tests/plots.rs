//! Pictures: those of `tests/plots` stay the same, byte for byte (`LOSS_BLESS=1` writes them anew; the PNGs lie in the
//! target folder to be looked at), and no numbers whatever break a picture.

mod common;

use common::root;
use loss::plot::{Chart, Kind, Series, to_png, to_svg};

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
        let xs: Vec<f64> = (0..60).map(|i| f64::from(i) * 5.0).collect();
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
    for i in 0..120i64 {
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
fn pictures_stay_the_same() {
    let mut problems = Vec::new();
    for (name, chart) in gallery() {
        let svg = to_svg(&chart).expect("drawn");
        problems.extend(common::compare(&root().join("tests/plots").join(format!("{name}.svg")), &svg).err());
        if common::blessing() {
            let png = to_png(&chart).expect("drawn");
            std::fs::write(format!("{}/{name}.png", env!("CARGO_TARGET_TMPDIR")), &png).expect("written");
        }
    }
    common::report(&problems);
}

#[test]
fn a_png_is_the_picture_at_two_pixels_a_point() {
    let bytes = to_png(&few_points()).expect("drawn");
    let mut reader = png::Decoder::new(bytes.as_slice()).read_info().expect("a png");
    let mut pixels = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut pixels).expect("a picture");
    assert_eq!((frame.width, frame.height), (1280, 800));
    // The paper is white, and each line shows in its colour.
    assert_eq!(pixels[..3], [0xff; 3]);
    for colour in [[0x00, 0x72, 0xb2], [0xd5, 0x5e, 0x00]] {
        let seen = pixels.chunks_exact(3).filter(|p| *p == colour).count();
        assert!(seen > 500, "{colour:?}: {seen}");
    }
}

#[test]
fn gaps_are_gaps() {
    let ys = vec![1.0, 2.0, f64::NAN, 3.0, 2.0, f64::INFINITY, 1.0];
    let svg = to_svg(&Chart::new("x", "y").with(Series::line("", (0..7).map(f64::from).collect(), ys))).expect("drawn");
    // Two stretches of two points, and the last point alone, which is a marker like all points of a short line.
    assert_eq!(svg.matches("stroke=\"#0072B2\"").count(), 2, "{svg}");
    assert_eq!(svg.matches("<polygon").count(), 5);
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let line = |xs: &[f64], ys: &[f64]| Chart::new("x", "y").with(Series::line("f", xs.to_vec(), ys.to_vec()));
    let code = |chart: &Chart| to_svg(chart).expect_err("refused").code.id;
    assert_eq!(code(&Chart::new("x", "y")), "E0620");
    assert_eq!(code(&line(&[], &[])), "E0620");
    assert_eq!(code(&line(&[1.0, 2.0], &[f64::NAN, f64::INFINITY])), "E0620");
    assert_eq!(code(&line(&[1.0, 2.0], &[1.0])), "E0620");
    let mut log = line(&[1.0, 2.0], &[0.0, -1.0]);
    log.y.log = true;
    assert!(to_svg(&log).expect_err("refused").message.contains("positive"));
    assert_eq!(code(&Chart::new("", "").histogram("", &[f64::NAN])), "E0620");
    let mut band = line(&[1.0], &[1.0]);
    band.series[0].band = Some((vec![], vec![]));
    assert_eq!(code(&band), "E0620");
}

#[test]
fn any_numbers_can_be_drawn() {
    const ODD: [f64; 16] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        1e-300,
        5e-324,
        f64::MAX,
        f64::MIN,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e16,
        1e16 + 2.0,
        0.1,
        1e-9,
        12345.678,
    ];
    let mut dice = Dice(11);
    for round in 0..400 {
        let mut chart = Chart::new("x <&> \"y\"", "alpha_1");
        chart.x.log = dice.uniform() < 0.3;
        chart.y.log = dice.uniform() < 0.3;
        chart.size = if round % 3 == 0 { (1, 1) } else { (320, 200) };
        for kind in [Kind::Line, Kind::Scatter, Kind::Bars, Kind::Histogram] {
            if dice.uniform() < 0.5 {
                continue;
            }
            let count = (dice.uniform() * 5.0) as usize;
            let mut values = |n: usize| -> Vec<f64> { (0..n).map(|_| ODD[(dice.uniform() * 16.0) as usize]).collect() };
            let xs = values(count + usize::from(kind == Kind::Histogram));
            let series = Series::new("s", kind, xs, values(count)).with_band(values(count), values(count));
            chart.series.push(series);
        }
        if let Ok(svg) = to_svg(&chart) {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "round {round}: {svg}");
            assert!(svg.len() < 100_000, "round {round}");
            if round % 40 == 0 {
                to_png(&chart).expect("drawn");
            }
        }
    }
}
