//! Pictures that show something, the same every time.

use super::{
    At, Axis, Colour, Curve, CurvePoint, Dashes, Figure, Mark, Marker, Picture, SecondLabels,
    Spacing, Style,
};

fn figure() -> Figure {
    let point = |x, y| CurvePoint {
        x,
        y,
        interval: Some((y - 5.0, y + 5.0)),
    };
    Figure {
        title: "Detected ≥ wanted — a title".to_owned(),
        subtitle: "how it came about".to_owned(),
        x: Axis {
            label: "traffic, 1/s".to_owned(),
            spacing: Spacing::Logarithmic,
            low: 0.1,
            high: 100.0,
        },
        y: Axis {
            label: "share, %".to_owned(),
            spacing: Spacing::Linear,
            low: 0.0,
            high: 100.0,
        },
        second_x: Some(SecondLabels {
            label: "requests in a window".to_owned(),
            factor: 12.0,
        }),
        curves: vec![Curve {
            name: "detected & co with a name that needs more than one line".to_owned(),
            style: Style {
                colour: Colour::Blue,
                dashes: Dashes::Solid,
                marker: Marker::Disc,
            },
            points: vec![point(0.1, 10.0), point(1.0, 50.0), point(100.0, 90.0)],
        }],
        marks: vec![Mark {
            name: "wanted".to_owned(),
            at: At::Y(95.0),
            dashes: Dashes::Dashed,
        }],
    }
}

/// Pixels of a PNG as (width, RGB bytes).
fn decoded(picture: &Picture) -> (u32, Vec<u8>) {
    let decoder = png::Decoder::new(std::io::Cursor::new(&picture.png));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (2_000, 1_200));
    (info.width, pixels)
}

/// Dark pixels in a rectangle of the layout.
fn dark(picture: &Picture, (left, top): (u32, u32), (right, bottom): (u32, u32)) -> usize {
    let (width, pixels) = decoded(picture);
    let rows = 2 * top..2 * bottom;
    let places =
        rows.flat_map(|y| (2 * left..2 * right).map(move |x| 3 * (y * width + x) as usize));
    places
        .filter(|&place| pixels[place..place + 3].iter().all(|&part| part < 100))
        .count()
}

#[test]
fn texts_are_where_they_belong() {
    let picture = figure().draw().unwrap();
    for (name, from, to) in [
        ("title", (24, 20), (400, 44)),
        ("label of x", (300, 528), (500, 550)),
        ("label of y", (8, 200), (40, 400)),
        ("numbers of x", (84, 508), (700, 526)),
        ("numbers of y", (44, 92), (76, 510)),
        ("legend", (765, 90), (1_000, 140)),
    ] {
        assert!(dark(&picture, from, to) > 40, "{name} is missing");
    }
    // Nothing is written over the margins.
    assert_eq!(dark(&picture, (0, 0), (6, 600)), 0);
    assert_eq!(dark(&picture, (994, 0), (1_000, 600)), 0);
    assert_eq!(dark(&picture, (0, 594), (1_000, 600)), 0);
}

#[test]
fn the_svg_holds_its_texts_and_nothing_of_the_machine() {
    let picture = figure().draw().unwrap();
    let svg = &picture.svg;
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    for text in [
        "Detected ≥ wanted — a title",
        "traffic, 1/s",
        "detected &amp; co",
        "wanted",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(svg.contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
    assert!(!svg.contains("font-family=\"sans-serif\""));
}

#[test]
fn the_same_figure_is_the_same_bytes() {
    assert_eq!(figure().draw().unwrap(), figure().draw().unwrap());
}

/// Fonts come with the program: nothing that asks the system for some may get in.
#[test]
fn no_crate_asks_the_system_for_fonts() {
    let lock = include_str!("../../../Cargo.lock");
    for name in [
        "font-kit",
        "fontconfig",
        "yeslogic-fontconfig-sys",
        "freetype",
    ] {
        assert!(!lock.contains(&format!("name = \"{name}")), "{name}");
    }
}
