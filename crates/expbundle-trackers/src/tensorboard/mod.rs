//! TensorBoard event files: TFRecord with protobuf in it, as TensorFlow, PyTorch and tensorboardX
//! write them.

mod event;
mod hparams;
mod media;
mod parts;
mod records;
mod run;
mod sink;
mod source;
mod tensor;
mod values;

pub use hparams::{End, Experiment, Session};
pub use parts::Part;
pub use run::{Found, Run};
pub use sink::{Medium, Sink};
pub use source::Source;
