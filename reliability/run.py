"""Ends commands at random moments, lets their disk run full, and lets several write at once: `run.py --program target/release/expbundle [--times 200]`.

Each command runs in a folder of its own. After SIGKILL, or an error of the disk, every file that was there is there, byte for byte as it was or
byte for byte as the finished command leaves it. Prints a table; the exit status is 1 if a file was lost or half written.

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

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
AT = "2026-11-23T12:00:00Z"


class Command:
    """A command, what it begins with, and what it leaves when nothing comes between."""

    def __init__(self, name, program, begin, arguments):
        self.name, self.program, self.arguments = name, program, arguments
        self.begin = begin
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
        broken = [path for path in {*self.before, *self.after} if now.get(path) not in (self.before.get(path), self.after.get(path))]
        left = [path for path in now if path not in self.before and path not in self.after]
        return broken, left

    def run(self, folder, **options):
        self.begin(pathlib.Path(folder))
        return subprocess.Popen([self.program, *self.arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **options)


def files(folder):
    root = pathlib.Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def kill(command, chance, times):
    """How often the command had not ended; broken files; files left behind."""
    ended_early, broken, left = 0, [], []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            process = command.run(folder)
            time.sleep(chance.uniform(0, 1.1) * command.seconds)
            process.send_signal(signal.SIGKILL)
            ended_early += process.wait() == -signal.SIGKILL
            one = command.problems(folder)
            broken += one[0]
            left += one[1]
    return ended_early, broken, left


def fill(command, chance, times):
    """How often the limit was reached; broken files; files left behind, and exit statuses that are wrong."""
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
    return reached, broken, left


def begin_rounds(program, scratch, folder):
    """A bundle and a model folder that carries it, and what writers need."""
    run = lambda *arguments: subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, cwd=folder)
    (folder / "model").mkdir()
    (folder / "model" / "weights.bin").write_bytes(b"weights" * 1000)
    shutil.copy(scratch / "key", folder / "key")
    for number in range(4):
        run("create", "--title", f"run {number}", "--output", "model/weights.bin", "-o", f"{number}.expb")
    run("attach", "model", "0.expb", "--yes")
    return json.loads((run("verify", "0.expb", "--json")).stdout)["records"][0]["id"]


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
        record = begin_rounds(program, scratch, folder)
        verbs = [
            ("0.expb", ["note", "0.expb", "seen", "--record", record]),
            ("0.expb", ["review", "0.expb", "--verdict", "approved", "--record", record]),
            ("0.expb", ["revoke", "0.expb", "--whole-record", "--reason", "no", "--record", record]),
            ("model", ["note", "model", "seen", "--record", record]),
            ("model", ["sign", "model", "--record", record]),
            ("model", ["attach", "model", "N.expb", "--yes"]),
            ("model", ["release", "model", "--yes"]),
        ]
        running = []
        for number in range(writers):
            place, words = chance.choice(verbs)
            words = [word.replace("N.expb", f"{1 + number % 3}.expb") for word in words]
            signs = words[0] != "attach"
            command = [program, *words, *(["--key", "key"] if signs else [])]
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            running.append((place, words, process, chance.random() < 0.2))
        time.sleep(chance.uniform(0, 0.05))
        for _, _, process, dies in running:
            if dies:
                process.send_signal(signal.SIGKILL)
        ended = [(place, words, process.communicate(), process.returncode) for place, words, process, _ in running]
        there = held(program, folder)
        lost = [] if there is not None else ["a bundle cannot be read"]
        for place, words, (said, error), status in ended:
            if status == 0 and there is not None:
                if words[0] == "attach":
                    lost += [] if sum(where == "model" for where, _ in there) > 1 else [" ".join(words)]
                elif words[0] != "release":
                    lost += [" ".join(words) for id in said.split() if (place, id) not in there]
            elif status not in (0, -signal.SIGKILL) and "run it again" not in error:
                lost.append(f"{' '.join(words)}: exit status {status}: {error}")
        count = lambda wanted: sum(wanted(status) for _, _, _, status in ended)
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

    def with_model(folder):
        shutil.copytree(model, folder / "model")
        shutil.copy(scratch / "model.expb", folder / "model.expb")

    old = lambda folder: (copy(*runs[:2])(folder), (folder / "out.expb").write_bytes(runs[0].read_bytes()))
    yield Command("convert", program, lambda folder: None, ["convert", "wandb", str(FIXTURES / "wandb" / "v0.21-train"), "--out", "run.expb"])
    yield Command("sign", program, copy(runs[0], scratch / "key"), ["sign", runs[0].name, "--key", "key", "--at", AT])
    yield Command("merge", program, old, ["merge", runs[0].name, runs[1].name, "-o", "out.expb"])
    yield Command("attach", program, with_model, ["attach", "model", "model.expb", "--yes"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--times", type=int, default=200, help="how often each command is ended, and how often its disk runs full")
    parser.add_argument("--rounds", type=int, default=100, help="rounds of 2, of 8 and of 24 writers at once")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    program, chance = str(arguments.program.resolve()), random.Random(arguments.seed)
    failed = False
    print("| command | what | times | came between | lost or half written | temporary files left |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        for command in commands(program, pathlib.Path(scratch)):
            for what, do in (("kill -9", kill), ("full disk", fill)):
                between, broken, left = do(command, chance, arguments.times)
                # Who is killed cannot tidy up; who gets an error can.
                failed |= bool(broken) or (what == "full disk" and bool(left))
                print(f"| `{command.name}` | {what} | {arguments.times} | {between} | {len(broken)} | {len(left)} |", flush=True)
                for path in sorted(set(broken))[:5]:
                    print(f"broken: {path}", file=sys.stderr)
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
