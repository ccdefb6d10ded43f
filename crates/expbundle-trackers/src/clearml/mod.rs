//! `ClearML` offline sessions: the folder that `Task.set_offline(True)` writes, or the zip of it;
//! and tasks of a server that `Task.export_task()` gave, as JSON.

mod events;
mod session;

pub use events::{Event, Events, Point};
pub use session::{Session, SessionError, Sessions};

pub use crate::walk::SourceFile as SessionFile;
