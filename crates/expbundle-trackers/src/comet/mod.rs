//! Comet offline experiments: the zip that `OfflineExperiment` writes, or the folder of one that
//! was killed.

mod messages;
mod metric;
mod session;
mod source;

pub use messages::{Message, Messages};
pub use metric::{Point, Points};
pub use session::Session;
pub use source::{SessionError, Sessions};

pub use crate::walk::SourceFile as SessionFile;
