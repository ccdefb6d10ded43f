//! `expbundle.h` is what cbindgen makes of the sources.

use std::path::Path;

/// The sources in the order of the header: it reads from top to bottom.
const SOURCES: &[&str] =
    &["version", "given", "error", "bytes", "report", "bundle", "verify", "sign", "run", "known", "param"];

#[test]
fn the_header_is_that_of_the_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).expect("cbindgen.toml is its form");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(folder.join("src").join(source).with_extension("rs"));
    }
    let mut made = Vec::new();
    builder.generate().expect("the sources can be read").write(&mut made);
    let made = String::from_utf8(made).expect("text");
    let path = folder.join("expbundle.h");
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&path, &made).expect("the header can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "expbundle.h differs from the sources: UPDATE_HEADER=1 cargo test --workspace --test header"
    );
}
