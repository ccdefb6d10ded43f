//! A row of an export.

/// A row: one value. Most columns of a row are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub project: Option<String>,
    pub run: Option<String>,
    pub path: Option<String>,
    pub kind: Option<String>,
    pub step: Option<f64>,
    /// Milliseconds since 1970.
    pub time_ms: Option<i64>,
    pub integer: Option<i64>,
    pub float: Option<f64>,
    pub text: Option<String>,
    pub boolean: Option<bool>,
    /// Milliseconds since 1970.
    pub date_ms: Option<i64>,
    pub set: Option<Vec<String>>,
    pub file: Option<String>,
    /// Type, edges and values.
    pub histogram: Option<(String, Vec<f64>, Vec<f64>)>,
}
