//! The embedded face: DejaVu Sans, cut down to the signs that formulas need; its licence is beside it. Texts enter,
//! widths and pixels leave.

use ab_glyph::{Font, FontRef, ScaleFont, point};
use std::sync::OnceLock;

static BYTES: &[u8] = include_bytes!("font/DejaVuSans.subset.ttf");

/// As SVG viewers look it up: the embedded face where it is installed, else one of about the same width.
pub const FAMILY: &str = "DejaVu Sans, Verdana, Arial, sans-serif";

/// Height of a line between ascent and descent, in ems of this face.
const LINE: f32 = 1.164_062_5;

fn face() -> &'static FontRef<'static> {
    static FACE: OnceLock<FontRef<'static>> = OnceLock::new();
    FACE.get_or_init(|| FontRef::try_from_slice(BYTES).expect("internal: the embedded font is readable"))
}

/// Tells plotters of the face, once; it asks for one even where the text stays text.
pub fn register() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let registered = plotters::style::register_font(FAMILY, plotters::style::FontStyle::Normal, BYTES);
        debug_assert!(registered.is_ok(), "the embedded font is readable");
    });
}

/// Width of a line of text at `em` points.
pub fn width(text: &str, em: f64) -> f64 {
    let face = face().as_scaled(em as f32 * LINE);
    f64::from(text.chars().map(|c| face.h_advance(face.glyph_id(c))).sum::<f32>())
}

/// Calls `ink` with pixel position relative to the start of the baseline and coverage 0..1, for a text at `em` pixels.
pub fn raster(text: &str, em: f64, ink: &mut dyn FnMut(i32, i32, f32)) {
    let face = face();
    let scaled = face.as_scaled(em as f32 * LINE);
    let mut at = 0f32;
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        let glyph = id.with_scale_and_position(em as f32 * LINE, point(at, 0.0));
        if let Some(outline) = face.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, cover| ink(corner.x as i32 + x as i32, corner.y as i32 + y as i32, cover));
        }
        at += scaled.h_advance(id);
    }
}
