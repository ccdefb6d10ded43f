//! What the help of a finding adds for those who have this program: the command or flag to try.

use camino::Utf8Path;
use expbundle_format::container::ContainerError;
use expbundle_format::weights::may_run_code;
use expbundle_format::{Code, Finding};

use crate::{Tone, paint};

/// The help of a code, with the command that does what it says.
pub fn help(code: Code) -> String {
    format!("{}{}", code.help(), hint(code))
}

/// The help of a finding. For a pointer in place of a bundle, what helps is the bundle itself; for
/// files of W&B, the folder in which its client keeps them.
pub fn of(finding: &Finding) -> String {
    let is_pointer =
        finding.code == Code::ContainerNotABundle && finding.message == ContainerError::Pointer.to_string();
    if is_pointer {
        return "download the bundle with `git lfs pull`".to_owned();
    }
    let is_pickle = || finding.place.entry.as_deref().is_some_and(may_run_code);
    if finding.code == Code::DirectoryUncovered && is_pickle() {
        return format!("do not load it: a pickle can run any code when it is loaded; {}", help(finding.code));
    }
    // Where W&B's client puts what it is about to send.
    if finding.code == Code::SourceMissing && finding.message.contains("W&B's staging folder") {
        let code = finding.code.help();
        return format!("{code}; pass `--files ~/.local/share/wandb/artifacts/staging`, or ignore this warning");
    }
    help(finding.code)
}

fn hint(code: Code) -> &'static str {
    match code {
        Code::ContainerNotABundle => {
            ", or make a bundle with `expbundle convert` or `expbundle create`; a file of a model is explained by \
             `expbundle why`, and checked with its folder"
        }
        Code::ContainerTrailingBytes => "; `expbundle repack` keeps the objects and drops the rest",
        Code::ContainerGap | Code::ContainerZip64 => "; `expbundle repack` restores the fixed layout",
        Code::ContainerComment | Code::ContainerUnlisted => "; `expbundle repack` removes it",
        Code::ContainerMultiDisk => ", then run `expbundle repack`",
        Code::ContainerExtraField => "; `expbundle repack` restores the fixed layout and keeps every id",
        Code::ContainerFlags => "; `expbundle repack` restores the fixed layout if the file is not encrypted",
        Code::ContainerNotStored | Code::ContainerOrder => "; `expbundle repack` restores it and keeps every id",
        Code::ContainerFixedField => "; `expbundle repack` restores them and keeps every id",
        Code::ContainerMimetype => "; `expbundle repack` restores it if the rest is a bundle",
        Code::ContainerLimit => "; `expbundle verify --limits 4` accepts four times as much",
        Code::JsonLimit => "; `expbundle verify --limits 4` accepts documents four times as large, but not deeper ones",
        Code::SchemaInvalid => "; see `expbundle schema`",
        Code::SectionUnblinded => {
            "; make the record again with `--blind` before anybody signs it, then withhold sections"
        }
        Code::DirectoryNoBundle => {
            "; ask whoever sent it, or, if the folder is yours, make one with `expbundle attach` or `expbundle release`; \
             name several folders one by one, like `models/*`"
        }
        Code::DirectoryUncovered => " with `expbundle release`",
        Code::TrustNotValid => " and `--at`",
        Code::PolicyState => {
            "; `expbundle sign` or `expbundle release` adds a signature, `--trust FILE` names the signers file"
        }
        Code::LineageTwoRecords => " with `expbundle supersede`",
        Code::LineageUnaccountedInput => " with `expbundle convert`",
        Code::SourceMissing => "; pass its folder with `--files`, or ignore this warning",
        Code::SourceSecret => ". For a false alarm: `--allow-secrets NAME`",
        _ => "",
    }
}

/// The way out, as a line, for whoever took the journal of a run for a bundle.
pub(crate) fn if_journal(path: &str, errors: &[Finding]) -> String {
    let path = Utf8Path::new(path);
    let is_it = path.extension() == Some("expj") && errors.iter().any(|one| one.code == Code::ContainerNotABundle);
    if is_it { format!("  {}: {}\n", paint(Tone::Hint, "help"), of_journal(path)) } else { String::new() }
}

/// What makes a bundle of a file that is called like a journal.
pub(crate) fn of_journal(path: &Utf8Path) -> String {
    format!("if it is the journal of a run: `expbundle create --from {} -o run.expb`", crate::path(path.as_str()))
}
