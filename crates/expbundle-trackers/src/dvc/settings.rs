//! `.dvc/config`: where DVC keeps the bytes elsewhere. `.dvc/config.local` is for secrets and is
//! never read.

/// What a project sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The remote that is used where none is named.
    pub default_remote: Option<String>,
    /// Every remote, in the order of the file.
    pub remotes: Vec<Remote>,
    /// The cache, where it is not `.dvc/cache`.
    pub cache: Option<String>,
    /// Whether the project uses no version control.
    pub no_scm: bool,
}

/// A place where DVC keeps bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
}

impl Settings {
    /// Reads the text of the file.
    pub fn parse(text: &str) -> Self {
        let mut settings = Self::default();
        for (section, name, key, value) in members(text) {
            match (section.as_str(), name.as_deref(), key.as_str()) {
                ("core", None, "remote") => settings.default_remote = Some(value),
                ("core", None, "no_scm") => settings.no_scm = value.eq_ignore_ascii_case("true"),
                ("cache", None, "dir") => settings.cache = Some(value),
                ("remote", Some(name), "url") => settings.remotes.push(Remote { name: name.to_owned(), url: value }),
                _ => {}
            }
        }
        settings
    }

    /// The address of a remote by its name, or of the one that is used where none is named.
    pub fn url(&self, name: Option<&str>) -> Option<&str> {
        let name = name.or(self.default_remote.as_deref())?;
        self.remotes.iter().find(|remote| remote.name == name).map(|remote| remote.url.as_str())
    }
}

/// The members of a settings file of git or DVC: section, its own name, key, value.
pub(super) fn members(text: &str) -> Vec<(String, Option<String>, String, String)> {
    let mut all = Vec::new();
    let (mut section, mut name) = (String::new(), None);
    for line in text.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            // DVC puts the whole in single quotes: `['remote "store"']`.
            let head = head.trim_matches('\'');
            let (kind, rest) = head.split_once(' ').map_or((head, None), |(kind, rest)| (kind, Some(rest)));
            section = kind.to_lowercase();
            name = rest.map(|rest| rest.trim().trim_matches('"').to_owned());
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) {
            all.push((
                section.clone(),
                name.clone(),
                key.trim().to_lowercase(),
                value.trim().trim_matches('"').to_owned(),
            ));
        }
    }
    all
}
