//! How notebooks show things. Names and texts are words of strangers, so nothing in them is taken for
//! HTML, and names are cells as in the tables of the program.

use std::fmt::Write as _;

use expbundle_words::cell;

/// Width and height of a curve, in pixels.
const SIZE: (f64, f64) = (160.0, 24.0);

/// Words without a meaning in HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text as it is printed.
pub fn printed(text: &str) -> String {
    format!("<pre style=\"white-space: pre-wrap\">{}</pre>", escaped(text))
}

/// A table of metrics: name, curve, last value as text.
pub fn curves<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [f64], String)>) -> String {
    let mut table = String::from("<table>");
    for (name, values, last) in rows {
        let (name, picture, last) = (escaped(&cell(name)), curve(values), escaped(&last));
        // A `String` takes everything.
        let _written = write!(table, "<tr><td>{name}</td><td>{picture}</td><td>{last}</td></tr>");
    }
    table + "</table>"
}

/// A line through values at equal distances, between the smallest and the largest. Values that are
/// not finite are gaps, and fewer than two values draw no line.
fn curve(values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    if finite().nth(1).is_none() {
        return String::new();
    }
    let (low, high) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let (width, height) = SIZE;
    let across = width / (values.len() - 1) as f64;
    let mut path = String::new();
    let mut pen = 'M';
    for (place, value) in values.iter().enumerate() {
        if !value.is_finite() {
            pen = 'M';
            continue;
        }
        // Halves, because the difference of the two ends may be beyond what a float holds.
        let range = high / 2.0 - low / 2.0;
        let share = if range > 0.0 { (value / 2.0 - low / 2.0) / range } else { 0.5 };
        let (x, y) = (place as f64 * across, (height - 2.0) * (1.0 - share) + 1.0);
        let _written = write!(path, "{pen}{x:.1} {y:.1}");
        pen = 'L';
    }
    format!(
        "<svg width=\"{width}\" height=\"{height}\" role=\"img\"><path d=\"{path}\" fill=\"none\" stroke=\"currentColor\"/></svg>"
    )
}
