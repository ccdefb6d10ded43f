//! The schemas that the program prints are those that the project publishes.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::Bench;

/// `UPDATE_SCHEMAS=1 cargo test -p expbundle-cli schemas` writes them anew after a change of the
/// types.
#[test]
fn the_folder_holds_what_the_types_say() {
    let bench = Bench::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let names = bench.ok(&["schema"]);
    for name in names.lines() {
        let (text, file) = (bench.ok(&["schema", name]), folder.join(format!("{name}.schema.json")));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&file, &text).expect("the folder of schemas can be written");
        }
        let held = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(held == text, "{name}: run UPDATE_SCHEMAS=1 cargo test -p expbundle-cli schemas");
    }
    let files = std::fs::read_dir(&folder).expect("schemas/ is here").map(|entry| entry.expect("an entry").file_name());
    let files: BTreeSet<String> = files.map(|name| name.into_string().expect("a name")).collect();
    assert_eq!(files, names.lines().map(|name| format!("{name}.schema.json")).collect(), "a file that no type makes");
}
