//! Parts that are private by their form, whoever the source is of.
//!
//! One pass over the text for each kind, through [`Text`], which keeps what it found, so that the
//! time is linear.

use super::learn::names_no_one;
use super::look::{Text, ends_token};
use super::machines::{PRIVATE_DOMAINS, is_private_host, without_port};
use super::paths::is_home;
use super::{Kind, Part, fields, machines, paths};

/// Schemes of addresses of what is public, or that are names and no places of a machine. All others
/// are private as a whole. Of each whether it begins with the name of a machine, and whether it is
/// also written with one slash or none: `runs:/ID/model`, and `s3:/bucket` as some programs shorten
/// it.
const PUBLIC: &[(&str, bool, bool)] = &[
    ("http", true, true),
    ("https", true, true),
    ("ws", true, true),
    ("wss", true, true),
    ("ftp", true, true),
    ("s3", false, true),
    ("s3a", false, true),
    ("s3n", false, true),
    ("gs", false, true),
    ("gcs", false, true),
    ("git", true, false),
    ("git+http", true, false),
    ("git+https", true, false),
    ("git+ssh", true, false),
    ("ssh", true, false),
    ("hf", false, true),
    ("huggingface", false, true),
    ("oci", false, false),
    ("docker", false, false),
    ("ipfs", false, false),
    ("doi", false, false),
    ("arxiv", false, false),
    ("urn", false, false),
    ("data", false, false),
    ("runs", false, true),
    ("models", false, true),
    ("prompts", false, true),
    ("mlflow-artifacts", true, true),
    ("wandb-artifact", false, true),
    ("wandb-client-artifact", false, true),
    ("tfds", false, true),
    ("kaggle", false, false),
    ("pypi", false, false),
];

/// Whether a scheme, in lower case, is that of something public.
fn is_public(scheme: &str) -> bool {
    PUBLIC.iter().any(|(name, ..)| *name == scheme)
}

/// Whether it is, and begins with the name of a machine.
fn has_host(scheme: &str) -> bool {
    PUBLIC.iter().any(|(name, has_host, _)| *has_host && *name == scheme)
}

/// Whether it is, and is also written as a path.
pub(super) fn is_public_as_path(scheme: &str) -> bool {
    PUBLIC.iter().any(|(name, _, as_path)| *as_path && *name == scheme)
}

/// Ends of file names that are not top-level domains: `logo@2x.png` is not a mail address.
pub(super) const FILE_ENDS: &[&str] = &[
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "js",
    "css",
    "html",
    "json",
    "jsonl",
    "yaml",
    "yml",
    "csv",
    "tsv",
    "txt",
    "log",
    "out",
    "err",
    "pdf",
    "ipynb",
    "parquet",
    "npy",
    "npz",
    "zip",
    "gz",
    "tar",
    "bak",
    "eml",
    "xml",
    "toml",
    "ini",
    "cfg",
    "pt",
    "pth",
    "ckpt",
    "safetensors",
];
/// Top-level domains of more than two letters behind which such an end may follow:
/// `ada@example.org.txt`.
const DOMAIN_ENDS: &[&str] =
    &["com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "dev", "app", "cloud", "tech", "example"];
/// How far before a login a command is looked for, in bytes.
const BEFORE_LOGIN: usize = 128;
/// Measures that are written with `@`.
const METRICS: &[&str] = &[
    "recall",
    "precision",
    "ndcg",
    "map",
    "mrr",
    "hit",
    "hits",
    "acc",
    "accuracy",
    "p",
    "r",
    "f1",
    "pass",
    "maj",
    "best",
    "model",
];
/// How machines are called behind a hyphen: `ada@adas-laptop`.
const MACHINES: &[&str] =
    &["laptop", "desktop", "pc", "mac", "ws", "workstation", "server", "gpu", "node", "vm", "mbp", "macbook"];
/// Names before a number that are of measures, versions and digests, and of no machine:
/// `image@sha256`, `latency@p99`, `model@step100`.
pub(super) const NUMBERED: &[&str] = &[
    "sha",
    "md",
    "blake",
    "blake2b",
    "blake2s",
    "crc",
    "xxh",
    "xxhash",
    "top",
    "iou",
    "step",
    "epoch",
    "iter",
    "iteration",
    "rank",
    "rev",
    "ver",
    "version",
    "release",
    "rc",
    "alpha",
    "beta",
    "stable",
    "fold",
    "layer",
    "batch",
    "seed",
    "acc",
    "k",
    "pass",
    "maj",
    "best",
    "checkpoint",
    "ckpt",
    "round",
    "level",
    "tag",
    "python",
    "py",
    "cuda",
    "cu",
    "fp",
    "bf",
    "int",
    "uint",
    "float",
    "utf",
    "base",
    "recall",
    "precision",
    "eval",
    "val",
    "test",
    "train",
    "at",
    "len",
    "ctx",
    "size",
    "bin",
    "percentile",
    "quantile",
    "pct",
    "n",
    "max",
    "min",
    "avg",
    "mean",
];

/// Adds every part of a private form.
pub(super) fn find(text: &str, found: &mut Vec<Part>) {
    // `on host node17` has none of the signs.
    if !text.bytes().any(|byte| b"/\\~@:.-_=[".contains(&byte)) && !text.contains("ost ") {
        return;
    }
    let text = &Text::new(text);
    let covered = addresses_with_scheme(text, found);
    paths::find(text, &covered, found);
    mails(text, &covered, found);
    prompts(text, found);
    fields::find(text, found);
    markers(text.whole(), found);
    machines::find(text, found);
}

// Addresses with a scheme

/// Addresses like `https://…`: private as a whole, or with private parts. Gives the ranges that
/// hold no path of their own.
fn addresses_with_scheme(text: &Text<'_>, found: &mut Vec<Part>) -> Vec<(usize, usize)> {
    let mut covered: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.whole().match_indices("://") {
        if covered.last().is_some_and(|(_, end)| at < *end) {
            continue;
        }
        let start = text.back_while(at, |letter| letter.is_ascii_alphanumeric() || "+.-".contains(letter));
        let scheme = text.slice(start, at).to_ascii_lowercase();
        // `C://` is a drive, `://` alone is nothing, and a fingerprint may begin with slashes.
        if paths::is_fingerprint(text, at + 1)
            || scheme.len() < 2
            || !scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        {
            continue;
        }
        let end = text.token_end(at + 3);
        let is_part = |letter: char| !"?#".contains(letter) && !ends_token(letter);
        let host_end = text.run(at + 3, |letter| letter != '/' && is_part(letter)).min(end);
        let user = text.slice(at + 3, host_end).rsplit_once('@');
        let is_public = is_public(&scheme) && (scheme != "ssh" || user.is_some_and(|(user, _)| user == "git"));
        if is_public {
            let stop = text.run(host_end, is_part).min(end);
            public_address(text, &scheme, at + 3, stop, found);
            covered.push((start, stop));
        } else {
            found.push(Part { start, end, kind: Kind::Path });
            covered.push((start, end));
        }
    }
    covered
}

/// Logins, machines and folders of people in an address, from its host on.
fn public_address(text: &Text<'_>, scheme: &str, start: usize, end: usize, found: &mut Vec<Part>) {
    let whole = text.slice(start, end);
    let authority = whole.split('/').next().unwrap_or_default();
    let mut host_at = 0;
    if let Some((login, _)) = authority.rsplit_once('@') {
        host_at = login.len() + 1;
        if login == "git" {
            // The address of code, as `git clone` takes it.
            let from = start + authority.len() + 1;
            let owner = text.slice(from, end).rsplit_once('/').map_or("", |(owner, _)| owner);
            found.extend((!owner.is_empty()).then_some(Part {
                start: from,
                end: from + owner.len(),
                kind: Kind::Owner,
            }));
        } else if !login.is_empty() {
            found.push(Part { start, end: start + login.len(), kind: Kind::Person });
        }
    }
    let host = authority.get(host_at..).unwrap_or_default();
    if has_host(scheme) && is_private_host(without_port(host)) {
        found.push(Part { start: start + host_at, end: start + authority.len(), kind: Kind::Host });
    }
    let mut at = start + authority.len();
    let mut parent = "";
    for folder in whole.get(authority.len()..).unwrap_or_default().split('/').skip(1) {
        at += 1;
        if folder.starts_with('~') && folder.len() > 1 || is_home(parent) && !folder.is_empty() {
            found.push(Part { start: at, end: at + folder.len(), kind: Kind::Person });
        }
        at += folder.len();
        parent = folder;
    }
}

// Mail addresses

/// Whether a domain can be that of a mail address, or is the name of a machine behind a login.
fn domain_end(text: &Text<'_>, local: &str, at: usize) -> Option<usize> {
    let end = text.run(at, |letter| letter.is_alphanumeric() || "-.".contains(letter));
    let mut domain = text.slice(at, end).trim_end_matches(['.', '-']);
    let mut is_file = false;
    while let Some((rest, last)) = domain.rsplit_once('.')
        && FILE_ENDS.contains(&&*last.to_ascii_lowercase())
    {
        (domain, is_file) = (rest, true);
    }
    let end = at + domain.len();
    if domain.is_empty() || domain.split('.').any(str::is_empty) {
        return None;
    }
    let last = domain.rsplit_once('.').map_or("", |(_, last)| last).to_lowercase();
    let letters = last.chars().count();
    let is_domain = letters >= 2 && last.chars().all(char::is_alphabetic) || last.starts_with("xn--");
    if is_domain
        && (!is_file || letters == 2 || [DOMAIN_ENDS, PRIVATE_DOMAINS].iter().any(|ends| ends.contains(&&*last)))
    {
        return Some(end);
    }
    if let Some(length) = domain_within(domain).filter(|_| !METRICS.contains(&&*local.to_lowercase())) {
        return Some(at + length);
    }
    if is_address(text, at, domain) {
        return Some(end);
    }
    if is_file {
        return None;
    }
    if text.has(end, ".(none)") {
        return Some(end + ".(none)".len());
    }
    if [":/", ":~"].iter().any(|sign| text.has(end, sign)) || domain == "localhost" && !names_no_one(local) {
        return Some(end);
    }
    if !METRICS.contains(&&*local.to_lowercase()) && is_prompt(text, at - 1 - local.len(), end) {
        return Some(end);
    }
    if !domain.contains('.')
        && domain.rsplit_once('-').is_some_and(|(_, last)| MACHINES.contains(&&*last.to_lowercase()))
    {
        return Some(end);
    }
    // `ada@node042`, and not `recall@top10`.
    let stem = domain.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let is_machine = stem.len() < domain.len()
        && stem.chars().count() > 1
        && domain.starts_with(char::is_alphabetic)
        && local.starts_with(char::is_alphabetic)
        && !domain.contains('.')
        && !NUMBERED.contains(&&*stem.trim_end_matches('-').to_lowercase())
        && !(stem.contains("sha") || stem.contains("blake"))
        && !METRICS.contains(&&*local.to_lowercase());
    is_machine.then_some(end)
}

/// How much of a name is a domain, where something is put behind it: `example.org-final`,
/// `example.org.1`, `example.org.h5`.
fn domain_within(name: &str) -> Option<usize> {
    let mut at = name.find('.')? + 1;
    for label in name.get(at..)?.split('.') {
        let head = label.split('-').next().unwrap_or_default();
        let end = head.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let lower = end.to_ascii_lowercase();
        let is_country = end.len() == 2 && head == end && end.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_known = [DOMAIN_ENDS, PRIVATE_DOMAINS].iter().any(|ends| ends.contains(&&*lower));
        let is_file = FILE_ENDS.contains(&&*lower) || ["py", "sh", "md", "rs", "js", "so"].contains(&&*lower);
        if is_known || is_country && !is_file {
            return Some(at + end.len());
        }
        at += label.len() + 1;
    }
    None
}

/// Whether what stands behind a login is the address of a machine: `ada@10.0.0.5`. Four numbers may
/// be a version, too, unless they are of a private network or a command stands before the login.
fn is_address(text: &Text<'_>, at: usize, name: &str) -> bool {
    const COMMANDS: &[&str] = &["ssh", "scp", "sftp", "rsync", "mosh", "ssh-copy-id", "sshfs"];
    let Ok(address) = name.parse::<core::net::Ipv4Addr>() else { return false };
    let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
    let line = text.slice(text.back_within(at, BEFORE_LOGIN, |letter| letter != '\n'), at);
    let is_command =
        || line.split(|letter: char| !letter.is_alphanumeric() && letter != '-').any(|word| COMMANDS.contains(&word));
    address.is_private() || address.is_link_local() || is_shared || text.has(at + name.len(), ":") || is_command()
}

/// Whether a login on a machine is what a shell writes before a command: `[ada@node ~]$ ls`,
/// `ada@mac runs % ls`.
fn is_prompt(text: &Text<'_>, start: usize, end: usize) -> bool {
    const LONGEST_FOLDER: usize = 64;
    if text.after(end) != Some(' ') {
        return false;
    }
    let folder = |ends: &str| text.run_within(end + 1, LONGEST_FOLDER, |letter| !ends.contains(letter));
    let signs = ['$', '#', '%'];
    match text.before(start) {
        Some('[') => {
            let close = folder("]\n");
            text.after(close) == Some(']') && text.after(close + 1).is_some_and(|sign| signs.contains(&sign))
        }
        None | Some('\n') => {
            let close = folder(" \n");
            let is_sign = text.after(close + 1).is_some_and(|sign| signs.contains(&sign));
            close > end + 1 && text.after(close) == Some(' ') && is_sign && text.has(close + 2, " ")
        }
        Some(_) => false,
    }
}

/// `node:runs ada$ ls`, as the shell of macOS has it.
fn prompts(text: &Text<'_>, found: &mut Vec<Part>) {
    for (end, _) in text.whole().match_indices("$ ") {
        let is_name = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
        let user = text.back_within(end, 64, is_name);
        if user == end || text.before(user) != Some(' ') {
            continue;
        }
        let head = text.back_within(user - 1, 128, |letter| !letter.is_whitespace());
        let Some((host, folder)) = text.slice(head, user - 1).split_once(':') else { continue };
        let begins = text.before(head).is_none_or(|letter| letter == '\n');
        if begins && !host.is_empty() && host.chars().all(is_name) && !folder.is_empty() {
            found.push(Part { start: head, end: head + host.len(), kind: Kind::Host });
            found.push(Part { start: user, end, kind: Kind::Person });
        }
    }
}

fn mails(text: &Text<'_>, covered: &[(usize, usize)], found: &mut Vec<Part>) {
    let mut covered = covered.iter().peekable();
    let mut skip_to = 0;
    for (at, _) in text.whole().match_indices('@') {
        while covered.next_if(|(_, end)| *end <= at).is_some() {}
        if at < skip_to || covered.peek().is_some_and(|(start, _)| *start <= at) {
            continue;
        }
        let start = text.back_while(at, |letter| letter.is_alphanumeric() || "._%+-'".contains(letter));
        let local = text.slice(start, at);
        let local = local.trim_start_matches(['\'', '.', '-', '%']);
        let start = at - local.len();
        if start == at {
            continue;
        }
        let name_end = text.run(at + 1, |letter| letter.is_alphanumeric() || "-.".contains(letter));
        // `git@host:ada/x.git` is an address of code; whose it is follows the colon.
        if local == "git" && name_end > at + 1 && text.after(name_end) == Some(':') {
            if is_private_host(text.slice(at + 1, name_end)) {
                found.push(Part { start: at + 1, end: name_end, kind: Kind::Host });
            }
            // The first folders; `git@a:git@b:x` are two.
            let from = text.run(name_end + 1, |letter| letter == '/');
            let end = text.run(from, |letter| !ends_token(letter) && letter != '@');
            if let Some((owner, _)) = text.slice(from, end).rsplit_once('/').filter(|(owner, _)| !owner.is_empty()) {
                found.push(Part { start: from, end: from + owner.len(), kind: Kind::Owner });
            }
            skip_to = end;
        } else if let Some(end) = domain_end(text, local, at + 1) {
            found.push(Part { start, end, kind: Kind::Mail });
        }
    }
}

// Markers

/// What looks like a marker is one, so that each marker stands for what it replaces.
fn markers(text: &str, found: &mut Vec<Part>) {
    for (at, _) in text.match_indices('[') {
        if let Some(length) = marker(text.get(at..).unwrap_or_default()) {
            found.push(Part { start: at, end: at + length, kind: Kind::Marker });
        }
    }
}

/// How long the marker is with which a text begins.
pub(super) fn marker(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('[')?;
    let kind =
        Kind::ALL.iter().find(|kind| rest.strip_prefix(kind.as_str()).is_some_and(|rest| rest.starts_with(' ')))?;
    let rest = rest.get(kind.as_str().len() + 1..)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0 && rest.get(digits..)?.starts_with(']')).then_some(kind.as_str().len() + digits + 3)
}
