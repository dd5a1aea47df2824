//! A picture as a list of marks in points, and the two back ends of plotters it is put on. Coordinates have the origin
//! at the top left; nothing here knows what a mark means.

use super::font;
use super::style::{PAPER, Rgb};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

/// Units of the SVG's own coordinates per point: plotters counts in whole units.
const SVG_UNITS: f64 = 10.0;
/// Pixels per point that are drawn, and how many of them each way are averaged into one pixel of the file.
const PNG_UNITS: f64 = 6.0;
const AVERAGED: usize = 3;

pub struct Scene {
    pub size: (u32, u32),
    /// What the picture is, for readers who do not see it.
    pub description: String,
    pub marks: Vec<Mark>,
}

pub enum Mark {
    /// An open line.
    Path {
        points: Vec<(f64, f64)>,
        colour: Rgb,
        width: f64,
    },
    /// A closed area.
    Area {
        points: Vec<(f64, f64)>,
        colour: Rgb,
        alpha: f64,
    },
    Text {
        at: (f64, f64),
        text: String,
        em: f64,
        colour: Rgb,
        anchor: Anchor,
        upright: bool,
    },
}

/// Which end of the baseline a text's position is. Texts that are not `upright` run from bottom to top.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

fn style(colour: Rgb, alpha: f64, width: u32) -> ShapeStyle {
    let colour = RGBColor(colour.0, colour.1, colour.2).mix(alpha);
    ShapeStyle { color: colour, filled: true, stroke_width: width }
}

fn grid(points: &[(f64, f64)], units: f64) -> Vec<(i32, i32)> {
    // Far outside the picture is far enough: casts saturate, and so does this.
    let unit = |v: f64| (v * units).round().clamp(-1e6, 1e6) as i32;
    let mut grid: Vec<(i32, i32)> = points.iter().map(|&(x, y)| (unit(x), unit(y))).collect();
    grid.dedup();
    grid
}

pub fn svg(scene: &Scene) -> String {
    font::register();
    let (width, height) = scene.size;
    let units = SVG_UNITS as u32;
    let mut text = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut text, (width * units, height * units));
        let paper = [(0, 0), ((width * units) as i32, (height * units) as i32)];
        let mut ok = backend.draw_rect(paper[0], paper[1], &style(PAPER, 1.0, 0), true).is_ok();
        for mark in &scene.marks {
            ok &= svg_mark(&mut backend, mark).is_some();
        }
        ok &= backend.present().is_ok();
        debug_assert!(ok, "drawing into memory does not fail");
    }
    // The size in points; the units stay those of the view box. Joints and ends are inherited by every line.
    let wide = format!("width=\"{}\" height=\"{}\"", width * units, height * units);
    let head = format!("width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\" stroke-linecap=\"butt\"");
    let text = text.replacen(&wide, &head, 1);
    let title = format!(">\n<title>{}</title>\n", escape(&scene.description));
    text.replacen(">\n", &title, 1)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn svg_mark(backend: &mut SVGBackend, mark: &Mark) -> Option<()> {
    match mark {
        Mark::Path { points, colour, width } => {
            let width = (width * SVG_UNITS).round().max(1.0) as u32;
            backend.draw_path(grid(points, SVG_UNITS), &style(*colour, 1.0, width)).ok()
        }
        Mark::Area { points, colour, alpha } => {
            backend.fill_polygon(grid(points, SVG_UNITS), &style(*colour, *alpha, 0)).ok()
        }
        Mark::Text { at, text, em, colour, anchor, upright } => {
            // The back end writes font-size = size / 1.24 and puts the baseline 0.76 em below a top anchor.
            let drop = 0.76 * em;
            let at = if *upright { (at.0, at.1 - drop) } else { (at.0 - drop, at.1) };
            let h_pos = match anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let transform = if *upright { FontTransform::None } else { FontTransform::Rotate270 };
            let wanted = (em * SVG_UNITS).round();
            let near = [wanted * 1.24, (wanted * 1.24).next_up(), (wanted * 1.24).next_down()];
            let size = near.into_iter().find(|s| s / 1.24 == wanted).unwrap_or(wanted * 1.24);
            let face = FontDesc::new(FontFamily::Name(font::FAMILY), size, FontStyle::Normal).transform(transform);
            let colour = RGBColor(colour.0, colour.1, colour.2);
            let style = TextStyle { font: face, color: colour.to_backend_color(), pos: Pos::new(h_pos, VPos::Top) };
            let at = (((at.0 * SVG_UNITS).round()) as i32, ((at.1 * SVG_UNITS).round()) as i32);
            backend.draw_text(text, &style, at).ok()
        }
    }
}

pub fn png(scene: &Scene) -> Vec<u8> {
    font::register();
    let units = PNG_UNITS as u32;
    let (width, height) = (scene.size.0 * units, scene.size.1 * units);
    let mut pixels = vec![0xffu8; width as usize * height as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        let mut ok = true;
        for mark in &scene.marks {
            ok &= png_mark(&mut backend, mark).is_some();
        }
        ok &= backend.present().is_ok();
        debug_assert!(ok, "drawing into memory does not fail");
    }
    let (small, size) = average(&pixels, width as usize, height as usize);
    encode(&small, size)
}

fn png_mark(backend: &mut BitMapBackend, mark: &Mark) -> Option<()> {
    match mark {
        Mark::Path { points, colour, width } => stroke(backend, &grid(points, PNG_UNITS), *colour, width * PNG_UNITS),
        Mark::Area { points, colour, alpha } => {
            let points = grid(points, PNG_UNITS);
            if points.len() < 3 { Some(()) } else { backend.fill_polygon(points, &style(*colour, *alpha, 0)).ok() }
        }
        Mark::Text { at, text, em, colour, anchor, upright } => {
            let em = em * PNG_UNITS;
            let shift = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => -font::width(text, em) / 2.0,
                Anchor::End => -font::width(text, em),
            };
            let (x, y) = ((at.0 * PNG_UNITS).round() as i32, (at.1 * PNG_UNITS).round() as i32);
            let (right, bottom) = (backend.get_size().0 as i32, backend.get_size().1 as i32);
            let shift = shift.round() as i32;
            font::raster(text, em, &mut |dx, dy, cover| {
                let (px, py) = if *upright { (x + shift + dx, y + dy) } else { (x + dy, y - shift - dx) };
                if (0..right).contains(&px) && (0..bottom).contains(&py) && cover > 0.0 {
                    let colour = RGBColor(colour.0, colour.1, colour.2).mix(f64::from(cover.min(1.0)));
                    // Writing to memory within its bounds.
                    let _ = backend.draw_pixel((px, py), colour.to_backend_color());
                }
            });
            Some(())
        }
    }
}

/// A line with round joints. Each stretch is filled by itself: the outline of a whole polyline that turns sharply
/// overlaps itself and would leave holes.
fn stroke(backend: &mut BitMapBackend, points: &[(i32, i32)], colour: Rgb, width: f64) -> Option<()> {
    let half = width / 2.0;
    let fill = style(colour, 1.0, 0);
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(b.0 - a.0), f64::from(b.1 - a.1));
        let length = (dx * dx + dy * dy).sqrt();
        if dx == 0.0 || dy == 0.0 {
            // Straight lines of the frame keep sharp edges: a rectangle of exactly the width.
            let (left, top) = (a.0.min(b.0), a.1.min(b.1));
            let (right, bottom) = (a.0.max(b.0), a.1.max(b.1));
            let (back, fore) = (half.floor() as i32, (width - half.floor()).round() as i32 - 1);
            let (x, y) = if dx == 0.0 { (1, 0) } else { (0, 1) };
            let corners = ((left - back * x, top - back * y), (right + fore * x, bottom + fore * y));
            backend.draw_rect(corners.0, corners.1, &fill, true).ok()?;
            continue;
        }
        let (nx, ny) = (-dy / length * half, dx / length * half);
        let corner = |p: (i32, i32), s: f64| {
            ((f64::from(p.0) + s * nx).round() as i32, (f64::from(p.1) + s * ny).round() as i32)
        };
        let corners = vec![corner(a, 1.0), corner(b, 1.0), corner(b, -1.0), corner(a, -1.0)];
        backend.fill_polygon(corners, &fill).ok()?;
    }
    if half >= 2.0 {
        for &joint in points.iter().skip(1).take(points.len().saturating_sub(2)) {
            backend.draw_circle(joint, half.round() as u32 - 1, &fill, true).ok()?;
        }
    }
    Some(())
}

/// Averages blocks of pixels: smooth edges without relying on a rasteriser for them.
fn average(pixels: &[u8], width: usize, height: usize) -> (Vec<u8>, (u32, u32)) {
    let (columns, rows) = (width / AVERAGED, height / AVERAGED);
    let mut out = Vec::with_capacity(columns * rows * 3);
    let count = (AVERAGED * AVERAGED) as u32;
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..3 {
                let mut sum = 0u32;
                for y in 0..AVERAGED {
                    let start = ((row * AVERAGED + y) * width + column * AVERAGED) * 3 + channel;
                    sum += (0..AVERAGED).map(|x| u32::from(pixels[start + 3 * x])).sum::<u32>();
                }
                out.push(((sum + count / 2) / count) as u8);
            }
        }
    }
    (out, (columns as u32, rows as u32))
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    let dots = (144.0 / 0.0254) as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: dots, yppu: dots, unit: png::Unit::Meter }));
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    out
}
