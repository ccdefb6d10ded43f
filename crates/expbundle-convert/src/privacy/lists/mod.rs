//! Words of keys that name people and machines, and words that name nobody: data, apart from what
//! is done with it.

mod members;
mod nobody;
mod terms;

pub use members::{HOSTS, HUB_IDS, PEOPLE, REPOSITORIES};
pub use nobody::{NO_ONE, PUBLISHERS, THINGS};
pub use terms::TERMS;

/// How variables of schedulers begin: Slurm, PBS, LSF.
pub const SCHEDULERS: &[&str] = &["slurm", "pbso", "lsb"];
/// What somebody does to a run or model, before `by`; `group_by` and `scaled_by` name nobody.
pub const DOINGS: &[&str] = &[
    "added",
    "annotated",
    "approved",
    "assigned",
    "authored",
    "built",
    "changed",
    "checked",
    "closed",
    "collected",
    "committed",
    "contributed",
    "created",
    "deleted",
    "deployed",
    "designed",
    "edited",
    "executed",
    "invited",
    "labeled",
    "labelled",
    "launched",
    "made",
    "maintained",
    "managed",
    "merged",
    "modified",
    "opened",
    "owned",
    "prepared",
    "promoted",
    "published",
    "pushed",
    "queued",
    "registered",
    "released",
    "reported",
    "requested",
    "reviewed",
    "run",
    "scheduled",
    "signed",
    "started",
    "submitted",
    "supervised",
    "trained",
    "triggered",
    "updated",
    "uploaded",
    "validated",
    "verified",
    "written",
];
/// Words before `user`, `owner` or `host` with which it is a number, a direction, a part of a
/// conversation, or a yes or no.
pub const NO_OWNERS: &[&str] = &[
    "all", "allow", "any", "by", "chat", "count", "each", "end", "enable", "every", "first", "for", "from", "has",
    "id", "in", "is", "last", "max", "message", "messages", "min", "multi", "n", "nb", "new", "next", "no", "num",
    "number", "of", "off", "on", "per", "prompt", "prompts", "require", "role", "single", "template", "to", "tokens",
    "total", "use", "with",
];
/// Tools and parts of a machine, before `user` or `host`.
pub const TOOLS: &[&str] = &[
    "aws",
    "azure",
    "batch",
    "clearml",
    "comet",
    "current",
    "db",
    "database",
    "docker",
    "exec",
    "gcp",
    "git",
    "github",
    "gitlab",
    "head",
    "hf",
    "hub",
    "huggingface",
    "jupyter",
    "jupyterhub",
    "kaggle",
    "kubernetes",
    "linux",
    "login",
    "mail",
    "master",
    "mlflow",
    "mongo",
    "mysql",
    "neptune",
    "os",
    "postgres",
    "postgresql",
    "ray",
    "redis",
    "remote",
    "scheduler",
    "server",
    "sftp",
    "smtp",
    "ssh",
    "submit",
    "system",
    "training",
    "unix",
    "wandb",
    "windows",
    "worker",
];
/// `example.org` is not a name of two parts, as `ada.lovelace` is.
pub const DOMAINS: &[&str] = &["com", "org", "net", "edu", "gov", "io", "ai", "de", "eu", "uk", "dev", "app"];
