//! Colours, dashes and markers of series, told apart also by the colour-blind and on grey paper.

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

pub const INK: Rgb = (0x22, 0x22, 0x22);
pub const FAINT: Rgb = (0x55, 0x55, 0x55);
pub const GRID: Rgb = (0xe9, 0xe9, 0xe9);
pub const PAPER: Rgb = (0xff, 0xff, 0xff);

/// M. Okabe and K. Ito, "Color Universal Design" (2008), without their yellow, which white paper swallows; then three
/// of P. Tol's muted colours ("Colour Schemes", SRON/EPS/TN/09-002, 2021). The order keeps neighbours apart in lightness.
const PALETTE: [Rgb; 10] = [
    (0x00, 0x72, 0xb2),
    (0xd5, 0x5e, 0x00),
    (0x00, 0x9e, 0x73),
    (0xcc, 0x79, 0xa7),
    (0xe6, 0x9f, 0x00),
    (0x56, 0xb4, 0xe9),
    (0x40, 0x40, 0x40),
    (0x88, 0x22, 0x55),
    (0x99, 0x99, 0x33),
    (0x33, 0x22, 0x88),
];

/// Lengths of strokes and gaps in points; empty for an unbroken line.
const DASHES: [&[f64]; 5] = [&[], &[7.0, 3.0], &[2.2, 2.4], &[8.0, 2.6, 2.2, 2.6], &[12.0, 3.5]];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Pentagon,
    Down,
}

const MARKERS: [Marker; 6] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Down, Marker::Pentagon];

pub fn colour(index: usize) -> Rgb {
    PALETTE[index % PALETTE.len()]
}

pub fn dash(index: usize) -> &'static [f64] {
    DASHES[index % DASHES.len()]
}

pub fn marker(index: usize) -> Marker {
    MARKERS[index % MARKERS.len()]
}

impl Marker {
    /// Corners on the unit circle, scaled so that all markers look equally large; a circle has many.
    pub fn outline(self) -> &'static [(f64, f64)] {
        match self {
            Marker::Circle => &CIRCLE,
            Marker::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Marker::Triangle => &[(0.0, -1.25), (1.1, 0.72), (-1.1, 0.72)],
            Marker::Down => &[(0.0, 1.25), (-1.1, -0.72), (1.1, -0.72)],
            Marker::Diamond => &[(0.0, -1.28), (1.16, 0.0), (0.0, 1.28), (-1.16, 0.0)],
            Marker::Pentagon => &[(0.0, -1.16), (1.10, -0.36), (0.68, 0.94), (-0.68, 0.94), (-1.10, -0.36)],
        }
    }
}

/// A regular polygon of 16 corners.
const CIRCLE: [(f64, f64); 16] = [
    (1.0, 0.0),
    (0.924, 0.383),
    (0.707, 0.707),
    (0.383, 0.924),
    (0.0, 1.0),
    (-0.383, 0.924),
    (-0.707, 0.707),
    (-0.924, 0.383),
    (-1.0, 0.0),
    (-0.924, -0.383),
    (-0.707, -0.707),
    (-0.383, -0.924),
    (0.0, -1.0),
    (0.383, -0.924),
    (0.707, -0.707),
    (0.924, -0.383),
];
