//! Hugging Face model folders: card, configuration, results, Git LFS pointers, and the revision
//! where a clone or the cache shows one.

mod card;
mod folder;
mod revision;

pub use card::Card;
pub use folder::{Model, ModelFile, Results};
pub use revision::Hub;
