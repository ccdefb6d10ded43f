//! The change to the card: whose words it repeats, and what it says of the bundle.

use std::collections::{BTreeSet, HashSet};

use camino::Utf8Path;
use expbundle::judge::Verdict;
use expbundle::verify::Intact;
use expbundle_format::sections::Context;
use expbundle_format::{Foreign, RecordId};
use expbundle_statement::{Identity, Kind, VerifiedStatement};

use crate::BUNDLE_NAME;
use crate::attach::{AttachError, AttachOptions, is_barred, text_of};
use crate::benchmarks;
use crate::card;
use crate::documentation::{CARD, MOST_CARD_BYTES, may_choose_files};
use crate::front_matter;
use crate::notes::{count, listed, name};
use crate::plan::{After, Change};
use crate::story::{self, Story};

/// What a card is told.
pub(crate) struct Telling<'a> {
    /// The bundle as it will be in the folder.
    pub joined: &'a Intact,
    /// The one that is there.
    pub present: Option<&'a Intact>,
    /// Of the joined bundle.
    pub verdict: &'a Verdict,
    /// Records that the card is about.
    pub told: &'a [RecordId],
}

/// Keys that the line in the card names.
const MOST_KEYS: usize = 3;

impl Telling<'_> {
    /// The changes to the card and to the results beside it; and what a person should know of them.
    pub fn changes(
        &self,
        folder: &Utf8Path,
        options: &AttachOptions<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Change>, AttachError> {
        let before = text_of(folder, CARD)?;
        let canonical = folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned());
        let named = before.as_deref().and_then(model_name);
        let model_name = named.as_deref().or(canonical.file_name()).unwrap_or("model");
        let (results, strangers): (Vec<_>, Vec<_>) = self.results(options).into_iter().partition(|(_, counts)| *counts);
        let results: Vec<&VerifiedStatement> = results.into_iter().map(|(statement, _)| statement).collect();
        let (mut all, mut left_out) = Story::of(self.joined, self.told, &results).additions(model_name);
        let at = |source| AttachError::Card { path: folder.join(CARD), source };
        let kept = before.as_deref().map(card::added_base_models).transpose().map_err(at)?;
        all.base_models.extend(self.given(kept.unwrap_or_default()));
        all.base_models.extend(options.base_models.iter().cloned());
        all.line = Some(self.line(options));
        let benchmarks = benchmarks::change(folder, &options.benchmarks, &results, &mut left_out, notes)?;
        let mut changes = Vec::from_iter(benchmarks);
        let edited = card::add(before.as_deref(), &all).map_err(at)?;
        notes.extend(
            before.as_deref().map(|before| card::taken_out(before, &edited.text)).transpose().map_err(at)?.flatten(),
        );
        notes.extend(edited.notes);
        left_out.extend(edited.left_out);
        notes.extend(left_out.note());
        notes.extend(stranger_results(strangers.len(), options));
        if before.as_deref() == Some(edited.text.as_str()) {
            return Ok(changes);
        }
        if may_choose_files(edited.text.as_bytes()) || edited.text.len() as u64 > MOST_CARD_BYTES {
            notes.push(format!(
                "`{CARD}` is not edited: with what would be added to it, it would be too large or may choose which files are loaded, and would count like any other file"
            ));
            return Ok(changes);
        }
        notes.extend(edited.repeats.then(|| self.whose_words(&results)).flatten());
        changes.push(Change { name: CARD.to_owned(), before: before.into(), after: After::Text(edited.text) });
        Ok(changes)
    }

    /// Base models that a person gave when a bundle was attached before: those that the card has of
    /// ours and that no record explains.
    fn given(&self, added: Vec<String>) -> Vec<String> {
        let standing = &self.verdict.standing;
        let mut explained = story::base_models(self.joined, standing);
        let was_here = self.present.map(|present| story::base_models(present, standing));
        explained.extend(was_here.unwrap_or_default());
        added.into_iter().filter(|model| !explained.contains(model)).collect()
    }

    /// Signed results of the records that the card is about, and whether they count: with a signers
    /// file those of trusted keys; without one those of the keys that signed the record, and of the
    /// key that releases the folder. Anybody else can sign anything about it.
    fn results(&self, options: &AttachOptions<'_>) -> Vec<(&VerifiedStatement, bool)> {
        let own = options.releasing.as_ref().map(|releasing| releasing.signing.key.identity());
        let mut results = Vec::new();
        for record in self.told {
            let about = self.joined.statements_about(*record);
            let vouching = self.vouching(*record);
            let authors: HashSet<&Identity> = vouching.iter().map(|one| one.identity()).chain(own.as_ref()).collect();
            results.extend(
                about
                    .iter()
                    .filter(|one| one.kind() == Kind::Evaluation && one.created() <= options.at)
                    .filter(|one| !self.verdict.standing.statements.contains(&one.id()))
                    .map(|one| {
                        let counts = match options.policy {
                            Some(_) => self.principal(one).is_some(),
                            None => authors.contains(one.identity()),
                        };
                        (*one, counts)
                    }),
            );
        }
        results
    }

    fn principal(&self, statement: &VerifiedStatement) -> Option<&String> {
        self.verdict.trusted.get(&statement.id()).and_then(|principals| principals.first())
    }

    fn who(&self, statement: &VerifiedStatement) -> String {
        self.principal(statement).cloned().unwrap_or_else(|| statement.identity().to_string())
    }

    /// The authorships of a record that count.
    fn vouching(&self, record: RecordId) -> Vec<&VerifiedStatement> {
        vouching(self.joined, self.verdict, record)
    }

    /// Whose words the card repeats: anybody can make a record of anybody's files.
    fn whose_words(&self, results: &[&VerifiedStatement]) -> Option<String> {
        let by = |record: &RecordId| {
            let vouching: BTreeSet<String> = self.vouching(*record).into_iter().map(|one| self.who(one)).collect();
            let id = short(record);
            if vouching.is_empty() {
                return format!("record {id}, which is not signed");
            }
            format!("record {id}, signed by {}", listed(vouching.into_iter(), ", "))
        };
        let of_records = listed(self.told.iter().map(by), "; ");
        let measured: BTreeSet<String> = results.iter().map(|one| self.who(one)).collect();
        let measured = if measured.is_empty() {
            String::new()
        } else {
            format!("; and results signed by {}", listed(measured.into_iter(), ", "))
        };
        (!self.told.is_empty()).then(|| format!("`{CARD}` repeats statements of {of_records}{measured}"))
    }

    /// The line for the text of the card. Only numbers and fingerprints in it come from the bundle.
    fn line(&self, options: &AttachOptions<'_>) -> String {
        let standing = &self.verdict.standing;
        let records: BTreeSet<RecordId> =
            self.joined.records().keys().copied().filter(|id| standing.counts(*id)).collect();
        let all_records = self.joined.records().keys().copied();
        let barred: BTreeSet<RecordId> = all_records.filter(|id| is_barred(standing, *id)).collect();
        let number = records.union(&barred).count();
        let vouching = self.joined.vouching(standing).filter(|one| standing.counts_statement(one.id()));
        let signed: BTreeSet<RecordId> = vouching.map(|one| RecordId(one.record().blake3)).collect();
        let signed = records.intersection(&signed).count();
        let all = count(number, "record");
        let state = match signed {
            _ if !barred.is_empty() && barred.len() == number => format!("revoked or rejected, {all}"),
            _ if !barred.is_empty() => format!("{} of {all} revoked or rejected", barred.len()),
            0 => format!("not signed, {all}"),
            signed if signed == number => format!("signed, {all}"),
            signed => format!("{signed} of {all} signed"),
        };
        let check = match self.keys(options).as_slice() {
            [] => "check it with `expbundle verify`.".to_owned(),
            keys => {
                let (shown, more) = keys.split_at(keys.len().min(MOST_KEYS));
                let more =
                    if more.is_empty() { String::new() } else { format!(" and {}", count(more.len(), "more key")) };
                let (with, shown) = ("`expbundle verify --trust FILE`", shown.join(", "));
                format!(
                    "check it with {with}, where FILE has the public keys that you trust. Signed with {shown}{more}."
                )
            }
        };
        format!("[Experiment record]({BUNDLE_NAME}): {state}; {check}")
    }

    /// Keys that signed records or releases, and that of the release to come.
    fn keys(&self, options: &AttachOptions<'_>) -> Vec<String> {
        let standing = &self.verdict.standing;
        let releases = self.joined.statements().iter().filter(|one| one.listing().is_some());
        let signed = self.joined.vouching(standing).chain(releases);
        let signed = signed.filter(|one| standing.counts_statement(one.id())).map(|one| one.identity().to_string());
        let own = options.releasing.as_ref().map(|releasing| releasing.signing.key.identity().to_string());
        signed.chain(own).collect::<BTreeSet<String>>().into_iter().collect()
    }
}

/// The authorships of a record that count.
fn vouching<'a>(joined: &'a Intact, verdict: &Verdict, record: RecordId) -> Vec<&'a VerifiedStatement> {
    let standing = &verdict.standing;
    let mut vouching = joined.authorships_of(record);
    vouching.retain(|one| standing.vouches(one) && standing.counts_statement(one.id()));
    vouching
}

/// Who signed one of these records, which came, or releases the folder.
pub(crate) fn signers_of(
    joined: &Intact,
    verdict: &Verdict,
    options: &AttachOptions<'_>,
    came: &[RecordId],
) -> HashSet<Identity> {
    let own = options.releasing.as_ref().map(|releasing| releasing.signing.key.identity());
    let of_those = came.iter().flat_map(|id| vouching(joined, verdict, *id));
    of_those.map(|one| one.identity().clone()).chain(own).collect()
}

/// Whether a record is signed by one of those whom we know, or by anybody trusted: anybody else can
/// make a record of anybody's files.
pub(crate) fn by_the_same(
    joined: &Intact,
    verdict: &Verdict,
    options: &AttachOptions<'_>,
    record: RecordId,
    known: &HashSet<Identity>,
) -> bool {
    let vouching = vouching(joined, verdict, record);
    vouching.iter().any(|one| options.policy.is_some() || known.contains(one.identity()))
}

/// That records which came are signed by nobody, or by nobody trusted: `verify` holds nothing of them
/// for made by anyone, whoever releases the folder.
pub(crate) fn unsigned(
    folder: &Utf8Path,
    incoming: &Intact,
    joined: &Intact,
    verdict: &Verdict,
    options: &AttachOptions<'_>,
) -> Option<String> {
    let at = options.at.timestamp();
    let mut heads = incoming.judge(options.policy, at).heads;
    if heads.is_empty() {
        // No trusted key signed anything that came.
        heads = incoming.judge(None, at).heads;
    }
    let unsigned = heads.into_iter().filter(|id| vouching(joined, verdict, *id).is_empty());
    let unsigned: Vec<_> = unsigned.map(|id| (id, title(joined, id))).collect();
    let whom = if options.policy.is_some() { "nobody in the signers file" } else { "nobody" };
    let are = if unsigned.len() == 1 { "is" } else { "are" };
    (!unsigned.is_empty())
        .then(|| format!("{} {are} signed by {whom}: `expbundle sign {} --key KEY`", named(&unsigned), name(folder)))
}

/// The title of a record, unless it is withheld.
pub(crate) fn title(intact: &Intact, id: RecordId) -> Option<String> {
    intact.json_section::<Context>(id).map(|context| context.title)
}

/// Records by their ids and titles, in a sentence.
pub(crate) fn named(records: &[(RecordId, Option<String>)]) -> String {
    let one = |(id, title): &(RecordId, Option<String>)| match title {
        Some(title) => format!("{} ({})", short(id), Foreign::new(title)),
        None => short(id),
    };
    let noun = if records.len() == 1 { "record" } else { "records" };
    format!("{noun} {}", listed(records.iter().map(one), ", "))
}

fn short(id: &RecordId) -> String {
    id.to_string().chars().take(12).collect()
}

/// What the card calls its model itself, if it can be read.
fn model_name(card: &str) -> Option<String> {
    let said = front_matter::meaning(front_matter::split(card).ok()?.block).ok()?;
    said.get("model_name")?.as_str().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Results by keys that do not count, as a number: whoever signed them chose their words.
fn stranger_results(number: usize, options: &AttachOptions<'_>) -> Option<String> {
    let whose = match options.policy {
        Some(_) => "not signed by a trusted key",
        None => "signed by keys that did not sign the record; `--trust` says whose results count",
    };
    (number > 0).then(|| format!("{} left out of the card: {whose}", count(number, "signed evaluation")))
}
