"""spec/directory.md, "Paths", "What is not counted" and "Git LFS pointers": what is in a folder, read once."""

import bisect
import functools
import hashlib
import itertools
import os
import pathlib
import re
import stat
import unicodedata
from dataclasses import dataclass, field

import record as rules

BUNDLE = "experiment.expb"
DOCUMENTATION = "README.md LICENSE NOTICE CITATION.cff".split()
# In a work tree of git `.git` is a file.
NOT_COUNTED = {*DOCUMENTATION, ".gitattributes", ".gitignore", ".git", BUNDLE, "model.sig"}
NOT_WALKED = ".git"
NOTES = re.compile(r"\.cache/huggingface/(.*/)?([^/]*\.(metadata|lock|incomplete)|\.gitignore|CACHEDIR\.TAG)", re.DOTALL)
LARGEST_CARD = 1 << 20
CHOICES = (b"configs", b"data_files", b"data_dir", b"dataset_info", b"app_file", b"sdk", b"prior", b"\\")
RESULTS = re.compile(r"\.eval_results/[^/]+\.yaml")
REPOSITORY = re.compile(r"(models|datasets|spaces)--((?!--).)+(--((?!--).)+)?", re.DOTALL)
BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
LONGEST_PATH, LONGEST_POINTER, LARGEST_INDEX = 4096, 1023, 32 << 20
POINTER_BEGINS = b"version https://git-lfs.github.com/spec/v1"
POINTER = re.compile(POINTER_BEGINS + rb"\noid sha256:([0-9a-f]{64})\nsize (0|[1-9][0-9]*)\n")
INDEX = re.compile(r"\.(safetensors|bin|h5|msgpack)\.index(\.[^./]*)?\.json\Z", re.DOTALL)
# What is dropped before names are compared: it cannot be seen.
RANGES = """00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 200B-200F 2028-202E 2060-206F 3164 FE00-FE0F FEFF FFA0
FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF""".split()
DROPPED = {c for r in RANGES for c in range(int(r.split("-")[0], 16), int(r.split("-")[-1], 16) + 1)}


@dataclass
class File:
    """A regular file. What is taken for a pointer is compared by what it points to, if it does; `text` is kept of an index."""

    path: str
    size: int
    digests: dict
    is_pointer: bool = False
    points_to: dict | None = None
    text: bytes | None = field(default=None, repr=False)


class Folder:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files, self.links, self.unreadable, self.paths = {}, [], [], []
        self.repository = repository(self.root)

    def place(self, path):
        return self.root / path

    def read(self):
        """Walks the folder once."""
        self.walk("")
        self.alike = alike(self.paths)

    def walk(self, folder):
        try:
            names = sorted(os.listdir(os.fsencode(self.place(folder))))
        except OSError:
            self.unreadable.append(folder)
            return
        for name in names:
            try:
                path = f"{folder}/{name.decode()}".removeprefix("/")
            except UnicodeDecodeError:
                self.unreadable.append(f"{folder}/{os.fsdecode(name)}".removeprefix("/"))
                continue
            self.visit(path)

    def visit(self, path):
        place = self.place(path)
        try:
            mode = place.lstat().st_mode
        except OSError:
            # A path may be too long to be opened.
            self.unreadable.append(path)
            return
        is_folder = stat.S_ISDIR(mode)
        if is_folder and path != NOT_WALKED:
            self.walk(path)
            return
        self.paths.append(path)
        if is_folder:
            return
        followed = self.followed(place) if stat.S_ISLNK(mode) else place
        is_regular = followed is not None and stat.S_ISREG(followed.lstat().st_mode)
        if is_regular and not is_counted(path) and not (path == "README.md" and may_choose_files(followed.read_bytes())):
            return
        if followed is None:
            self.links.append(path)
        elif not is_regular or len(escaped(path).encode()) > LONGEST_PATH:
            self.unreadable.append(path)
        else:
            self.file(path, followed)

    def followed(self, link):
        """The file of the Hub's cache that a link leads to, if it is one."""
        try:
            # What cannot be opened leads nowhere: `resolve` overlooks a slash behind the name of a file.
            link.stat()
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        is_blob = self.repository and target.parent == self.repository / "blobs" and BLOB.fullmatch(target.name)
        return target if is_blob and stat.S_ISREG(target.lstat().st_mode) else None

    def file(self, path, place):
        try:
            data = place.read_bytes()
        except OSError:
            self.unreadable.append(path)
            return
        from blake3 import blake3

        digests = {"blake3": blake3(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}
        text = data if is_index(path) and len(data) <= LARGEST_INDEX else None
        is_pointer = len(data) <= LONGEST_POINTER and data.startswith(POINTER_BEGINS)
        self.files[path] = File(path, len(data), digests, is_pointer, points_to(data) if is_pointer else None, text)

    def bundle(self):
        """The place of the bundle, or None."""
        place = self.place(BUNDLE)
        if not os.path.lexists(place):
            return None
        place = self.followed(place) if place.is_symlink() else place
        return place if place and stat.S_ISREG(place.lstat().st_mode) else None


def is_index(path):
    return INDEX.search(rules.lower(path)) is not None


def may_choose_files(card):
    """Whether the front matter of a card may tell a loader what to read."""
    visible = re.search(rb"[!-~]", card)
    if len(card) > LARGEST_CARD:
        return True
    if not visible or not card.startswith(b"---", visible.start()):
        return False
    block = []
    for line, end in re.findall(rb"([^\r\n]*)(\r\n|\r|\n|\Z)", card[visible.start() + 3 :]):
        if any(line.strip(b" \t\f") for line in block[1:]) and line == b"---" and end != b"\r":
            break
        block.append(line)
    return any(word in line for line in block for word in CHOICES)


def is_counted(path):
    """Whether a regular file at this path can change what a loader does."""
    return path not in NOT_COUNTED and not RESULTS.fullmatch(path) and not NOTES.fullmatch(path)


def repository(root):
    """The folder of a repository in the Hub's cache, if a folder is one of its snapshots."""
    root = root.resolve()
    is_snapshot = root.parent.name == "snapshots" and REPOSITORY.fullmatch(root.parent.parent.name)
    return root.parent.parent if is_snapshot else None


def points_to(data):
    found = POINTER.fullmatch(data)
    return {"sha256": found[1].decode(), "size": int(found[2])} if found and int(found[2]) < 2**64 else None


def escaped(path):
    """As a listing writes it."""
    return "".join(f"%{ord(letter):02X}" if letter == "%" or ord(letter) < 0x20 or ord(letter) == 0x7F else letter for letter in path)


def unescaped(path):
    return re.sub("%([0-9A-F]{2})", lambda escape: chr(int(escape[1], 16)), path)


@functools.cache
def assigned():
    """Beginnings and ends of the characters that Unicode 14.0 assigns, in turn: a later table has more, and an older one fewer."""
    ranges = (pathlib.Path(__file__).resolve().parent / "assigned.txt").read_text().split()
    return [int(end, 16) + place for pair in ranges for place, end in enumerate(pair.split("-"))]


def is_assigned(letter):
    return bisect.bisect(assigned(), ord(letter)) % 2 == 1


def folded(name):
    runs = itertools.groupby((letter for letter in name if ord(letter) not in DROPPED), is_assigned)
    return "".join(caseless("".join(run)) if known else "".join(run) for known, run in runs).rstrip(". ")


def caseless(text):
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())


def alike(paths):
    """The paths of which some machine takes another for the same: those at or below one of two spellings of one name."""
    spellings = {}
    for path in paths:
        for raw, fold in beginnings(path):
            spellings.setdefault(fold, set()).add(raw)
    return {path for path in paths if any(len(spellings[fold]) > 1 for _, fold in beginnings(path))}


def beginnings(path):
    names = path.split("/")
    folds = [folded(name) for name in names]
    return [("/".join(names[:depth]), tuple(folds[:depth])) for depth in range(1, len(names) + 1)]
