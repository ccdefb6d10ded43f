//! Bytes that prove: which artifacts only their producer can have made (spec/lineage.md, "Bytes that prove").
//!
//! Equal bytes join records because nobody makes the same weights twice by chance. A licence, a tokenizer or an empty configuration is the
//! same everywhere, so it joins nobody.

use std::sync::OnceLock;

use expbundle_format::record::Form;
use expbundle_format::{Agreement, ArtifactDigests, DigestSet};

use crate::facts::{ArtifactFact, RecordFacts};
use crate::listing::FileFact;
use crate::relation::carries_lineage;
use crate::taken::{Digests, Taken};

/// The smallest file that proves anything. It is no larger, because small models and data sets are real; reports give the size of the bytes
/// that prove a link, and writers mark what has a common name.
pub const LEAST_BYTES: u64 = 3;

/// What tools write for nothing: these files are everywhere, as empty ones are.
const TRIVIAL: &[&str] = &[
    "\r\n\r\n", "\n\n\n", "---\n", "[]\n", "[]\r\n", "{}\n", "{}\r\n", "\"\"\n", "null", "null\n", "None", "None\n",
    "true", "true\n", "false", "false\n", "{\n}\n", "[\n]\n", "{ }\n",
];

/// Ends of names, in lower case, of files that hold weights or data: of a tree only these prove.
pub const UNIQUE_ENDS: &[&str] = &[
    ".arrow",
    ".avro",
    ".bin",
    ".bz2",
    ".ckpt",
    ".csv",
    ".feather",
    ".gguf",
    ".gz",
    ".h5",
    ".hdf5",
    ".joblib",
    ".jsonl",
    ".keras",
    ".lance",
    ".mds",
    ".msgpack",
    ".ndjson",
    ".nemo",
    ".npy",
    ".npz",
    ".onnx",
    ".orc",
    ".parquet",
    ".pickle",
    ".pkl",
    ".pt",
    ".pth",
    ".safetensors",
    ".tar",
    ".tflite",
    ".tfrecord",
    ".tgz",
    ".tsv",
    ".xz",
    ".zip",
    ".zst",
];

/// Names, in lower case, of files that come with every model of a kind.
const COMMON_NAMES: &[&str] = &[
    "__init__.py",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "conda.yaml",
    "config.json",
    "generation_config.json",
    "input_example.json",
    "merges.txt",
    "mlmodel",
    "preprocessor_config.json",
    "python_env.yaml",
    "requirements.txt",
    "sentencepiece.bpe.model",
    "serving_input_example.json",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// Beginnings, in lower case, of names of documents.
const DOCUMENTS: &[&str] =
    &["authors", "changelog", "citation", "contributing", "copying", "licence", "license", "notice", "readme", ".git"];

/// Whether a file of that name is the same for many: a document, a tokenizer, a configuration. Writers mark such artifacts as `common`.
pub fn has_common_name(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    COMMON_NAMES.contains(&name.as_str())
        || name.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "md" | "py"))
        || DOCUMENTS.iter().any(|start| name.starts_with(start)) && !UNIQUE_ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a file of a tree can have come from one producer only: its name is that of weights or data, and it is not small.
pub fn is_unique_file(path: &str, size_bytes: u64) -> bool {
    let path = path.to_ascii_lowercase();
    size_bytes >= LEAST_BYTES && UNIQUE_ENDS.iter().any(|end| path.ends_with(end))
}

fn is_trivial(digests: &ArtifactDigests) -> bool {
    static DIGESTS: OnceLock<Vec<ArtifactDigests>> = OnceLock::new();
    let known = DIGESTS.get_or_init(|| TRIVIAL.iter().map(|text| DigestSet::of(text.as_bytes()).into()).collect());
    known.iter().any(|trivial| digests.agreement(trivial) != Agreement::Different)
}

/// Whether an artifact, or a file of its tree, can have come from one producer only.
pub(crate) fn is_unique(artifact: &ArtifactFact, file: Option<&FileFact>) -> bool {
    let digests = file.map(|file| file.digests).or(artifact.digests);
    !artifact.common
        && !digests.as_ref().is_some_and(is_trivial)
        && match file {
            Some(file) => is_unique_file(&file.path, file.size_bytes),
            None => artifact.form == Form::Tree || artifact.size_bytes.is_some_and(|size| size >= LEAST_BYTES),
        }
}

/// Whether it can join records: it is unique, `record.json` lists it, and its role carries lineage.
pub(crate) fn can_prove(artifact: &ArtifactFact, file: Option<&FileFact>) -> bool {
    carries_proof(artifact) && is_unique(artifact, file)
}

/// Whether anything of it can join records: what does not depend on the bytes, and so holds for all files of a tree alike.
pub(crate) fn carries_proof(artifact: &ArtifactFact) -> bool {
    artifact.listed && carries_lineage(&artifact.role) && !artifact.common
}

/// How a record came by what it put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing that it took in has these bytes, as far as anybody could hide that.
    Made,
    /// It was given them.
    PassedOn,
    /// What it took in is not all here, or cannot be compared, and its record does not say.
    Unknown,
}

/// What one record took in, so that it can be asked what it made.
pub(crate) struct Maker<'a> {
    /// What `record.json` lists: nobody can leave that out.
    listed: Digests,
    taken: Taken<'a>,
    hides_inputs: bool,
}

impl<'a> Maker<'a> {
    /// `known` are listings of which the digests are in order already.
    pub(crate) fn new(facts: &RecordFacts, known: &'a std::collections::HashMap<usize, Digests>) -> Self {
        let listed = facts.inputs.iter().filter(|input| input.listed).filter_map(|input| input.digests);
        Self {
            listed: Digests::new(&listed.collect::<Vec<_>>()),
            taken: Taken::by(&facts.inputs, facts.outputs.iter().map(|output| 1 + output.files.len()).sum(), known),
            hides_inputs: facts.hides_inputs(),
        }
    }

    /// How the record came by these bytes, which are this output of it or a file of its tree.
    ///
    /// What the record says of its output counts, because it is signed and cannot be left out; only where it says nothing do listings and
    /// descriptions decide, and where one of them is withheld, or an input is known by the other algorithm only, nothing does.
    pub(crate) fn origin(&self, output: &ArtifactFact, digests: &ArtifactDigests) -> Origin {
        let was_given = match output.passed_on {
            _ if self.listed.has(digests) => Some(true),
            None if self.taken.has(digests) => Some(true),
            None if self.hides_inputs || !self.taken.can_tell(digests) => None,
            said => Some(said == Some(true)),
        };
        match was_given {
            Some(true) => Origin::PassedOn,
            Some(false) => Origin::Made,
            None => Origin::Unknown,
        }
    }
}
