"""The crates of the program, as Cargo.lock fixes them and Cargo resolves them for one target."""

import dataclasses
import functools
import json
import pathlib
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = "expbundle-cli"


@dataclasses.dataclass(frozen=True, order=True)
class Crate:
    """One crate in one version."""

    name: str
    version: str
    # SPDX expression.
    licence: str
    # None: a crate of this workspace.
    registry: str | None
    # SHA-256 of the `.crate` file, from Cargo.lock.
    checksum: str | None
    description: str
    repository: str | None
    folder: pathlib.Path
    # Machine code of it is in the program. False: it only runs while the program is built.
    linked: bool
    # Names and versions of the crates that it uses.
    uses: tuple[tuple[str, str], ...]


def output(*command):
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    return done.stdout


@functools.cache
def metadata(target):
    return json.loads(output("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target))


@functools.cache
def version():
    return tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]


@functools.cache
def host():
    """The target that the compiler builds for by itself, such as `x86_64-unknown-linux-gnu`."""
    lines = output("rustc", "-vV").splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def spdx(licence):
    """Before SPDX 2.0 a slash stood for `OR`; crates.io still has such crates."""
    return licence.replace("/", " OR ")


def selected(target):
    """The crates that a build of the program compiles: (name, version).

    `cargo metadata` resolves the workspace with its tests, which switch on features, and with these
    crates, that the program does not have; `cargo tree` resolves one package.
    """
    tree = output("cargo", "tree", "--locked", "--package", PROGRAM, "--edges", "normal,build", "--target", target,
                  "--prefix", "none", "--no-dedupe", "--format", "{p}")
    return {(name, number.removeprefix("v")) for name, number, *_ in (line.split(" ") for line in tree.splitlines() if line)}


@functools.cache
def crates(target):
    """All crates, sorted by name and version."""
    found = metadata(target)
    packages = {package["id"]: package for package in found["packages"]}
    wanted = selected(target)
    key = {name: (package["name"], package["version"]) for name, package in packages.items()}
    start = next(name for name in found["workspace_members"] if packages[name]["name"] == PROGRAM)

    def edges(node, kinds):
        return [edge["pkg"] for edge in node["deps"]
                if key[edge["pkg"]] in wanted and kinds & {kind["kind"] for kind in edge["dep_kinds"]}]

    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}

    def reached(kinds, through=lambda _: True):
        seen, open_ = set(), [start]
        while open_:
            name = open_.pop()
            if name not in seen:
                seen.add(name)
                open_ += [other for other in edges(nodes[name], kinds) if through(other)]
        return seen

    def runs_in_the_compiler(name):
        return any("proc-macro" in target["kind"] for target in packages[name]["targets"])

    linked = reached({None}, lambda name: not runs_in_the_compiler(name))
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in locked}
    made = []
    for name in reached({None, "build"}):
        package = packages[name]
        made.append(Crate(
            name=package["name"],
            version=package["version"],
            licence=spdx(package["license"]),
            registry=package["source"],
            checksum=checksums[key[name]],
            description=" ".join((package["description"] or "").split()),
            repository=package["repository"],
            folder=pathlib.Path(package["manifest_path"]).parent,
            linked=name in linked,
            uses=tuple(sorted({key[other] for other in edges(nodes[name], {None, "build"})})),
        ))
    missing = wanted - {(crate.name, crate.version) for crate in made}
    if missing:
        raise ValueError(f"`cargo tree` has crates that `cargo metadata` does not reach: {sorted(missing)}")
    return tuple(sorted(made, key=lambda crate: (crate.name, crate.version)))
