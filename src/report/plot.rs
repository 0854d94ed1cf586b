//! Pictures: a figure with axes, curves and a legend beside them, as PNG and as SVG.
//!
//! A [`Figure`] says what is to be seen; [`frame`] lays it out, `canvas` draws on plotters' backends, which
//! nothing else knows. The font is in the program, so pictures look the same on machines without fonts, and
//! are the same bytes everywhere. Colours are those of Okabe and Ito, which colour-blind people tell apart;
//! besides, curves differ in their dashes and marks.

mod canvas;
mod frame;
pub mod power;
mod scale;

pub use scale::Spacing;

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Portable Network Graphics, with two pixels for each unit of the layout.
    pub png: Vec<u8>,
    /// Scalable Vector Graphics; its texts stay texts.
    pub svg: String,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlotError {
    /// The font isn't one.
    #[error("the program's own font can't be read")]
    Font,
    /// A backend failed.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// The encoder failed.
    #[error("the PNG can't be encoded: {0}")]
    Png(String),
}

/// What is to be seen.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it shows, in a line.
    pub title: String,
    /// How it came about, in a line below.
    pub subtitle: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// A second row of labels below the horizontal axis.
    pub second_x: Option<SecondLabels>,
    /// The curves, in the order of the legend.
    pub curves: Vec<Curve>,
    /// Straight lines over the whole width or height, at the end of the legend.
    pub marks: Vec<Mark>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// How values are spaced.
    pub spacing: Spacing,
    /// Its first value; above 0 on a logarithmic axis.
    pub low: f64,
    /// Its last value, above the first.
    pub high: f64,
}

/// Labels that are a multiple of the axis' own.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondLabels {
    /// What they show.
    pub label: String,
    /// The multiple.
    pub factor: f64,
}

/// A curve through points.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its line in the legend.
    pub name: String,
    /// How it is drawn.
    pub style: Style,
    /// From left to right.
    pub points: Vec<CurvePoint>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// The ends of its interval.
    pub interval: Option<(f64, f64)>,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Its colour.
    pub colour: Colour,
    /// Its line.
    pub dashes: Dashes,
    /// What marks its points.
    pub marker: Marker,
}

/// Colours that colour-blind people tell apart.
///
/// # References
/// M. Okabe, K. Ito, "Color Universal Design", 2008.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the colours")]
pub enum Colour {
    Blue,
    Vermillion,
    Green,
    Purple,
    Orange,
    SkyBlue,
    Black,
}

impl Colour {
    /// All of them, the easiest to tell apart first.
    pub const ALL: [Self; 7] = [
        Self::Blue,
        Self::Vermillion,
        Self::Green,
        Self::Purple,
        Self::Orange,
        Self::SkyBlue,
        Self::Black,
    ];

    /// Red, green, blue.
    const fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Blue => (0, 114, 178),
            Self::Vermillion => (213, 94, 0),
            Self::Green => (0, 158, 115),
            Self::Purple => (204, 121, 167),
            Self::Orange => (230, 159, 0),
            Self::SkyBlue => (86, 180, 233),
            Self::Black => (0, 0, 0),
        }
    }
}

/// Lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dashes {
    Solid,
    Dashed,
    Dotted,
    DashDotted,
}

/// Marks of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Marker {
    Disc,
    Circle,
    Square,
    Triangle,
    Diamond,
}

/// A straight line that marks a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Its line in the legend.
    pub name: String,
    /// Where.
    pub at: At,
    /// How it is drawn; without points.
    pub dashes: Dashes,
}

/// Where a [`Mark`] is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// A vertical line there.
    X(f64),
    /// A horizontal line there.
    Y(f64),
}

impl Figure {
    /// Draws it.
    ///
    /// # Errors
    /// A backend that fails; none does in practice.
    pub fn draw(&self) -> Result<Picture, PlotError> {
        Ok(Picture {
            png: canvas::png(frame::SIZE, |canvas| frame::draw(self, canvas))?,
            svg: canvas::svg(frame::SIZE, |canvas| frame::draw(self, canvas))?,
        })
    }
}

#[cfg(test)]
mod tests;
