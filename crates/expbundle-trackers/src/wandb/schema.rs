//! The messages of the log as tables: number, name and type of each field, as read off the client's
//! descriptors.
//!
//! Rare records are decoded by these tables into a [`Value`], so that fields which have no meaning
//! to us are kept too. History, summary and system metrics, which make up the file, are walked by
//! hand.

use super::value::{Members, Value};
use crate::protobuf::{Content, Field, Fields};

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    Text,
    Bool,
    Integer,
    Float,
    /// Seconds and nanoseconds; becomes nanoseconds since 1970.
    Timestamp,
    Message(&'static [Def]),
    Texts,
    Messages(&'static [Def]),
    /// A map from text to this.
    Map(&'static Type),
}

/// A field: number, name, type.
pub type Def = (u32, &'static str, Type);

use Type::{Bool, Float, Integer, Map, Message, Messages, Text, Texts, Timestamp};

const ITEM: &[Def] = &[(1, "key", Text), (2, "nested_key", Texts), (16, "value_json", Text)];
pub const CONFIG: &[Def] = &[(1, "update", Messages(ITEM)), (2, "remove", Messages(ITEM))];
const GIT: &[Def] = &[(1, "remote_url", Text), (2, "commit", Text)];
const BRANCH: &[Def] = &[(1, "run", Text), (2, "value", Float), (3, "metric", Text)];
pub const TELEMETRY: &[Def] =
    &[(4, "python_version", Text), (5, "cli_version", Text), (6, "huggingface_version", Text), (13, "platform", Text)];
pub const RUN: &[Def] = &[
    (1, "run_id", Text),
    (2, "entity", Text),
    (3, "project", Text),
    (4, "config", Message(CONFIG)),
    (5, "summary", Message(CONFIG)),
    (6, "run_group", Text),
    (7, "job_type", Text),
    (8, "display_name", Text),
    (9, "notes", Text),
    (10, "tags", Texts),
    (12, "sweep_id", Text),
    (13, "host", Text),
    (14, "starting_step", Integer),
    (16, "storage_id", Text),
    (17, "start_time", Timestamp),
    (18, "resumed", Bool),
    (19, "telemetry", Message(TELEMETRY)),
    (20, "runtime", Integer),
    (21, "git", Message(GIT)),
    (22, "forked", Bool),
    (23, "branch_point", Message(BRANCH)),
    (24, "resume", Bool),
];
pub const HEADER: &[Def] = &[(1, "version_info", Message(&[(1, "producer", Text), (2, "min_consumer", Text)]))];
pub const EXIT: &[Def] = &[(1, "exit_code", Integer), (2, "runtime", Integer), (3, "not_complete", Bool)];
pub const ALERT: &[Def] = &[(1, "title", Text), (2, "text", Text), (3, "level", Text), (4, "wait_duration", Integer)];
pub const FILES: &[Def] = &[(1, "files", Messages(&[(1, "path", Text), (2, "policy", Integer), (3, "type", Integer)]))];
pub const USE_ARTIFACT: &[Def] = &[(1, "id", Text), (2, "type", Text), (3, "name", Text)];
pub const METRIC: &[Def] = &[
    (1, "name", Text),
    (2, "glob_name", Text),
    (4, "step_metric", Text),
    (5, "step_metric_index", Integer),
    (6, "options", Message(&[(1, "step_sync", Bool), (2, "hidden", Bool), (3, "defined", Bool)])),
    (
        7,
        "summary",
        Message(&[
            (1, "min", Bool),
            (2, "max", Bool),
            (3, "mean", Bool),
            (4, "best", Bool),
            (5, "last", Bool),
            (6, "none", Bool),
            (7, "copy", Bool),
            (8, "first", Bool),
        ]),
    ),
    (8, "goal", Integer),
    (9, "control", Message(&[(1, "overwrite", Bool)])),
    (10, "expanded_from_glob", Bool),
];
const EXTRA: &[Def] = &[(1, "key", Text), (2, "value_json", Text)];
const ENTRY: &[Def] = &[
    (1, "path", Text),
    (2, "digest", Text),
    (3, "ref", Text),
    (4, "size", Integer),
    (5, "mimetype", Text),
    (6, "local_path", Text),
    (7, "birth_artifact_id", Text),
    (8, "skip_cache", Bool),
    (16, "extra", Messages(EXTRA)),
];
const MANIFEST: &[Def] = &[
    (1, "version", Integer),
    (2, "storage_policy", Text),
    (3, "storage_policy_config", Messages(EXTRA)),
    (4, "contents", Messages(ENTRY)),
    (5, "manifest_file_path", Text),
];
pub const ARTIFACT: &[Def] = &[
    (1, "run_id", Text),
    (2, "project", Text),
    (3, "entity", Text),
    (4, "type", Text),
    (5, "name", Text),
    (6, "digest", Text),
    (7, "description", Text),
    (8, "metadata", Text),
    (9, "user_created", Bool),
    (10, "use_after_commit", Bool),
    (11, "aliases", Texts),
    (12, "manifest", Message(MANIFEST)),
    (13, "distributed_id", Text),
    (14, "finalize", Bool),
    (15, "client_id", Text),
    (16, "sequence_client_id", Text),
    (17, "base_id", Text),
    (18, "ttl_duration_seconds", Integer),
    (19, "tags", Texts),
    (20, "digest_algorithm", Text),
    (100, "incremental_beta1", Bool),
];
const DISK: Type = Message(&[(1, "total", Integer), (2, "used", Integer)]);
pub const ENVIRONMENT: &[Def] = &[
    (1, "os", Text),
    (2, "python", Text),
    (3, "started_at", Timestamp),
    (4, "docker", Text),
    (5, "args", Texts),
    (6, "program", Text),
    (7, "code_path", Text),
    (8, "code_path_local", Text),
    (9, "git", Message(GIT)),
    (10, "email", Text),
    (11, "root", Text),
    (12, "host", Text),
    (13, "username", Text),
    (14, "executable", Text),
    (15, "colab", Text),
    (16, "cpu_count", Integer),
    (17, "cpu_count_logical", Integer),
    (18, "gpu_type", Text),
    (19, "gpu_count", Integer),
    (20, "disk", Map(&DISK)),
    (21, "memory", Message(&[(1, "total", Integer)])),
    (22, "cpu", Message(&[(1, "count", Integer), (2, "count_logical", Integer), (3, "model", Text)])),
    (
        23,
        "apple",
        Message(&[
            (1, "name", Text),
            (2, "ecpu_cores", Integer),
            (3, "pcpu_cores", Integer),
            (4, "gpu_cores", Integer),
            (5, "memory_gb", Integer),
            (6, "swap_total_bytes", Integer),
            (7, "ram_total_bytes", Integer),
            (8, "mac_model", Text),
        ]),
    ),
    (
        24,
        "gpu_nvidia",
        Messages(&[
            (1, "name", Text),
            (2, "memory_total", Integer),
            (3, "cuda_cores", Integer),
            (4, "architecture", Text),
            (5, "uuid", Text),
            (6, "pci_bus_id", Text),
            (7, "numa_node", Integer),
        ]),
    ),
    (25, "cuda_version", Text),
    (
        26,
        "gpu_amd",
        Messages(&[
            (1, "id", Text),
            (2, "unique_id", Text),
            (3, "vbios_version", Text),
            (4, "performance_level", Text),
            (5, "gpu_overdrive", Text),
            (6, "gpu_memory_overdrive", Text),
            (7, "max_power", Text),
            (8, "series", Text),
            (9, "model", Text),
            (10, "vendor", Text),
            (11, "sku", Text),
            (12, "sclk_range", Text),
            (13, "mclk_range", Text),
        ]),
    ),
    (27, "slurm", Map(&Text)),
    (
        28,
        "trainium",
        Message(&[
            (1, "name", Text),
            (2, "vendor", Text),
            (3, "neuron_device_count", Integer),
            (4, "neuroncore_per_device_count", Integer),
        ]),
    ),
    (
        29,
        "tpu",
        Message(&[(1, "name", Text), (2, "hbm_gib", Integer), (3, "devices_per_chip", Integer), (4, "count", Integer)]),
    ),
    (30, "coreweave", Message(&[(1, "cluster_name", Text), (2, "org_id", Text), (3, "region", Text)])),
    (199, "writer_id", Text),
];
pub const TENSORBOARD: &[Def] = &[
    (1, "log_dir", Text),
    (2, "save", Bool),
    (3, "root_dir", Text),
    (4, "namespace", Text),
    (5, "save_path", Text),
    (6, "ignore_timestamp", Bool),
    (7, "ignore_hostname", Bool),
];
pub const OUTPUT: &[Def] = &[(1, "output_type", Integer), (2, "timestamp", Timestamp), (3, "line", Text)];
pub const LOGGER: &[Def] = &[(1, "line", Text)];

/// Decodes a message. What is at its default is not there, as on the wire. Unknown fields are left
/// out.
pub fn decode(message: &[u8], defs: &[Def]) -> Value {
    let mut members = Members::new();
    for Field { number, content } in Fields::new(message) {
        let Some((_, name, kind)) = defs.iter().find(|(of, _, _)| *of == number) else { continue };
        match kind {
            Texts | Messages(_) => {
                let item = match kind {
                    Messages(defs) => decode(content.bytes(), defs),
                    _ => Value::Text(content.text()),
                };
                match members.get_mut(*name) {
                    Some(Value::List(items)) => items.push(item),
                    _ => drop(members.insert((*name).to_owned(), Value::List(vec![item]))),
                }
            }
            Map(kind) => {
                let mut key = String::new();
                let mut value = Value::Null;
                for field in Fields::new(content.bytes()) {
                    match field.number {
                        1 => key = field.content.text(),
                        2 => value = single(field.content, kind),
                        _ => {}
                    }
                }
                members.entry((*name).to_owned()).or_insert_with(Value::empty).put(&[key], value);
            }
            _ => {
                members.insert((*name).to_owned(), single(content, kind));
            }
        }
    }
    Value::Object(Box::new(members))
}

fn single(content: Content<'_>, kind: &Type) -> Value {
    match kind {
        Bool => Value::Bool(content.number() != 0),
        Integer => Value::Integer(content.signed().to_string()),
        Float => match content {
            Content::Fixed64(bits) => Value::Float(f64::from_bits(bits)),
            _ => Value::Null,
        },
        Timestamp => timestamp(content.bytes()).map_or(Value::Null, |time| Value::Integer(time.to_string())),
        Message(defs) => decode(content.bytes(), defs),
        Text | Texts | Messages(_) | Map(_) => Value::Text(content.text()),
    }
}

/// A `google.protobuf.Timestamp` as nanoseconds since 1970.
pub fn timestamp(message: &[u8]) -> Option<i64> {
    let (mut seconds, mut nanoseconds) = (0_i64, 0_i64);
    for field in Fields::new(message) {
        match field.number {
            1 => seconds = field.content.signed(),
            2 => nanoseconds = field.content.signed(),
            _ => {}
        }
    }
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}
