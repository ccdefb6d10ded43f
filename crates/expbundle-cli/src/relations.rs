//! Questions about families on the command line: the bundles that are gathered, and errors with their next step.

use std::io::{IsTerminal as _, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::judge::State;
use expbundle_format::RecordId;
use expbundle_query::{Absence, Found, QueryError, Question, Refused, Relations, Scope, Source, WhyRefused};

use crate::failure::Failure;
use crate::terminal::{self, Tone, count, one_line, paint, quoted, some_of};
use crate::{exit, files, keys};

/// Signers of links that are named.
const MOST_NAMED: usize = 3;

/// What is asked of a family, as `lineage` and `why` are asked.
pub struct Asked<'a> {
    pub path: &'a Utf8Path,
    pub with: &'a [Utf8PathBuf],
    pub trust: Option<&'a Utf8Path>,
    pub at: Option<&'a str>,
    pub record: Option<&'a str>,
    pub scope: Scope,
}

/// Gathers and judges the family, and says what was not looked at.
pub fn of(asked: &Asked<'_>) -> Result<Relations, Failure> {
    let question = Question {
        policy: asked.trust.map(keys::signers).transpose()?,
        at: keys::moment(asked.at)?,
        about: source(asked.path)?,
        with: asked.with.iter().map(|path| source(path)).collect::<Result<_, _>>()?,
        record: asked.record,
        scope: asked.scope,
    };
    let relations = Relations::of(question)?;
    terminal::talk(&passed_over(&relations.passed_over));
    relations.refused.iter().for_each(|refused| Failure::from(refused).print());
    Ok(relations)
}

/// Finds bundles, and says what was not looked at.
pub fn find(paths: &[Utf8PathBuf]) -> Result<Vec<Source>, Failure> {
    let sources = paths.iter().map(|path| source(path)).collect::<Result<Vec<_>, _>>()?;
    let Found { sources, passed_over: not_read } = expbundle_query::find(sources)?;
    terminal::talk(&passed_over(&not_read));
    Ok(sources)
}

/// `-` is a bundle on standard input. It is read from its end as well as from its beginning, so it is kept on disk meanwhile.
fn source(path: &Utf8Path) -> Result<Source, Failure> {
    if path != "-" {
        return Ok(Source::from(path.to_owned()));
    }
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        return Err(Failure::usage("`-` stands for a bundle on standard input, and that is a terminal"));
    }
    let mut file = tempfile::tempfile().map_err(|error| Failure::temporary(&error))?;
    std::io::copy(&mut input.by_ref(), &mut file).map_err(|error| Failure::temporary(&error))?;
    let content = Content::file(file).map_err(|error| Failure::temporary(&error))?;
    Ok(Source { path: path.to_owned(), content: Some(content) })
}

fn passed_over(not_read: &[(std::path::PathBuf, &'static str)]) -> String {
    let Some((first, why)) = not_read.iter().min() else { return String::new() };
    let first = one_line(&first.to_string_lossy());
    let more = match not_read.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{} not read: {first} ({why}){more}\n", paint(Tone::Doubt, "note:"))
}

/// That there is nothing to begin with, where a signers file decides what counts.
pub fn nothing_counts(relations: &Relations) -> &'static str {
    if relations.file.is_some() { "no record that counts here made this file" } else { "no record here counts" }
}

/// Why a parent that is named has no place in the graph, and who named it if the record itself does not.
pub fn absent(relations: &Relations, child: Option<RecordId>, parent: RecordId) -> String {
    let why = match relations.absence(parent) {
        Absence::SetApart => "signed by no trusted key",
        Absence::TakenBack => "and was taken back",
        Absence::NotFound => "not found",
    };
    let by = child.map(|child| relations.who_names(child, parent)).unwrap_or_default();
    if by.is_empty() { why.to_owned() } else { format!("said by {}, {why}", some_of(&by, MOST_NAMED, ", ")) }
}

/// What is not known because bundles were not looked at.
pub fn not_read(relations: &Relations) -> String {
    match relations.refused.len() as u64 {
        0 => String::new(),
        1 => "; 1 bundle was not read, and what it says is not known".to_owned(),
        several => format!("; {several} bundles were not read, and what they say is not known"),
    }
}

/// The exit status of a command that told of these records: that of `verify` for them, and for what was taken back and is asked about.
///
/// Broken bundles are none of these and still end it, for nobody knows what they would say.
pub fn conclude(relations: &Relations, told: impl IntoIterator<Item = RecordId>) -> u8 {
    let required = if relations.policy.is_some() { State::Trusted } else { State::Intact };
    let of_records = exit::of(relations.state_of_all(told), required);
    let of_broken = relations.refused.iter().map(|refused| Failure::from(refused).exit_code());
    match of_broken.chain([of_records]).collect::<Vec<u8>>() {
        all if all.contains(&exit::FAILED) => exit::FAILED,
        all if all.contains(&exit::ERROR) => exit::ERROR,
        _ => of_records,
    }
}

impl From<&Refused> for Failure {
    fn from(refused: &Refused) -> Self {
        match &refused.why {
            WhyRefused::Finding(finding) => Self::from(finding.clone()),
            WhyRefused::Read(error) => files::unreadable(&refused.path, error),
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::TooShort { beginning, fewest } => {
                Self::usage(format!("{} names no record", quoted(&beginning)))
                    .help(format!("give at least {fewest} digits of its id"))
            }
            QueryError::NoRecord(beginning) => {
                Self::usage(format!("no record here has an id that begins with {}", quoted(&beginning)))
                    .help("`expbundle verify` lists the records")
            }
            QueryError::Ambiguous { beginning, count: number } => Self::usage(format!(
                "{} have an id that begins with {}",
                count(number as u64, "record"),
                quoted(&beginning)
            ))
            .help("give more digits"),
            QueryError::NoBundle(path) => Self::usage("the folder holds no bundle")
                .at(path.as_str())
                .help("bundles are files that end in `.expb`; `expbundle convert` makes them"),
            QueryError::Folder { path, source } => Self::io("read the folder", &path, &source),
            QueryError::Refused(refused) => Self::from(&*refused),
            QueryError::Limit(finding) => Self::from(*finding),
            QueryError::Hash(error) => files::hash_failure(&error),
            other => Self::usage(other.to_string()),
        }
    }
}
