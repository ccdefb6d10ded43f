//! Records that other records of a source name as their parents: each is converted once, however
//! many runs need it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use expbundle_format::DigestSet;

use crate::{ConvertError, Converted, Options};

/// The digests of records that were needed, by run and by the options that change a record.
///
/// Runs that are nested in each other in a circle are left out: what the record of one says depends
/// on which run was asked for.
#[derive(Debug, Default)]
pub(crate) struct Ancestry(Mutex<BTreeMap<(String, String), DigestSet>>);

/// What is known of the run that a run names as its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParentLink {
    /// It names none.
    None,
    /// The digest of its record.
    Record(DigestSet),
    /// The source does not have it.
    Missing,
    /// The runs are nested in each other in a circle, which no record can say.
    Circle,
}

/// A run as its reader gives it: the key of its parent, and what a record is built from.
pub(crate) struct Read<R> {
    pub parent: Option<String>,
    pub run: R,
}

/// A tracker's two steps from a key to a record.
pub(crate) trait Steps {
    type Run;

    /// Reads a run; `None` if the source does not have it.
    fn read(&self, key: &str, options: &Options<'_>) -> Result<Option<Read<Self::Run>>, ConvertError>;

    /// Builds the record of a run that follows from its parent.
    fn build(&self, run: Self::Run, parent: ParentLink, options: &Options<'_>) -> Result<Converted, ConvertError>;
}

impl Ancestry {
    /// Converts a run, and before it those of its ancestors whose records are not known, from the
    /// topmost down.
    pub fn convert<S: Steps>(&self, steps: &S, key: &str, options: &Options<'_>) -> Result<Converted, ConvertError> {
        let missing = || ConvertError::NoSuchRun { run: key.to_owned() };
        let Read { parent, run } = steps.read(key, options)?.ok_or_else(missing)?;
        let link = self.link(steps, key, parent, options)?;
        let converted = steps.build(run, link, options)?;
        if link != ParentLink::Circle && options.inputs.is_empty() && options.outputs.is_empty() {
            self.insert(key, options, converted.bundle.record().digest());
        }
        Ok(converted)
    }

    fn link<S: Steps>(
        &self,
        steps: &S,
        key: &str,
        parent: Option<String>,
        options: &Options<'_>,
    ) -> Result<ParentLink, ConvertError> {
        // From the run upwards, until there is no parent, or one whose record is known.
        let mut ancestors: Vec<(String, S::Run)> = Vec::new();
        let mut link = ParentLink::None;
        // The position in `[run, ancestors…]` from which on everyone is in the circle.
        let mut circle = usize::MAX;
        let mut next = parent;
        while let Some(id) = next {
            let mut seen = std::iter::once(key).chain(ancestors.iter().map(|(id, _)| id.as_str()));
            if let Some(position) = seen.position(|seen| seen == id) {
                (link, circle) = (ParentLink::Circle, position);
                break;
            }
            if let Some(digest) = self.get(&id, options) {
                link = ParentLink::Record(digest);
                break;
            }
            let Some(Read { parent, run }) = steps.read(&id, options)? else {
                link = ParentLink::Missing;
                break;
            };
            ancestors.push((id, run));
            next = parent;
        }
        // What was declared was declared of the run that was asked for.
        let plain = Options { inputs: &[], outputs: &[], ..*options };
        while let Some((id, run)) = ancestors.pop() {
            let digest = steps.build(run, link, &plain)?.bundle.record().digest();
            // In `[run, ancestors…]` this ancestor stands one further on.
            if ancestors.len() + 1 < circle {
                self.insert(&id, options, digest);
            }
            // The run below the ancestor is in the circle too, or has it for a parent.
            link = if ancestors.len() >= circle { ParentLink::Circle } else { ParentLink::Record(digest) };
        }
        Ok(link)
    }

    fn get(&self, key: &str, options: &Options<'_>) -> Option<DigestSet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id(key, options)).copied()
    }

    fn insert(&self, key: &str, options: &Options<'_>, digest: DigestSet) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id(key, options), digest);
    }
}

/// The same run is another record with other options.
fn id(key: &str, options: &Options<'_>) -> (String, String) {
    (key.to_owned(), format!("{:?}", (options.files, options.embed, options.allow_secrets)))
}
