"""Compares expbundle with named peers on the same input, in turns, in one run: `compare.py --help`.

Times are wall clock, the best of several turns, so that whatever else the machine does counts least; what matters is the ratio. Memory is the peak of
anonymous pages (those that the kernel cannot take back), sampled; mapped files are not in it.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import struct
import subprocess
import sys
import threading
import time
import zipfile

import generate_mlflow
import generate_wandb
import git_graph

ROOT = pathlib.Path(__file__).resolve().parent.parent
MIB = 1 << 20


class Measured:
    """One run of a command: seconds, and the peak of its anonymous memory."""

    def __init__(self, command, environment=None):
        begun = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        self.peak_bytes = 0
        sampler = threading.Thread(target=self._sample, args=(process,))
        sampler.start()
        _, errors = process.communicate()
        self.seconds = time.perf_counter() - begun
        sampler.join()
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}: exit status {process.returncode}\n{errors.decode(errors='replace')}")

    def _sample(self, process):
        status = pathlib.Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            try:
                lines = status.read_text().splitlines()
            except OSError:
                return
            for line in lines:
                if line.startswith("RssAnon:"):
                    self.peak_bytes = max(self.peak_bytes, int(line.split()[1]) * 1024)
            time.sleep(0.01)


def in_turns(turns, **commands):
    """The best of each command, each measured in turn so that all meet the same machine."""
    best = {}
    for _ in range(turns):
        for name, command in commands.items():
            # What the last turn left, so that no turn finds its work done.
            command.get("before", lambda: None)()
            measured = Measured(command["command"], command.get("environment"))
            if name not in best or measured.seconds < best[name].seconds:
                best[name] = measured
    return best


class Comparison:
    """The rows of the result: what, ours, the peer, and whether the wish is met."""

    def __init__(self):
        self.rows = []

    def row(self, what, ours, peer, figure, wish, met):
        self.rows.append({"what": what, "ours": ours, "peer": peer, "figure": figure, "wish": wish, "met": met})
        print(f"{what}: {ours}; {peer}; {figure} (wished: {wish}{'' if met else ', NOT MET'})", file=sys.stderr)

    def markdown(self):
        lines = ["| what | expbundle | peer | figure | wished | |", "| --- | --- | --- | --- | --- | --- |"]
        for row in self.rows:
            mark = "met" if row["met"] else "**not met**"
            lines.append(f"| {row['what']} | {row['ours']} | {row['peer']} | {row['figure']} | {row['wish']} | {mark} |")
        return "\n".join(lines) + "\n"


def seconds(measured):
    return f"{measured.seconds:.2f} s" if measured.seconds >= 0.1 else f"{measured.seconds * 1000:.1f} ms"


def mebibytes(count):
    return f"{count / MIB:.0f} MiB"


def bench_verify(expbundle, scratch, comparison, turns):
    """`verify` of a directory with a file of weights in page cache, against `b3sum` and `model_signing verify`."""
    folder = scratch / "model"
    weights = folder / "model.safetensors"
    size = 2048 * MIB
    if not weights.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = scratch / "weights"
        with partial.open("wb") as file:
            for _ in range(size // (16 * MIB)):
                file.write(os.urandom(16 * MIB))
        partial.rename(weights)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Bench\n")
    for leftover in ("experiment.expb", ".gitattributes"):
        (folder / leftover).unlink(missing_ok=True)
    bundle = scratch / "weights.expb"
    bundle.unlink(missing_ok=True)
    Measured([expbundle, "create", "--title", "bench", "--output", weights, "-o", bundle])
    Measured([expbundle, "attach", folder, bundle, "--yes"])
    signature, private, public = (scratch / name for name in ("model.sig", "bench.pem", "bench.pub"))
    signing = scratch / "peers" / "signing" / "bin"
    make_key = (
        "import sys; from cryptography.hazmat.primitives.asymmetric import ec; from cryptography.hazmat.primitives import serialization as s\n"
        "key = ec.generate_private_key(ec.SECP256R1())\n"
        "open(sys.argv[1], 'wb').write(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))\n"
        "open(sys.argv[2], 'wb').write(key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))\n"
    )
    Measured([signing / "python", "-c", make_key, private, public])
    Measured([signing / "model_signing", "sign", "key", folder, "--private_key", private, "--signature", signature])
    Measured(["cat", weights])
    best = in_turns(
        turns,
        ours={"command": [expbundle, "verify", folder]},
        b3sum={"command": [scratch / "peers" / "b3sum" / "bin" / "b3sum", weights]},
        signing={"command": [signing / "model_signing", "verify", "key", folder, "--signature", signature, "--public_key", public]},
    )
    ours = best["ours"]
    ratio = ours.seconds / best["b3sum"].seconds
    comparison.row("verify, 2 GiB of weights", seconds(ours), f"b3sum {seconds(best['b3sum'])}", f"{ratio:.2f}×", "at most 1.05×", ratio <= 1.05)
    ratio = best["signing"].seconds / ours.seconds
    comparison.row("the same", seconds(ours), f"model_signing {seconds(best['signing'])}", f"{ratio:.1f}× faster", "faster", ratio > 1)
    comparison.row("memory of it", mebibytes(ours.peak_bytes), mebibytes(best["signing"].peak_bytes), "", "at most 64 MiB", ours.peak_bytes <= 64 * MIB)


def bench_many_files(expbundle, scratch, comparison, turns):
    """`verify` of released directories with many files in page cache, against `b3sum` on the same files."""
    b3sum = scratch / "peers" / "b3sum" / "bin" / "b3sum"
    key = scratch / "release-key"
    if not key.exists():
        Measured([expbundle, "keygen", "-o", key])
    for count, size, wished in ((1_000, 2 * MIB, 1.10), (100_000, 4096, 1.25)):
        folder = scratch / f"files-{count}"
        paths = [folder / str(number // 1000) / f"{number}.bin" for number in range(count)]
        if not (folder / "experiment.expb").exists():
            for path in paths:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(os.urandom(size))
            (folder / "model.safetensors").write_bytes(os.urandom(MIB))
            bundle = scratch / f"files-{count}.expb"
            bundle.unlink(missing_ok=True)
            Measured([expbundle, "create", "--title", "bench", "--output", folder / "model.safetensors", "-o", bundle])
            Measured([expbundle, "attach", folder, bundle, "--yes", "--key", key])
        listed = scratch / f"files-{count}.txt"
        listed.write_text("".join(f"{path}\n" for path in paths))
        best = in_turns(
            turns,
            ours={"command": [expbundle, "verify", "--quiet", folder]},
            b3sum={"command": ["xargs", "-a", listed, b3sum]},
        )
        ratio = best["ours"].seconds / best["b3sum"].seconds
        what = f"verify, {count:,} files of {size // 1024:,} KiB"
        comparison.row(what, seconds(best["ours"]), f"b3sum {seconds(best['b3sum'])}", f"{ratio:.2f}×", f"at most {wished:.2f}×", ratio <= wished)


def bench_wandb(expbundle, scratch, comparison, turns, long):
    """`convert wandb` of 100,000 rows of 30 keys, against wandb's own reader; and of ten times as many rows."""
    converted = {}
    for rows in (100_000, 1_000_000) if long else (100_000,):
        folder = scratch / f"wandb-{rows}"
        source = folder / f"run-{generate_wandb.RUN_ID}.wandb"
        if not source.exists():
            generate_wandb.generate(rows, 30, scratch / "wandb-partial")
            (scratch / "wandb-partial").rename(folder)
        out = scratch / f"wandb-{rows}.expb"
        ours = {"command": [expbundle, "convert", "wandb", folder, "-o", out], "before": lambda out=out: out.unlink(missing_ok=True)}
        peer = {"command": [scratch / "peers" / "wandb" / "bin" / "python", "-W", "ignore", ROOT / "benches" / "read_wandb.py", source]}
        converted[rows] = in_turns(turns, ours=ours, **({"peer": peer} if rows == 100_000 else {}))
        best = converted[rows]["ours"]
        if rows == 100_000:
            ratio = converted[rows]["peer"].seconds / best.seconds
            comparison.row(
                "convert wandb, 100,000 rows × 30 keys", seconds(best), f"wandb's Python reader {seconds(converted[rows]['peer'])}",
                f"{ratio:.1f}× faster", "at least 20×", ratio >= 20,
            )
        what = f"memory of it, {rows:,} rows"
        comparison.row(what, mebibytes(best.peak_bytes), mebibytes(converted[100_000]["peer"].peak_bytes), "", "under 300 MB", best.peak_bytes < 300e6)
    if long:
        ratio = converted[1_000_000]["ours"].seconds / converted[100_000]["ours"].seconds
        comparison.row("ten times the rows", seconds(converted[1_000_000]["ours"]), "", f"{ratio:.1f}× the time", "at most 12×", ratio <= 12)


def bench_mlflow(expbundle, scratch, comparison, turns):
    """`convert mlflow` of a run with a million points, against mlflow-export-import."""
    folder = scratch / "mlflow"
    run = folder / "mlruns" / generate_mlflow.EXPERIMENT / generate_mlflow.RUN
    if not folder.exists():
        generate_mlflow.generate(1_000_000, 20, folder)
    text_bytes = sum(path.stat().st_size for path in (run / "metrics").iterdir())
    out, exported = scratch / "mlflow.expb", scratch / "mlflow-exported"
    best = in_turns(
        turns,
        ours={
            "command": [expbundle, "convert", "mlflow", folder / "mlruns", "--run", generate_mlflow.RUN, "-o", out],
            "before": lambda: out.unlink(missing_ok=True),
        },
        peer={
            "command": [scratch / "peers" / "mlflow" / "bin" / "export-run", "--run-id", generate_mlflow.RUN, "--output-dir", exported],
            "environment": {"MLFLOW_TRACKING_URI": (folder / "mlruns").resolve().as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"},
            "before": lambda: shutil.rmtree(exported, ignore_errors=True),
        },
    )
    ratio = best["peer"].seconds / best["ours"].seconds
    comparison.row(
        "convert mlflow, 1 M points", seconds(best["ours"]), f"mlflow-export-import {seconds(best['peer'])}",
        f"{ratio:.0f}× faster", "at least 20×", ratio >= 20,
    )
    exported_bytes = sum(path.stat().st_size for path in exported.rglob("*") if path.is_file())
    share = out.stat().st_size / text_bytes
    comparison.row(
        "size of it", mebibytes(out.stat().st_size), f"the store's text {mebibytes(text_bytes)}, the export {mebibytes(exported_bytes)}",
        f"{share:.2f} of the text", "under a third", share < 1 / 3,
    )
    comparison.row("memory of it", mebibytes(best["ours"].peak_bytes), mebibytes(best["peer"].peak_bytes), "", "under 300 MB", best["ours"].peak_bytes < 300e6)


def bench_family(expbundle, examples, scratch, comparison, turns):
    """Verifying and merging families of 100,000 records, against git on a commit graph of the same shape; and of a tenth of them."""
    family, signatures = examples / "family", examples / "signatures"
    for shape in ("chain", "tree", "ladder"):
        ours, repository = {}, scratch / f"git-{shape}"
        if not repository.exists():
            git_graph.generate(shape, 100_000, str(scratch / "git-partial"))
            (scratch / "git-partial").rename(repository)
        for count in (10_000, 100_000):
            folder = scratch / f"family-{shape}-{count}"
            if not folder.exists():
                Measured([family, shape, str(count), scratch / "family-partial", "2"])
                (scratch / "family-partial").rename(folder)
            out = scratch / f"family-{shape}-{count}.expb"
            commands = {
                "merge": {"command": [expbundle, "merge", folder / "00000.expb", folder / "00001.expb", "--force", "-o", out]},
                "verify": {"command": [expbundle, "verify", out]},
            }
            if count == 100_000:
                commands["git"] = {"command": ["git", "-C", repository, "fsck"]}
                commands["merge-base"] = {"command": ["git", "-C", repository, "merge-base", *git_graph.far_apart(shape, count, repository)]}
                commands["lineage"] = {"command": [expbundle, "lineage", out, "--json", "--depth", "1"]}
            ours[count] = in_turns(turns, **commands)
        large, small = ours[100_000], ours[10_000]
        ratio = large["git"].seconds / large["verify"].seconds
        comparison.row(
            f"verify a {shape} of 100,000 records", seconds(large["verify"]), f"git fsck {seconds(large['git'])}",
            f"{ratio:.2f}× as fast", "faster", ratio > 1,
        )
        comparison.row(
            "lineage of the same, its bundle read and verified", seconds(large["lineage"]), f"git merge-base {seconds(large['merge-base'])}, nothing verified",
            "", "", True,
        )
        for what in ("verify", "merge"):
            ratio = large[what].seconds / small[what].seconds
            comparison.row(f"{what}, ten times the records", seconds(large[what]), "", f"{ratio:.1f}× the time", "at most 12×", ratio <= 12)
        peak = max(large["verify"].peak_bytes, large["merge"].peak_bytes)
        comparison.row("memory of it", mebibytes(peak), mebibytes(large["git"].peak_bytes), "", "under 1 GB", peak < 1e9)
    folder = scratch / "family-folder"
    if not folder.exists():
        Measured([family, "tree", "100000", scratch / "family-partial", "100", "signed"])
        (scratch / "family-partial").rename(folder)
    with zipfile.ZipFile(folder / "00099.expb") as last:
        record = next(name.split("/")[1] for name in last.namelist() if name.endswith("/record.json"))
    commands = {
        "one": {"command": [expbundle, "lineage", folder, "--record", record]},
        "all": {"command": [expbundle, "lineage", folder, "--depth", "1", "--json"]},
    }
    best = in_turns(turns, **commands)
    comparison.row("lineage of one record, 100,000 signed ones in 100 bundles", seconds(best["one"]), "", "", "under 2 s", best["one"].seconds < 2)
    comparison.row("lineage of all of them, every signature verified", seconds(best["all"]), "", "", "", True)
    single, together = (float(line) for line in subprocess.run([signatures, "100000"], capture_output=True, text=True, check=True).stdout.split())
    comparison.row(
        "signatures of 100,000 statements, all cores", f"{together:,.0f}/s", f"ed25519-dalek, one core {single:,.0f}/s", f"{together / single:.2f}×", "", True,
    )


def bench_suite(judge, comparison, turns):
    """Every bundle of the conformance suite, in one process."""
    paths = sorted(path for path in (ROOT / "conformance" / "cases").rglob("*.expb") if path.is_file())
    bundles = b"".join(struct.pack("<I", path.stat().st_size) + path.read_bytes() for path in paths)
    best = float("inf")
    for _ in range(turns):
        begun = time.perf_counter()
        lines = subprocess.run([judge], input=bundles, stdout=subprocess.PIPE, check=True).stdout.count(b"\n")
        best = min(best, time.perf_counter() - begun)
    if lines != len(paths):
        sys.exit(f"{lines} answers to {len(paths)} bundles")
    comparison.row(f"{len(paths)} bundles of the conformance suite, one process", f"{best:.2f} s", "", "", "under 2 s", best < 2)


def bench_start(expbundle, comparison):
    """How long the program takes to start, and how large it is."""
    times = [Measured([expbundle, "--version"]).seconds for _ in range(50)]
    nothing = [Measured(["/bin/true"]).seconds for _ in range(50)]
    ours, peer = statistics.median(times), statistics.median(nothing)
    comparison.row("expbundle --version", f"{ours * 1000:.1f} ms", f"/bin/true {peer * 1000:.1f} ms", "", "under 10 ms", ours < 0.010)
    size = pathlib.Path(expbundle).stat().st_size
    comparison.row("size of the program", f"{size / 1e6:.1f} MB", "", "", "under 26 MB", size < 26e6)


def bench_build(scratch, comparison):
    """A release build of the workspace from empty."""
    target = scratch / "build"
    shutil.rmtree(target, ignore_errors=True)
    measured = Measured(["cargo", "build", "--release", "--locked", "--workspace", "--manifest-path", ROOT / "Cargo.toml"], {"CARGO_TARGET_DIR": str(target)})
    shutil.rmtree(target)
    comparison.row("release build from empty", seconds(measured), "", f"{os.cpu_count()} cores", "under 10 min on 2 cores", measured.seconds < 600)


def main():
    parser = argparse.ArgumentParser(description="Compare expbundle with named peers on the same input, in turns, in one run.")
    parser.add_argument("--scratch", type=pathlib.Path, required=True, help="folder for inputs, outputs and the peers (some 6 GB)")
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the release build of expbundle")
    parser.add_argument("--only", choices=["verify", "files", "wandb", "mlflow", "family", "suite", "start", "build"], action="append", help="only this comparison; may be given again")
    parser.add_argument("--turns", type=int, default=3, help="turns of each command; the best counts")
    parser.add_argument("--short", action="store_true", help="leave out the run of a million rows")
    arguments = parser.parse_args()
    wanted = arguments.only or ["start", "verify", "files", "wandb", "mlflow", "family", "suite", "build"]
    comparison = Comparison()
    if "start" in wanted:
        bench_start(arguments.program, comparison)
    if "verify" in wanted:
        bench_verify(arguments.program, arguments.scratch, comparison, arguments.turns)
    if "files" in wanted:
        bench_many_files(arguments.program, arguments.scratch, comparison, arguments.turns)
    if "wandb" in wanted:
        bench_wandb(arguments.program, arguments.scratch, comparison, arguments.turns, not arguments.short)
    if "mlflow" in wanted:
        bench_mlflow(arguments.program, arguments.scratch, comparison, arguments.turns)
    if "family" in wanted:
        bench_family(arguments.program, arguments.program.parent / "examples", arguments.scratch, comparison, arguments.turns)
    if "suite" in wanted:
        bench_suite(arguments.program.parent / "examples" / "judge", comparison, arguments.turns)
    if "build" in wanted:
        bench_build(arguments.scratch, comparison)
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "system": platform.platform(terse=True), "load": os.getloadavg()[0]}
    (arguments.scratch / "results.json").write_text(json.dumps({"machine": machine, "results": comparison.rows}, indent=2) + "\n")
    (arguments.scratch / "results.md").write_text(comparison.markdown())
    print(comparison.markdown())
    print(f"{machine['cpus']} CPUs, {machine['machine']}, load {machine['load']:.1f} at the end; also in {arguments.scratch}/results.md and results.json")


if __name__ == "__main__":
    main()
