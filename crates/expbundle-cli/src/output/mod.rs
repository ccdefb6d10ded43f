//! Where commands write. Nothing is written over that a command reads, and nothing that would be lost unless a person says `--force`
//! (docs/decisions/0021-what-is-written-over.md). No other file of this crate writes files; a test holds it to that.

use std::fs::File;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use clap::ArgMatches;
use expbundle::Bundle;
use expbundle::lock::{FolderLock, Seen};
use expbundle::write_file::{PreparedFile, check_replaceable, is_unfinished};
use expbundle_format::container::SectionName;
use expbundle_format::record::Word;
use expbundle_words::Failure;

mod folder;
mod pages;

pub use folder::{OutputFolder, make_folders};
pub use pages::{write_keys, write_page};

/// Every path that the arguments of a command name.
#[derive(Debug, Default)]
pub struct Inputs {
    /// But the one that it writes to.
    read: Vec<Utf8PathBuf>,
    /// Where the result goes.
    written: Vec<Utf8PathBuf>,
}

impl Inputs {
    /// All arguments that are paths, so that no command can forget one. Those that say where the result goes are called `out`.
    pub fn of(matches: &ArgMatches) -> Self {
        let (mut paths, mut written) = (Vec::new(), Vec::new());
        let mut matches = Some(matches);
        while let Some(these) = matches {
            written.extend(these.try_get_many::<Utf8PathBuf>("out").ok().flatten().into_iter().flatten().cloned());
            for id in these.ids().map(clap::Id::as_str).filter(|id| *id != "out") {
                paths.extend(these.try_get_many::<Utf8PathBuf>(id).ok().flatten().into_iter().flatten().cloned());
                let by_role = these.try_get_many::<(Word, Utf8PathBuf)>(id).ok().flatten();
                paths.extend(by_role.into_iter().flatten().map(|(_, path)| path.clone()));
                let by_name = these.try_get_many::<(SectionName, Utf8PathBuf)>(id).ok().flatten();
                paths.extend(by_name.into_iter().flatten().map(|(_, path)| path.clone()));
            }
            matches = these.subcommand().map(|(_, below)| below);
        }
        Self { read: paths, written }
    }

    /// Refuses paths that name a file which is being written, or lie in such a folder: what is named so may be removed at any time.
    pub fn check_names(&self) -> Result<(), Failure> {
        for path in self.read.iter().chain(&self.written) {
            let whole = path.canonicalize_utf8().unwrap_or_else(|_| path.clone());
            if whole.components().chain(path.components()).any(|part| is_unfinished(part.as_str())) {
                return Err(Failure::usage("the path is named like a file that a command left unfinished")
                    .at(path.as_str())
                    .help(
                        "give it another name: whatever is named `.expbundle-*.part` is removed by the next command",
                    ));
            }
        }
        Ok(())
    }

    /// What a command may write over besides what loses nothing: with `--force` anything but its inputs.
    pub fn over(&self, force: bool) -> Over<'_> {
        Over { inputs: Some(self), force }
    }

    /// What a file is to the command that would be written over.
    fn what_is(&self, path: &Utf8Path) -> Option<&'static str> {
        let whole = path.canonicalize().ok()?;
        let is_within =
            |input: &Utf8PathBuf| input.is_dir() && input.canonicalize().is_ok_and(|one| whole.starts_with(one));
        if self.read.iter().any(|input| is_one(input, path)) {
            Some("the output is one of the inputs, and would be overwritten")
        } else if self.read.iter().any(is_within) {
            Some("the output is a file of an input folder, and would be overwritten")
        } else {
            None
        }
    }
}

/// What may be written over besides what loses nothing.
#[derive(Clone, Copy, Debug)]
pub struct Over<'a> {
    inputs: Option<&'a Inputs>,
    force: bool,
}

impl Over<'_> {
    /// Nothing else.
    pub const NOTHING: Self = Over { inputs: None, force: false };
}

/// A file to be written, and what was there when the command began.
#[derive(Debug)]
pub struct Output {
    path: Utf8PathBuf,
    seen: Seen,
    over: Allowed,
}

/// What is done where something would be lost.
#[derive(Debug)]
enum Allowed {
    /// It is refused, in these words and with this way out.
    Nothing(&'static str, &'static str),
    /// It is written over.
    Everything,
}

const ANOTHER_NAME: &str = "give another name by `-o`";
const TAKEN: &str = "the output is there already, and what it holds would be lost";

impl Output {
    /// A place that a person named. Refuses what nothing can be written to, and what is not a bundle and would be lost.
    pub fn new(path: &Utf8Path, over: Over<'_>) -> Result<Self, Failure> {
        check_replaceable(path).map_err(|error| Failure::io("write the file", path, &error))?;
        let allowed = match over.inputs.and_then(|inputs| inputs.what_is(path)) {
            Some(words) => Allowed::Nothing(words, ANOTHER_NAME),
            None if over.force => Allowed::Everything,
            None if over.inputs.is_some() => {
                Allowed::Nothing(TAKEN, "give another name by `-o`, or write over it by `--force`")
            }
            None => Allowed::Nothing(TAKEN, ANOTHER_NAME),
        };
        let output = Self { path: path.to_owned(), seen: Seen::at(path), over: allowed };
        match output.seen {
            Seen::Other(_) => output.may_lose().map(|()| output),
            Seen::Nothing | Seen::Bundle(_) => Ok(output),
        }
    }

    /// A place for what is not a bundle, and so cannot have in it what is there.
    pub fn of_text(path: &Utf8Path, over: Over<'_>) -> Result<Self, Failure> {
        let output = Self::new(path, over)?;
        if output.seen != Seen::Nothing {
            output.may_lose()?;
        }
        Ok(output)
    }

    /// The file that a command reads and has all of, to be put back in another layout.
    pub fn back_into(path: &Utf8Path) -> Self {
        Self { path: path.to_owned(), seen: Seen::at(path), over: Allowed::Everything }
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Saves a bundle, unless something would be lost, or somebody else wrote there meanwhile.
    pub fn save(&self, bundle: &Bundle) -> Result<(), Failure> {
        let prepared = self.prepare(bundle)?;
        let _lock = lock(&self.path)?;
        self.check(Some(bundle))?;
        self.put_in_place(prepared)
    }

    /// Saves the bundle that is made while no other command writes in the folder.
    pub fn add(&self, bundle: impl FnOnce() -> Result<Bundle, Failure>) -> Result<(), Failure> {
        let _lock = lock(&self.path)?;
        let bundle = bundle()?;
        let prepared = self.prepare(&bundle)?;
        self.check(Some(&bundle))?;
        self.put_in_place(prepared)
    }

    /// Writes what is not a bundle.
    pub fn write(&self, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Failure> {
        let prepared = PreparedFile::new(&self.path, write).map_err(|error| self.failure("write the file", &error))?;
        let _lock = lock(&self.path)?;
        self.check(None)?;
        self.put_in_place(prepared)
    }

    fn prepare(&self, bundle: &Bundle) -> Result<PreparedFile, Failure> {
        PreparedFile::new(&self.path, |file| bundle.write(io::BufWriter::with_capacity(1 << 20, file)))
            .map_err(|error| self.failure("write the bundle", &error))
    }

    fn put_in_place(&self, prepared: PreparedFile) -> Result<(), Failure> {
        prepared.put_in_place().map_err(|error| self.failure("write the file", &error))
    }

    /// Looks again, right before the rename.
    fn check(&self, bundle: Option<&Bundle>) -> Result<(), Failure> {
        let now = Seen::at(&self.path);
        match bundle {
            Some(bundle) if now.is_within(bundle) => Ok(()),
            _ if now != self.seen => Err(self.changed()),
            _ if now == Seen::Nothing => Ok(()),
            _ => self.may_lose(),
        }
    }

    fn may_lose(&self) -> Result<(), Failure> {
        match self.over {
            Allowed::Everything => Ok(()),
            Allowed::Nothing(words, help) => Err(Failure::usage(words).at(self.path.as_str()).help(help)),
        }
    }

    fn changed(&self) -> Failure {
        Failure::new("cli.io", "the file changed meanwhile")
            .at(self.path.as_str())
            .help("nothing was written; run it again")
    }

    fn failure(&self, action: &str, error: &io::Error) -> Failure {
        Failure::io(action, &self.path, error)
    }
}

/// Whether two names are of one file that is there.
pub fn is_one(one: &Utf8Path, other: &Utf8Path) -> bool {
    let same_path = one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other));
    same_path || is_one_file(one, other)
}

/// Whether two names are of one file: a hard link, or one name in another case.
#[cfg(unix)]
fn is_one_file(one: &Utf8Path, other: &Utf8Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |path: &Utf8Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    place(one).is_some_and(|one| Some(one) == place(other))
}

#[cfg(not(unix))]
fn is_one_file(_: &Utf8Path, _: &Utf8Path) -> bool {
    false
}

/// Keeps other writers away from the folder of a file, and removes what killed ones left there.
fn lock(path: &Utf8Path) -> Result<FolderLock, Failure> {
    FolderLock::beside(path).map_err(|error| {
        Failure::io("lock the folder of the file", path, &error)
            .help("nothing was written; run it again when the other one is done")
    })
}

#[cfg(test)]
mod tests {
    /// A command that should write only here would otherwise be found when a file is lost.
    #[test]
    fn no_other_file_of_the_program_writes() {
        // The demo works in a folder that it made for itself, and changes files there as a person would.
        let exempt = ["output/mod.rs", "output/folder.rs", "output/pages.rs", "demo.rs", "examples.rs", "schemas.rs"];
        let words = [
            "write_file",
            "PreparedFile",
            ".save(path",
            "fs::write",
            "File::create",
            "OpenOptions",
            "create_dir",
            "fs::rename",
            "remove_file",
            "fs::copy",
        ];
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).expect("sources").map(|entry| entry.expect("an entry").path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if !exempt.iter().any(|name| path.ends_with(name)) {
                    let text = std::fs::read_to_string(&path).expect("a source");
                    let found: Vec<_> = words.iter().filter(|word| text.contains(**word)).collect();
                    assert!(found.is_empty(), "{} has {found:?}", path.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 30, "{seen}");
    }

    /// An argument of another type than those that [`Inputs::of`] knows would not be an input.
    #[test]
    fn every_path_among_the_arguments_is_an_input() {
        let (_, inputs) = crate::commands::Arguments::parse_with_inputs(
            "expbundle create --title t --input a --output model=b --section context=c --from d --derive-from e --relation pruned-from -o f"
                .split(' '),
        )
        .expect("arguments");
        let mut names: Vec<_> = inputs.read.iter().map(|path| path.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b", "c", "d", "e"]);
    }
}
