//! `expbundle create`: a bundle by hand, for what no tracker saw.

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::output::{Inputs, holds};
use expbundle::verify::Intact;
use expbundle_convert::secrets::kind_or_place;
use expbundle_format::RecordId;
use expbundle_format::container::SectionName;
use expbundle_format::limits::Limits;
use expbundle_format::record::Word;
use expbundle_format::sections::Direction;
use expbundle_query::is_proven;
use expbundle_run::{Run, RunError, begin, known_relation, known_role};
use expbundle_words::{Failure, account, findings, registry};

use super::convert::role_and_file;
use crate::numbers::Numbers;
use crate::target::Target;
use crate::{Outcome, choice, exit, files, keys, terminal, tracker};

/// Make a bundle by hand, from files, numbers and hand-written sections
///
/// The same arguments and files give the same bytes: no clock is read. A folder is recorded
/// completely or not at all: symlinks, pipes and names that are not UTF-8 are refused. Only
/// symlinks from a snapshot in the Hub's cache into its `blobs` are read as files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    expbundle create --title \"quantized to 4 bits\" --derive-from base.expb --relation quantized-from \\\n      \
    --input base.safetensors --output q4.gguf -o step.expb\n  \
    expbundle create --title \"small model, lr 0.01\" --param lr=0.01 --metrics points.csv \\\n      \
    --metric test/accuracy=0.93 --output model.bin -o run.expb\n  \
    expbundle create --from my-sections --title \"a run\" -o run.expb\n  \
    expbundle create --from run.expj -o run.expb\n\n\
    A table of metrics, here points.csv, is CSV, JSON lines or Parquet:\n  \
    step,time,train/loss,val/loss\n  \
    0,2026-11-28T03:00:00Z,0.71,\n  \
    1,2026-11-28T03:00:01Z,0.52,0.6\n\n\
    `expbundle schema NAME` prints the schema of a section, e.g. `expbundle schema context`.")]
pub struct Create {
    /// Title: one line on what was done
    #[arg(long)]
    title: Option<String>,
    /// Input file or folder; the role defaults to `model`
    #[arg(long, value_name = "[ROLE=]FILE", value_parser = role_and_file)]
    input: Vec<(Word, Utf8PathBuf)>,
    /// Output file or folder; the role defaults to `model`
    #[arg(long, value_name = "[ROLE=]FILE", value_parser = role_and_file)]
    output: Vec<(Word, Utf8PathBuf)>,
    /// Section, e.g. recipe.json=my-recipe.json; tags, purpose and links are in context.json
    #[arg(long, value_name = "NAME=FILE", value_parser = section_and_file)]
    section: Vec<(SectionName, Utf8PathBuf)>,
    /// Folder of hand-written sections: context.json, recipe.json, …; or the journal of a run that
    /// was killed
    #[arg(long, value_name = "PATH", value_parser = files::path)]
    from: Option<Utf8PathBuf>,
    #[command(flatten)]
    numbers: Numbers,
    /// Bundle of a parent record; its output models become the inputs, unless `--input` is given
    #[arg(long, value_name = "BUNDLE", requires = "relation", value_parser = files::path)]
    derive_from: Vec<Utf8PathBuf>,
    /// Relation to the parent: quantized-from, merged-from, fine-tuned-from, …
    /// (spec/relations.toml)
    #[arg(long, value_name = "RELATION", requires = "derive_from")]
    relation: Option<Word>,
    /// Allow what looks like a secret of this kind, or at this location (for false alarms)
    #[arg(long, value_name = "NAME", value_parser = kind_or_place)]
    allow_secrets: Vec<String>,
    /// Add a random salt to every section, so that a section withheld later cannot be guessed from
    /// its digest
    #[arg(long)]
    blind: bool,
    /// File for the bundle; `-`: standard output
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Overwrite an existing file, whatever it holds
    #[arg(long)]
    force: bool,
}

fn section_and_file(text: &str) -> Result<(SectionName, Utf8PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("expected NAME=FILE")?;
    let full = if name.contains('.') { name.to_owned() } else { format!("{name}.json") };
    Ok((full.parse().map_err(|error| format!("{error}"))?, files::path(file)?))
}

impl Create {
    pub fn run(self, inputs: &Inputs) -> Outcome {
        let output = Target::new(&self.out, inputs.over(self.force))?;
        for (role, path) in self.input.iter().chain(&self.output) {
            files::regular_or_folder(path, "read the file")?;
            known_role(role.as_str())?;
        }
        let (begun, mut sources) = begin(self.from.as_deref())?;
        terminal::talk(&findings::all(&begun.findings));
        sources.extend(self.section.iter().cloned());
        let mut run = begun.run.allow_secrets(self.allow_secrets.iter().cloned());
        let parents = self.derive(&mut run)?;
        for (name, path) in &sources {
            terminal::talk(&registry::section(name).unwrap_or_default());
            run.file_section(name, read_bytes(path)?).map_err(|error| Failure::from(error).or_at(path.as_str()))?;
        }
        if let Some(title) = &self.title {
            run.context().title.clone_from(title);
        }
        // Before large files are hashed for nothing.
        if run.context().title.trim().is_empty() {
            return Err(RunError::NoTitle.into());
        }
        let mut run = self.numbers.tell(run)?;
        for (direction, files) in [(Direction::Input, &self.input), (Direction::Output, &self.output)] {
            for (role, path) in files {
                run.add_file(direction, role, path.as_std_path())?;
            }
        }
        let bundle = if self.blind { run.finish_blinded(tracker::salt) } else { run.finish() };
        let intact = bundle?;
        terminal::talk(&account::replaced(&intact).unwrap_or_default());
        for (path, ..) in
            parents.iter().filter(|(_, parent, id)| !is_proven(&intact, parent, *id, keys::now().timestamp()))
        {
            terminal::talk(&format!("no input is proven to be an output of {path}: the link is declared only\n"));
        }
        let bundle = intact.bundle();
        if !self.force && holds(&self.out, bundle) {
            terminal::talk(&format!("unchanged {}\n", self.out));
        } else {
            output.save(bundle)?;
            terminal::talk(&format!("written {}\n", self.out));
        }
        for id in intact.records().keys() {
            output.say(&format!("{id}\n"));
        }
        Ok(exit::OK)
    }

    /// Names the parents, and takes in what they put out, if no input is given.
    fn derive(&self, run: &mut Run) -> Result<Vec<(&Utf8Path, Intact, RecordId)>, Failure> {
        let Some(relation) = &self.relation else { return Ok(Vec::new()) };
        known_relation(relation.as_str())?;
        let mut parents = Vec::new();
        for path in &self.derive_from {
            let intact = files::intact(path)?;
            let id = choice::only(&intact, path)?;
            run.add_parent(&intact, id, relation.clone())?;
            if self.input.is_empty() {
                run.takes_outputs_of(&intact, id)?;
            }
            parents.push((path.as_path(), intact, id));
        }
        Ok(parents)
    }
}

fn read_bytes(path: &Utf8Path) -> Result<Vec<u8>, Failure> {
    let describe = |error: std::io::Error| Failure::io("read the section", path, &error);
    let most = Limits::default().section_bytes;
    let content = Content::file(files::open(path)?).map_err(describe)?;
    content.read(most).map_err(describe)
}
