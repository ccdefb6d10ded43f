//! Feeds one of the targets with what libFuzzer thinks of: the one that `TARGET` names.
//!
//! All are one program: linking the crates once for each would take longer than a short run of it.
#![no_main]

use std::sync::LazyLock;

use expbundle_fuzz::{Target, chosen};

static CHOSEN: LazyLock<Target> = LazyLock::new(chosen);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| CHOSEN(bytes));
