//! Hugging Face model folders: card, configuration, results, Git LFS pointers, and the revision where a clone or the cache shows one.

mod card;
mod folder;
mod pointer;
mod revision;

pub use card::Card;
pub use folder::{Model, ModelFile, Results};
pub use pointer::Pointer;
pub use revision::Hub;
