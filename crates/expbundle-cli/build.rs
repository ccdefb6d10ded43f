//! Lists the files of `demo/`, which travel inside the program.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=demo");
    let mut paths = Vec::new();
    list(Path::new("demo"), &mut paths)?;
    paths.sort();
    let mut text = String::from("&[\n");
    for name in paths.iter().filter_map(|path| path.strip_prefix("demo/")).filter(|name| *name != "README.md") {
        let content = format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/demo/\", {name:?}))");
        _ = writeln!(text, "    ({name:?}, {content}),");
    }
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("examples.rs"), text + "]")
}

/// All files below a folder.
fn list(folder: &Path, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, paths)?;
        } else {
            paths.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
