//! Records that other records of a source name as their parents: each is converted once, however
//! many runs need it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use expbundle_format::DigestSet;

use crate::{ConvertError, Converted, Options};

/// What is known of the runs of a source by now.
#[derive(Debug, Default)]
pub(crate) struct Ancestry(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The digests of records that were needed, by run and by the options that change a record.
    records: BTreeMap<(String, String), DigestSet>,
    /// Runs that are nested in each other in a circle. Each is here before its record is above, so
    /// whoever finds the record of a run in its own circle can tell.
    in_circles: HashSet<String>,
}

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
        let missing = || ConvertError::no_such_run(key);
        let Read { parent, run } = steps.read(key, options)?.ok_or_else(missing)?;
        let link = self.link(steps, key, parent, options)?;
        let converted = steps.build(run, link, options)?;
        if options.inputs.is_empty() && options.outputs.is_empty() {
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
        // From the run upwards, until there is no parent, or one of which enough is known.
        let mut ancestors: Vec<(String, S::Run)> = Vec::new();
        let mut positions = HashMap::from([(key.to_owned(), 0)]);
        let mut link = ParentLink::None;
        let mut next = parent;
        while let Some(id) = next {
            if let Some(first) = positions.get(&id) {
                let circle = positions.iter().filter(|(_, position)| *position >= first);
                self.known().in_circles.extend(circle.map(|(id, _)| id.clone()));
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
            let is_in_circle = self.known().in_circles.contains(&id);
            positions.insert(id.clone(), positions.len());
            ancestors.push((id, run));
            next = parent.filter(|_| !is_in_circle);
        }
        // Whoever is in a circle has no parent that a record could name, and those above do not
        // matter.
        let ids = std::iter::once(key).chain(ancestors.iter().map(|(id, _)| id.as_str()));
        let circle = {
            let known = self.known();
            ids.map(|id| known.in_circles.contains(id)).position(|is_in_circle| is_in_circle)
        };
        if let Some(position) = circle {
            ancestors.truncate(position);
            link = ParentLink::Circle;
        }
        // What was declared was declared of the run that was asked for.
        let plain = Options { inputs: &[], outputs: &[], ..*options };
        while let Some((id, run)) = ancestors.pop() {
            let digest = steps.build(run, link, &plain)?.bundle.record().digest();
            self.insert(&id, options, digest);
            link = ParentLink::Record(digest);
        }
        Ok(link)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: &str, options: &Options<'_>) -> Option<DigestSet> {
        self.known().records.get(&id(key, options)).copied()
    }

    fn insert(&self, key: &str, options: &Options<'_>, digest: DigestSet) {
        self.known().records.insert(id(key, options), digest);
    }
}

/// The same run is another record with other options.
fn id(key: &str, options: &Options<'_>) -> (String, String) {
    (key.to_owned(), format!("{:?}", (options.files, options.embed, options.allow_secrets)))
}
