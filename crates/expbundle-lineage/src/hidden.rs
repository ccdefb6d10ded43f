//! Listings that are not here, and what may be in them (spec/lineage.md, "Nothing missing helps").
//!
//! Any file may be in a tree whose listing is not here. So whoever put such a tree out may have
//! made whatever others took in, and whoever took one in may have been given whatever others made.

use expbundle_format::record::Form;

use crate::contents::{Contents, may_join};
use crate::evidence::carries_proof;
use crate::facts::{ArtifactFact, RecordFacts};

/// Whether it is a tree whose files could join records if they were known.
fn hides_files(artifact: &ArtifactFact) -> bool {
    artifact.form == Form::Tree
        && artifact.files.is_empty()
        && carries_proof(artifact)
        && artifact.digests.is_some_and(|digests| !digests.is_of_nothing())
}

/// What hidden files may join, from children to parents; nothing if no listing is missing. There
/// are two vertices more, from `first` on: the files that were taken in, and those that were put
/// out. So this costs as much as there are artifacts.
pub(crate) fn arcs(records: &[RecordFacts], contents: &Contents, first: u32) -> Vec<(u32, u32)> {
    let (taken_in, put_out) = (first, first + 1);
    let mut arcs = Vec::new();
    let numbered = || (0_u32..).zip(records);
    let takers = numbered().filter(|(_, facts)| facts.inputs.iter().any(hides_files));
    arcs.extend(takers.map(|(record, _)| (record, taken_in)));
    if !arcs.is_empty() {
        arcs.extend(contents.possible_makers().map(|record| (taken_in, record)));
    }
    let is_hidden = |output: &ArtifactFact| hides_files(output) && output.passed_on != Some(true);
    let makers = numbered().filter(|(_, facts)| facts.outputs.iter().any(is_hidden));
    let makers: Vec<u32> = makers.map(|(record, _)| record).collect();
    if makers.is_empty() {
        return arcs;
    }
    for (record, facts) in numbered() {
        let may_be_file = |input: &ArtifactFact| input.digests.is_some_and(|digests| may_join(input, None, &digests));
        if facts.inputs.iter().any(may_be_file) {
            arcs.push((record, put_out));
        }
    }
    arcs.extend(makers.into_iter().map(|record| (put_out, record)));
    arcs
}
