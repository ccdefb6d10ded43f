//! What a source says of people and machines in one place, learned so that it is found in every
//! other.

use std::borrow::Cow;
use std::collections::BTreeMap;

use expbundle_format::sections::Identity;
use serde_json::{Map, Value};

use super::lists::{
    DOINGS, DOMAINS, HOSTS, HUB_IDS, NO_ONE, NO_OWNERS, PEOPLE, PUBLISHERS, REPOSITORIES, SCHEDULERS, TERMS, THINGS,
    TOOLS,
};
use super::look::Text;
use super::paths::is_home;
use super::tree::{self, Leaf};
use super::{Kind, Part, forms, views};
use crate::secrets::{is_marker_as_word, markers_as_words, prefix_length};

/// Longer values than this are prose and no names, in bytes.
const LONGEST_NAME: usize = 128;
/// The most nodes that all lists of nodes are written out to.
const MOST_NODES: u64 = 1 << 16;

/// The text with words in place of what stands for secrets, and blanks in place of what stands for
/// names: `user: [person 18]` says nothing of anybody.
fn without_markers(text: &str) -> Cow<'_, str> {
    let mut text = markers_as_words(text);
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('[')).map(|at| from + at) {
        let length = forms::marker(text.get(at..).unwrap_or_default());
        if let Some(length) = length {
            text.to_mut().replace_range(at..at + length, &" ".repeat(length));
        }
        from = at + length.unwrap_or(1);
    }
    text
}

/// Whether a word names no one in particular.
pub(super) fn names_no_one(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    // A single letter is a label, like team `A`.
    (word.len() < 2 && word.is_ascii())
        || NO_ONE.contains(&&*word)
        || !word.chars().any(char::is_alphabetic)
        || forms::marker(&word) == Some(word.len())
        || is_marker_as_word(&word)
        || ["127.0.0.1", "0.0.0.0", "::1"].contains(&&*word)
}

/// What a member holds, by its name: a person, a machine.
pub fn kind_of_key(key: &str) -> Option<Kind> {
    if key.len() > LONGEST_NAME {
        return None;
    }
    // `run.by` and `slurm.job_user` are told by more than their last part.
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let last = plain(key.trim_start_matches('-').rsplit(['/', '.', ':']).next().unwrap_or_default());
    let whole = plain(key);
    let known = [&last, &whole].into_iter().find_map(|name| {
        let name = SCHEDULERS.iter().find_map(|scheduler| name.strip_prefix(scheduler)).unwrap_or(name);
        if PEOPLE.contains(&name) {
            Some(Kind::Person)
        } else if HOSTS.contains(&name) {
            Some(Kind::Host)
        } else {
            None
        }
    });
    known.or_else(|| kind_of_words(key))
}

/// What a member holds whose name has others' words before those that tell it: `hf_username`,
/// `PBS_O_HOST`, `approved_by`.
fn kind_of_words(key: &str) -> Option<Kind> {
    // `Args/SGE_O_HOST`: a section, and a name of its own.
    let key = key.rsplit('/').next().unwrap_or(key);
    let is_variable = !key.bytes().any(|byte| byte.is_ascii_lowercase());
    let key = &*with_joints(key);
    let (head, last) = key.trim_end_matches('_').rsplit_once(['_', '-', ' ', '.'])?;
    let last = last.to_lowercase();
    let before = head.rsplit(['_', '-', ' ', '.']).next().unwrap_or_default().to_lowercase();
    let is_of = |words: &[&str], tools: &[&str]| words.contains(&&*last) && (is_variable || tools.contains(&&*before));
    match &*last {
        "username" | "loginname" | "logname" => Some(Kind::Person),
        "hostname" | "nodename" | "hostnames" => Some(Kind::Host),
        "name" => match &*before {
            "user" | "login" | "author" | "owner" => Some(Kind::Person),
            "host" | "node" if head.contains(['_', '-']) => Some(Kind::Host),
            _ => None,
        },
        "by" if DOINGS.contains(&&*before) => Some(Kind::Person),
        _ if is_of(&["login", "entity"], TOOLS) => Some(Kind::Person),
        _ if is_of(&["hosts", "nodelist"], TOOLS) => Some(Kind::Host),
        // `gpu_host`, `datasetOwner`, but `num_host` and `offload_to_host`.
        _ if NO_OWNERS.contains(&&*before) => None,
        "user" | "owner" | "engineer" | "labeler" | "labeller" => Some(Kind::Person),
        "host" => Some(Kind::Host),
        _ => None,
    }
}

/// A name with a joint before each of its capitals: `jobOwner` as `job_Owner`.
fn with_joints(key: &str) -> Cow<'_, str> {
    let mut parts = key.split_inclusive(|letter: char| letter.is_lowercase()).peekable();
    let mut joined = String::new();
    while let Some(part) = parts.next() {
        joined += part;
        let is_joint =
            part.ends_with(char::is_lowercase) && parts.peek().is_some_and(|next| next.starts_with(char::is_uppercase));
        joined += if is_joint { "_" } else { "" };
    }
    if joined.len() == key.len() { Cow::Borrowed(key) } else { Cow::Owned(joined) }
}

fn is_one_of(key: &str, names: &[&str]) -> bool {
    let plain: String =
        key.rsplit(['/', ':']).next().unwrap_or_default().chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = plain.to_lowercase();
    names.iter().any(|name| plain.ends_with(name))
}

/// The owner in the value of a member that holds `owner/name`, or the address of the run's own
/// code.
pub(super) fn owner(key: &str, text: &str) -> Option<Part> {
    let text_end = text.len() - text.rsplit('/').next().map_or(0, str::len);
    let (start, end) = if is_one_of(key, HUB_IDS) {
        (0, text.find('/')?)
    } else if is_one_of(key, REPOSITORIES) {
        let host = match text.find("://") {
            Some(scheme) => scheme + 3 + text.get(scheme + 3..)?.find('/')?,
            // `git@example.org:ada/x.git`
            None => text.find(':').filter(|colon| text.get(..*colon).is_some_and(|host| host.contains(['@', '.'])))?,
        };
        (host + 1, text_end.checked_sub(1)?)
    } else {
        return None;
    };
    (start < end && !names_no_one(text.get(start..end)?)).then_some(Part { start, end, kind: Kind::Owner })
}

/// The kind of a value as a whole: what the member says it is, if it is a name or a list of them.
pub(super) fn kind_of_value(key: Option<&str>, text: &str) -> Option<Kind> {
    /// More words are a sentence, unless each part between commas is a name.
    const MOST_WORDS: usize = 12;
    let kind = key.and_then(kind_of_key)?;
    let is_short = text.len() <= LONGEST_NAME && text.split_whitespace().count() <= MOST_WORDS;
    (!names_no_one(text) && (is_short || is_list(kind, text))).then_some(kind)
}

/// Whether a long text is a list of names, each of which is short.
fn is_list(kind: Kind, text: &str) -> bool {
    let fits = |name: &str| name.len() <= LONGEST_NAME;
    if kind != Kind::Host {
        return text.split([',', ';', '&', '\n']).map(str::trim).all(|name| fits(name) && is_name(name));
    }
    let is_host = |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || "-_.:[]".contains(letter));
    let has_number = |name: &str| name.contains(|letter: char| letter.is_ascii_digit());
    let has_blanks = text.contains(char::is_whitespace);
    let mut hosts =
        text.split(|letter: char| letter.is_whitespace() || ",;".contains(letter)).filter(|one| !one.is_empty());
    text.contains(char::is_alphabetic) && hosts.all(|one| fits(one) && is_host(one) && (!has_blanks || has_number(one)))
}

/// Words that a source has for people and machines.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    words: BTreeMap<String, Kind>,
    /// How many nodes lists were written out to.
    nodes: u64,
}

impl Learned {
    /// The words.
    pub fn words(&self) -> &BTreeMap<String, Kind> {
        &self.words
    }

    fn word(&mut self, word: &str, kind: Kind) {
        let word = word.trim().trim_matches(['"', '\'', ',', ';']).to_lowercase();
        // Where it says whose it is, it is taken out all the same.
        if !names_no_one(&word) && !TERMS.contains(&&*word) && word.len() <= LONGEST_NAME {
            self.words.entry(word).or_insert(kind);
        }
    }

    /// A person's name or login, or several with commas between: each, its parts, and how logins
    /// are made of them.
    pub fn person(&mut self, names: &str) {
        let names = &*without_markers(names);
        // `ada%40example.org` is not a name of two parts.
        let views = views::of(names);
        let names = views.last().map_or(names, |view| view.text());
        for name in names.split([',', ';', '&', '\n']) {
            // A mail address beside the name has a rule of its own.
            let name = name.split(['<', '(']).next().unwrap_or_default().trim();
            if name.contains('@') {
                self.mail(name);
                continue;
            }
            self.word(name, Kind::Person);
            // `CORP\ada`
            let name = match name.rsplit_once('\\') {
                Some((domain, login)) => {
                    self.word(domain.trim_matches('\\'), Kind::Person);
                    self.word(login, Kind::Person);
                    login
                }
                None => name,
            };
            let parts: Vec<String> = name
                .split(|c: char| c.is_whitespace() || "._-".contains(c))
                .filter(|part| !part.is_empty())
                .map(str::to_lowercase)
                .collect();
            // `my-team` is one name; `Ada Lovelace` and `ada.lovelace` are two.
            let is_dotted =
                name.contains('.') && parts.len() == 2 && !parts.last().is_some_and(|end| DOMAINS.contains(&&**end));
            if name.contains(char::is_whitespace) || is_dotted {
                for part in parts.iter().filter(|part| part.chars().count() > 1) {
                    self.word(part, Kind::Person);
                }
                if let [first, .., last] = parts.as_slice() {
                    self.word(&parts.concat(), Kind::Person);
                    let initial: String = first.chars().take(1).collect();
                    self.word(&format!("{initial}{last}"), Kind::Person);
                    self.word(&format!("{first}{last}"), Kind::Person);
                }
            }
        }
    }

    fn mail(&mut self, address: &str) {
        self.word(address, Kind::Mail);
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        self.person(local.split('+').next().unwrap_or_default());
        // A login on a machine has no domain of the public net.
        if !domain.trim_end_matches(".(none)").contains('.') {
            self.host(domain.trim_end_matches(".(none)"));
        }
    }

    /// Whose the address of code is: groups in groups, or one name.
    fn owner(&mut self, names: &str) {
        let names = &*without_markers(names);
        for name in [names].into_iter().chain(names.split('/')) {
            if ![PUBLISHERS, THINGS].iter().any(|words| words.contains(&&*name.to_lowercase())) {
                self.word(name, Kind::Owner);
            }
        }
    }

    /// A machine by its short or full name, or a list like `node[01-03],login1`.
    pub fn host(&mut self, names: &str) {
        let names = &*without_markers(names);
        self.word(names, Kind::Host);
        for name in node_names(names, &mut self.nodes) {
            let name = name.trim().split(':').next().unwrap_or_default().trim_end_matches('.');
            if name.parse::<core::net::IpAddr>().is_ok() {
                self.word(name, Kind::Address);
                continue;
            }
            self.word(name, Kind::Host);
            if let Some((short, domain)) = name.split_once('.') {
                if short.chars().count() > 1 {
                    self.word(short, Kind::Host);
                }
                // Other machines of the same site.
                if domain.split('.').count() > 2 {
                    self.word(domain, Kind::Host);
                }
            }
        }
    }

    /// What a value of a member says.
    pub fn value(&mut self, key: Option<&str>, text: &str) {
        let text = &*without_markers(text);
        self.told(key, text);
        self.text(text);
    }

    /// What a member says of its value.
    fn told(&mut self, key: Option<&str>, text: &str) {
        match kind_of_value(key, text) {
            Some(Kind::Host) => self.host(text),
            Some(_) => self.person(text),
            None => {}
        }
        if let Some((key, part)) = key.and_then(|key| Some((key, owner(key, text)?))) {
            let name = text.get(part.start..part.end).unwrap_or_default();
            if is_one_of(key, HUB_IDS) {
                self.word(name, Kind::Person);
            } else {
                self.owner(name);
            }
        }
    }

    /// What a text says by its form: whose folders, addresses and machines it names.
    pub fn text(&mut self, text: &str) {
        let text = &*without_markers(text);
        for line in text.lines() {
            self.line(line);
            // `[rank0]: user: ada`
            let prefix = prefix_length(line.as_bytes());
            if let Some(rest) = line.get(prefix..).filter(|_| prefix > 0) {
                self.line(rest);
            }
        }
        self.members(text);
        for view in views::pieces(text).flat_map(|(_, piece)| views::of(piece)) {
            let mut parts = Vec::new();
            forms::find(view.text(), &mut parts);
            for part in parts {
                let found = view.text().get(part.start..part.end).unwrap_or_default();
                match part.kind {
                    Kind::Path => self.path(found),
                    Kind::Mail => {
                        self.mail(found);
                        self.name_before(view.text(), part.start);
                    }
                    Kind::Host => self.host(found),
                    // A login in an address may have a password behind it.
                    Kind::Person => self.person(found.split(':').next().unwrap_or_default().trim_start_matches('~')),
                    Kind::Owner => self.owner(found),
                    Kind::Address | Kind::Device | Kind::Marker => {}
                }
            }
        }
    }

    /// `Ada Lovelace <` before a mail address.
    fn name_before(&mut self, text: &str, at: usize) {
        let Some(end) = at.checked_sub(1).filter(|end| text.get(*end..at) == Some("<")) else { return };
        let text = Text::new(text);
        let head = text.slice(text.back_within(end, LONGEST_NAME, |letter| letter != '\n'), end);
        let head = head.rsplit([',', ':', ';', '\n', '>', '"', '|', '*']).next().unwrap_or_default();
        let words = head.split_whitespace().rev().take(4);
        // Many scripts have no capitals.
        let begins = |letter: char| letter.is_alphabetic() && !letter.is_lowercase();
        let words: Vec<&str> = words.take_while(|word| word.starts_with(begins)).collect();
        self.person(&words.into_iter().rev().collect::<Vec<_>>().join(" "));
    }

    /// `Author: Ada Lovelace`, `- **Developed by:** Ada Lovelace`, `host: node17`
    pub(super) fn line(&mut self, line: &str) {
        let Some((key, value)) = line.split_once(':').filter(|(key, _)| key.len() <= LONGEST_NAME) else { return };
        let value = value.trim_start_matches('*').trim();
        let (value, is_value) = (value.trim_matches(['"', '\'', '[', ']']), !value.starts_with("//"));
        // `{"host": "node17"}` is told by its quotes.
        if key.contains(['"', '\'', '{', '[', '(', '=']) {
            return;
        }
        let key = key.trim_matches([' ', '-', '*', '#', '+']);
        if is_one_of(key, HUB_IDS) && is_value && !value.contains(char::is_whitespace) {
            self.told(Some(key), value);
        }
        match kind_of_key(key) {
            Some(Kind::Host) if is_value && !value.contains(char::is_whitespace) => self.host(value),
            Some(Kind::Person) if is_value && value.split([',', '&']).all(|name| is_name(name.trim())) => {
                self.person(value);
            }
            _ => {}
        }
    }

    /// Whose folder it is.
    fn path(&mut self, path: &str) {
        if let Some(user) = path.strip_prefix('~') {
            self.word(user.split(['/', '\\']).next().unwrap_or_default(), Kind::Person);
        }
        let path = path.split_once("://").map_or(path, |(_, path)| path);
        if let Some((machine, _)) = path.split_once(":/").filter(|(head, _)| head.len() > 1 && !head.contains('/')) {
            match machine.split_once('@') {
                Some(_) => self.mail(machine),
                None => self.host(machine),
            }
        }
        let folders: Vec<&str> = path.split(['/', '\\']).filter(|folder| !folder.is_empty()).collect();
        for pair in folders.windows(2) {
            if let [parent, name] = pair
                && is_home(parent)
            {
                // A file of a shared folder is nobody's name.
                let is_file = folders.last() == Some(name)
                    && name.rsplit_once('.').is_some_and(|(_, end)| end.len() <= 5 && end.len() > 1);
                if !is_file {
                    self.person(name);
                }
            }
        }
        if path.starts_with("\\\\") || (path.starts_with("//") && !path.starts_with("///")) {
            self.host(folders.first().copied().unwrap_or_default());
        }
    }

    /// What `identity.json` says, member by member.
    pub fn identity(&mut self, identity: &Identity) {
        for person in &identity.people {
            self.person(&person.name);
            for text in [&person.organisation, &person.email].into_iter().flatten() {
                self.person(text);
            }
        }
        for name in [&identity.user, &identity.organisation].into_iter().flatten() {
            self.person(name);
        }
        identity.host.iter().for_each(|host| self.host(host));
        identity.paths.values().for_each(|path| self.text(path));
        for (key, value) in &identity.source {
            self.tree(Some(key), value);
        }
        for (marker, text) in &identity.replaced {
            match marker.trim_start_matches('[').split(' ').next() {
                Some("person") => self.word(text, Kind::Person),
                Some("host") => self.host(text),
                Some("mail") => self.mail(text),
                Some("owner") => self.owner(text),
                _ => self.text(text),
            }
        }
    }

    /// What the members of a text say that is JSON or YAML, and those of texts in it.
    pub fn members(&mut self, text: &str) {
        tree::visit_text(text, &mut |leaf| {
            if let Leaf::Value(key, text) = leaf {
                self.told(key, text);
                text.lines().for_each(|line| self.line(line));
            }
        });
    }

    /// What a free-form value says, keys included.
    pub fn tree(&mut self, key: Option<&str>, value: &Value) {
        tree::visit(key, value, &mut |leaf| match leaf {
            Leaf::Value(key, text) => self.value(key, text),
            Leaf::Name(name) => self.text(name),
        });
    }
}

/// Whether it can be a name: one word, or a few that begin with capitals, but for those like `von`.
pub(super) fn is_name(text: &str) -> bool {
    let text = text.split(['<', '(']).next().unwrap_or_default().trim();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_of_name = |letter: char| letter.is_alphanumeric() || "._@\\-'’`".contains(letter);
    let begins =
        |word: &&str| word.chars().all(is_of_name) && (word.starts_with(char::is_uppercase) || names_no_one(word));
    match words.as_slice() {
        [] => false,
        [word] => word.chars().all(|letter| letter.is_alphanumeric() || "._-@\\".contains(letter)),
        words => words.len() <= 5 && words.iter().all(begins),
    }
}

/// `--user`, whose value is the next argument.
pub(crate) fn is_flag(text: &str) -> bool {
    text.starts_with('-') && !text.contains(['=', ' ']) && kind_of_key(text).is_some()
}

/// The name by which a member's value is told: in `{"user": {"name": "Ada"}}` it is the outer one.
pub(crate) fn member_key<'k>(outer: Option<&'k str>, name: &'k str) -> &'k str {
    match outer {
        Some(outer) if ["name", "id", "displayName", "value"].contains(&name) && kind_of_key(outer).is_some() => outer,
        _ => name,
    }
}

/// What a pair of members says that its value is: `{"name": "user", "value": "ada"}`.
pub(crate) fn named(members: &Map<String, Value>) -> Option<&str> {
    members.get("value")?;
    let name = ["name", "key"].iter().find_map(|name| members.get(*name)?.as_str())?;
    kind_of_key(name).map(|_| name)
}

/// The names in a list of nodes as Slurm writes it, as long as no more nodes than [`MOST_NODES`]
/// come of it.
fn node_names(list: &str, nodes: &mut u64) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut item) = (0_usize, String::new());
    for letter in list.chars().chain([',']) {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if (letter == ',' || letter.is_whitespace()) && depth == 0 {
            names.extend(expanded(&std::mem::take(&mut item), nodes));
        } else {
            item.push(letter);
        }
    }
    names
}

/// `node[01-03,7]` as `node01`, `node02`, `node03`, `node7`.
fn expanded(item: &str, nodes: &mut u64) -> Vec<String> {
    let Some((head, rest)) = item.split_once('[') else {
        return vec![item.to_owned()].into_iter().filter(|item| !item.is_empty()).collect();
    };
    let Some((ranges, tail)) = rest.split_once(']') else { return vec![item.to_owned()] };
    let mut names = Vec::new();
    if head.len() + tail.len() > LONGEST_NAME {
        return names;
    }
    for range in ranges.split(',') {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let (Ok(first), Ok(last)) = (from.parse::<u64>(), to.parse::<u64>()) else { continue };
        let left = MOST_NODES.saturating_sub(*nodes);
        for number in (first..=last).take(usize::try_from(left).unwrap_or(usize::MAX)) {
            names.push(format!("{head}{number:0width$}{tail}", width = from.len()));
            *nodes += 1;
        }
    }
    names
}
