//! Values that say where a secret lies, and are none: the paths of files.
//!
//! A key in base64 may begin with `/` and have more of them in it, so the form of a path is not
//! enough: its steps must read as names.

use super::random::is_random;

/// Folders at the root of file systems, lower case.
const ROOTS: &[&str] = &[
    "afs",
    "app",
    "applications",
    "archive",
    "beegfs",
    "bin",
    "boot",
    "cluster",
    "code",
    "config",
    "content",
    "cvmfs",
    "data",
    "databricks",
    "dbfs",
    "dev",
    "etc",
    "export",
    "fsx",
    "gpfs",
    "gs",
    "home",
    "home1",
    "home2",
    "homes",
    "host",
    "input",
    "kaggle",
    "keys",
    "lib",
    "lustre",
    "media",
    "mnt",
    "model",
    "models",
    "nas",
    "net",
    "nfs",
    "opt",
    "output",
    "p",
    "private",
    "proc",
    "program files",
    "programdata",
    "project",
    "projects",
    "repo",
    "root",
    "run",
    "s3",
    "sbin",
    "scratch",
    "secrets",
    "secret",
    "service",
    "shared",
    "software",
    "src",
    "srv",
    "storage",
    "sw",
    "sys",
    "temp",
    "tmp",
    "user",
    "users",
    "usr",
    "var",
    "vault",
    "vol",
    "volume",
    "volumes",
    "windows",
    "work",
    "workdir",
    "workspace",
    "workspaces",
    "zfs",
];

/// Whether a value is a file's path: `~/.ssh/id_ed25519`, `certs/client.key`, `/srv/keys/client`.
pub(super) fn is_path(value: &str) -> bool {
    Path::read(value).is_some_and(|path| path.holds(2))
}

/// The same where any letters may be a secret: only a path whose beginning or end is known, or one
/// of several names, is none.
pub(super) fn is_known_path(value: &str) -> bool {
    value.contains(['/', '\\']) && Path::read(value).is_some_and(|path| path.holds(3))
}

/// What a value begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    /// `s3://`, `~/`, `/home/`
    Known,
    /// `/`, `./`, `C:\`
    Slash,
    /// Nothing that paths begin with.
    None,
}

struct Path<'a> {
    root: Root,
    steps: Vec<&'a str>,
}

impl<'a> Path<'a> {
    fn read(value: &'a str) -> Option<Self> {
        const SCHEMES: &[&str] = &["~/", "~\\", "file:/", "s3://", "gs://", "dbfs:/", "hdfs://"];
        /// With more it is not a path that anybody writes.
        const MOST_STEPS: usize = 16;
        if !value.chars().all(|c| c.is_alphanumeric() || "/\\._- :~+@".contains(c)) {
            return None;
        }
        let is_drive = matches!(value.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
        let is_slash = is_drive || ["/", "./", "../", ".\\", "..\\"].iter().any(|start| value.starts_with(start));
        let scheme = SCHEMES.iter().find_map(|scheme| value.strip_prefix(scheme));
        let rest = if is_drive { value.get(2..).unwrap_or_default() } else { scheme.unwrap_or(value) };
        let steps: Vec<&str> =
            rest.split(['/', '\\']).filter(|step| !["", ".", ".."].contains(step)).take(MOST_STEPS + 1).collect();
        let is_rooted = (value.starts_with('/') || is_drive)
            && steps.first().is_some_and(|first| ROOTS.contains(&first.to_lowercase().as_str()));
        let root = match (scheme.is_some() || is_rooted, is_slash) {
            (true, _) => Root::Known,
            (false, true) => Root::Slash,
            (false, false) => Root::None,
        };
        (steps.len() <= MOST_STEPS).then_some(Self { root, steps })
    }

    /// Whether it is one of a file; without a known beginning or end, one of so many steps at
    /// least.
    fn holds(&self, count: usize) -> bool {
        let Some(last) = self.steps.last() else { return self.root != Root::None };
        let is_drawn = self.steps.iter().any(|step| is_drawn(step));
        match (self.root, is_of_file(last)) {
            (Root::Known, true) => true,
            (_, true) | (Root::Known, false) => !is_drawn,
            (Root::Slash, false) => !is_drawn && self.steps.len() >= count,
            (Root::None, false) => false,
        }
    }
}

/// `client.key`: a name, and a kind of files.
fn is_of_file(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, kind)| {
        !stem.is_empty() && (2..=5).contains(&kind.len()) && kind.chars().all(|c| c.is_ascii_lowercase())
    })
}

/// Whether a step looks drawn at random, so that it is none: also a short one, if nearly every
/// letter is of another kind than the one before.
fn is_drawn(step: &str) -> bool {
    const SHORTEST: usize = 6;
    let kind = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_lowercase(), byte.is_ascii_uppercase());
    let bytes = step.as_bytes();
    let switches = bytes.windows(2).filter(|pair| matches!(pair, [a, b] if kind(a) != kind(b))).count();
    let has_all = [u8::is_ascii_digit, u8::is_ascii_lowercase, u8::is_ascii_uppercase];
    let is_mixed =
        has_all.iter().all(|has| bytes.iter().any(has)) && bytes.len() >= SHORTEST && switches * 2 >= bytes.len();
    is_mixed || is_random(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_keys_with_slashes() {
        for path in [
            "~/.ssh/id_ed25519",
            "certs/client.key",
            "/run/secrets/db_password",
            "/home/ada/.aws/key",
            "/workspace",
            "/content",
            "/tmp/tmpx8k2v9qd/creds.json",
            "./keys/client.pem",
            "../token.txt",
            "C:\\Users\\ada\\key.txt",
            "s3://bucket/keys/client",
            "/gpfs/project/run7/key",
        ] {
            assert!(is_path(path) && is_known_path(path), "{path}");
        }
        for path in ["/etcd/client", "../keys/client", "client.pem"] {
            assert!(is_path(path) && !is_known_path(path), "{path}");
        }
        for key in [
            "/Kd83hTqLw0Zx5Rb2Vn9YpMj6Qz81wKc0+Lm4xPd",
            "/wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY",
            "./Kd83hTqLw0Zx5Rb2Vn9YpMj6",
            "//Kd83hTqLw0Zx5Rb2Vn9YpMj6",
            "../Kd83hTqLw0Zx5Rb2Vn9YpMj6",
            "C:\\Kd83hTqLw0Zx5Rb2Vn9YpMj6",
            "/home/Kd83hTqLw0Zx5Rb2Vn9YpMj6",
            "/Kd83hTq/Lw0Zx5R/b2Vn9Yp/Mj6",
            "/hunter2",
            "Kd83hTqLw0Zx5Rb2Vn9YpMj6.abc",
        ] {
            assert!(!is_path(key) && !is_known_path(key), "{key}");
        }
        assert!(!is_known_path("/x/y"));
    }
}
