//! Lines, marks and texts on plotters' two backends, in units of the layout.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, Circle, DrawingArea, DrawingBackend, IntoDrawingArea, PathElement, Polygon,
    Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle, register_font,
};

use super::{Dashes, Marker, PlotError};

/// The family that plotters knows the font by.
const FAMILY: &str = "sans-serif";
/// What SVGs ask for: the font of the layout, else one that is as wide.
const SVG_FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";
/// Pixels of the PNG for a unit of the layout.
const PNG_SCALE: u32 = 2;
/// The PNG says how large it wants to be: pixels per metre at 96 units an inch.
const PIXELS_PER_METRE: u32 = 3_780 * PNG_SCALE;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);
/// Across and down, from the upper left corner.
pub(super) type Spot = (f64, f64);

/// A surface of some backend.
pub(super) struct Canvas<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    scale: f64,
}

/// Which part of a text is at its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    /// The left end, at half the height.
    Left,
    /// The right end, at half the height.
    Right,
    /// The middle of the upper edge.
    Top,
    /// The middle of a text that is read from below.
    Upwards,
}

/// Draws as PNG.
pub(super) fn png<F>(size: (u32, u32), draw: F) -> Result<Vec<u8>, PlotError>
where
    F: FnOnce(&Canvas<'_, BitMapBackend<'_>>) -> Result<(), PlotError>,
{
    load_font()?;
    let (width, height) = (size.0 * PNG_SCALE, size.1 * PNG_SCALE);
    let mut pixels = vec![255; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        let canvas = Canvas {
            area: &area,
            scale: f64::from(PNG_SCALE),
        };
        draw(&canvas)?;
        area.present().map_err(drawing)?;
    }
    encode(&pixels, width, height).map_err(|error| PlotError::Png(error.to_string()))
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: PIXELS_PER_METRE,
        yppu: PIXELS_PER_METRE,
        unit: png::Unit::Meter,
    }));
    encoder.add_text_chunk("Software".to_owned(), "rollsim".to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Draws as SVG.
pub(super) fn svg<F>(size: (u32, u32), draw: F) -> Result<String, PlotError>
where
    F: FnOnce(&Canvas<'_, SVGBackend<'_>>) -> Result<(), PlotError>,
{
    load_font()?;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let canvas = Canvas {
            area: &area,
            scale: 1.0,
        };
        draw(&canvas)?;
        area.present().map_err(drawing)?;
    }
    let family = format!("font-family=\"{FAMILY}\"");
    let families = format!("font-family=\"{SVG_FAMILIES}\"");
    Ok(rounded_sizes(&text.replace(&family, &families)))
}

/// Font sizes with two decimals: plotters writes all the digits of a division.
fn rounded_sizes(svg: &str) -> String {
    const KEY: &str = "font-size=\"";
    let mut pieces = svg.split(KEY);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(KEY);
        match piece.split_once('"') {
            Some((size, rest)) => {
                let rounded = size.parse().map(|size: f64| format!("{size:.2}"));
                text.push_str(rounded.as_deref().unwrap_or(size));
                text.push('"');
                text.push_str(rest);
            }
            None => text.push_str(piece),
        }
    }
    text
}

/// Makes plotters know the font, once.
fn load_font() -> Result<(), PlotError> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let regular = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
        let bold = register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold());
        regular.is_ok() && bold.is_ok()
    });
    if *loaded {
        Ok(())
    } else {
        Err(PlotError::Font)
    }
}

fn drawing(error: impl std::fmt::Display) -> PlotError {
    PlotError::Drawing(error.to_string())
}

impl<B: DrawingBackend> Canvas<'_, B> {
    fn at(&self, (x, y): Spot) -> (i32, i32) {
        let round = |place: f64| (place * self.scale).round() as i32;
        (round(x), round(y))
    }

    fn length(&self, length: f64) -> i32 {
        (length * self.scale).round() as i32
    }

    fn stroke(&self, (red, green, blue): Rgb, width: f64) -> ShapeStyle {
        let width = self.length(width).max(1) as u32;
        RGBColor(red, green, blue).stroke_width(width)
    }

    /// A rectangle filled with a colour.
    pub(super) fn fill(
        &self,
        from: Spot,
        to: Spot,
        (red, green, blue): Rgb,
    ) -> Result<(), PlotError> {
        let style = RGBColor(red, green, blue).filled();
        let shape = Rectangle::new([self.at(from), self.at(to)], style);
        self.area.draw(&shape).map_err(drawing)
    }

    /// A line through spots.
    pub(super) fn line(&self, spots: &[Spot], colour: Rgb, width: f64) -> Result<(), PlotError> {
        let spots: Vec<(i32, i32)> = spots.iter().map(|spot| self.at(*spot)).collect();
        let path = PathElement::new(spots, self.stroke(colour, width));
        self.area.draw(&path).map_err(drawing)
    }

    /// A line with dashes.
    pub(super) fn dashed(
        &self,
        spots: &[Spot],
        dashes: Dashes,
        colour: Rgb,
        width: f64,
    ) -> Result<(), PlotError> {
        let pattern: &[f64] = match dashes {
            Dashes::Solid => return self.line(spots, colour, width),
            Dashes::Dashed => &[9.0, 5.0],
            Dashes::Dotted => &[2.0, 4.0],
            Dashes::DashDotted => &[9.0, 4.0, 2.0, 4.0],
        };
        for dash in cut(spots, pattern) {
            self.line(&dash, colour, width)?;
        }
        Ok(())
    }

    /// A mark around a spot.
    pub(super) fn mark(&self, at: Spot, marker: Marker, colour: Rgb) -> Result<(), PlotError> {
        const RADIUS: f64 = 4.5;
        let (red, green, blue) = colour;
        let filled = RGBColor(red, green, blue).filled();
        let (x, y) = at;
        let polygon = |corners: &[(f64, f64)]| {
            let corners = corners
                .iter()
                .map(|(dx, dy)| self.at((x + dx * RADIUS, y + dy * RADIUS)));
            let shape = Polygon::new(corners.collect::<Vec<_>>(), filled);
            self.area.draw(&shape).map_err(drawing)
        };
        match marker {
            Marker::Disc => {
                let shape = Circle::new(self.at(at), self.length(RADIUS), filled);
                self.area.draw(&shape).map_err(drawing)
            }
            Marker::Circle => {
                let white = Circle::new(
                    self.at(at),
                    self.length(RADIUS),
                    RGBColor(255, 255, 255).filled(),
                );
                self.area.draw(&white).map_err(drawing)?;
                let ring = Circle::new(self.at(at), self.length(RADIUS), self.stroke(colour, 1.8));
                self.area.draw(&ring).map_err(drawing)
            }
            Marker::Square => polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
            Marker::Triangle => polygon(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
            Marker::Diamond => polygon(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        }
    }

    /// A text.
    pub(super) fn text(
        &self,
        text: &str,
        at: Spot,
        anchor: Anchor,
        size: f64,
        (red, green, blue): Rgb,
    ) -> Result<(), PlotError> {
        self.styled(
            text,
            at,
            anchor,
            (size, FontStyle::Normal),
            RGBColor(red, green, blue),
        )
    }

    /// A text in bold.
    pub(super) fn bold(&self, text: &str, at: Spot, size: f64) -> Result<(), PlotError> {
        self.styled(
            text,
            at,
            Anchor::Left,
            (size, FontStyle::Bold),
            RGBColor(0, 0, 0),
        )
    }

    fn styled(
        &self,
        text: &str,
        at: Spot,
        anchor: Anchor,
        (size, style): (f64, FontStyle),
        colour: RGBColor,
    ) -> Result<(), PlotError> {
        let (horizontal, vertical) = match anchor {
            Anchor::Left => (HPos::Left, VPos::Center),
            Anchor::Right => (HPos::Right, VPos::Center),
            Anchor::Top | Anchor::Upwards => (HPos::Center, VPos::Top),
        };
        let font = (FAMILY, size * self.scale, style).into_font();
        let font = match anchor {
            Anchor::Upwards => font.transform(FontTransform::Rotate270),
            _ => font,
        };
        let style = TextStyle::from(font)
            .color(&colour)
            .pos(Pos::new(horizontal, vertical));
        let shape = Text::new(text.to_owned(), self.at(at), style);
        self.area.draw(&shape).map_err(drawing)
    }

    /// How wide a text is.
    pub(super) fn width(&self, text: &str, size: f64) -> Result<f64, PlotError> {
        let font = (FAMILY, size * self.scale).into_font();
        let (width, _) = font.box_size(text).map_err(drawing)?;
        Ok(f64::from(width) / self.scale)
    }
}

/// Cuts a line into dashes: lengths of dash and gap in turn.
fn cut(spots: &[Spot], pattern: &[f64]) -> Vec<Vec<Spot>> {
    let mut dashes = Vec::new();
    let (mut turn, mut left) = (0, pattern[0]);
    let mut dash: Vec<Spot> = spots.first().copied().into_iter().collect();
    for pair in spots.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = libm::hypot(x1 - x0, y1 - y0);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let spot = (x0 + share * (x1 - x0), y0 + share * (y1 - y0));
            if turn % 2 == 0 {
                dash.push(spot);
                dashes.push(std::mem::take(&mut dash));
            } else {
                dash = vec![spot];
            }
            turn = (turn + 1) % pattern.len();
            left = pattern[turn];
        }
        left -= length - done;
        if turn % 2 == 0 {
            dash.push((x1, y1));
        }
    }
    if dash.len() > 1 {
        dashes.push(dash);
    }
    dashes
}

#[cfg(test)]
mod tests {
    use super::{cut, rounded_sizes};

    #[test]
    fn dashes_and_gaps_take_turns_round_corners() {
        let line = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
        let dashes = cut(&line, &[6.0, 2.0]);
        assert_eq!(
            dashes,
            [
                vec![(0.0, 0.0), (6.0, 0.0)],
                vec![(8.0, 0.0), (10.0, 0.0), (10.0, 4.0)],
                vec![(10.0, 6.0), (10.0, 10.0)],
            ]
        );
        assert!(cut(&[], &[1.0, 1.0]).is_empty());
    }

    #[test]
    fn font_sizes_are_rounded_and_all_else_stays() {
        let svg =
            r#"<text font-size="17.741935483870968" x="1">a</text><text font-size="12">b</text>"#;
        let rounded = r#"<text font-size="17.74" x="1">a</text><text font-size="12.00">b</text>"#;
        assert_eq!(rounded_sizes(svg), rounded);
    }
}
