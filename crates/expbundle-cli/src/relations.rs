//! Questions about families on the command line: the bundles that are gathered, and the exit
//! status.

use camino::Utf8PathBuf;
use expbundle::judge::State;
use expbundle_format::RecordId;
use expbundle_format::time::Time;
use expbundle_query::{Found, Question, Relations, Scope, Source};
use expbundle_words::{Failure, relations as words};

use crate::{exit, files, keys, signers, terminal};

/// Where the family is, and whom to trust
#[derive(Debug, clap::Args)]
pub struct Around {
    /// More bundles, or folders of them
    #[arg(long, value_name = "PATH", value_parser = files::path)]
    with: Vec<Utf8PathBuf>,
    /// Signers to trust: OpenSSH `allowed_signers` file, `.pub` or `.keys` file, or a public key;
    /// all records in the answer must then be trusted
    #[arg(long, value_name = "FILE")]
    pub trust: Option<Utf8PathBuf>,
    /// Judge keys as of this day or time [default: now]
    #[arg(long, value_name = "TIME", value_parser = keys::day_or_moment)]
    at: Option<Time>,
    /// Require that nobody whose word counts objects, as `verify` does: also after `--at`, and all
    /// parents must be here
    #[arg(long)]
    no_objections: bool,
}

impl Around {
    /// The exit status of an answer about these records, which is also told where nobody was to
    /// object.
    pub fn status(&self, relations: &Relations, start: &[RecordId], status: u8) -> u8 {
        if status != exit::OK || !self.no_objections || relations.is_without_objections(start) {
            return status;
        }
        terminal::talk(&words::not_without_objections(relations, start));
        exit::NOT_AS_ASKED
    }
}

/// Gathers and judges the family of what lies at a path, and says what was not looked at.
pub fn of(about: Source, around: &Around, record: Option<&str>, scope: Scope) -> Result<Relations, Failure> {
    let path = about.path.clone();
    let question = Question {
        policy: around.trust.as_deref().map(signers::read).transpose()?,
        at: around.at.unwrap_or_else(keys::now),
        about,
        with: around.with.iter().map(|path| files::source(path)).collect::<Result<_, _>>()?,
        record,
        scope,
    };
    let relations =
        Relations::of(question).map_err(|error| words::unanswered(error, &path, !around.with.is_empty()))?;
    terminal::talk(&words::passed_over(&relations.passed_over));
    relations.refused.iter().for_each(|refused| terminal::print(&refused.into()));
    Ok(relations)
}

/// Finds bundles, and says what was not looked at.
pub fn find(paths: &[Utf8PathBuf]) -> Result<Vec<Source>, Failure> {
    let sources = paths.iter().map(|path| files::source(path)).collect::<Result<Vec<_>, _>>()?;
    let Found { sources, passed_over: not_read } = expbundle_query::find(sources)?;
    terminal::talk(&words::passed_over(&not_read));
    Ok(sources)
}

/// The exit status of a command that told of these records: that of `verify` for them, and for what
/// was taken back and is asked about.
///
/// Broken bundles are none of these and still end it, for nobody knows what they would say. So does
/// a file that no record is known to have made, where nobody asks for trust.
pub fn conclude(relations: &Relations, told: impl IntoIterator<Item = RecordId>) -> u8 {
    end(relations, relations.state_of_all(told))
}

/// The same of an answer whose state is known.
pub fn end(relations: &Relations, state: State) -> u8 {
    let required = if relations.policy.is_some() { State::Trusted } else { State::Intact };
    let of_records = exit::of(state, required);
    let of_broken = relations.refused.iter().map(|refused| exit::of_failure(&Failure::from(refused)));
    // Where a bundle was not read, nobody knows whether it has a record that made the file.
    let is_unknown = relations.is_of_unknown_maker() && relations.policy.is_none() && relations.refused.is_empty();
    exit::worst(of_broken.chain([of_records]).chain(is_unknown.then_some(exit::FAILED)))
}
