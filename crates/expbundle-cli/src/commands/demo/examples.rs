//! The runs of the demo, inside the program: `demo/` of this crate. A test holds the list to the folder.

macro_rules! files {
    ($($path:literal,)*) => {
        /// Path below `demo/`, and content.
        pub const FILES: &[(&str, &[u8])] =
            &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/", $path))),)*];
    };
}

files! {
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/reader/MLmodel",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/reader/conda.yaml",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/reader/input_example.json",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/reader/model.pkl",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/reader/python_env.yaml",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/reader/requirements.txt",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/reader/serving_input_example.json",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/artifacts/weights/model.safetensors",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/inputs/06f73bb14257b80cb702092de5c77482/meta.yaml",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/inputs/46fb6b67ce1bdf9075d4ec069fac3cc8/meta.yaml",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/meta.yaml",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/lr",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/sk/val_accuracy",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/cpu_utilization_percentage",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/disk_available_megabytes",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/disk_usage_megabytes",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/disk_usage_percentage",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/network_receive_megabytes",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/network_transmit_megabytes",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/system_memory_usage_megabytes",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/system/system_memory_usage_percentage",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/train/loss",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/val/accuracy",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/metrics/val/loss",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/params/dropout",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/params/epochs",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/params/hidden",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/params/long",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/params/lr",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/params/seed",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/mlflow.log-model.history",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/mlflow.note.content",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/mlflow.runName",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/mlflow.source.git.commit",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/mlflow.source.name",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/mlflow.source.type",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/mlflow.user",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/parent.sweep",
    "mlruns/258199994752260457/388b28512d354845a189ec595620eb02/tags/release",
    "mlruns/258199994752260457/datasets/2243f233d905989be45d65cf4cf0cb2a/meta.yaml",
    "mlruns/258199994752260457/datasets/279dfd1c53069fd1454596e54f54bdbb/meta.yaml",
    "mlruns/258199994752260457/meta.yaml",
    "mlruns/258199994752260457/tags/mlflow.note.content",
    "mlruns/258199994752260457/tags/team",
    "mlruns/models/digit-reader/aliases/champion",
    "mlruns/models/digit-reader/meta.yaml",
    "mlruns/models/digit-reader/version-1/meta.yaml",
    "mlruns/models/digit-reader/version-1/tags/approved_by",
    "model/README.md",
    "model/config.json",
    "model/model.safetensors",
    "three-teams/README.md",
    "three-teams/clearml/sections/context.json",
    "three-teams/clearml/sections/evaluations.json",
    "three-teams/clearml/sections/recipe.json",
    "three-teams/clearml/weights.npz",
    "three-teams/merge.py",
    "three-teams/merged-f16.safetensors",
    "three-teams/merged.safetensors",
    "wandb/offline-run-20261123_095528-pjclsy9c/files/code/run.py",
    "wandb/offline-run-20261123_095528-pjclsy9c/files/diff.patch",
    "wandb/offline-run-20261123_095528-pjclsy9c/files/media/images/sample_21_51ae723514e7fc0e9391.png",
    "wandb/offline-run-20261123_095528-pjclsy9c/files/media/table/confusion_41_33393e9c84c9f7099362.table.json",
    "wandb/offline-run-20261123_095528-pjclsy9c/files/output.log",
    "wandb/offline-run-20261123_095528-pjclsy9c/files/requirements.txt",
    "wandb/offline-run-20261123_095528-pjclsy9c/logs/debug-core.log",
    "wandb/offline-run-20261123_095528-pjclsy9c/logs/debug-internal.log",
    "wandb/offline-run-20261123_095528-pjclsy9c/logs/debug.log",
    "wandb/offline-run-20261123_095528-pjclsy9c/run-pjclsy9c.wandb",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn walk(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("the runs are here") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                let relative = path.strip_prefix(root).expect("below the folder");
                found.insert(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn the_program_has_every_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        let mut found = BTreeSet::new();
        walk(&root, &root, &mut found);
        found.remove("README.md");
        let inside: BTreeSet<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(inside, found);
    }
}
