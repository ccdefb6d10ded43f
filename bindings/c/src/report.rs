//! The report of a check.

use std::ffi::{CString, c_char};
use std::ptr::null;

use expbundle::report::Report;
use expbundle_words::section::visible_json;

use crate::call::{c_text, free};

/// What was found of a bundle or model folder. Its texts live until it is freed.
pub struct ExpbReport {
    json: CString,
    state: CString,
    holds: bool,
}

impl ExpbReport {
    /// What C sees of a report.
    pub fn of(report: &Report) -> Self {
        let json = serde_json::to_string_pretty(report).expect("a report is JSON") + "\n";
        Self { json: c_text(&visible_json(&json)), state: c_text(report.state.as_str()), holds: report.holds }
    }
}

/// The report as `expbundle verify --json` writes it (schemas/report.schema.json). NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn expb_report_json(report: Option<&ExpbReport>) -> *const c_char {
    report.map_or(null(), |report| report.json.as_ptr())
}

/// "refused", "malformed", "intact", "signed" or "trusted". NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn expb_report_state(report: Option<&ExpbReport>) -> *const c_char {
    report.map_or(null(), |report| report.state.as_ptr())
}

/// Whether the state that was required holds. This is the answer to ask for: false for NULL, so
/// that a check that could not be made never passes.
#[unsafe(no_mangle)]
pub extern "C" fn expb_report_holds(report: Option<&ExpbReport>) -> bool {
    report.is_some_and(|report| report.holds)
}

/// Frees a report; NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn expb_report_free(report: Option<Box<ExpbReport>>) {
    free(report);
}
