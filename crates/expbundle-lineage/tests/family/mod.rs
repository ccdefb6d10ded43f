//! Builds records that read as a story: `record("b").takes("model", "x").puts("model", "y")`.
#![allow(dead_code, reason = "each test file uses a part of it")]

use expbundle_format::record::{Form, Kind, Parent, Source};
use expbundle_format::{ArtifactDigests, DigestSet, RecordId, Sha256, StatementId};
use expbundle_lineage::{ArtifactFact, AssertedLink, Facts, FileFact, Lineage, RecordFacts};

/// The id of the record of that name.
pub fn id(name: &str) -> RecordId {
    RecordId(digest(name).blake3)
}

pub fn digest(name: &str) -> DigestSet {
    DigestSet::of(format!("record {name}").as_bytes())
}

/// Both digests of some bytes. A number alone would be what tools write for nothing.
pub fn bytes(content: &str) -> ArtifactDigests {
    let start = if content.parse::<u32>().is_ok() { "content " } else { "" };
    DigestSet::of(format!("{start}{content}").as_bytes()).into()
}

pub fn pointer(content: &str) -> ArtifactDigests {
    Sha256::of(content.as_bytes()).into()
}

/// BLAKE3 of one content with SHA-256 of another.
pub fn liar(blake3_of: &str, sha256_of: &str) -> ArtifactDigests {
    ArtifactDigests::new(bytes(blake3_of).blake3(), bytes(sha256_of).sha256()).expect("two digests")
}

#[derive(Clone, Debug)]
pub struct Story(pub RecordFacts);

pub fn record(name: &str) -> Story {
    Story(RecordFacts::new(digest(name), Kind::Run))
}

impl Story {
    pub fn takes(self, role: &str, content: &str) -> Self {
        self.input(artifact(role, bytes(content)))
    }

    pub fn puts(self, role: &str, content: &str) -> Self {
        self.output(artifact(role, bytes(content)))
    }

    pub fn puts_tree(self, role: &str, listing: &str, files: &[&str]) -> Self {
        self.output(tree(role, listing, files))
    }

    pub fn takes_tree(self, role: &str, listing: &str, files: &[&str]) -> Self {
        self.input(tree(role, listing, files))
    }

    pub fn input(mut self, fact: ArtifactFact) -> Self {
        self.0.inputs.push(fact);
        self
    }

    pub fn output(mut self, fact: ArtifactFact) -> Self {
        self.0.outputs.push(fact);
        self
    }

    pub fn from(mut self, relation: &str, parent: &str) -> Self {
        self.0.parents.push(Parent { record: digest(parent), relation: relation.parse().expect("a relation") });
        self
    }

    pub fn at(mut self, started: &str, ended: &str) -> Self {
        self.0.started = Some(started.parse().expect("a time"));
        self.0.ended = Some(ended.parse().expect("a time"));
        self
    }

    pub fn run(mut self, tool: &str, run: &str) -> Self {
        self.0.source = Some(Source { tool: tool.to_owned(), run: run.to_owned() });
        self
    }
}

/// Large enough to prove something.
pub const SIZE: u64 = 1 << 20;

pub fn artifact(role: &str, digests: ArtifactDigests) -> ArtifactFact {
    ArtifactFact::new(role.parse().expect("a role"), digests, SIZE)
}

/// A tree of weights, each file called after its content.
pub fn tree(role: &str, listing: &str, files: &[&str]) -> ArtifactFact {
    let file = |content: &&str| FileFact { path: format!("{content}.bin"), digests: bytes(content), size_bytes: SIZE };
    ArtifactFact { form: Form::Tree, files: files.iter().map(file).collect(), ..artifact(role, bytes(listing)) }
}

pub fn link(child: &str, parent: &str) -> AssertedLink {
    AssertedLink {
        child: id(child),
        parent: digest(parent),
        relation: None,
        artifact: None,
        statement: StatementId(bytes("statement").blake3().expect("a digest")),
    }
}

pub fn facts(stories: &[Story]) -> Facts {
    Facts { records: stories.iter().map(|story| story.0.clone()).collect(), ..Facts::default() }
}

pub fn lineage(stories: &[Story]) -> Lineage {
    Lineage::build(facts(stories))
}

pub fn codes(lineage: &Lineage) -> Vec<&'static str> {
    lineage.findings().iter().map(|finding| finding.code.as_str()).collect()
}

/// Sorted, as every answer is.
pub fn ids(names: &[&str]) -> Vec<RecordId> {
    let mut ids: Vec<_> = names.iter().map(|name| id(name)).collect();
    ids.sort_unstable();
    ids
}

/// A chain of diamonds from `top 0` to `top RUNGS`: each doubles the ways.
pub fn ladder(rungs: u32) -> Lineage {
    let mut stories = vec![record("top 0").puts("model", "0")];
    for rung in 0..rungs {
        for side in ["left", "right"] {
            let made = format!("{side} {rung}");
            stories.push(record(&made).takes("model", &rung.to_string()).puts("model", &made));
        }
        let below = (rung + 1).to_string();
        let bottom = record(&format!("top {below}")).puts("model", &below);
        stories.push(bottom.takes("model", &format!("left {rung}")).takes("model", &format!("right {rung}")));
    }
    lineage(&stories)
}
