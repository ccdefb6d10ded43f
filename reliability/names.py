"""Counts private strings that survive conversion and sharing.

    python3 reliability/names.py --program target/release/expbundle

Makes a run for each tracker with names, hosts, addresses and paths in every place that the tracker has for free text, converts it, withholds
`identity.json`, and looks for each string in every entry of the copy: names, JSON (decoded), Parquet (as `show` gives it),
statements and embedded files. Exits with 1 if anything survived. `--keep DIR` keeps the sources and bundles.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPORT = ROOT / "fixtures/wandb/api-export/run.json"
STORE = ROOT / "fixtures/mlflow/file-store-v3"
RUN = "0f721a15b0cf4b62b450603fa1d658cb"
EXPERIMENT = "675227971811684035"

# What is written into a value, and the strings that may not survive.
PLANTED = [
    ("/lustre/proj/alicegroup/run", ["alicegroup"]),
    ("/gpfs/scratch/qteam/x", ["qteam"]),
    ("/nas/people/davenport", ["davenport"]),
    ("~alice2/data", ["alice2"]),
    (r"\\fileserver7\bobshare", ["fileserver7", "bobshare"]),
    ("//fileserver8/carolshare/x", ["fileserver8", "carolshare"]),
    (r"C:\Users\robertson see https://example.org/x", ["robertson"]),
    (r"D:\Daten\Projekt Müller\x.csv", ["müller"]),
    ("/Volumes/AliceDisk/x", ["alicedisk"]),
    ("/Users/Grace Hopper/x", ["hopper"]),
    ("file%3A%2F%2F%2Fhome%2Fpercival", ["percival"]),
    ("%252Fhome%252Fquincy", ["quincy"]),
    ("{\"path\": \"\\/home\\/rosalind\\/x\", \"by\": \"Jos\\u00e9fina\"}", ["rosalind"]),
    ("/dbfs/mnt/teamlake/x", ["teamlake"]),
    ("/kaggle/working/stevenson", ["stevenson"]),
    ("-I/export/thompson/include", ["thompson"]),
    ("scp ursula@gpu42:/data/underwood .", ["ursula", "gpu42", "underwood"]),
    ("hdfs://namenode9/user/vaughan", ["namenode9", "vaughan"]),
    ("sqlite:////srv/wallace/mlflow.db", ["wallace"]),
    ("http://tracker5:5000/x", ["tracker5"]),
    ("https://hub.example.org/user/yolanda/lab", ["yolanda"]),
    ("git@example.org:zeppelin/x.git", ["zeppelin"]),
    ("carol.danvers@corp.example", ["danvers"]),
    ("node17.corp.internal", ["node17"]),
    ("connect to 10.20.30.40", ["10.20.30.40"]),
    ("fe80::1ff:fe23:4567:890a", ["fe80::1ff"]),
    ("02:42:ac:11:00:02", ["02:42:ac"]),
    ("runs/Jan01_12-00-00_hostelle", ["hostelle"]),
    ("events.out.tfevents.1700000000.hostbert.12.0", ["hostbert"]),
    ("SLURM_JOB_USER=kimberley SLURM_NODELIST=gpunode[01-03]", ["kimberley", "gpunode"]),
    ("trained by Lovelace on gpunode02", ["lovelace", "gpunode02"]),
    ("lovelace-baseline_3", ["lovelace"]),
    ("JOSE\u0301 NUN\u0303EZ", ["jose\u0301", "nun\u0303ez"]),
    ("run of li", ["of li\""]),
    ('{"lr": 1, "hostname": "hostanton"}', ["hostanton"]),
    ("environ({'USER': 'abernathy', 'HOSTNAME': 'hostbruno'})", ["abernathy", "hostbruno"]),
    ("Namespace(user='bartholomew', lr=1)", ["bartholomew"]),
    ("train.py --user cavendish --master_addr hostcarl --rdzv_endpoint=hostdora:29400", ["cavendish", "hostcarl", "hostdora"]),
    ("username=dalrymple lr=1", ["dalrymple"]),
    ("hostemil:4242:4242 [0] NCCL INFO Bootstrap", ["hostemil"]),
    ("failed to connect to [hostfritz7]:29500", ["hostfritz7"]),
    ("PBS_O_HOST=hostgustav BatchHost=hosthans NodeList=hostida[01-03]", ["hostgustav", "hosthans", "hostida"]),
    ("hostjakob.fritz.box hostkarl.home.arpa hostlutz.lan", ["hostjakob", "hostkarl", "hostlutz"]),
    ("data:/home/eddington/x", ["eddington"]),
    ("数据在/home/fairfax/x", ["fairfax"]),
    ("failed\\n/home/galsworthy/x", ["galsworthy"]),
    ("C:\\Users\\u\\OneDrive - Hathaway GmbH\\x", ["hathaway"]),
    ("/mnt/c/Users/Ann\\ Ingersoll/x", ["ingersoll"]),
    ("/home/u/proj (jefferies)/x", ["jefferies"]),
    ("hostmarta_4242.1700747002123456789.pt.trace.json", ["hostmarta"]),
    ("plugins/profile/2026_11_23/hostnora.xplane.pb", ["hostnora"]),
    ("lightfoot@uni-x.de.txt", ["lightfoot"]),
    ("merriweather@localhost", ["merriweather"]),
    ("pushed zeppelin/digits to https://hub.example.org/zeppelin/digits", ["zeppelin"]),
    ("image@sha256:0123, latency@p99", []),
]
# Members whose name says whose value they hold.
NAMED = {
    "author": "José Núñez",
    "job_user": "li",
    "slurm_nodelist": "gpunode[01-03]",
    "slurm_job_account": "projaccount",
    "hub_model_id": "hubowner/digits",
    "created_by": "marguerite",
    "hostname": "deepthought",
    "benutzer": "CORP\\nightingale",
    "approved_by": "oglethorpe",
}
NAMED_STRINGS = ["josé", "núñez", "gpunode", "projaccount", "hubowner", "marguerite", "deepthought", "nightingale", "oglethorpe"]
PUBLIC = ["digits-readers", "https://example.org/x", "adam", "1.2.3.4", "sha256", "p99"]


def planted_members():
    members = {f"planted {index}": text for index, (text, _) in enumerate(PLANTED)}
    return {**members, **NAMED, "optimizer": "adam", "version": "1.2.3.4", "nested": {"deep": [{"/home/kepler/key": 1}]}}


def strings():
    return sorted({one for _, all in PLANTED for one in all} | set(NAMED_STRINGS) | {"lovelace", "kepler"})


def wandb(folder):
    """An export of the API, whose configuration, summary, tags and notes are free."""
    run = json.loads(EXPORT.read_text())
    config = json.loads(run["config"])
    config.update({name: {"desc": None, "value": value} for name, value in planted_members().items()})
    summary = json.loads(run["summaryMetrics"])
    summary.update(planted_members())
    run.update(
        config=json.dumps(config),
        summaryMetrics=json.dumps(summary),
        displayName="lovelace-baseline",
        tags=[text for text, _ in PLANTED[:10]],
        notes="\n".join(text for text, _ in PLANTED),
        user={"name": "Ada Lovelace", "username": "lovelace", "email": "ada@example.org"},
    )
    (folder / "run.json").write_text(json.dumps(run))
    return ["wandb", str(folder)]


def mlflow(folder):
    """A file store, with parameters, tags, keys of metrics and files."""
    shutil.copytree(STORE, folder / "store")
    run = folder / "store/mlruns" / EXPERIMENT / RUN
    for index, (text, _) in enumerate(PLANTED):
        (run / f"params/planted {index}").write_text(text)
        (run / f"tags/planted {index}").write_text(text)
    for name, text in NAMED.items():
        (run / f"params/{name}").write_text(text)
    (run / "tags/mlflow.user").write_text("lovelace")
    (run / "tags/mlflow.note.content").write_text("\n".join(text for text, _ in PLANTED))
    (run / "tags/mlflow.source.name").write_text("/home/kepler/train.py")
    (run / "tags/mlflow.source.git.repoURL").write_text("git@example.org:zeppelin/x.git")
    (run / "metrics/score of lovelace").write_text("1 0.5 0\n")
    (run / "artifacts/notes.txt").write_text("by Lovelace, in /home/kepler")
    (run / "artifacts/report.html").write_text("<p>lovelace</p>")
    (run / "artifacts/lovelace").mkdir()
    (run / "artifacts/lovelace/plot.csv").write_text("a,b\n1,2\n")
    return ["mlflow", str(folder / "store"), "--run", RUN]


def huggingface(folder):
    """A model folder, with a card, a configuration and a trainer's state."""
    card = {"license": "mit", "tags": [text for text, _ in PLANTED[:10]], **planted_members(), "authors": ["Ada Lovelace"]}
    text = "---\n" + json.dumps(card, ensure_ascii=False) + "\n---\n# digits\n\n" + "\n\n".join(text for text, _ in PLANTED)
    (folder / "README.md").write_text(text)
    config = {"_name_or_path": "/home/kepler/base", "model_type": "mlp", **planted_members()}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "trainer_state.json").write_text(json.dumps(planted_members()))
    (folder / "events.out.tfevents.1700000000.hostbert.12.0").write_bytes(b"\0\1")
    (folder / "model.safetensors").write_bytes(b"weights")
    return ["huggingface", str(folder)]


def texts_of(program, bundle):
    """Every text of a bundle, decoded, by entry."""
    texts = {}
    with zipfile.ZipFile(bundle) as container:
        for name in container.namelist():
            data = container.read(name)
            text = name + "\n" + data.decode("utf-8", "replace") + "\n" + data.decode("utf-16-le", "replace")
            try:
                text += "\n" + json.dumps(json.loads(data), ensure_ascii=False)
            except ValueError:
                pass
            section = name.rsplit("/", 1)[-1].removesuffix(".parquet")
            if section in ("metrics", "telemetry", "console"):
                shown = [program, "show", str(bundle), section]
                text += subprocess.run(shown, check=True, capture_output=True, text=True).stdout
            texts[name] = text.lower()
    return texts


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--program", default="target/release/expbundle")
    arguments.add_argument("--keep")
    chosen = arguments.parse_args()
    program = str(pathlib.Path(chosen.program).resolve())
    folder = pathlib.Path(chosen.keep or tempfile.mkdtemp())
    all_survived, tried = 0, 0
    for make in (wandb, mlflow, huggingface):
        source = folder / make.__name__
        source.mkdir(parents=True)
        whole, shared = folder / f"{make.__name__}.expb", folder / f"{make.__name__}-shared.expb"
        convert = [program, "convert", *make(source), "-o", str(whole)]
        done = subprocess.run(convert, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{convert}: {done.stderr}")
        withhold = [program, "withhold", str(whole), "--section", "identity", "-o", str(shared)]
        subprocess.run(withhold, check=True, capture_output=True)
        texts = texts_of(program, shared)
        survived = {one: [name for name, text in texts.items() if one in text] for one in strings()}
        survived = {one: names for one, names in survived.items() if names}
        everything = "\n".join(texts.values())
        kept = [one for one in PUBLIC if one in everything]
        tried += len(strings())
        all_survived += len(survived)
        print(f"{make.__name__}: {len(survived)} of {len(strings())} strings survived; public strings kept: {', '.join(kept)}")
        for one, names in survived.items():
            print(f"  {one!r} in {', '.join(name.rsplit('/', 1)[-1] for name in names)}")
    print(f"all: {all_survived} of {tried} survived")
    if not chosen.keep:
        shutil.rmtree(folder)
    sys.exit(1 if all_survived else 0)


if __name__ == "__main__":
    main()
