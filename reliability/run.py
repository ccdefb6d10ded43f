"""Ends commands at random moments, lets their disk run full, and lets several write at once: `run.py --program target/release/expbundle [--times 200]`.

Each command runs in a folder of its own. After SIGKILL, or an error of the disk, every file that was there is there, byte for byte as it was or
byte for byte as the finished command leaves it. Prints a table; the exit status is 1 if a file was lost or half written, or if the same command, run
again, does not remove what the killed one left.

- kill: SIGKILL after a random time, from the start of the process to a little after it would have ended.
- disk: no file may grow beyond a random size (RLIMIT_FSIZE), so that writing fails in the middle as on a full disk. Besides the files the exit status (2) and
  that nothing was left behind are checked.
- writers: 2, 8 or 24 commands at once on one bundle or model folder, some of them killed. What a command said is done (exit status 0) is there at the end,
  and one that was not done said that it has to be run again.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
AT = "2026-11-23T12:00:00Z"


class Command:
    """A command, what it begins with, and what it leaves when nothing comes between."""

    def __init__(self, name, program, begin, arguments, is_whole=None):
        """`is_whole` judges a file whose bytes differ from one time to the next, such as a key."""
        self.name, self.program, self.arguments = name, program, arguments
        self.begin, self.is_whole = begin, is_whole
        with tempfile.TemporaryDirectory() as folder:
            begin(pathlib.Path(folder))
            self.before = files(folder)
            started = time.perf_counter()
            subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True)
            self.seconds = time.perf_counter() - started
            self.after = files(folder)
        if self.before == self.after:
            sys.exit(f"{name}: the command changes nothing")

    def problems(self, folder):
        """Files that are neither as before nor as after, and files left behind."""
        now = files(folder)
        is_new = lambda path: self.is_whole is not None and path in now and self.is_whole(path, now[path])
        broken = [path for path in {*self.before, *self.after} if now.get(path) not in (self.before.get(path), self.after.get(path)) and not is_new(path)]
        left = [path for path in now if path not in self.before and path not in self.after]
        return broken, left

    def run(self, folder, **options):
        self.begin(pathlib.Path(folder))
        return subprocess.Popen([self.program, *self.arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **options)


def files(folder):
    root = pathlib.Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def kill(command, chance, times):
    """How often the command had not ended; broken files; files left behind; and those that the next call did not remove."""
    ended_early, broken, left, kept = 0, [], [], []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            process = command.run(folder)
            time.sleep(chance.uniform(0, 1.1) * command.seconds)
            process.send_signal(signal.SIGKILL)
            ended_early += process.wait() == -signal.SIGKILL
            one = command.problems(folder)
            broken += one[0]
            left += one[1]
            if one[1]:
                # It may refuse, for what it makes may be there already. It tidies up all the same.
                subprocess.run([command.program, *command.arguments], cwd=folder, capture_output=True, stdin=subprocess.DEVNULL)
                kept += command.problems(folder)[1]
    return ended_early, broken, left, kept


def fill(command, chance, times):
    """How often the limit was reached; broken files and exit statuses that are wrong; files left behind, which nobody may leave."""
    reached, broken, left = 0, [], []
    largest = max(len(data) for path, data in command.after.items() if command.before.get(path) != data)
    for _ in range(times):
        limit = chance.randrange(1, largest + largest // 4)

        def confine(limit=limit):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        with tempfile.TemporaryDirectory() as folder:
            command.begin(pathlib.Path(folder))
            process = subprocess.Popen(
                [command.program, *command.arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, preexec_fn=confine,
            )
            status = process.wait()
            one = command.problems(folder)
            reached += status != 0
            broken += one[0] + ([f"exit status {status}"] if status not in (0, 2) else [])
            left += one[1]
    return reached, broken, left, left


def begin_rounds(program, scratch, folder):
    """A bundle and a model folder that carries it, and what writers need. Gives the ids of the records of four bundles."""
    run = lambda *arguments: subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, cwd=folder)
    (folder / "model").mkdir()
    (folder / "model" / "weights.bin").write_bytes(b"weights" * 1000)
    shutil.copy(scratch / "key", folder / "key")
    for number in range(4):
        run("create", "--title", f"run {number}", "--output", "model/weights.bin", "-o", f"{number}.expb")
    run("attach", "model", "0.expb", "--yes")
    return [json.loads(run("verify", f"{number}.expb", "--json").stdout)["records"][0]["id"] for number in range(4)]


def held(program, folder):
    """Ids of all records and statements that are in the model folder's bundle and in the other one."""
    ids = set()
    for path in ("model", "0.expb"):
        done = subprocess.run([program, "verify", path, "--json"], cwd=folder, capture_output=True)
        report = json.loads(done.stdout)
        if report["state"] in ("malformed", "refused"):
            return None
        ids |= {(path, item["id"]) for part in ("records", "statements") for item in report[part]}
    return ids


def write_at_once(program, scratch, chance, writers):
    """One round: how many commands were done, how many were told to try again, how many were killed, and what was lost."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        records = begin_rounds(program, scratch, folder)
        signs, of = ["--key", "key"], ["--record", records[0]]
        verbs = [
            ("0.expb", ["note", "0.expb", "seen", *of, *signs]),
            ("0.expb", ["review", "0.expb", "--verdict", "approved", *of, *signs]),
            ("0.expb", ["revoke", "0.expb", "--whole-record", "--yes", "--reason", "no", *of, *signs]),
            ("0.expb", ["link", "0.expb", "--parent", "1.expb", *of, *signs]),
            ("0.expb", ["deployment", "0.expb", "--environment", "test", *of, *signs]),
            ("0.expb", ["merge", "0.expb", "N.expb", "-o", "0.expb"]),
            ("0.expb", ["repack", "0.expb"]),
            ("model", ["note", "model", "seen", *of, *signs]),
            ("model", ["sign", "model", *of, *signs]),
            ("model", ["supersede", "model", "--by", "1.expb", *of, *signs]),
            ("model", ["attach", "model", "N.expb", "--yes"]),
            ("model", ["release", "model", "--yes", *signs]),
        ]
        running = []
        for number in range(writers):
            place, words = chance.choice(verbs)
            words = [word.replace("N.expb", f"{1 + number % 3}.expb") for word in words]
            brings = {(place, records[1 + number % 3])} if words[0] in ("attach", "merge") else set()
            process = subprocess.Popen([program, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            running.append((place, words, brings, process, chance.random() < 0.2))
        time.sleep(chance.uniform(0, 0.1))
        for *_, process, dies in running:
            if dies:
                process.send_signal(signal.SIGKILL)
        ended = [(place, words, brings, process.communicate(), process.returncode) for place, words, brings, process, _ in running]
        there = held(program, folder)
        lost = [] if there is not None else ["a bundle cannot be read"]
        for place, words, brings, (said, error), status in ended:
            if status == 0 and there is not None:
                # Commands that sign print the ids of their statements.
                brings |= {(place, id) for id in said.split()} if "--key" in words else set()
                lost += [f"{' '.join(words)}: {id}" for _, id in brings - there]
            elif status not in (0, -signal.SIGKILL) and "run it again" not in error:
                lost.append(f"{' '.join(words)}: exit status {status}: {error}")
        count = lambda wanted: sum(wanted(status) for *_, status in ended)
        return count(lambda status: status == 0), count(lambda status: status > 0), count(lambda status: status < 0), lost


def commands(program, scratch):
    """The commands, with what they need made once."""
    run = lambda *arguments: subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)
    run("keygen", "--out", scratch / "key")
    run("convert", "mlflow", FIXTURES / "mlflow" / "file-store", "--all", "--out", scratch / "runs")
    runs = sorted((scratch / "runs").glob("*.expb"))
    if len(runs) < 2:
        sys.exit("the fixtures hold fewer than two runs")
    model = FIXTURES / "huggingface" / "digits-finetuned"
    weights = next(path for path in sorted(model.iterdir()) if path.suffix in (".safetensors", ".bin", ".npz"))
    run("create", "--title", "a model", "--output", f"model={weights}", "--out", scratch / "model.expb")

    def copy(*sources):
        def begin(folder):
            for source in sources:
                shutil.copy(source, folder / source.name)

        return begin

    run("create", "--title", "another model", "--output", f"model={weights}", "--out", scratch / "other.expb")
    bundle, other, key = scratch / "model.expb", scratch / "other.expb", scratch / "key"
    with zipfile.ZipFile(scratch / "zipped.expb", "w", zipfile.ZIP_DEFLATED) as zipped, zipfile.ZipFile(runs[0]) as whole:
        for name in sorted(whole.namelist()):
            zipped.writestr(zipfile.ZipInfo(name), whole.read(name), zipfile.ZIP_DEFLATED)
    shutil.copytree(model, scratch / "attached")
    run("attach", scratch / "attached", bundle, "--yes")

    def carries(folder):
        shutil.copytree(scratch / "attached", folder / "model")
        shutil.copy(key, folder / "key")

    def begun(*more):
        return lambda folder: (copy(*runs[:2])(folder), [(folder / name).write_bytes(runs[0].read_bytes()) for name in more])

    def is_key(path, data):
        return data.endswith(b"-----END OPENSSH PRIVATE KEY-----\n") if path == "key" else data.startswith(b"ssh-ed25519 ") and data.endswith(b"\n")

    add = lambda name, begin, *arguments, **more: Command(name, program, begin, list(map(str, arguments)), **more)
    nothing, signs = lambda folder: None, ["--key", "key", "--at", AT]
    yield add("convert", nothing, "convert", "wandb", FIXTURES / "wandb" / "v0.21-train", "--out", "run.expb")
    yield add("convert --all", nothing, "convert", "mlflow", FIXTURES / "mlflow" / "file-store", "--all", "--out", "runs")
    yield add("create", nothing, "create", "--title", "a model", "--output", f"model={weights}", "--out", "model.expb")
    yield add("keygen", nothing, "keygen", "--out", "key", is_whole=is_key)
    for name, words in {
        "sign": [],
        "note": ["seen"],
        "review": ["--verdict", "approved"],
        "evaluation": ["--result", "accuracy=0.9"],
        "deployment": ["--environment", "test"],
        "link": ["--parent", "other.expb"],
        "supersede": ["--by", "other.expb"],
        "revoke": ["--whole-record", "--yes", "--reason", "wrong"],
        "seal": [],
    }.items():
        yield add(name, copy(bundle, other, key), name, "model.expb", *words, *signs)
    yield add("merge", begun("out.expb"), "merge", runs[0].name, runs[1].name, "-o", "out.expb")
    yield add("withhold", begun(), "withhold", runs[0].name, "--section", "context", "-o", "out.expb")
    yield add("repack", copy(scratch / "zipped.expb"), "repack", "zipped.expb")
    yield add("extract", begun(), "extract", runs[0].name, "--section", "context", "-o", "out.json")
    yield add("extract --everything", begun(), "extract", runs[0].name, "--everything", "-o", "out")
    shutil.copy(bundle, scratch / "evaluated.expb")
    run("evaluation", scratch / "evaluated.expb", "--result", "accuracy=0.9", "--dataset", "team/digits", *["--key", key, "--at", AT])

    def with_results(folder):
        shutil.copytree(model, folder / "model")
        shutil.copy(scratch / "evaluated.expb", folder / "model.expb")

    yield add("attach", with_results, "attach", "model", "model.expb", "--benchmark", "team/digits=top-1", "--yes")
    yield add("release", carries, "release", "model", *signs, "--yes")
    yield add("detach", carries, "detach", "model", "--yes")
    yield add("man", nothing, "man", "-o", "man")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--times", type=int, default=200, help="how often each command is ended, and how often its disk runs full")
    parser.add_argument("--rounds", type=int, default=100, help="rounds of 2, of 8 and of 24 writers at once")
    parser.add_argument("--only", help="one command, such as `attach`")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    program, chance = str(arguments.program.resolve()), random.Random(arguments.seed)
    failed, total = False, 0
    print("| command | what | times | came between | lost or half written | temporary files left | of these still there after the next call |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        chosen = lambda command: arguments.times and arguments.only in (None, command.name)
        for command in filter(chosen, commands(program, pathlib.Path(scratch))):
            for what, do in (("kill -9", kill), ("full disk", fill)):
                between, broken, left, kept = do(command, chance, arguments.times)
                # Who is killed cannot tidy up; who gets an error can.
                failed |= bool(broken) or bool(kept)
                total += arguments.times
                print(f"| `{command.name}` | {what} | {arguments.times} | {between} | {len(broken)} | {len(left)} | {len(kept)} |", flush=True)
                for path in sorted(set(broken))[:5]:
                    print(f"broken: {path}", file=sys.stderr)
        print(f"\n{total:,} interruptions")
        print("\n| writers at once | rounds | done | told to run it again | killed | lost |\n| --- | --- | --- | --- | --- | --- |")
        for writers in (2, 8, 24):
            rounds = [write_at_once(program, pathlib.Path(scratch), chance, writers) for _ in range(arguments.rounds)]
            lost = [item for *_, lost in rounds for item in lost]
            failed |= bool(lost)
            done, again, killed = (sum(item[part] for item in rounds) for part in range(3))
            print(f"| {writers} | {len(rounds)} | {done} | {again} | {killed} | {len(lost)} |", flush=True)
            for item in lost[:5]:
                print(f"lost: {item}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
