//! Checks bundles, judges them by a signers file, and says what they hold and how they hang
//! together.
//!
//! `cargo run -p expbundle-run --example read_a_bundle -- SIGNERS BUNDLE …`

#![expect(clippy::print_stdout, reason = "it is a program")]

use expbundle_run::Time;
use expbundle_run::expbundle::verify::Intact;
use expbundle_run::format::sections::{Context, Summary};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let signers = expbundle_run::open_signers(arguments.next().ok_or("name a signers file")?)?;
    // A file that is not intact is an error that names the place.
    let bundles = arguments.map(expbundle_run::open).collect::<Result<Vec<_>, _>>()?;
    let family = Intact::union(bundles).ok_or("name a bundle")?;
    let verdict = family.judge(Some(&signers), "2026-11-28T12:00:00Z".parse::<Time>()?);
    println!("{} records, {}", family.records().len(), verdict.state.as_str());
    for id in family.records().keys() {
        let title = family.json_section::<Context>(*id).map_or_else(|| "withheld".to_owned(), |context| context.title);
        println!("{id} {title:?}");
        for (key, series) in family.json_section::<Summary>(*id).unwrap_or_default().series {
            println!("  {key}: {} points, last {:?}", series.count, series.last.map(|last| last.0));
        }
        for edge in verdict.lineage.parents(*id) {
            println!("  {} from {}", edge.grade(), edge.parent);
        }
    }
    Ok(())
}
