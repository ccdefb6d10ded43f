//! Parts that are private by their form, whoever the source is of.
//!
//! Paths follow a general rule and no list of roots: every absolute path is private, but for a short list of folders that every machine has. One
//! pass over the text for each kind; a part that was found is passed over, so that the time is linear.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Kind, Part};

/// Folders that every machine has, so that a path in them tells nothing. One with a folder of [`HOMES`] in it does.
const SYSTEM: &[&str] =
    &["usr", "bin", "sbin", "lib", "lib32", "lib64", "etc", "proc", "sys", "boot", "System", "Library", "Applications"];
/// The same for two folders.
const SYSTEM_PAIRS: &[(&str, &str)] = &[
    ("opt", "conda"),
    ("opt", "nvidia"),
    ("opt", "rocm"),
    ("opt", "homebrew"),
    ("dev", "null"),
    ("dev", "stdin"),
    ("dev", "stdout"),
    ("dev", "stderr"),
    ("dev", "zero"),
    ("dev", "random"),
    ("dev", "urandom"),
    ("dev", "tty"),
    ("dev", "fd"),
];
/// Folders of a Windows drive that every machine has.
const SYSTEM_WINDOWS: &[&str] = &["windows", "program files", "program files (x86)", "programdata"];
/// Folders that hold those of people.
pub(super) const HOMES: &[&str] = &["home", "homes", "users", "user", "people", "u", "export", "profiles"];
/// Schemes of addresses of what is public, or that are names and no places of a machine. All others are private as a whole.
const PUBLIC: &[&str] = &[
    "http",
    "https",
    "ws",
    "wss",
    "ftp",
    "s3",
    "s3a",
    "s3n",
    "gs",
    "gcs",
    "git",
    "git+http",
    "git+https",
    "git+ssh",
    "ssh",
    "hf",
    "huggingface",
    "oci",
    "docker",
    "ipfs",
    "doi",
    "arxiv",
    "urn",
    "data",
    "runs",
    "models",
    "prompts",
    "mlflow-artifacts",
    "wandb-artifact",
    "wandb-client-artifact",
    "tfds",
    "kaggle",
    "pypi",
];
/// Those of them that begin with the name of a machine.
const WITH_HOST: &[&str] =
    &["http", "https", "ws", "wss", "ftp", "git", "git+http", "git+https", "git+ssh", "ssh", "mlflow-artifacts"];
/// Ends of host names that are no domains of the public net.
const PRIVATE_DOMAINS: &[&str] = &[
    "internal",
    "local",
    "lan",
    "corp",
    "intra",
    "intranet",
    "localdomain",
    "private",
    "priv",
    "home",
    "cluster",
    "hpc",
];
/// Ends of file names that are no top-level domains: `logo@2x.png` is no mail address.
const FILE_ENDS: &[&str] =
    &["png", "jpg", "jpeg", "gif", "svg", "webp", "js", "css", "html", "json", "yaml", "yml", "csv", "txt"];
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
/// Words before a number like `1.2.3.4` that make it an address.
const BEFORE_ADDRESS: &[&str] = &[
    "host",
    "ip",
    "addr",
    "address",
    "inet",
    "at",
    "from",
    "to",
    "on",
    "via",
    "node",
    "server",
    "connect",
    "connected",
    "peer",
];
/// Variables of the environment that hold names.
const VARIABLES: &[&str] = &[
    "USER",
    "LOGNAME",
    "USERNAME",
    "SUDO_USER",
    "USERDOMAIN",
    "HOSTNAME",
    "HOST",
    "COMPUTERNAME",
    "MASTER_ADDR",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_NAME",
    "WANDB_ENTITY",
    "WANDB_USERNAME",
    "MLFLOW_TRACKING_USERNAME",
];
/// The longest look back from a sign like `@` or `:`, in bytes.
const LOOK_BACK: usize = 256;
/// The longest path in quotes that is taken up to the closing quote, in bytes.
const QUOTED: usize = 1024;

/// Adds every part of a private form.
pub(super) fn find(text: &str, found: &mut Vec<Part>) {
    if !text.bytes().any(|byte| b"/\\~@:.-_=[".contains(&byte)) {
        return;
    }
    let covered = addresses_with_scheme(text, found);
    paths(text, &covered, found);
    mails(text, &covered, found);
    variables(text, found);
    markers(text, found);
    for (start, token) in tokens(text) {
        token_forms(text, start, token, found);
    }
}

fn slice(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

fn after(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// The letters right before a place that fit, at most [`LOOK_BACK`] bytes of them.
fn back_while(text: &str, at: usize, fits: impl Fn(char) -> bool) -> usize {
    let letters = text.get(..at).unwrap_or_default().char_indices().rev();
    letters
        .take_while(|(_, letter)| fits(*letter))
        .take_while(|(place, _)| at - place <= LOOK_BACK)
        .last()
        .map_or(at, |(at, _)| at)
}

fn ends_token(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`<>|“”‘’«»„".contains(letter)
}

/// Where the token ends that begins before `from`, without the marks of the sentence around it.
fn token_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let token = rest.split(ends_token).next().unwrap_or_default();
    from + token.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\\']).len()
}

// Addresses with a scheme

/// Addresses like `https://…`: private as a whole, or with private parts. Gives the ranges that hold no path of their own.
fn addresses_with_scheme(text: &str, found: &mut Vec<Part>) -> Vec<(usize, usize)> {
    let mut covered: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.match_indices("://") {
        if covered.last().is_some_and(|(_, end)| at < *end) {
            continue;
        }
        let start = back_while(text, at, |letter| letter.is_ascii_alphanumeric() || "+.-".contains(letter));
        let scheme = slice(text, start, at).to_ascii_lowercase();
        // `C://` is a drive, and `://` alone is nothing.
        if scheme.len() < 2 || !scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            continue;
        }
        let end = token_end(text, at + 3);
        let user = slice(text, at + 3, end).split(['/', '?', '#']).next().and_then(|host| host.rsplit_once('@'));
        let is_public = PUBLIC.contains(&&*scheme) && (scheme != "ssh" || user.is_some_and(|(user, _)| user == "git"));
        if is_public {
            let stop = slice(text, at + 3, end).find(['?', '#']).map_or(end, |stop| at + 3 + stop);
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
fn public_address(text: &str, scheme: &str, start: usize, end: usize, found: &mut Vec<Part>) {
    let whole = slice(text, start, end);
    let authority = whole.split('/').next().unwrap_or_default();
    let mut host_at = 0;
    if let Some((login, _)) = authority.rsplit_once('@') {
        host_at = login.len() + 1;
        if login == "git" {
            // The address of code, as `git clone` takes it.
            let from = start + authority.len() + 1;
            let owner = slice(text, from, end).rsplit_once('/').map_or("", |(owner, _)| owner);
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
    if WITH_HOST.contains(&scheme) && is_private_host(without_port(host)) {
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

/// Whether a folder holds those of people.
pub(super) fn is_home(folder: &str) -> bool {
    HOMES.contains(&&*folder.to_lowercase())
}

fn without_port(host: &str) -> &str {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

/// Whether a host is of no public domain.
fn is_private_host(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    if let Ok(address) = host.parse::<IpAddr>() {
        return !address.is_loopback() && !address.is_unspecified();
    }
    match host.rsplit_once('.') {
        // A template like `{host}` names no machine.
        None => {
            !host.is_empty()
                && host != "localhost"
                && host.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
        }
        Some((_, last)) => PRIVATE_DOMAINS.contains(&last) || host.ends_with(".home.arpa"),
    }
}

// Paths

fn paths(text: &str, covered: &[(usize, usize)], found: &mut Vec<Part>) {
    let mut covered = covered.iter().peekable();
    let mut skip_to = 0;
    let mut previous = None;
    for (at, letter) in text.char_indices() {
        while covered.next_if(|(_, end)| *end <= at).is_some() {}
        let is_covered = covered.peek().is_some_and(|(start, _)| *start <= at);
        if at >= skip_to && !is_covered {
            match path_at(text, at, letter, previous) {
                Path::Private(part) => {
                    skip_to = part.end;
                    found.push(part);
                }
                Path::Public(end) => skip_to = end,
                Path::None => {}
            }
        }
        previous = Some(letter);
    }
}

enum Path {
    Private(Part),
    Public(usize),
    None,
}

/// What may stand before a path that begins with a letter, a tilde or a backslash.
fn begins(previous: Option<char>) -> bool {
    previous.is_none_or(|letter| !letter.is_alphanumeric() && !"/.~_-$%\\".contains(letter))
}

fn path_at(text: &str, at: usize, letter: char, previous: Option<char>) -> Path {
    match letter {
        '/' => unix_path(text, at, previous),
        '\\' if begins(previous) => share(text, at, previous),
        '~' if begins(previous) => folder_of_user(text, at, previous),
        letter if letter.is_ascii_alphabetic() && begins(previous) => drive(text, at, previous),
        _ => Path::None,
    }
}

/// `/lustre/proj/x`, `//server/share`, `node17:/export/x`, `-I/home/ada/include`
fn unix_path(text: &str, at: usize, previous: Option<char>) -> Path {
    let is_flag = || {
        let start = back_while(text, at, char::is_alphanumeric);
        at - start == 1 && before(text, start) == Some('-') && before(text, start - 1).is_none_or(char::is_whitespace)
    };
    let boundary = previous.is_none_or(|letter| !letter.is_alphanumeric() && !"/.~_-$\\<%*})]".contains(letter));
    if !boundary && !is_flag() {
        return Path::None;
    }
    let Some(next) = after(text, at + 1) else { return Path::None };
    let is_share = next == '/';
    if is_share {
        let rest = text.get(at + 2..).unwrap_or_default();
        let server = rest
            .split(|letter: char| !(letter.is_alphanumeric() || "._-$".contains(letter)))
            .next()
            .unwrap_or_default();
        let then = rest.get(server.len()..).unwrap_or_default();
        let is_one = server.chars().count() >= 2
            && then.strip_prefix('/').is_some_and(|share| share.starts_with(char::is_alphanumeric));
        if previous == Some(':') || !is_one {
            return Path::None;
        }
    } else if !(next.is_alphanumeric() || "._~$@%+-{".contains(next)) {
        return Path::None;
    }
    let mut start = at;
    if previous == Some(':') {
        let from = back_while(text, at - 1, |letter| letter.is_alphanumeric() || "+.@_-".contains(letter));
        let head = slice(text, from, at - 1);
        if PUBLIC.contains(&&*head.to_ascii_lowercase()) {
            return Path::Public(token_end(text, at));
        }
        // `node17:/export` and `ada@node:/data` name a machine too.
        if head.contains(['@', '.'])
            || (head.contains(|c: char| c.is_ascii_digit()) && head.contains(char::is_alphabetic))
        {
            start = from;
        }
    }
    let end = path_end(text, at, previous);
    let path = slice(text, at, end);
    let folders: Vec<&str> = path.split('/').filter(|folder| !folder.is_empty()).collect();
    let Some(first) = folders.first().filter(|first| first.contains(char::is_alphabetic)) else { return Path::None };
    if !is_share && is_system(&folders) {
        return Path::Public(end);
    }
    if folders.len() == 1 && !path.ends_with('/') {
        // `and /or` is no folder; the whole of a value, or of what is in quotes, is one.
        let is_value = previous.is_none_or(|letter| "\"'`=“‘(".contains(letter))
            && after(text, end).is_none_or(|letter| ends_token(letter) || letter == ')');
        if !is_value || first.chars().count() < 2 {
            return Path::None;
        }
    }
    Path::Private(Part { start, end, kind: Kind::Path })
}

fn is_system(folders: &[&str]) -> bool {
    let [first, rest @ ..] = folders else { return false };
    let second = rest.first().copied().unwrap_or_default();
    let listed = SYSTEM.contains(first)
        || SYSTEM_PAIRS.contains(&(*first, second))
        || (*first == "dev" && second.starts_with("nvidia"));
    listed && !folders.iter().any(|folder| is_home(folder))
}

/// `\\server\share`
fn share(text: &str, at: usize, previous: Option<char>) -> Path {
    let rest = text.get(at..).unwrap_or_default();
    let after_start = rest.trim_start_matches('\\');
    if rest.len() - after_start.len() < 2 {
        return Path::None;
    }
    let server = after_start
        .split(|letter: char| !(letter.is_alphanumeric() || "._-$?".contains(letter)))
        .next()
        .unwrap_or_default();
    let then = after_start.get(server.len()..).unwrap_or_default();
    let is_one = (server.chars().count() >= 2 || server == "?")
        && then.starts_with('\\')
        && then.trim_start_matches('\\').starts_with(|letter: char| letter.is_alphanumeric() || "$_.".contains(letter));
    if !is_one {
        return Path::None;
    }
    Path::Private(Part { start: at, end: path_end(text, at, previous), kind: Kind::Path })
}

/// `C:\Users\ada`, `d:/data`
fn drive(text: &str, at: usize, previous: Option<char>) -> Path {
    let rest = text.get(at + 1..).unwrap_or_default();
    let Some(path) = rest.strip_prefix(':').filter(|path| path.starts_with(['\\', '/'])) else { return Path::None };
    let folder = path.trim_start_matches(['\\', '/']);
    if !folder.starts_with(|letter: char| letter.is_alphanumeric() || "_.~$%".contains(letter)) {
        return Path::None;
    }
    let end = path_end(text, at, previous);
    let lower = folder.to_lowercase();
    let known =
        SYSTEM_WINDOWS.iter().any(|known| lower.strip_prefix(known).is_some_and(|rest| rest.starts_with(['\\', '/'])));
    if known { Path::Public(end) } else { Path::Private(Part { start: at, end, kind: Kind::Path }) }
}

/// `~ada/data`
fn folder_of_user(text: &str, at: usize, previous: Option<char>) -> Path {
    let rest = text.get(at + 1..).unwrap_or_default();
    let name =
        rest.split(|letter: char| !(letter.is_alphanumeric() || "._-".contains(letter))).next().unwrap_or_default();
    let then = rest.get(name.len()..).unwrap_or_default();
    let is_name = name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    let is_value = previous.is_none_or(|letter| "=\"'".contains(letter)) && then.chars().next().is_none_or(ends_token);
    if is_name && (then.starts_with(['/', '\\']) || is_value) {
        let end = path_end(text, at, previous);
        return Path::Private(Part { start: at, end, kind: Kind::Path });
    }
    Path::None
}

/// Where a path ends. One in quotes ends with them; otherwise spaces belong to it where what follows looks like more of it.
fn path_end(text: &str, at: usize, previous: Option<char>) -> usize {
    let close = match previous {
        Some('"') => Some('"'),
        Some('\'') => Some('\''),
        Some('`') => Some('`'),
        Some('“') => Some('”'),
        Some('‘') => Some('’'),
        _ => None,
    };
    let rest = text.get(at..).unwrap_or_default();
    if let Some(close) = close {
        let inside = rest.char_indices().take_while(|(place, letter)| *place < QUOTED && *letter != '\n');
        if let Some((end, _)) = inside.into_iter().find(|(_, letter)| *letter == close) {
            return at + rest.get(..end).unwrap_or_default().trim_end_matches('\\').len();
        }
    }
    // In a list like `/a/b:/c/d`, and in `/a/b.py:12`, a colon ends the path; in `/data/12:00/ada` it does not.
    let from = if rest.chars().nth(1) == Some(':') { 2 } else { 0 };
    let mut letters = rest.get(from..).unwrap_or_default().char_indices().peekable();
    let mut stop = None;
    while let Some((place, letter)) = letters.next() {
        let is_list = letter == ':' && letters.peek().is_some_and(|(_, next)| *next == '/');
        if is_list || ends_token(letter) {
            stop = Some(from + place);
            break;
        }
    }
    let mut end = token_end(text.get(..at + stop.unwrap_or(rest.len())).unwrap_or_default(), at);
    let token = slice(text, at, end);
    if let Some(colon) = token.rfind(':').filter(|colon| *colon >= from) {
        let behind = token.rfind(['/', '\\']).is_none_or(|slash| slash < colon);
        let is_line =
            token.get(colon + 1..).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'));
        if behind && is_line {
            end = at + colon;
        }
    }
    loop {
        let Some(word) = text.get(end..).and_then(|rest| rest.strip_prefix(' ')) else { return end };
        let word = word.split(ends_token).next().unwrap_or_default();
        let last = slice(text, at, end).rsplit(['/', '\\', ' ']).next().unwrap_or_default();
        let more = word.find(['/', '\\']).is_some_and(|slash| slash > 0) && !word.contains(':');
        let is_name = word.starts_with(char::is_uppercase);
        let may_follow = word.starts_with(char::is_alphanumeric) && !last.is_empty() && !last.contains('.');
        if !(more || is_name) || !may_follow || word.ends_with([',', ':']) {
            return end;
        }
        end = token_end(text, end + 1);
    }
}

// Mail addresses

fn mails(text: &str, covered: &[(usize, usize)], found: &mut Vec<Part>) {
    let mut covered = covered.iter().peekable();
    for (at, _) in text.match_indices('@') {
        while covered.next_if(|(_, end)| *end <= at).is_some() {}
        if covered.peek().is_some_and(|(start, _)| *start <= at) {
            continue;
        }
        let start = back_while(text, at, |letter| letter.is_alphanumeric() || "._%+-'".contains(letter));
        let local = slice(text, start, at);
        let start = start + (local.len() - local.trim_start_matches(['\'', '.', '-', '%']).len());
        let rest = text.get(at + 1..).unwrap_or_default();
        let domain =
            rest.split(|letter: char| !(letter.is_alphanumeric() || "-.".contains(letter))).next().unwrap_or_default();
        let domain = domain.trim_end_matches(['.', '-']);
        let then = rest.get(domain.len()..).unwrap_or_default();
        if start == at || domain.is_empty() {
            continue;
        }
        let local = slice(text, start, at);
        // `ada@node042`, and not `recall@top10`.
        let is_machine = domain.starts_with(char::is_alphabetic)
            && domain.ends_with(|letter: char| letter.is_ascii_digit())
            && local.starts_with(char::is_alphabetic)
            && !METRICS.contains(&&*local.to_lowercase());
        let is_login = is_machine || [":/", ":~"].iter().any(|sign| then.starts_with(sign));
        let last = domain.rsplit_once('.').map_or("", |(_, last)| last);
        let is_domain = last.chars().count() >= 2
            && last.chars().all(char::is_alphabetic)
            && !FILE_ENDS.contains(&&*last.to_ascii_lowercase())
            && domain.split('.').all(|label| !label.is_empty());
        // `git@host:ada/x.git` is an address of code; whose it is follows the colon.
        if slice(text, start, at) == "git" && then.starts_with(':') {
            let path = then.get(1..).unwrap_or_default();
            let path = path.split(ends_token).next().unwrap_or_default();
            if let Some((owner, _)) = path.rsplit_once('/') {
                let start = at + 1 + domain.len() + 1;
                let owner_start = start + (owner.len() - owner.trim_start_matches('/').len());
                found.push(Part { start: owner_start, end: start + owner.len(), kind: Kind::Owner });
            }
            if is_private_host(domain) {
                found.push(Part { start: at + 1, end: at + 1 + domain.len(), kind: Kind::Host });
            }
        } else if is_domain || is_login {
            found.push(Part { start, end: at + 1 + domain.len(), kind: Kind::Mail });
        }
    }
}

// Variables and markers

/// `SLURM_JOB_USER=ada`, `HOSTNAME=node17`
fn variables(text: &str, found: &mut Vec<Part>) {
    for (at, _) in text.match_indices('=') {
        let start = back_while(text, at, |letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
        let name = slice(text, start, at);
        let is_one = name.starts_with("--")
            || VARIABLES.contains(&name)
            || (name.starts_with("SLURM") && super::kind_of_key(name).is_some());
        let Some(kind) = super::kind_of_key(name).filter(|_| is_one) else { continue };
        let rest = text.get(at + 1..).unwrap_or_default();
        let from = at + 1 + (rest.len() - rest.trim_start_matches(['"', '\'']).len());
        let end = token_end(text, from);
        let end = if slice(text, from, end).contains('[') && after(text, end) == Some(']') { end + 1 } else { end };
        if end > from && !super::learn::names_no_one(slice(text, from, end)) {
            found.push(Part { start: from, end, kind });
        }
    }
}

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

// Names and numbers of machines

/// Runs of letters, digits and `.:-_`.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split_inclusive(|letter: char| !(letter.is_alphanumeric() || ".:-_".contains(letter))).filter_map(
        move |token| {
            let start = next;
            next += token.len();
            let token = token.trim_end_matches(|letter: char| !(letter.is_alphanumeric() || ".:-_".contains(letter)));
            (token.len() > 5).then_some((start, token))
        },
    )
}

fn token_forms(text: &str, start: usize, token: &str, found: &mut Vec<Part>) {
    let trimmed = token.trim_end_matches(['.', ':', '-', '_']);
    if let Some((at, end)) = host_of_events(trimmed).or_else(|| host_of_log_folder(trimmed)) {
        found.push(Part { start: start + at, end: start + end, kind: Kind::Host });
        return;
    }
    if is_machine_name(text, start, trimmed) {
        found.push(Part { start, end: start + trimmed.len(), kind: Kind::Host });
        return;
    }
    if let Some(at) = trimmed.find("GPU-").or_else(|| trimmed.find("MIG-"))
        && is_uuid(trimmed.get(at + 4..).unwrap_or_default())
    {
        found.push(Part { start: start + at, end: start + at + 40, kind: Kind::Device });
        return;
    }
    if is_hardware_address(trimmed) {
        found.push(Part { start, end: start + trimmed.len(), kind: Kind::Address });
        return;
    }
    if let Some(end) = ipv6(trimmed) {
        found.push(Part { start, end: start + end, kind: Kind::Address });
        return;
    }
    ipv4(text, start, trimmed, found);
}

/// `events.out.tfevents.1700000000.node17.123.0`
fn host_of_events(token: &str) -> Option<(usize, usize)> {
    const NAME: &str = "tfevents.";
    let from = token.find(NAME)? + NAME.len();
    let rest = token.get(from..)?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
    let host = rest.get(digits..)?.strip_prefix('.')?;
    let start = from + digits + 1;
    let mut end = host.len();
    // What follows the host: process, counter, `v2`, and what a plug-in adds.
    let mut labels: Vec<&str> = host.split('.').collect();
    while labels.len() > 1 {
        let Some(last) = labels
            .last()
            .filter(|last| last.bytes().all(|b| b.is_ascii_digit()) || ["v2", "profile-empty"].contains(last))
        else {
            break;
        };
        end -= last.len() + 1;
        labels.pop();
    }
    (end > 0 && !super::learn::names_no_one(host.get(..end)?)).then_some((start, start + end))
}

/// `Jan01_12-00-00_node17`
fn host_of_log_folder(token: &str) -> Option<(usize, usize)> {
    const MONTHS: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const SHAPE: &str = "Jan01_12-00-00_";
    let at = MONTHS.iter().find_map(|month| token.find(month))?;
    let stamp = token.get(at..at + SHAPE.len())?;
    let fits = stamp
        .chars()
        .zip(SHAPE.chars())
        .skip(3)
        .all(|(letter, shape)| if shape.is_ascii_digit() { letter.is_ascii_digit() } else { letter == shape });
    let start = at + SHAPE.len();
    (fits && token.len() > start && !super::learn::names_no_one(token.get(start..)?)).then_some((start, token.len()))
}

/// `node17.corp.internal`, `ip-10-0-0-1.ec2.internal`, `Adas-MacBook-Pro`, `DESKTOP-4F2K9QX`
fn is_machine_name(text: &str, start: usize, token: &str) -> bool {
    let host = token.split(':').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let lower = host.to_lowercase();
    if let [first, .., last] = labels.as_slice()
        && PRIVATE_DOMAINS.contains(&&*last.to_lowercase())
        && labels.iter().all(|label| !label.is_empty())
    {
        // `threading.local` is a thing of a program; machines mostly have numbers.
        let is_value = start == 0 && token.len() == text.len() && labels.len() > 2;
        return is_value || first.contains(|letter: char| letter.is_ascii_digit() || letter == '-');
    }
    let made = ["desktop-", "laptop-", "win-"].iter().any(|start| {
        lower.strip_prefix(start).is_some_and(|rest| {
            rest.len() >= 7
                && rest.bytes().all(|b| b.is_ascii_alphanumeric())
                && rest.bytes().any(|b| b.is_ascii_digit())
        })
    });
    made || (lower.contains("-macbook") || lower.contains("-imac") || lower.contains("-mac-mini"))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.get(..36).unwrap_or_default().split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `02:42:ac:11:00:02`
fn is_hardware_address(token: &str) -> bool {
    [':', '-'].into_iter().any(|sign| {
        let pairs: Vec<&str> = token.split(sign).collect();
        pairs.len() == 6 && pairs.iter().all(|pair| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
            // A date and time has six pairs too.
            && (sign == ':' || pairs.iter().any(|pair| pair.bytes().any(|byte| byte.is_ascii_alphabetic())))
    })
}

/// How long the address at the start of a token is.
fn ipv6(token: &str) -> Option<usize> {
    let end = token.find(|letter: char| !(letter.is_ascii_hexdigit() || ":.".contains(letter))).unwrap_or(token.len());
    let address: Ipv6Addr = token.get(..end).filter(|_| end == token.len())?.parse().ok()?;
    // `12::30` is a slice of a list; three groups are an address, and so are two of a local network.
    let groups = token.split(':').filter(|group| !group.is_empty()).count();
    let is_local = address.is_unicast_link_local() || address.is_unique_local();
    ((groups >= 3 || (groups == 2 && is_local)) && !address.is_loopback()).then_some(end)
}

fn ipv4(text: &str, start: usize, token: &str, found: &mut Vec<Part>) {
    let bytes = token.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
            .count();
        if length == 0 {
            at += 1;
            continue;
        }
        let number = token.get(at..at + length).unwrap_or_default();
        let alone = at == 0 || bytes.get(at - 1).is_some_and(|byte| b":-_".contains(byte));
        let ended = bytes.get(at + length).is_none_or(|byte| b":-_".contains(byte));
        if let Ok(address) = number.parse::<Ipv4Addr>()
            && alone
            && ended
            && is_address(text, start + at, start + at + length, address)
        {
            found.push(Part { start: start + at, end: start + at + length, kind: Kind::Address });
        }
        at += length;
    }
}

/// Whether four numbers are an address of a machine and no version.
fn is_address(text: &str, start: usize, end: usize, address: Ipv4Addr) -> bool {
    if address.is_loopback() || address.is_unspecified() || address.is_broadcast() {
        return false;
    }
    let head = text.get(..start).unwrap_or_default().trim_end();
    let from = back_while(head, head.len(), char::is_alphanumeric);
    let word = slice(head, from, head.len()).to_lowercase();
    let is_version = head.ends_with('=') && ["==", ">=", "<=", "~=", "!="].iter().any(|sign| head.ends_with(sign));
    if is_version || ["v", "version", "ver", "release"].contains(&&*word) {
        return false;
    }
    let shared = matches!(address.octets(), [100, 64..=127, ..]);
    let has_port = after(text, end) == Some(':') && after(text, end + 1).is_some_and(|letter| letter.is_ascii_digit());
    let in_address = head.ends_with(['@', '/']) || BEFORE_ADDRESS.contains(&&*word);
    address.is_private() || address.is_link_local() || shared || has_port || in_address
}
