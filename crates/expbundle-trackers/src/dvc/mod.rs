//! DVC projects and `DVCLive` folders: what DVC keeps in its own files, in a work tree or in the
//! commits of its git repository.

mod files;
mod index;
mod live;
mod pipeline;
mod project;
mod results;
mod run;
mod run_cache;
mod settings;
mod workspace;

pub use files::Files;
pub use index::{Index, Revision};
pub use live::{Live, Row, Series, Trouble, read_series};
pub use pipeline::{Locked, Output, Pipeline, Tracked, resolve};
pub use project::{Project, ProjectError, Projects};
pub use run::{Found, Run};
pub use settings::{Remote, Settings};

pub use crate::git::{Commit, Id};
