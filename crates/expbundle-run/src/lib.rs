//! Records a run as an experiment bundle: parameters, points, files; finished, signed, saved.
//!
//! This is the crate for a training loop, a script, or the author of a tracker. The crates that it
//! builds on do the rest: [`expbundle`] checks, judges, merges and attaches, and `expbundle-convert`
//! reads the files of other trackers.
//!
//! ```
//! use expbundle_run::{Run, Signing, SigningKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = expbundle_run::camino::Utf8Path::from_path(folder.path()).ok_or("UTF-8")?;
//! # let (base, tuned) = (folder.join("base.safetensors"), folder.join("tuned.safetensors"));
//! # std::fs::write(&base, "weights of the base")?;
//! # std::fs::write(&tuned, "weights after training")?;
//! # let saved = folder.join("tuned.expb");
//! let mut run = Run::new("tuned on two languages")
//!     .started("2026-11-28T03:00:00Z".parse()?)
//!     .ended("2026-11-28T03:10:00Z".parse()?)
//!     .notes("first try")
//!     .param("lr", 0.01);
//! run.input("model", &base)?.output("model", &tuned)?;
//! for step in 0..1000 {
//!     run.point("train/loss", step, 1.0 / (step + 1) as f64)?;
//! }
//! let mut bundle = run.finish()?;
//!
//! let key = SigningKey::from_seed(&[7; 32]); // or `open_key("me.key", || None)?`
//! let record = bundle.only_record().ok_or("one record")?;
//! bundle.sign(record, &Signing::new(&key, "2026-11-28T03:11:00Z".parse()?))?;
//! bundle.save(&saved)?;
//!
//! assert_eq!(expbundle_run::open(&saved)?.records().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What goes where
//!
//! | what | by | section |
//! | --- | --- | --- |
//! | title, notes, tags | [`Run::new`], [`Run::notes`], [`Run::tag`], [`Run::context`] | `context.json` |
//! | labels, groups, links | [`Run::add_labels`], [`Run::add_group`], [`Run::add_link`] | `context.json` |
//! | parameters, code, software, machine | [`Run::param`], [`Run::add_code`], [`Run::add_environment`], [`Run::add_hardware`], [`Run::recipe`] | `recipe.json` |
//! | metrics | [`Run::point`], [`Run::log`], [`Run::final_value`], [`Run::metrics_from`] | `metrics.parquet`, `summary.json` |
//! | system metrics | [`Run::log_system`], [`Run::system_from`] | `telemetry.parquet` |
//! | files that went in and came out | [`Run::input`], [`Run::output`] | the record, `artifacts.json` |
//! | files that are elsewhere, by their digests | [`Run::known_input`], [`Run::known_output`] | the record, `artifacts.json` |
//! | small files that travel inside | [`Run::add_artifact`] | the record, `artifacts.json`, `artifacts/` |
//! | earlier runs | [`Run::derived_from`] | the record |
//! | people, machines | [`Run::identity`] | `identity.json`, which can be withheld |
//! | what happened, what it used, what was measured | [`Run::add_event`], [`Run::add_use`], [`Run::add_charge`], [`Run::add_evaluation`] | `events.json`, `cost.json`, `evaluations.json` |
//! | anything else of the format | [`Run::section`], [`Run::file_section`] | by its name |
//!
//! What takes the run and gives it back cannot fail; what can takes `&mut` and leaves the run as it
//! was. The types of what a run is told are in [`sections`]:
//!
//! ```
//! use expbundle_run::Run;
//! use expbundle_run::sections::{Code, Event};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut run = Run::new("with a restart");
//! run.add_code(&Code { commit: Some("4c3fe7b".to_owned()), ..Code::default() })?;
//! run.add_event(Event {
//!     kind: "restart".to_owned(),
//!     text: Some("the node was drained".to_owned()),
//!     time: Some("2026-11-28T03:05:00Z".parse()?),
//!     ..Event::default()
//! })?;
//! # run.finish()?;
//! # Ok(())
//! # }
//! ```
//!
//! With a [journal](Run::journal) a run whose process is killed is not lost: [`Run::recover`] reads it.
//!
//! Nothing can be finished that a verifier refuses, and no secret gets in. The same calls over the
//! same files give the same bytes: nothing here looks at a clock or prints.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod about;
mod agent;
mod asked;
mod embedded;
mod error;
mod files;
mod given;
mod journal;
mod keep;
mod known;
mod lists;
mod param;
mod passphrase;
mod points;
mod recover;
mod run;
mod say;
mod signers_file;
mod tell;

pub use agent::AgentError;
pub use asked::{each_once, event_of, known_status, name_and_number, name_and_value, role_and_file};
pub use error::{JournalError, NotEmbedded, RunError};
pub use files::{FileError, agent_key, is_public_keys, key_file_warning, open_key, open_public_keys, open_signers};
pub use known::KnownFile;
pub use lists::{known_relation, known_role};
pub use param::Param;
pub use passphrase::{Passphrase, key_with_passphrase};
pub use recover::{Recovered, begin};
pub use run::{Run, sections_in};
pub use say::{SayError, say, sign_plan};
pub use signers_file::{Added, NumberedLine, Removed, SignersFileError, add_signers, remove_signers};

pub use camino;
pub use expbundle::verify::Intact;
pub use expbundle::{self, open};
pub use expbundle_convert::table;
pub use expbundle_format as format;
pub use expbundle_format::sections;
pub use expbundle_format::time::Time;
pub use expbundle_series::Point;
pub use expbundle_statement as statement;
pub use expbundle_statement::{Signing, SigningKey, TrustPolicy};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/library.md")]
struct Guide;

/// The guide for trackers of one's own, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/your-own-tracker.md")]
struct OwnTracker;
