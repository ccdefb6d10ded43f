//! Sections that are given whole or in part: held to what the format has, and added to what the run
//! was told.

use expbundle::Content;
use expbundle_convert::series::Section;
use expbundle_format::container::SectionName;
use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::sections::{self, Artifacts, Context, Identity, JsonSection, Recipe, Summary};
use expbundle_series::{ConsoleReader, SeriesError, SeriesReader};
use serde_json::Value;

use crate::error::RunError;
use crate::run::Run;

/// Sections of which the run is told by calls of their own, and which are made when it is finished.
const MADE_AT_THE_END: [&str; 5] = [Context::NAME, Recipe::NAME, Artifacts::NAME, Identity::NAME, Summary::NAME];

impl Run {
    /// Any other JSON section of the format: `cost.json`, `evaluations.json`, `events.json`, …
    pub fn section<S: JsonSection>(&mut self, section: &S) -> Result<(), RunError> {
        if MADE_AT_THE_END.contains(&S::NAME) {
            return Err(RunError::OwnSection(S::NAME.to_owned()));
        }
        self.refuse_secrets(S::NAME, serde_json::to_value(section).unwrap_or_default())?;
        self.draft.json_section(section)?;
        self.keep_fixed(S::NAME)
    }

    /// A section by its name and bytes. JSON is held to its schema and written in the fixed form;
    /// Parquet must have the fixed profile; what the format does not know goes in as it is.
    ///
    /// Context, recipe, artifacts, identity and summary are added to what the run was told: the
    /// items of a list come behind those that are there, notes are paragraphs, and of a member or a
    /// parameter that has a value already the last one counts. Members that the run was told, like
    /// its title, need not be given again.
    ///
    /// # Errors
    /// It is not as the format has it, or is there already; [`RunError::Secrets`].
    pub fn file_section(&mut self, name: &SectionName, bytes: Vec<u8>) -> Result<(), RunError> {
        let found = self.secrets_in(name, &Content::bytes(bytes.clone()))?;
        if !found.is_empty() {
            return Err(RunError::Secrets { found });
        }
        self.set_section(name, bytes)
    }

    /// The same without a look for secrets, which may be allowed later.
    pub(crate) fn set_section(&mut self, name: &SectionName, bytes: Vec<u8>) -> Result<(), RunError> {
        let limits = Limits::default();
        let wrong = |source| RunError::Section { name: name.to_string(), source };
        let text = name.as_str();
        if MADE_AT_THE_END.contains(&text) {
            self.lay_section(text, &json::parse(&bytes, &limits).map_err(wrong)?)?;
            return self.keep();
        }
        self.has_room_for(bytes.len())?;
        match name.extension() {
            "json" => {
                sections::check(name, &bytes, &limits).map_err(wrong)?;
                let value = json::parse(&bytes, &limits).map_err(wrong)?;
                let bytes = json::to_bytes(&value).map_err(wrong)?;
                self.draft.section(text, sections::JSON, Content::bytes(bytes))?;
            }
            "parquet" => {
                let content = Content::bytes(bytes);
                readable(text, &content).map_err(|source| RunError::Parquet { name: text.to_owned(), source })?;
                self.draft.section(text, sections::PARQUET, content)?;
            }
            _ => self.draft.section(text, "application/octet-stream", Content::bytes(bytes))?,
        }
        self.keep_fixed(text)
    }

    fn lay_section(&mut self, name: &str, given: &Value) -> Result<(), RunError> {
        match name {
            Context::NAME => lay(self.context(), given),
            Recipe::NAME => lay(self.recipe(), given),
            Artifacts::NAME => lay(self.artifacts(), given),
            Identity::NAME => lay(self.identity(), given),
            _ => lay(self.summary(), given),
        }
    }

    /// Adds members to a section that is made at the end, unless they look like a secret.
    pub(crate) fn tell(&mut self, section: &str, members: &Value) -> Result<(), RunError> {
        self.refuse_secrets(section, members.clone())?;
        self.lay_section(section, members)?;
        self.keep_unless_held()
    }
}

/// Lays members over a section that the run goes on with. What it has no place for would be lost,
/// and is an error.
fn lay<S: JsonSection>(section: &mut S, given: &Value) -> Result<(), RunError> {
    let wrong = |source| RunError::Section { name: S::NAME.to_owned(), source };
    let told = serde_json::to_value(&*section).unwrap_or_default();
    // What the run was told already may be left out, like the title.
    let mut alone = given.clone();
    if let (Value::Object(alone), Value::Object(told)) = (&mut alone, &told) {
        for (name, value) in told {
            alone.entry(name).or_insert_with(|| value.clone());
        }
    }
    let read: S = json::from_value(&alone).map_err(wrong)?;
    let mut lost = Vec::new();
    members_lost(given, &serde_json::to_value(&read).unwrap_or_default(), String::new(), &mut lost);
    if !lost.is_empty() {
        return Err(RunError::UnknownMembers { name: S::NAME.to_owned(), members: lost });
    }
    let mut all = told;
    lay_over(&mut all, given, MERGED_LEVELS);
    *section = json::from_value(&all).map_err(wrong)?;
    Ok(())
}

/// Members of a section, like `code`, and theirs, like `commit` and the parameters by their names,
/// are laid over each other; what is below them is a value of somebody's own.
const MERGED_LEVELS: u8 = 2;

fn lay_over(told: &mut Value, given: &Value, levels: u8) {
    match (told, given) {
        (Value::Object(told), Value::Object(given)) if levels > 0 => {
            for (name, value) in given {
                match told.get_mut(name) {
                    Some(Value::String(notes)) if levels == MERGED_LEVELS && name == "notes" => {
                        add_paragraph(notes, value.as_str().unwrap_or_default());
                    }
                    Some(known) => lay_over(known, value, levels - 1),
                    None => {
                        told.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(told), Value::Array(given)) if levels > 0 => {
            let before = told.len();
            for item in given {
                if !told.iter().take(before).any(|known| known == item) {
                    told.push(item.clone());
                }
            }
        }
        (told, given) => *told = given.clone(),
    }
}

/// Notes are told once, however often.
fn add_paragraph(notes: &mut String, paragraph: &str) {
    if !paragraph.is_empty() && notes != paragraph {
        notes.push_str("\n\n");
        notes.push_str(paragraph);
    }
}

/// The members of a value that another one lacks. Those that say nothing are not written again.
fn members_lost(given: &Value, kept: &Value, place: String, lost: &mut Vec<String>) {
    let says_nothing = match given {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    };
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                members_lost(value, kept.get(name).unwrap_or(&Value::Null), place, lost);
            }
        }
        (Value::Array(given), Value::Array(kept)) if given.len() == kept.len() => {
            for (at, (given, kept)) in given.iter().zip(kept).enumerate() {
                members_lost(given, kept, format!("{place}[{at}]"), lost);
            }
        }
        (_, Value::Null) if !says_nothing => lost.push(place),
        _ => {}
    }
}

fn readable(name: &str, content: &Content) -> Result<(), SeriesError> {
    let section = Section(content.clone());
    match name {
        sections::METRICS | sections::TELEMETRY => SeriesReader::open(section)?.for_each(|_| ()),
        sections::CONSOLE => ConsoleReader::open(section)?.for_each(|_| ()),
        _ => Ok(()),
    }
}
