//! What the Trainer of Hugging Face's Transformers leaves: `trainer_state.json` in each checkpoint,
//! with the model beside it.

mod pieces;
mod scanner;
mod source;
mod state;

pub use source::{Run, Source};
pub use state::State;
