//! Bytes that prove: which artifacts only their producer can have made (spec/lineage.md, "Bytes
//! that prove").
//!
//! Equal bytes join records because nobody makes the same weights twice by chance. A licence, a
//! tokenizer or an empty configuration is the same everywhere, so it joins nobody.

use expbundle_format::ArtifactDigests;
use expbundle_format::record::Form;

use crate::facts::{ArtifactFact, RecordFacts};
use crate::listing::FileFact;
pub use crate::nothing::is_trivial;
pub use crate::taken::InputListings;
use crate::taken::{Digests, Taken};
use expbundle_format::record::role::carries_lineage;

/// The smallest file that proves anything. It is no larger, because small models and data sets are
/// real; reports give the size of the bytes that prove a link, and writers mark what has a common
/// name.
pub const LEAST_BYTES: u64 = 3;

/// Ends of names, in lower case, of files that hold weights or data: of a tree only these prove.
pub const UNIQUE_ENDS: &[&str] = &[
    ".arrow",
    ".avro",
    ".bin",
    ".bz2",
    ".caffemodel",
    ".cbm",
    ".ckpt",
    ".csv",
    ".engine",
    ".feather",
    ".ggml",
    ".gguf",
    ".gz",
    ".h5",
    ".hdf5",
    ".joblib",
    ".jsonl",
    ".keras",
    ".lance",
    ".llamafile",
    ".mds",
    ".mlmodel",
    ".mnn",
    ".msgpack",
    ".ndjson",
    ".nemo",
    ".npy",
    ".npz",
    ".onnx",
    ".orc",
    ".parquet",
    ".pb",
    ".pdiparams",
    ".pdparams",
    ".pickle",
    ".pkl",
    ".pt",
    ".pte",
    ".pth",
    ".ptl",
    ".rknn",
    ".safetensors",
    ".skops",
    ".t7",
    ".tar",
    ".tflite",
    ".tfrecord",
    ".tgz",
    ".torchscript",
    ".trt",
    ".tsv",
    ".ubj",
    ".weights",
    ".xz",
    ".zip",
    ".zst",
];

/// Names, in lower case, of files that come with every model of a kind, or that systems and tools
/// leave in folders.
const COMMON_NAMES: &[&str] = &[
    ".dockerignore",
    ".ds_store",
    ".dvcignore",
    ".editorconfig",
    ".python-version",
    "__init__.py",
    "adapter_config.json",
    "added_tokens.json",
    "cachedir.tag",
    "chat_template.jinja",
    "chat_template.json",
    "conda.yaml",
    "config.json",
    "config_sentence_transformers.json",
    "desktop.ini",
    "dockerfile",
    "environment.yaml",
    "environment.yml",
    "feature_extractor_config.json",
    "generation_config.json",
    "image_processor_config.json",
    "input_example.json",
    "lookups.bin",
    "makefile",
    "merges.txt",
    "mlmodel",
    "model_index.json",
    "modules.json",
    "normalizer.json",
    "package.json",
    "preprocessor_config.json",
    "processor_config.json",
    "py.typed",
    "pyproject.toml",
    "python_env.yaml",
    "quantization_config.json",
    "quantize_config.json",
    "requirements.txt",
    "scaler.pt",
    "scheduler.pt",
    "scheduler_config.json",
    "sentence_bert_config.json",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "serving_input_example.json",
    "setup.cfg",
    "source.spm",
    "special_tokens_map.json",
    "spiece.model",
    "spm.model",
    "target.spm",
    "tekken.json",
    "thumbs.db",
    "tokenizer.bin",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "training_args.bin",
    "video_preprocessor_config.json",
    "vocab.bpe",
    "vocab.json",
    "vocab.txt",
];

/// Beginnings, in lower case, of names of files that hold the state of a random generator: of one
/// seed it is the same for many; and of git's own files.
const COMMON_STARTS: &[&str] = &["random_states", "rng_state", ".git"];

/// Ends, in lower case, of names of documents, code, and indexes of weights, which are the same for
/// all models of one shape.
const COMMON_ENDS: &[&str] = &[".md", ".py", ".index.json"];

/// Beginnings, in lower case, of names of documents.
const DOCUMENTS: &[&str] =
    &["authors", "changelog", "citation", "contributing", "copying", "licence", "license", "notice", "readme"];

/// Ends, in lower case, of names of documents that begin with a longer word: `license_notes.txt`, but
/// not `license_plates.torchscript`.
const TEXT_ENDS: &[&str] = &[".html", ".pdf", ".rst", ".txt"];

/// Whether a file of that name is the same for many: a document, a tokenizer, a configuration.
/// Writers mark such artifacts as `common`. Neither case nor blanks at the end make it another
/// name.
pub fn has_common_name(path: &str) -> bool {
    let name = path.trim_end_matches(' ').rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    COMMON_NAMES.contains(&name.as_str())
        || COMMON_ENDS.iter().any(|end| name.ends_with(end))
        || COMMON_STARTS.iter().any(|start| name.starts_with(start))
        || is_document(&name)
}

fn is_document(name: &str) -> bool {
    let Some(rest) = DOCUMENTS.iter().find_map(|start| name.strip_prefix(start)) else { return false };
    let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let is_text = !rest.contains('.') || TEXT_ENDS.iter().any(|end| rest.ends_with(end));
    (!goes_on || is_text) && !UNIQUE_ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a file of a tree can have come from one producer only: its name is that of weights or
/// data, and it is not small.
pub fn is_unique_file(path: &str, size_bytes: u64) -> bool {
    let lower = path.to_ascii_lowercase();
    let can = size_bytes >= LEAST_BYTES && UNIQUE_ENDS.iter().any(|end| lower.ends_with(end));
    can && !is_hidden(path) && !has_common_name(path)
}

/// Whether a part of a path begins with a dot: what tools keep there is alike in many folders.
fn is_hidden(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| part.starts_with('.'))
}

/// Whether a file of a tree is not one that others have by chance, whatever it holds. A tree
/// without any proves nothing as a whole, and writers mark it as `common`.
pub fn is_own_file(path: &str, digests: &ArtifactDigests, size_bytes: u64) -> bool {
    size_bytes >= LEAST_BYTES && !is_hidden(path) && !has_common_name(path) && !is_trivial(digests)
}

/// Whether an artifact, or a file of its tree, can have come from one producer only.
///
/// Of a tree that takes its listing: what is in it cannot be proven away by withholding that.
pub(crate) fn is_unique(artifact: &ArtifactFact, file: Option<&FileFact>) -> bool {
    let digests = file.map(|file| file.digests).or(artifact.digests);
    !artifact.common
        && !digests.as_ref().is_some_and(is_trivial)
        && match (file, artifact.form) {
            (Some(file), _) => is_unique_file(&file.path, file.size_bytes),
            (None, Form::Tree) => artifact.files.first_own().is_some(),
            (None, Form::File) => artifact.size_bytes.is_some_and(|size| size >= LEAST_BYTES),
        }
}

/// Whether it can join records: it is unique, `record.json` lists it, and its role carries lineage.
pub(crate) fn can_prove(artifact: &ArtifactFact, file: Option<&FileFact>) -> bool {
    carries_proof(artifact) && is_unique(artifact, file)
}

/// Whether anything of it can join records: what does not depend on the bytes, and so holds for all
/// files of a tree alike.
pub(crate) fn carries_proof(artifact: &ArtifactFact) -> bool {
    artifact.listed && carries_lineage(&artifact.role) && !artifact.common
}

/// How a record came by what it put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing that it took in has these bytes, as far as anybody could hide that.
    Made,
    /// It was given them.
    PassedOn,
    /// What it took in is not all here, or cannot be compared, and its record does not say.
    Unknown,
}

/// What one record took in, so that it can be asked what it made.
pub struct Maker<'a> {
    /// What `record.json` lists: nobody can leave that out.
    listed: Digests,
    taken: Taken<'a>,
    known: &'a InputListings,
    hides_inputs: bool,
}

impl<'a> Maker<'a> {
    /// `known` are the listings that it and others took in. So many questions will be asked, about:
    /// what is done beforehand depends on that.
    pub fn new(facts: &RecordFacts, questions: usize, known: &'a InputListings) -> Self {
        let listed = facts.inputs.iter().filter(|input| input.listed).filter_map(|input| input.digests);
        Self {
            listed: Digests::new(&listed.collect::<Vec<_>>()),
            taken: Taken::by(&facts.inputs, questions, known),
            known,
            hides_inputs: facts.hides_inputs(),
        }
    }

    /// How the record came by these bytes, which are an output of it or a file of its tree, and have
    /// that mark.
    ///
    /// What the record says of its output counts, because it is signed and cannot be left out; only
    /// where it says nothing do listings and descriptions decide, and where one of them is
    /// withheld, or an input is known by the other algorithm only, nothing does.
    pub fn origin(&self, passed_on: Option<bool>, digests: &ArtifactDigests) -> Origin {
        let was_given = match passed_on {
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

    /// The same for a file of a tree that is an output. Of a tree that was passed on every file was.
    pub fn origin_of_file(&self, tree: &ArtifactFact, digests: &ArtifactDigests) -> Origin {
        let is_given = tree.digests.is_some_and(|tree| self.listed.has(&tree));
        if is_given { Origin::PassedOn } else { self.origin(tree.passed_on, digests) }
    }

    /// Whether it lists or describes these bytes as an input by themselves, and not only in a tree.
    pub fn was_given_itself(&self, digests: &ArtifactDigests) -> bool {
        self.taken.has_itself(digests)
    }

    /// Which listings it took in, in order: those who took in the same ones were given the same files
    /// of trees.
    pub fn trees(&self) -> &[usize] {
        &self.taken.trees
    }

    /// The same for an output as a whole. Who only chose files out of what it was given has made no
    /// tree: anybody else who chooses them has the same one.
    pub(crate) fn origin_of_whole(&self, output: &ArtifactFact, digests: &ArtifactDigests) -> Origin {
        let origin = self.origin(output.passed_on, digests);
        let is_made = |file: &FileFact| self.origin(output.passed_on, &file.digests) == Origin::Made;
        let Some(first) = output.files.first_own().filter(|_| origin == Origin::Made) else { return origin };
        let is_one_made = is_made(first) || {
            // Each of those that are left is made, or an input of its own.
            let left;
            let files = match output.passed_on {
                None => {
                    left = self.known.left_of(&output.files, &self.taken.trees);
                    &*left
                }
                Some(_) => output.files.own(),
            };
            files.iter().any(|file| is_made(&output.files[*file as usize]))
        };
        if is_one_made { Origin::Made } else { Origin::PassedOn }
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::DigestSet;

    use super::*;
    use crate::listing::Listing;

    #[test]
    fn common_names_are_so_in_any_case_and_with_blanks_behind() {
        for name in [
            "tokenizer.json ",
            "a/TOKENIZER.JSON",
            ".DS_Store",
            "CACHEDIR.TAG",
            "model_index.json",
            "x\\.gitattributes",
        ] {
            assert!(has_common_name(name), "{name}");
        }
        for name in ["modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "vocab.bpe"] {
            assert!(has_common_name(name), "{name}");
        }
        for name in ["checkpoint-5/rng_state_0.pth", "training_args.bin", "x/scheduler.pt", "random_states_0.pkl"] {
            assert!(has_common_name(name) && !is_unique_file(name, 1 << 20), "{name}");
        }
        for name in ["LICENSE", "license-apache-2.0", "LICENSE.MIT", "NOTICES", "license_notes.txt", "README_zh"] {
            assert!(has_common_name(name), "{name}");
        }
        for name in ["license_plates.torchscript", "readme_writer.onnx", "license_plates.own", "license.safetensors"] {
            assert!(!has_common_name(name), "{name}");
        }
        for name in ["model.safetensors", "readme.parquet", "cat.jpg", "tokenizer"] {
            assert!(!has_common_name(name), "{name}");
        }
    }

    #[test]
    fn whatever_looks_like_weights_can_prove() {
        for end in expbundle_format::weights::ENDS {
            assert!(UNIQUE_ENDS.contains(&end), "{end}");
        }
    }

    #[test]
    fn a_tree_proves_by_a_file_that_is_its_own() {
        let proves = |files: &[(&str, &str)]| {
            let file = |(path, content): &(&str, &str)| FileFact {
                path: (*path).to_owned(),
                digests: DigestSet::of(content.as_bytes()).into(),
                size_bytes: 1 << 20,
            };
            let tree = ArtifactFact::new("model".parse().expect("a role"), DigestSet::of(b"listing").into(), 300);
            let files: Listing = files.iter().map(file).collect();
            is_unique(&ArtifactFact { form: Form::Tree, files, ..tree }, None)
        };
        assert!(proves(&[("LICENSE", "text"), ("cat.jpg", "a cat")]));
        assert!(!proves(&[("LICENSE", "text"), ("__init__.py", "")]));
        assert!(!proves(&[("a.json", "{}\n"), ("b.json", "[]\n")]));
        // What is in it is not known.
        assert!(!proves(&[]));
    }
}
