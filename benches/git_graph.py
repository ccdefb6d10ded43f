"""A commit graph of a family's shape, as the peer of lineage: `git_graph.py SHAPE COUNT REPOSITORY`."""

import subprocess
import sys


def parents(shape, number):
    if shape == "chain":
        return [number - 1] if number else []
    if shape == "tree":
        return [(number - 1) // 2] if number else []
    rung = number // 2
    return [2 * (rung - 1), 2 * (rung - 1) + 1] if rung else []


def far_apart(shape, count, repository):
    """Two commits whose common ancestor git has to walk far for: the last two of a tree or ladder; of a chain both ends."""
    heads = subprocess.run(["git", "-C", repository, "for-each-ref", "--format=%(objectname)", "refs/heads"], capture_output=True, text=True, check=True)
    heads = heads.stdout.split()
    if len(heads) > 1:
        return heads[0], heads[-1]
    first = subprocess.run(["git", "-C", repository, "rev-list", "--max-parents=0", heads[0]], capture_output=True, text=True, check=True)
    return heads[0], first.stdout.split()[0]


def generate(shape, count, repository):
    """Writes one commit for each record, each with a file of a record's size; every head is a branch."""
    subprocess.run(["git", "init", "--quiet", "--bare", repository], check=True)
    inner = {parent for number in range(count) for parent in parents(shape, number)}
    with subprocess.Popen(["git", "-C", repository, "fast-import", "--quiet"], stdin=subprocess.PIPE) as process:
        write = process.stdin.write
        for number in range(count):
            write(b"reset refs/making/one\n\n")
            write(b"commit refs/making/one\nmark :%d\ncommitter A <a@example.org> %d +0000\ndata 0\n" % (number + 1, 1_700_000_000 + number))
            for index, parent in enumerate(parents(shape, number)):
                write(b"%s :%d\n" % (b"merge" if index else b"from", parent + 1))
            text = b"run %d\n" % number * 100
            write(b"M 100644 inline record.json\ndata %d\n%s\n" % (len(text), text))
            if number not in inner:
                write(b"reset refs/heads/b%d\nfrom :%d\n\n" % (number, number + 1))
    if process.returncode:
        sys.exit("git fast-import failed")


if __name__ == "__main__":
    generate(sys.argv[1], int(sys.argv[2]), sys.argv[3])
