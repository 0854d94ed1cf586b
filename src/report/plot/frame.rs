//! The layout of a figure: title, axes, grid, curves, and the legend to their right, off the data.

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas, Rgb, Spot};
use super::scale::{Scale, ticks};
use super::{At, Axis, Curve, Figure, PlotError, Style};
use crate::scenario::size::three_digits;

/// Width and height.
pub(super) const SIZE: (u32, u32) = (1_000, 600);

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 600.0;
/// The corners of the data's rectangle.
const LEFT: f64 = 84.0;
const TOP: f64 = 92.0;
const RIGHT: f64 = 700.0;
const BOTTOM: f64 = 500.0;
const LEGEND: f64 = 722.0;
const LEGEND_LINE: f64 = 24.0;
const SAMPLE: f64 = 38.0;

const WHITE: Rgb = (255, 255, 255);
const BLACK: Rgb = (0, 0, 0);
const GREY: Rgb = (90, 90, 90);
const GRID: Rgb = (222, 222, 222);

const TITLE_SIZE: f64 = 20.0;
const TEXT_SIZE: f64 = 15.0;
const SMALL_SIZE: f64 = 13.5;
const LINE_WIDTH: f64 = 2.0;

/// Draws a figure.
pub(super) fn draw<B: DrawingBackend>(
    figure: &Figure,
    canvas: &Canvas<'_, B>,
) -> Result<(), PlotError> {
    canvas.fill((0.0, 0.0), (WIDTH, HEIGHT), WHITE)?;
    canvas.bold(&figure.title, (24.0, 32.0), TITLE_SIZE)?;
    canvas.text(
        &figure.subtitle,
        (24.0, 60.0),
        Anchor::Left,
        TEXT_SIZE,
        GREY,
    )?;
    let x = Scale::new(&figure.x, LEFT, RIGHT);
    let y = Scale::new(&figure.y, BOTTOM, TOP);
    horizontal_axis(figure, &x, canvas)?;
    vertical_axis(&figure.y, &y, canvas)?;
    for mark in &figure.marks {
        let line = match mark.at {
            At::X(value) => [(x.place(value), TOP), (x.place(value), BOTTOM)],
            At::Y(value) => [(LEFT, y.place(value)), (RIGHT, y.place(value))],
        };
        canvas.dashed(&line, mark.dashes, GREY, 1.2)?;
    }
    canvas.line(&[(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)], BLACK, 1.0)?;
    // The first of the legend lies on top.
    for curve in figure.curves.iter().rev() {
        draw_curve(curve, &x, &y, canvas)?;
    }
    legend(figure, canvas)
}

fn horizontal_axis<B: DrawingBackend>(
    figure: &Figure,
    scale: &Scale,
    canvas: &Canvas<'_, B>,
) -> Result<(), PlotError> {
    let middle = f64::midpoint(LEFT, RIGHT);
    for tick in ticks(&figure.x, 9) {
        let place = scale.place(tick);
        canvas.line(&[(place, TOP), (place, BOTTOM)], GRID, 1.0)?;
        canvas.line(&[(place, BOTTOM), (place, BOTTOM + 5.0)], BLACK, 1.0)?;
        let label = three_digits(tick);
        canvas.text(
            &label,
            (place, BOTTOM + 9.0),
            Anchor::Top,
            SMALL_SIZE,
            BLACK,
        )?;
        if let Some(second) = &figure.second_x {
            let label = three_digits(second.factor * tick);
            canvas.text(
                &label,
                (place, BOTTOM + 52.0),
                Anchor::Top,
                SMALL_SIZE,
                GREY,
            )?;
        }
    }
    canvas.text(
        &figure.x.label,
        (middle, BOTTOM + 29.0),
        Anchor::Top,
        TEXT_SIZE,
        BLACK,
    )?;
    if let Some(second) = &figure.second_x {
        canvas.text(
            &second.label,
            (middle, BOTTOM + 72.0),
            Anchor::Top,
            TEXT_SIZE,
            GREY,
        )?;
    }
    Ok(())
}

fn vertical_axis<B: DrawingBackend>(
    axis: &Axis,
    scale: &Scale,
    canvas: &Canvas<'_, B>,
) -> Result<(), PlotError> {
    for tick in ticks(axis, 6) {
        let place = scale.place(tick);
        canvas.line(&[(LEFT, place), (RIGHT, place)], GRID, 1.0)?;
        canvas.line(&[(LEFT - 5.0, place), (LEFT, place)], BLACK, 1.0)?;
        canvas.text(
            &three_digits(tick),
            (LEFT - 9.0, place),
            Anchor::Right,
            SMALL_SIZE,
            BLACK,
        )?;
    }
    let middle = f64::midpoint(TOP, BOTTOM);
    canvas.text(
        &axis.label,
        (20.0, middle),
        Anchor::Upwards,
        TEXT_SIZE,
        BLACK,
    )
}

fn draw_curve<B: DrawingBackend>(
    curve: &Curve,
    x: &Scale,
    y: &Scale,
    canvas: &Canvas<'_, B>,
) -> Result<(), PlotError> {
    let Style {
        colour,
        dashes,
        marker,
    } = curve.style;
    let colour = colour.rgb();
    let spot = |value: f64, ordinate: f64| -> Spot { (x.place(value), y.place(ordinate)) };
    let spots: Vec<Spot> = curve
        .points
        .iter()
        .map(|point| spot(point.x, point.y))
        .collect();
    canvas.dashed(&spots, dashes, colour, LINE_WIDTH)?;
    for point in &curve.points {
        if let Some((low, high)) = point.interval {
            let bar = [spot(point.x, low), spot(point.x, high)];
            canvas.line(&bar, colour, 1.2)?;
            for (at, place) in bar {
                canvas.line(&[(at - 4.0, place), (at + 4.0, place)], colour, 1.2)?;
            }
        }
        canvas.mark(spot(point.x, point.y), marker, colour)?;
    }
    Ok(())
}

fn legend<B: DrawingBackend>(figure: &Figure, canvas: &Canvas<'_, B>) -> Result<(), PlotError> {
    let mut at = TOP + 8.0;
    for curve in &figure.curves {
        let colour = curve.style.colour.rgb();
        let sample = [(LEGEND, at), (LEGEND + SAMPLE, at)];
        canvas.dashed(&sample, curve.style.dashes, colour, LINE_WIDTH)?;
        canvas.mark((LEGEND + SAMPLE / 2.0, at), curve.style.marker, colour)?;
        at = entry(&curve.name, at, canvas)?;
    }
    for mark in &figure.marks {
        let sample = match mark.at {
            At::Y(_) => [(LEGEND, at), (LEGEND + SAMPLE, at)],
            At::X(_) => {
                let middle = LEGEND + SAMPLE / 2.0;
                [(middle, at - 9.0), (middle, at + 9.0)]
            }
        };
        canvas.dashed(&sample, mark.dashes, GREY, 1.2)?;
        at = entry(&mark.name, at, canvas)?;
    }
    Ok(())
}

/// The words of an entry, in as many lines as they need; returns where the next begins.
fn entry<B: DrawingBackend>(
    words: &str,
    at: f64,
    canvas: &Canvas<'_, B>,
) -> Result<f64, PlotError> {
    let left = LEGEND + SAMPLE + 9.0;
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        let longer = match lines.last() {
            Some(line) => format!("{line} {word}"),
            None => word.to_owned(),
        };
        let fits = left + canvas.width(&longer, SMALL_SIZE)? <= WIDTH - 8.0;
        match lines.last_mut() {
            Some(line) if fits => *line = longer,
            _ => lines.push(word.to_owned()),
        }
    }
    let mut line_at = at;
    for line in &lines {
        canvas.text(line, (left, line_at), Anchor::Left, SMALL_SIZE, BLACK)?;
        line_at += 18.0;
    }
    Ok(line_at - 18.0 + LEGEND_LINE)
}
