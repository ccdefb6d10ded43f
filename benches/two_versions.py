"""Compares a command of two versions of the program, by turns: `two_versions.py OLD NEW PATH … [--command "verify {}"] [--turns 9]`.

Each PATH is what both versions take; `OLDPATH=NEWPATH` if each needs one of its own. In the command `{}` stands for it, and `{out}` for a file that is not
there yet: `--command "convert wandb {} -o {out}"`. Prints medians of processor time (both cores together) and of wall time, and the ratio new/old. The two
take turns and swap who goes first, so that both meet the same machine.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time


def measured(program, command, path):
    """Processor time and wall time of one run, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        words = [word.replace("{}", path).replace("{out}", os.path.join(folder, "out")) for word in shlex.split(command)]
        begun = time.perf_counter()
        process = subprocess.Popen([program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{shlex.join([program, *words])}: exit status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, wall


def compare(programs, command, paths, turns):
    """For each program the medians of processor time and wall time."""
    runs = {program: [] for program in programs}
    for turn in range(turns):
        for program, path in list(zip(programs, paths))[:: 1 if turn % 2 == 0 else -1]:
            runs[program].append(measured(program, command, path))
    return [[statistics.median(kind) for kind in zip(*runs[program])] for program in programs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--command", default="verify {}")
    parser.add_argument("--turns", type=int, default=9)
    arguments = parser.parse_args()
    print("| input | processor, old | new | ratio | wall, old | new | ratio |\n| --- | --- | --- | --- | --- | --- | --- |")
    for path in arguments.paths:
        old_path, _, new_path = path.partition("=")
        old, new = compare([arguments.old, arguments.new], arguments.command, [old_path, new_path or old_path], arguments.turns)
        cells = [f"{before * 1000:.1f} ms | {after * 1000:.1f} ms | {after / before:.2f}×" for before, after in zip(old, new)]
        print(f"| `{arguments.command}` {new_path or old_path} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
