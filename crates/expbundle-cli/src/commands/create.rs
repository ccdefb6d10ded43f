//! `expbundle create`: a bundle by hand, for what no tracker saw.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use expbundle::Content;
use expbundle::draft::Draft;
use expbundle_convert::{Options, apart, audit, declared};
use expbundle_format::container::SectionName;
use expbundle_format::json::{self, JsonError};
use expbundle_format::limits::Limits;
use expbundle_format::record::{Kind, Parent, RecordBody, Word, role};
use expbundle_format::sections::{self, Artifacts, Context, Identity, JsonSection as _};

use super::convert::role_and_file;
use crate::failure::Failure;
use crate::output::{Inputs, Output};
use crate::tracker::convert_failure;
use crate::{Outcome, exit, files, series, statements, terminal};

/// Make a bundle by hand, from files and hand-written sections
///
/// The same arguments over the same files give the same bytes: no clock is read. A folder is recorded whole or not at all: links, pipes and
/// names that are not UTF-8 are refused, but links into the `blobs` of a snapshot in the Hub's cache are read as files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    expbundle create --title \"quantized to 4 bits\" --derive-from base.expb --relation quantized-from \\\n      \
    --input base.safetensors --output q4.gguf -o step.expb\n  \
    expbundle create --from my-sections --title \"a run\" -o run.expb\n\n\
    `expbundle schema context` and so on print what sections hold.")]
pub struct Create {
    /// One line that says what was done
    #[arg(long)]
    title: Option<String>,
    /// File or folder that went in; role `model` if not said
    #[arg(long, value_name = "[ROLE=]FILE", value_parser = role_and_file)]
    input: Vec<(Word, Utf8PathBuf)>,
    /// File or folder that came out; role `model` if not said
    #[arg(long, value_name = "[ROLE=]FILE", value_parser = role_and_file)]
    output: Vec<(Word, Utf8PathBuf)>,
    /// Section, like recipe.json=my-recipe.json
    #[arg(long, value_name = "NAME=FILE", value_parser = section_and_file)]
    section: Vec<(SectionName, Utf8PathBuf)>,
    /// Folder of hand-written sections: context.json, recipe.json, …
    #[arg(long, value_name = "DIR")]
    from: Option<Utf8PathBuf>,
    /// Bundle of a record that this one follows from: its models become the inputs, unless `--input` names what went in
    #[arg(long, value_name = "BUNDLE", requires = "relation")]
    derive_from: Vec<Utf8PathBuf>,
    /// How: quantized-from, merged-from, fine-tuned-from, … (spec/relations.toml)
    #[arg(long, value_name = "RELATION", requires = "derive_from")]
    relation: Option<Word>,
    /// Keep what looks like a secret of this kind, or at this place: for false alarms
    #[arg(long, value_name = "NAME", value_parser = crate::secrets::kind_or_place)]
    allow_secrets: Vec<String>,
    /// Put a random salt into every section, so that what you withhold later cannot be guessed from its digest
    #[arg(long)]
    blind: bool,
    /// Where the bundle goes
    #[arg(short, long, value_name = "FILE")]
    out: Utf8PathBuf,
    /// Write over a file that is there, whatever it holds
    #[arg(long)]
    force: bool,
}

fn section_and_file(text: &str) -> Result<(SectionName, Utf8PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("a section is given as NAME=FILE")?;
    let full = if name.contains('.') { name.to_owned() } else { format!("{name}.json") };
    Ok((full.parse().map_err(|error| format!("{error}"))?, file.into()))
}

impl Create {
    pub fn run(self, inputs: &Inputs) -> Outcome {
        let output = Output::new(&self.out, inputs.over(self.force))?;
        for (_, path) in self.input.iter().chain(&self.output) {
            files::regular_or_folder(path, "read the file")?;
        }
        let mut sources: BTreeMap<SectionName, Utf8PathBuf> = BTreeMap::new();
        if let Some(folder) = &self.from {
            let describe = |error: std::io::Error| Failure::io("read the folder", folder, &error);
            for entry in folder.read_dir_utf8().map_err(describe)? {
                let path = entry.map_err(describe)?.into_path();
                let name = path.file_name().unwrap_or_default();
                let name = name.parse().map_err(|_| {
                    Failure::usage(format!("{} is not a valid section name", terminal::quoted(name)))
                        .at(path.as_str())
                        .help("`expbundle schema` prints the names; move other files away")
                })?;
                sources.insert(name, path);
            }
        }
        sources.extend(self.section.iter().cloned());
        let mut body = RecordBody::new(Kind::Run);
        self.derive(&mut body)?;
        let mut draft = Draft::new(body);
        let (mut context, mut artifacts, mut identity) = (None, Artifacts::default(), Identity::default());
        for (name, path) in &sources {
            if *name == Context::name() {
                context = Some(read_section::<Context>(path)?);
            } else if *name == Artifacts::name() {
                artifacts = read_section(path)?;
            } else if *name == Identity::name() {
                identity = read_section(path)?;
            } else {
                add_section(&mut draft, name, path)?;
            }
        }
        let context = match (context, self.title) {
            (Some(context), title) => Context { title: title.unwrap_or(context.title), ..context },
            (None, Some(title)) => Context { title, ..Context::default() },
            (None, None) => {
                return Err(Failure::usage("the bundle has no title")
                    .help("say it by `--title`, or in a context.json by `--from`"));
            }
        };
        draft.json_section(&context)?;
        let allow_secrets = &*self.allow_secrets;
        let options = Options { inputs: &self.input, outputs: &self.output, allow_secrets, ..Options::default() };
        let listed = declared::list(&mut artifacts.artifacts, &options, |tree| {
            let listing = tree.to_bytes();
            let size = listing.len() as u64;
            Ok::<_, expbundle_convert::ConvertError>((draft.embed(Content::bytes(listing))?, size))
        });
        declared::list_in(draft.body_mut(), listed.map_err(|error| convert_failure(&error))?);
        if artifacts != Artifacts::default() {
            draft.json_section(&artifacts)?;
        }
        let secrets = audit::draft(&draft, &identity, allow_secrets);
        crate::secrets::refuse(&secrets, "leave it out of what is given here")?;
        // Names of people, machines and places go to identity.json, as those of a tracker's run do.
        let passed = apart::pass(draft, identity, None).map_err(|error| convert_failure(&error))?;
        let replaced: u64 = passed.replaced;
        if replaced > 0 {
            terminal::talk(&format!(
                "{} of people, machines and places replaced by markers; what they stand for is in identity.json only\n",
                terminal::count(replaced, "name")
            ));
        }
        let mut bundle = passed.bundle;
        if self.blind {
            bundle = crate::tracker::blinded(&bundle)?;
        }
        // What was written by hand is held to the format like everything else.
        let (intact, _) = crate::tracker::checked(&bundle, None)?;
        if !self.force && files::holds(&self.out, &bundle) {
            terminal::talk(&format!("unchanged {}\n", self.out));
        } else {
            output.save(&bundle)?;
            terminal::talk(&format!("written {}\n", self.out));
        }
        for id in intact.records().keys() {
            terminal::say(&format!("{id}\n"));
        }
        Ok(exit::OK)
    }
}

impl Create {
    /// Names the parents, and takes in what they put out.
    fn derive(&self, body: &mut RecordBody) -> Result<(), Failure> {
        let Some(relation) = &self.relation else { return Ok(()) };
        for path in &self.derive_from {
            let intact = files::intact(path)?;
            let id = statements::one(&intact, None)?;
            let record = intact.records().get(&id).expect("the record was chosen among these");
            body.parents.push(Parent { record: record.digest(), relation: relation.clone() });
            let made = record.body().outputs.iter().filter(|output| role::carries_lineage(&output.role));
            if self.input.is_empty() {
                body.inputs.extend(made.cloned());
                continue;
            }
            let made: Vec<_> = made.map(|output| output.digest).collect();
            let mut taken = Vec::new();
            for (_, input) in self.input.iter().filter(|(_, input)| input.is_file()) {
                taken.push(statements::digests_of(input)?);
            }
            if !made.iter().any(|digests| taken.contains(digests)) {
                terminal::talk(&format!(
                    "no input is an output of {path}: that it follows from it is declared, and not proven\n"
                ));
            }
        }
        Ok(())
    }
}

fn read_bytes(path: &Utf8Path) -> Result<Vec<u8>, Failure> {
    let describe = |error: std::io::Error| Failure::io("read the section", path, &error);
    let most = Limits::default().section_bytes;
    let content = Content::file(files::open(path)?).map_err(describe)?;
    content.read(most).map_err(describe)
}

fn json_failure(error: &JsonError, path: &Utf8Path) -> Failure {
    let code = error.code();
    let place = error.place(path.as_str());
    Failure::new(code.as_str(), error.to_string()).at(place.to_string()).help(code.help())
}

fn read_section<S: sections::JsonSection>(path: &Utf8Path) -> Result<S, Failure> {
    json::from_bytes(&read_bytes(path)?, &Limits::default()).map_err(|error| json_failure(&error, path))
}

/// A section of any other name: JSON is checked and written in the fixed form, the rest goes in as it is.
fn add_section(draft: &mut Draft, name: &SectionName, path: &Utf8Path) -> Result<(), Failure> {
    let bytes = read_bytes(path)?;
    match name.as_str().rsplit('.').next() {
        Some("json") => {
            sections::check(name, &bytes, &Limits::default()).map_err(|error| json_failure(&error, path))?;
            let value = json::parse(&bytes, &Limits::default()).map_err(|error| json_failure(&error, path))?;
            let bytes = json::to_bytes(&value).map_err(|error| json_failure(&error, path))?;
            draft.section(name.as_str(), sections::JSON, Content::bytes(bytes))?;
        }
        Some("parquet") => {
            let content = Content::bytes(bytes);
            let checked = match name.as_str() {
                sections::METRICS | sections::TELEMETRY => series::open(&content, path.as_str()).map(drop),
                sections::CONSOLE => series::open_console(&content, path.as_str()).map(drop),
                _ => Ok(()),
            };
            checked.map_err(|failure| {
                failure.help("it must have the fixed profile of spec/sections-parquet.md; `expbundle extract --parquet` writes it")
            })?;
            draft.section(name.as_str(), sections::PARQUET, content)?;
        }
        _ => draft.section(name.as_str(), "application/octet-stream", Content::bytes(bytes))?,
    }
    Ok(())
}
