//! Names and addresses of machines, and numbers of devices.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::forms::{FILE_ENDS, NUMBERED};
use super::learn::names_no_one;
use super::look::Text;
use super::{Kind, Part};

/// Ends of host names that are not domains of the public net.
pub(super) const PRIVATE_DOMAINS: &[&str] = &[
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
/// The same that a thing of a program is never called: `nas.lan`, but `threading.local`.
const ONLY_DOMAINS: &[&str] = &["lan", "intranet", "localdomain"];
/// Ends of names that home routers and private networks give.
const HOME_DOMAINS: &[&str] = &["home.arpa", "fritz.box", "speedport.ip", "ts.net"];
/// Before a dot these name settings and files, not machines: `config.local`.
const SETTINGS: &[&str] = &[
    "app",
    "application",
    "cache",
    "conf",
    "config",
    "data",
    "default",
    "defaults",
    "dev",
    "env",
    "local",
    "memory",
    "model",
    "override",
    "overrides",
    "params",
    "prod",
    "production",
    "profile",
    "secrets",
    "settings",
    "stage",
    "staging",
    "storage",
    "test",
    "thread",
    "user",
    "var",
    "vars",
];
/// Things of programs before a dot: `torch.nn.functional.local`, `layer.lan`.
const THINGS: &[&str] = &[
    "torch",
    "numpy",
    "np",
    "tf",
    "tensorflow",
    "keras",
    "jax",
    "flax",
    "sklearn",
    "google",
    "module",
    "modules",
    "layer",
    "layers",
    "self",
    "cls",
    "config",
    "cfg",
    "args",
    "model",
    "threading",
    "asyncio",
    "os",
    "sys",
    "pkg",
    "lib",
];
/// Ports that distributed runs meet at by default.
const PORTS: &[&str] = &["29400", "29500", "29501", "29502", "23456", "12355", "6379", "10001"];
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
    "connecting",
    "peer",
    "ping",
    "ssh",
    "hostname",
];
/// Words right before the name of a machine, without a port.
const BEFORE_HOST: &[&str] = &["host", "hostname"];
/// Shorter names are none, in bytes.
const SHORTEST: usize = 4;
/// Addresses and names with a form of their own are longer.
const SHORTEST_FORM: usize = 6;
/// Signs in names of machines and addresses.
const SIGNS: &str = ".:-_";

/// Adds machines and devices.
pub(super) fn find(text: &Text<'_>, found: &mut Vec<Part>) {
    for (start, token) in tokens(text.whole()) {
        token_forms(text, start, token, found);
    }
    in_brackets(text, found);
}

pub(super) fn without_port(host: &str) -> &str {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

/// Whether a host is of no public domain.
pub(super) fn is_private_host(host: &str) -> bool {
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
        Some((_, last)) => PRIVATE_DOMAINS.contains(&last) || is_of_home(&host),
    }
}

fn is_of_home(host: &str) -> bool {
    HOME_DOMAINS.iter().any(|end| host.strip_suffix(end).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')))
}

/// Runs of letters, digits and `.:-_`.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split_inclusive(|letter: char| !(letter.is_alphanumeric() || SIGNS.contains(letter))).filter_map(
        move |token| {
            let start = next;
            next += token.len();
            let token = token.trim_end_matches(|letter: char| !(letter.is_alphanumeric() || SIGNS.contains(letter)));
            (token.len() >= SHORTEST).then_some((start, token))
        },
    )
}

fn token_forms(text: &Text<'_>, start: usize, token: &str, found: &mut Vec<Part>) {
    let trimmed = token.trim_end_matches(['.', ':', '-', '_']);
    if let Some(end) = host_of_prose(text, start, trimmed) {
        found.push(Part { start, end: start + end, kind: Kind::Host });
        return;
    }
    if token.len() < SHORTEST_FORM {
        return;
    }
    let host = host_of_events(trimmed)
        .or_else(|| host_of_log_folder(trimmed))
        .or_else(|| host_of_profile(text, start, trimmed))
        .or_else(|| host_of_collective(text, start, token))
        .or_else(|| host_with_port(trimmed))
        .or_else(|| machine_name(text, start, trimmed));
    if let Some((at, end)) = host {
        found.push(Part { start: start + at, end: start + end, kind: Kind::Host });
        return;
    }
    if let Some(at) = trimmed.find("GPU-").or_else(|| trimmed.find("MIG-"))
        && is_uuid(trimmed.get(at + 4..).unwrap_or_default())
    {
        found.push(Part { start: start + at, end: start + at + 40, kind: Kind::Device });
        return;
    }
    // `fd00:1234::9c41.txt`, `log-02:42:ac:11:00:02.txt`
    let stem = before_file_end(trimmed);
    let after_joint = stem.rfind(['-', '_']).map_or(0, |at| at + 1);
    for from in [0, after_joint] {
        let address = stem.get(from..).unwrap_or_default();
        if is_hardware_address(address) || is_ipv6(address) {
            found.push(Part { start: start + from, end: start + stem.len(), kind: Kind::Address });
            return;
        }
    }
    ipv4(text, start, trimmed, found);
}

/// A name without the end of a file's, and what is behind it: `10.0.0.7` of `10.0.0.7.log.1`.
fn before_file_end(name: &str) -> &str {
    let ends = name.match_indices('.').map(|(at, _)| at);
    ends.filter_map(|at| name.split_at_checked(at))
        .find(|(_, rest)| begins_file_end(rest))
        .map_or(name, |(stem, _)| stem)
}

/// Whether a text begins with a dot and the end of a file's name.
fn begins_file_end(text: &str) -> bool {
    let end = text.strip_prefix('.').and_then(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next());
    end.is_some_and(|end| FILE_ENDS.contains(&&*end.to_ascii_lowercase()))
}

/// What a sentence says is a machine, if its name has a number: `on host node17`,
/// `connected to node17:6006`.
fn host_of_prose(text: &Text<'_>, start: usize, token: &str) -> Option<usize> {
    let (host, port) = token.split_once(':').map_or((token, None), |(host, port)| (host, Some(port)));
    let stem = host.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = host.len() - stem.len();
    let is_name = host.starts_with(char::is_alphabetic)
        && !host.contains(['.', ':'])
        && host.contains(|letter: char| letter.is_ascii_digit())
        // `host gpu0` is a part of one.
        && (stem.len() >= 4 || stem.len() >= 3 && digits >= 2)
        && !NUMBERED.contains(&&*stem.trim_end_matches(['-', '_']).to_lowercase())
        && !names_no_one(host);
    if !is_name {
        return None;
    }
    let word = word_before(text, start);
    let is_one = match port {
        None => BEFORE_HOST.contains(&&*word),
        Some(port) => {
            let is_port = (4..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
            is_port && (BEFORE_ADDRESS.contains(&&*word) || word == "worker")
        }
    };
    // `host node17` as a whole; `host = node17` and `host=…` are told by their form.
    let is_prose = text.before(start).is_some_and(|letter| letter == ' ');
    (is_one && is_prose).then_some(host.len())
}

/// The word before a place, in small letters.
fn word_before(text: &Text<'_>, at: usize) -> String {
    let end = text.back_while(at, char::is_whitespace);
    text.slice(text.back_while(end, char::is_alphanumeric), end).to_lowercase()
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
    (end > 0 && !names_no_one(host.get(..end)?)).then_some((start, start + end))
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
    (fits && token.len() > start && !names_no_one(token.get(start..)?)).then_some((start, token.len()))
}

/// Files of profilers: `node17_4242.1700000000123.pt.trace.json`, `node17.xplane.pb`
fn host_of_profile(text: &Text<'_>, start: usize, token: &str) -> Option<(usize, usize)> {
    const IN_PROFILE: &[&str] = &[
        ".trace.json",
        ".memory_profile.json",
        ".overview_page.pb",
        ".input_pipeline.pb",
        ".tensorflow_stats.pb",
        ".kernel_stats.pb",
        ".memory_viewer.json",
    ];
    let end = if let Some(end) = token.find(".pt.trace.json") {
        let digits = |text: &str| text.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        let mut name = token.get(..end)?;
        for sign in ['.', '_'] {
            let rest = name.get(..digits(name))?;
            name = rest.strip_suffix(sign).filter(|_| rest.len() < name.len()).unwrap_or(name);
        }
        name.len()
    } else if let Some(end) = token.find(".xplane.pb") {
        end
    } else {
        let end = IN_PROFILE.iter().find_map(|end| token.find(end))?;
        let folders = text.back_while(start, |letter| letter.is_alphanumeric() || "._-/\\".contains(letter));
        let folders = text.slice(folders, start);
        (folders.contains("plugins/profile") || folders.contains("plugins\\profile")).then_some(end)?
    };
    (end > 0 && !names_no_one(token.get(..end)?)).then_some((0, end))
}

/// What NCCL and RCCL write: `node17:4242:4301 [0] NCCL INFO …`
fn host_of_collective(text: &Text<'_>, start: usize, token: &str) -> Option<(usize, usize)> {
    let (host, numbers) = token.split_once(':')?;
    let is_process = !numbers.is_empty() && numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let rank = text.run_within(start + token.len(), 8, |letter| letter == ' ');
    let rank = text.run_within(rank, 8, |letter| letter.is_ascii_digit() || "[]".contains(letter));
    let rank = text.run_within(rank, 8, |letter| letter == ' ');
    let is_one = is_process && ["NCCL ", "RCCL "].iter().any(|word| text.has(rank, word));
    (is_one && !host.is_empty() && !names_no_one(host)).then_some((0, host.len()))
}

/// `node17:29500`, with a port that programs of distributed runs meet at.
fn host_with_port(token: &str) -> Option<(usize, usize)> {
    let (host, port) = token.split_once(':')?;
    let is_name = host.starts_with(char::is_alphabetic) && host.chars().count() > 1 && host.parse::<IpAddr>().is_err();
    (PORTS.contains(&port) && is_name && !names_no_one(host) && is_private_host(host)).then_some((0, host.len()))
}

/// `[node17]:29500`, `[node17.hpc]:29500`
fn in_brackets(text: &Text<'_>, found: &mut Vec<Part>) {
    for (at, _) in text.whole().match_indices("]:") {
        let start = text.back_while(at, |letter| letter.is_alphanumeric() || ".-_".contains(letter));
        let port = text.run_within(at + 2, 6, |letter| letter.is_ascii_digit());
        let host = text.slice(start, at);
        let is_port = (4..=5).contains(&(port - at - 2)) && !text.after(port).is_some_and(char::is_alphanumeric);
        let is_name = host.starts_with(char::is_alphabetic)
            && (host.contains(|letter: char| letter.is_ascii_digit() || ".-".contains(letter))
                || PORTS.contains(&text.slice(at + 2, port))
                || BEFORE_ADDRESS.contains(&&*word_before(text, start.saturating_sub(1))));
        if text.before(start) == Some('[') && is_port && is_name && !names_no_one(host) && host != "c10d" {
            found.push(Part { start, end: at, kind: Kind::Host });
        }
    }
}

/// `node17.corp.internal`, `nas.fritz.box`, `Adas-MacBook-Pro`, `DESKTOP-4F2K9QX`
fn machine_name(text: &Text<'_>, start: usize, token: &str) -> Option<(usize, usize)> {
    let mut host = token.split(':').next().unwrap_or_default();
    // `log-node17.lan.txt`
    while let Some((rest, _)) = host.rsplit_once('.').filter(|(_, last)| FILE_ENDS.contains(last)) {
        host = rest;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let lower = host.to_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default();
    let whole = Some((
        0,
        if token.get(host.len()..).is_some_and(|rest| rest.starts_with('.')) { host.len() } else { token.len() },
    ));
    if let [first, .., _] = labels.as_slice()
        && (PRIVATE_DOMAINS.contains(&last) || is_of_home(&lower))
        && labels.iter().all(|label| !label.is_empty())
    {
        // `threading.local` is a thing of a program; machines have numbers, ports, or a word like
        // `host` before them.
        let has_number = host.contains(|letter: char| letter.is_ascii_digit() || letter == '-');
        if !has_number && THINGS.contains(&&*first.to_lowercase()) {
            return None;
        }
        let is_whole = start == 0 && token.len() == text.whole().len();
        let is_value = is_whole && (labels.len() > 2 || !SETTINGS.contains(&&*first.to_lowercase()));
        let is_named =
            || BEFORE_ADDRESS.contains(&&*word_before(text, start)) && !text.has(start + token.len(), " import");
        let has_port = || {
            token
                .get(host.len() + 1..)
                .is_some_and(|port| port.len() > 1 && port.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let is_one = is_value
            || ONLY_DOMAINS.contains(&last) && (first.len() > 2 || labels.len() > 2)
            || is_of_home(&lower)
            || has_number
            || has_port()
            || is_named();
        return is_one.then_some(whole).flatten();
    }
    let made = ["desktop-", "laptop-", "win-"].iter().any(|start| {
        lower.strip_prefix(start).is_some_and(|rest| {
            rest.len() >= 7
                && rest.bytes().all(|b| b.is_ascii_alphanumeric())
                && rest.bytes().any(|b| b.is_ascii_digit())
        })
    });
    (made || lower.contains("-macbook") || lower.contains("-imac") || lower.contains("-mac-mini"))
        .then_some(whole)
        .flatten()
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

fn is_ipv6(token: &str) -> bool {
    let Ok(address) = token.parse::<Ipv6Addr>() else { return false };
    // `12::30` is a slice of a list; three groups are an address, and so are two of a local
    // network.
    let groups = token.split(':').filter(|group| !group.is_empty()).count();
    let is_local = address.is_unicast_link_local() || address.is_unique_local();
    (groups >= 3 || (groups == 2 && is_local)) && !address.is_loopback()
}

fn ipv4(text: &Text<'_>, start: usize, token: &str, found: &mut Vec<Part>) {
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
        let number = token.get(at..at + length).unwrap_or_default().trim_end_matches('.');
        let rest = token.get(at + number.len()..).unwrap_or_default();
        // Beside a script without spaces, an address is a word of its own.
        let alone = at == 0 || bytes.get(at - 1).is_some_and(|byte| b":-_".contains(byte) || !byte.is_ascii());
        let ends = |letter: char| ":-_".contains(letter) || !letter.is_ascii();
        let ended = rest.is_empty() || rest.starts_with(ends) || begins_file_end(rest);
        if let Ok(address) = number.parse::<Ipv4Addr>()
            && alone
            && ended
            && is_address(text, start + at, start + at + number.len(), address)
        {
            found.push(Part { start: start + at, end: start + at + number.len(), kind: Kind::Address });
        }
        at += length;
    }
}

/// Whether four numbers are an address of a machine and no version.
fn is_address(text: &Text<'_>, start: usize, end: usize, address: Ipv4Addr) -> bool {
    if address.is_loopback() || address.is_unspecified() || address.is_broadcast() {
        return false;
    }
    let head_end = text.back_while(start, char::is_whitespace);
    let word = word_before(text, start);
    let sign = head_end.checked_sub(2).map_or("", |from| text.slice(from, head_end));
    let is_version = ["==", ">=", "<=", "~=", "!="].contains(&sign);
    if is_version || ["v", "version", "ver", "release"].contains(&&*word) {
        return false;
    }
    let shared = matches!(address.octets(), [100, 64..=127, ..]);
    let has_port = text.after(end) == Some(':') && text.after(end + 1).is_some_and(|letter| letter.is_ascii_digit());
    let in_address =
        text.before(head_end).is_some_and(|letter| "@/".contains(letter)) || BEFORE_ADDRESS.contains(&&*word);
    address.is_private() || address.is_link_local() || shared || has_port || in_address
}
