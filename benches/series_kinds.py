"""Bytes a point for eight kinds of run, ours beside the best that pyarrow and DuckDB make of the same table: `series_kinds.py --help`.

The tables are made from fixed seeds. pyarrow and DuckDB get them in both orders (by key, and as they arrive) and with every codec they are
commonly used with; the smallest file counts. *tuned* is pyarrow with the encodings of our profile chosen by hand for each column.
"""

import argparse
import itertools
import pathlib
import subprocess
import tempfile

import duckdb
import numpy
import pyarrow
import pyarrow.parquet

START_NS = 1_795_427_696_021_838_000


class Run:
    """A table: names of keys; for each row the number of its key, its step, its time in microseconds, its value or text."""

    def __init__(self, keys, key, step, time, value=None, text=None):
        self.keys, self.key, self.step, self.value, self.text = keys, key, step, value, text
        self.time = time // 1000

    def __len__(self):
        return len(self.key)


def losses(random, keys, steps, single=True):
    """Falling curves with noise, as a program in 32 bits computes them and a tracker keeps them in 64."""
    step = numpy.arange(steps)
    curves = [(key + 1) * numpy.exp(-3 * step / steps) * (1 + 0.05 * random.standard_normal(steps)) + 0.1 for key in range(keys)]
    return numpy.array(curves).astype(numpy.float32 if single else float).astype(float)


def clock(random, steps, seconds, spread):
    return START_NS + numpy.cumsum(random.normal(seconds, spread, steps) * 1e9).astype(numpy.int64)


def every_key(keys, steps, times, values):
    """All keys in every step, as they arrive."""
    count = len(keys)
    return Run(keys, numpy.tile(numpy.arange(count), steps), numpy.repeat(numpy.arange(steps), count), numpy.repeat(times, count), values.T.reshape(-1))


def wandb(random):
    steps = 50_000
    keys = [f"train/metric_{key:02d}" for key in range(21)]
    return every_key(keys, steps, clock(random, steps, 0.12, 0.01), losses(random, 21, steps))


def mlflow(random):
    """Metrics of a step logged together, in milliseconds."""
    steps = 25_000
    times = clock(random, steps, 0.25, 0.005) // 1_000_000 * 1_000_000
    return every_key([f"metric_{key:02d}" for key in range(20)], steps, times, losses(random, 20, steps, single=False))


def mlflow_single(random):
    """Each metric logged by itself, every second, give or take a millisecond."""
    keys, steps = 20, 25_000
    late = numpy.arange(keys)[None, :] // 4 + random.integers(0, 2, (steps, keys))
    times = (START_NS // 1_000_000 + numpy.arange(steps)[:, None] * 1000 + late) * 1_000_000
    run = every_key([f"metric_{key:02d}" for key in range(keys)], steps, times[:, 0], losses(random, keys, steps))
    run.time = times.reshape(-1) // 1000
    return run


def lightning(random):
    """Two clocks: rows of training at every other row each, an epoch's at every twentieth, counters among them."""
    rows = 20_000
    times, curves = clock(random, rows, 1.5, 0.05), losses(random, 9, rows)
    names = ["epoch", "lr-AdamW", "train/acc_epoch", "train/acc_step", "train/loss_epoch", "train/loss_step", "trainer/global_step", "val/acc", "val/loss"]
    key, row = [], []
    for number in range(rows):
        of_row = [0, 2, 4, 6, 7, 8] if number % 20 == 19 else [1, 6] if number % 2 == 0 else [0, 3, 5, 6]
        key += of_row
        row += [number] * len(of_row)
    key, row = numpy.array(key), numpy.array(row)
    value = curves[key, row]
    value[key == 0] = row[key == 0] // 20
    value[key == 1] = 1e-3 * (1 - row[key == 1] / rows)
    value[key == 6] = row[key == 6] * 50
    return Run(names, key, row, times[row], value)


def sparse(random):
    """2,000 keys, of which each step has ten."""
    keys, steps = 2000, 50_000
    step, key = numpy.nonzero(random.random((steps, keys)) < 0.005)
    value = numpy.abs(random.standard_normal(len(step)) * numpy.exp(-(key % 37) / 5)).astype(numpy.float32).astype(float)
    kinds = ["weight", "bias", "norm", "scale"]
    return Run([f"gradients/layer_{key // 4:03d}.{kinds[key % 4]}" for key in range(keys)], key, step, clock(random, steps, 0.3, 0.03)[step], value)


def one_key(random):
    steps = 500_000
    return every_key(["loss"], steps, clock(random, steps, 0.12, 0.01), losses(random, 1, steps))


def telemetry(random):
    """Machine and four GPUs every fifteen seconds, without steps."""
    samples = 20_000
    of_gpu = ["gpu", "memory", "memoryAllocated", "memoryAllocatedBytes", "temp", "powerWatts", "smClock"]
    keys = ["system.cpu", "system.disk./.usageGB", "system.memory_percent", "system.network.recv", "system.network.sent", "system.proc.cpu.threads"]
    keys += [f"system.gpu.{gpu}.{what}" for gpu in range(4) for what in of_gpu]
    sample = numpy.arange(samples)

    def values(key):
        match key.rsplit(".", 1)[-1]:
            case "cpu":
                return numpy.abs(random.standard_normal(samples) * 10).round(2)
            case "usageGB":
                return 100 + sample * 1e-4
            case "memory_percent":
                return (40 + numpy.cumsum(random.integers(-1, 2, samples)) / 10).round(1)
            case "recv" | "sent":
                return numpy.cumsum(random.integers(1000, 200_000, samples)).astype(float)
            case "threads":
                return numpy.full(samples, 32.0)
            case "memoryAllocatedBytes":
                return (30e9 // 512 + numpy.cumsum(random.integers(-2, 3, samples))) * 512
            case "temp":
                return (60 + 5 * numpy.sin(sample / 300) + random.integers(0, 2, samples)).round()
            case "powerWatts":
                return (250 + random.standard_normal(samples) * 30).round(3)
            case "smClock":
                return random.choice([1380.0, 1395.0, 1410.0], samples)
            case _:
                return numpy.clip((95 + random.standard_normal(samples) * 4).round(), 0, 100)

    run = every_key(keys, samples, clock(random, samples, 15, 0.004), numpy.array([values(key) for key in keys]))
    run.step = None
    return run


def text(random):
    """A phase that seldom changes, a sentence, an integer of more digits than a double has."""
    steps = 50_000
    words = "the model of a data loss step learns from text with many small words and some long ones like backpropagation".split()
    phase = numpy.repeat(random.choice(["warm-up", "train", "evaluate", "save"], steps // 50), 50)
    sentence = [" ".join(words[word] for word in row) for row in random.integers(0, len(words), (steps, 8))]
    tokens = [str(9_007_199_254_740_993 + step * 1_048_576 + int(random.integers(0, 1000))) for step in range(steps)]
    cells = numpy.array([phase, sentence, tokens], object).T.reshape(-1)
    run = every_key(["phase", "sample", "tokens"], steps, clock(random, steps, 0.5, 0.03), numpy.zeros((3, steps)))
    run.value, run.text = None, cells
    return run


KINDS = [wandb, mlflow, mlflow_single, lightning, sparse, one_key, telemetry, text]


def table(run, by_key):
    step = numpy.zeros(len(run), numpy.int64) if run.step is None else run.step
    order = numpy.lexsort((run.time, step, run.key)) if by_key else numpy.lexsort((run.key, run.time, step))
    nulls = lambda kind: pyarrow.nulls(len(run), kind)  # noqa: E731
    return pyarrow.table({
        "key": pyarrow.array(numpy.array(run.keys, object)[run.key[order]]),
        "step": nulls(pyarrow.int64()) if run.step is None else pyarrow.array(step[order]),
        "time": pyarrow.array(run.time[order], pyarrow.timestamp("us", "UTC")),
        "value": nulls(pyarrow.float64()) if run.value is None else pyarrow.array(run.value[order]),
        "text": nulls(pyarrow.string()) if run.text is None else pyarrow.array(run.text[order], pyarrow.string()),
    })


def peers(run, file):
    """Name and size of every file that pyarrow and DuckDB make."""
    for by_key in (True, False):
        rows, order = table(run, by_key), "by key" if by_key else "as it arrives"
        for codec, dictionary in itertools.product(["snappy", "lz4", "zstd"], [True, False]):
            pyarrow.parquet.write_table(rows, file, compression=codec, use_dictionary=dictionary)
            yield "pyarrow", f"{order}, {codec}{', dictionaries' * dictionary}", file.stat().st_size
        encodings = {"step": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED", "value": "BYTE_STREAM_SPLIT"}
        for codec, level in [("lz4", None), ("zstd", 3), ("zstd", 19)]:
            pyarrow.parquet.write_table(rows, file, compression=codec, compression_level=level, use_dictionary=["key", "text"], column_encoding=encodings)
            yield "tuned", f"{order}, {codec} {level or ''}".rstrip(), file.stat().st_size
        connection = duckdb.connect()
        connection.register("rows", rows)
        for version, codec in itertools.product(["V1", "V2"], ["snappy", "zstd", "lz4_raw"]):
            connection.execute(f"copy rows to '{file}' (format parquet, parquet_version {version}, compression {codec})")
            yield "DuckDB", f"{order}, {version}, {codec}", file.stat().st_size


def ours(run, program, folder):
    lines, file = folder / "points.tsv", folder / "ours.parquet"
    cells = lambda values: itertools.repeat("") if values is None else map(str, values.tolist())  # noqa: E731
    columns = zip((run.keys[key] for key in run.key), cells(run.step), cells(run.time * 1000), cells(run.value), cells(run.text))
    lines.write_text("".join("\t".join(row) + "\n" for row in columns))
    subprocess.run([program, lines, file], check=True, stdout=subprocess.DEVNULL)
    read = duckdb.sql(f"select count(*), sum(value), sum(epoch_us(time)), sum(length(text)) from read_parquet('{file}')").fetchall()[0]
    values, letters = 0.0 if run.value is None else run.value.sum(), None if run.text is None else sum(map(len, run.text))
    assert read[0] == len(run) and abs((read[1] or 0.0) - values) <= 1e-9 * abs(values) and (read[2], read[3]) == (int(run.time.astype(object).sum()), letters), read
    return file.stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="the example `series` of the crate expbundle-series, built for release")
    parser.add_argument("--only", help="one kind")
    arguments = parser.parse_args()
    print("| kind | points | ours | pyarrow | DuckDB | tuned |\n| --- | --: | --: | --- | --- | --- |")
    for seed, kind in enumerate(KINDS, 1):
        if arguments.only not in (None, kind.__name__):
            continue
        run = kind(numpy.random.default_rng(seed))
        with tempfile.TemporaryDirectory() as folder:
            best = {}
            for peer, how, size in peers(run, pathlib.Path(folder) / "peer.parquet"):
                best[peer] = min(best.get(peer, (size, how)), (size, how))
            size = ours(run, arguments.program, pathlib.Path(folder))
        cells = [f"{best[peer][0] / len(run):.2f} ({best[peer][1]})" for peer in ("pyarrow", "DuckDB", "tuned")]
        print(f"| {kind.__name__} | {len(run):,} | **{size / len(run):.2f}** | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
