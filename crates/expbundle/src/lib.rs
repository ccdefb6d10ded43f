//! Verify, merge, attach, create and read experiment bundles.
