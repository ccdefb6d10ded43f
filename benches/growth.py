"""How time and memory grow: `growth.py --program target/release/expbundle --examples target/release/examples --scratch DIR [--only NAME …] [--svg FILE]`.

Each size is doubled three times. A figure is the processor time of a whole process, both cores together, the least of several turns; the exponent is that
of the line through the four sizes, by least squares over logarithms: 1 is linear. Prints a table, draws it if asked, and ends with 1 where an exponent is
above 1.05. Memory is the peak that the kernel tells, which has the mapped pages of files in it.
"""

import argparse
import base64
import itertools
import math
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys

import generate_mlflow
import generate_wandb

MIB = 1 << 20
DOUBLINGS = 3
MOST = 1.05
CASES = {}


def case(name, unit, least):
    """Registers what makes the input of a size: it gives the words of the command."""

    def register(make):
        CASES[name] = (unit, least, make)
        return make

    return register


@case("convert wandb", "rows of 30 keys", 25_000)
def _(folder, n, tools):
    return ["convert", "wandb", generate_wandb.generate(n, 30, folder), "-o", folder / "out.expb"]


@case("convert wandb, 1,000 rows", "keys", 250)
def _(folder, n, tools):
    return ["convert", "wandb", generate_wandb.generate(1_000, n, folder), "-o", folder / "out.expb"]


@case("convert mlflow, file store", "points of 20 metrics", 250_000)
def _(folder, n, tools):
    generate_mlflow.generate(n, 20, folder)
    return ["convert", "mlflow", folder / "mlruns", "-o", folder / "out.expb"]


@case("convert mlflow --all, anew", "runs of 100 points", 250)
def _(folder, n, tools):
    generate_mlflow.generate(100, 5, folder)
    experiment = folder / "mlruns" / generate_mlflow.EXPERIMENT
    first = experiment / generate_mlflow.RUN
    for number in range(1, n):
        run = f"{number:032x}"
        shutil.copytree(first, experiment / run, dirs_exist_ok=True)
        meta = (first / "meta.yaml").read_text().replace(generate_mlflow.RUN, run)
        (experiment / run / "meta.yaml").write_text(meta)
    return ["convert", "mlflow", folder / "mlruns", "--all", "-o", folder / "out"]


@case("verify, a family", "records", 12_500)
def _(folder, n, tools):
    return ["verify", family(folder, n, tools, 1)[0]]


@case("merge, two halves of a family", "records", 12_500)
def _(folder, n, tools):
    return ["merge", *family(folder, n, tools, 2), "--force", "-o", folder / "out.expb"]


@case("lineage --depth 1 --json", "records", 12_500)
def _(folder, n, tools):
    return ["lineage", family(folder, n, tools, 1)[0], "--json", "--depth", "1"]


def family(folder, n, tools, files):
    subprocess.run([tools.examples / "family", "tree", str(n), folder, str(files)], check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob("0*.expb"))


@case("verify, signed records", "statements", 5_000)
def _(folder, n, tools):
    subprocess.run([tools.examples / "family", "tree", str(n), folder, "1", "signed"], check=True, stdout=subprocess.DEVNULL)
    return ["verify", folder / "00000.expb"]


@case("verify, a signers file", "lines", 12_500)
def _(folder, n, tools):
    bundle = family(folder, 1, tools, 1)[0]
    lines = (f"{number}@example.com ssh-ed25519 {key}\n" for number, key in enumerate(itertools.islice(keys(), n)))
    (folder / "signers").write_text("".join(lines))
    return ["verify", bundle, "--require", "intact", "--trust", folder / "signers"]


def keys():
    """Keys that nobody has: numbers that are the y of a point of Ed25519, but for those of small order, in OpenSSH's form."""
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime)
    for y in itertools.count(2):
        # What 1 or 0 is left of has a root, and so there is an x.
        if pow((y * y - 1) * (d * y * y + 1), (prime - 1) // 2, prime) <= 1:
            yield base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + y.to_bytes(32, "little")).decode()


@case("create, a folder as an output", "files of 1 KiB", 5_000)
def _(folder, n, tools):
    return ["create", "--title", "t", "--output", f"model={files(folder, n)}", "--force", "-o", folder / "out.expb"]


@case("verify, a model folder", "files of 1 KiB", 5_000)
def _(folder, n, tools):
    model = files(folder, n)
    run = lambda *words: subprocess.run([tools.program, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bundle = folder / "out.expb"
    run("create", "--title", "t", "--output", f"model={model}", "--force", "-o", bundle)
    run("attach", bundle, model)
    return ["verify", model]


def files(folder, n):
    model = folder / "model"
    for number in range(n):
        path = model / f"{number // 1000:03}" / f"{number:07}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(number).randbytes(1024))
    return model


def measured(command, folder):
    """Seconds of processor time and MiB of one run."""
    # What a turn before it made, so that no turn finds its work done.
    shutil.rmtree(folder / "out", ignore_errors=True)
    if command[1] != "verify":
        (folder / "out.expb").unlink(missing_ok=True)
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{errors.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / MIB


def exponent(sizes, times):
    """The slope of the line through the logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(time) for time in times]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)


def drawn(rows):
    """A plot of all, as SVG: sizes in doublings, times as multiples of the first, both by their logarithms."""
    width, height, left, top = 760, 420, 60, 20
    colours = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0", "#1b1e23"]
    x = lambda doubling: left + doubling * 330 / DOUBLINGS
    y = lambda times: top + 340 - math.log2(max(times, 0.5)) * 340 / (DOUBLINGS + 0.5)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">']
    lines += [f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for doubling in range(DOUBLINGS + 1):
        many = 2**doubling
        lines += [f'<path d="M{x(doubling):.0f} {y(2 ** (DOUBLINGS + 0.5)):.0f}V{y(1):.0f}M{left} {y(many):.0f}H{x(DOUBLINGS):.0f}" stroke="#ddd"/>']
        lines += [f'<text x="{x(doubling):.0f}" y="{y(1) + 18:.0f}" text-anchor="middle">{many}×</text>']
        lines += [f'<text x="{left - 8}" y="{y(many) + 4:.0f}" text-anchor="end">{many}×</text>']
    lines += [f'<text x="{x(DOUBLINGS / 2):.0f}" y="{y(1) + 38:.0f}" text-anchor="middle">size of the input</text>']
    lines += [f'<text transform="translate(16 {y(2 ** (DOUBLINGS / 2)):.0f}) rotate(-90)" text-anchor="middle">processor time</text>']
    lines += [f'<path d="M{x(0):.0f} {y(1):.0f}L{x(DOUBLINGS):.0f} {y(2**DOUBLINGS):.0f}" stroke="#999" stroke-dasharray="4 4"/>']
    for number, (name, _, _, times, _, grows) in enumerate(rows):
        colour = colours[number % len(colours)]
        points = " ".join(f"{x(doubling):.1f},{y(time / times[0]):.1f}" for doubling, time in enumerate(times))
        lines += [f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>']
        at = top + 14 + number * 26
        lines += [f'<path d="M{x(DOUBLINGS) + 24:.0f} {at}h18" stroke="{colour}" stroke-width="3"/>']
        lines += [f'<text x="{x(DOUBLINGS) + 50:.0f}" y="{at + 4}">{name} ({grows:.2f})</text>']
    return "\n".join([*lines, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--examples", type=pathlib.Path, required=True)
    parser.add_argument("--scratch", type=pathlib.Path, required=True)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--svg", type=pathlib.Path)
    tools = parser.parse_args()
    tools.program, tools.examples = tools.program.resolve(), tools.examples.resolve()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("| what | size | 1× | 2× | 4× | 8× | exponent | memory, 1× and 8× |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    rows = []
    for name, (unit, least, make) in CASES.items():
        if tools.only and not any(word in name for word in tools.only):
            continue
        sizes = [least << doubling for doubling in range(DOUBLINGS + 1)]
        times, peaks = [], []
        for size in sizes:
            folder = tools.scratch / f"{name}-{size}".replace(" ", "-").replace(",", "")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            words = [tools.program, *make(folder, size, tools)]
            runs = [measured(words, folder) for _ in range(tools.turns)]
            times.append(min(time for time, _ in runs))
            peaks.append(max(peak for _, peak in runs))
            shutil.rmtree(folder)
        grows = exponent(sizes, times)
        rows.append((name, unit, least, times, peaks, grows))
        cells = " | ".join(f"{time:.2f} s" for time in times)
        print(f"| `{name}` | {least:,} {unit} | {cells} | {grows:.2f} | {peaks[0]:.0f} and {peaks[-1]:.0f} MiB |", flush=True)
    if tools.svg:
        tools.svg.write_text(drawn(rows))
    if any(grows > MOST for *_, grows in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
