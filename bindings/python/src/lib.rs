//! `expbundle._core`: the libraries of the workspace for Python. What is a rule of the format, or a
//! decision, is there; here are conversions of types, and nothing that Rust users would miss.
//!
//! The Python side is in `../python/expbundle`: documentation, types, hooks.
#![deny(missing_docs)]
#![allow(clippy::doc_link_with_quotes, reason = "types of Python")]
#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

mod arguments;
mod arrow;
mod bundle;
mod convert;
mod counted;
mod described;
mod ending;
mod error;
mod family;
mod folder;
mod hints;
mod html;
mod key;
mod points;
mod record;
mod report;
mod run;
mod series;
mod value;
mod work;

use pyo3::prelude::*;

/// The extension module.
#[pymodule(gil_used = true)]
mod _core {
    #[pymodule_export]
    use crate::bundle::{Bundle, open};
    #[pymodule_export]
    use crate::convert::{Conversion, Source, source, trackers};
    #[pymodule_export]
    use crate::family::{Diff, Lineage, Why, diff, lineage, merge, why};
    #[pymodule_export]
    use crate::folder::{Change, attach, detach, release};
    #[pymodule_export]
    use crate::hints::_in_python;
    #[pymodule_export]
    use crate::key::Key;
    #[pymodule_export]
    use crate::record::Record;
    #[pymodule_export]
    use crate::report::{Finding, Report, verify};
    #[pymodule_export]
    use crate::run::Run;
    #[pymodule_export]
    use crate::series::Series;

    /// The version of the package, and of the program in it.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
