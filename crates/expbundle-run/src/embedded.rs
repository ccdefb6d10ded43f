//! Small files that travel inside the bundle.

use expbundle::Content;
use expbundle_convert::embed::{self, MOST_BYTES_IN_ALL};
use expbundle_convert::roles;
use expbundle_convert::scrub::Scrubber;
use expbundle_format::record::{ArtifactRef, Form, role};
use expbundle_format::sections::{Artifact, Direction};
use serde_json::json;

use crate::error::{NotEmbedded, RunError};
use crate::keep::Part;
use crate::run::Run;

impl Run {
    /// A small file whose bytes travel inside the bundle, such as a plot, by its path among the files
    /// of the run: `plots/loss.png`. The record lists it as an output; the role is told by the name.
    ///
    /// The same name with the same bytes is recorded once. If the run is told names of people or
    /// machines later ([`Run::identity`]) and the file has one, the bundle has its digest alone.
    ///
    /// # Errors
    /// [`RunError::NotEmbedded`]: the name is taken or not a relative path, all files of the run come
    /// to more than 16 MiB, or the file names people, machines or absolute paths, or is packed, so
    /// that nobody can tell; [`RunError::Secrets`].
    pub fn add_artifact(&mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Result<(), RunError> {
        let bytes = bytes.into();
        self.together(|run| run.embed(name, bytes))?
    }

    fn embed(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), RunError> {
        let not = |why| RunError::NotEmbedded { name: name.to_owned(), why };
        if !is_relative(name) {
            return Err(not(NotEmbedded::Name));
        }
        let scrubber = Scrubber::new(&self.allow_secrets);
        if let Some(kind) = scrubber.kind_of_file(name, Some(&bytes)).or_else(|| scrubber.kind_in_path(name)) {
            return Err(RunError::Secrets { found: vec![(format!("the artifact {name:?}"), kind)] });
        }
        match embed::look(name, &bytes, &self.identity) {
            embed::Look::Clean => {}
            embed::Look::Private => return Err(not(NotEmbedded::Private)),
            embed::Look::Packed => return Err(not(NotEmbedded::Packed)),
        }
        let size = bytes.len() as u64;
        self.has_room_for(bytes.len())?;
        let content = Content::bytes(bytes);
        let digest = content.digest()?;
        let called = self.artifacts.artifacts.iter().find(|known| known.path.as_deref() == Some(name));
        match called {
            Some(known) if known.digest == Some(digest.into()) => return Ok(()),
            Some(_) => return Err(not(NotEmbedded::Taken)),
            None if self.embedded_bytes().saturating_add(size) > MOST_BYTES_IN_ALL => {
                return Err(not(NotEmbedded::NoRoom));
            }
            None => {}
        }
        self.draft.embed(content)?;
        self.keep_fixed(&format!("artifacts/{}", digest.blake3))?;
        let role = roles::of_file(name);
        // Whoever reads it as a file loads no weights from inside a bundle.
        let role = if role::carries_lineage(&role) { roles::word(role::FILE) } else { role };
        let listed = ArtifactRef::new(role.clone(), digest.into(), size, Form::File);
        if !self.draft.body().outputs.contains(&listed) {
            self.keep_more(Part::Record, |_| json!({ "outputs": [&listed] }))?;
            self.draft.body_mut().outputs.push(listed);
        }
        let mut artifact = Artifact::new(Direction::Output, role);
        (artifact.digest, artifact.size, artifact.path) = (Some(digest.into()), Some(size), Some(name.to_owned()));
        self.artifacts.artifacts.push(artifact);
        self.keep_more(Part::Artifacts, |run| json!({ "artifacts": run.artifacts.artifacts.last().as_slice() }))
    }

    /// What the embedded files come to, listings of folders aside.
    fn embedded_bytes(&self) -> u64 {
        let described = self.artifacts.artifacts.iter();
        let listings: Vec<_> =
            described.filter(|one| one.form == Form::Tree).filter_map(|one| one.digest?.blake3()).collect();
        let files = self.draft.embedded().filter(|(digest, _)| !listings.contains(digest));
        files.map(|(_, content)| content.size()).sum()
    }
}

/// Whether a name is a path below some folder, written in one way.
fn is_relative(name: &str) -> bool {
    !name.contains(['\\', '\0']) && name.split('/').all(|part| !["", ".", ".."].contains(&part))
}
