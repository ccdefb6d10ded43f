"""What `packaging/release` makes, opened with the tools that people open it with.

A small script stands for the program, and hands on to it: a real one only takes longer to compress.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
import yaml
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "packaging" / "release"
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
GNU, MUSL, MAC, WINDOWS = "x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"
SECONDS = 1_796_000_001

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="`dpkg-deb` is not installed")


def release(*arguments, status=0, **environment):
    done = subprocess.run(
        [sys.executable, RELEASE, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(SECONDS)} | environment,
    )
    assert done.returncode == status, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    script = tmp_path_factory.mktemp("program") / "expbundle"
    script.write_text(f'#!/bin/sh\nexec "{pathlib.Path(os.environ["EXPBUNDLE"]).resolve()}" "$@"\n')
    script.chmod(0o755)
    return script


@pytest.fixture(scope="module")
def key(expbundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key"
    expbundle("keygen", "-o", path)
    return path


@pytest.fixture(scope="module")
def dist(program, key, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    for target in (GNU, MUSL, MAC, WINDOWS):
        release("build", "--program", program, "--target", target, "--out", folder)
    release("finish", "--program", program, "--key", key, "--out", folder)
    return folder


def members(dist):
    with tarfile.open(dist / f"expbundle-{VERSION}-{GNU}.tar.gz") as tar:
        return {entry.name.partition("/")[2]: (entry, tar.extractfile(entry).read()) for entry in tar}


def test_the_same_input_gives_the_same_bytes(dist, program, key, tmp_path):
    out = tmp_path / "again"
    out.mkdir()
    # Two stand for all four, which would take their time again.
    for path in [*dist.glob(f"*{MUSL}*"), *dist.glob(f"*{MAC}*")]:
        shutil.copyfile(path, out / path.name)
    previous = os.umask(0o077)
    try:
        for target in (WINDOWS, GNU):
            release("build", "--program", program, "--target", target, "--out", out, COLUMNS="40", TZ="Asia/Tokyo", LC_ALL="C")
        release("finish", "--program", program, "--key", key, "--out", out)
    finally:
        os.umask(previous)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {path.name: path.read_bytes() for path in dist.iterdir()}


def test_an_archive_has_what_an_installation_needs(dist, expbundle):
    found = members(dist)
    assert {
        "expbundle", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-LICENCES.txt", "completions/expbundle.bash",
        "completions/_expbundle", "completions/expbundle.fish", "completions/_expbundle.ps1", "man/man1/expbundle.1", "man/man1/expbundle-verify.1",
    } <= found.keys()
    assert found["completions/expbundle.bash"][1].decode() == expbundle("completions", "bash")
    assert list(found) == sorted(found)
    for name, (entry, _) in found.items():
        assert (entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime) == (0, 0, "", "", SECONDS)
        assert entry.mode == (0o755 if name == "expbundle" else 0o644)
    with zipfile.ZipFile(dist / f"expbundle-{VERSION}-{WINDOWS}.zip") as archive:
        assert archive.testzip() is None
        names = {name.partition("/")[2] for name in archive.namelist()}
    assert names == found.keys() - {"expbundle"} | {"expbundle.exe"}


def test_every_linked_crate_is_listed_with_its_licence(dist):
    text = members(dist)["THIRD-PARTY-LICENCES.txt"][1].decode()
    document = json.loads((dist / f"expbundle-{VERSION}-{GNU}.cdx.json").read_text())
    for component in document["components"]:
        if component["scope"] == "required" and not component["name"].startswith("expbundle"):
            assert f"{component['name']} {component['version']} " in text
    assert "registry/src" not in text


@pytest.mark.parametrize("target", [GNU, MUSL, MAC, WINDOWS])
def test_the_sbom_is_valid_and_complete(dist, target):
    text = (dist / f"expbundle-{VERSION}-{target}.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    bom = Bom.from_json(document)
    bom.validate()
    assert bom.metadata.component.version == VERSION
    names = {component.name for component in bom.components}
    assert {"blake3", "ed25519-dalek", "libsqlite3-sys", "expbundle-format"} <= names
    # Crates of tests only.
    assert not names & {"insta", "proptest"}
    assert any(name.startswith("windows") for name in names) == (target == WINDOWS)
    locked = {(crate["name"], crate["version"]): crate.get("checksum") for crate in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    for component in document["components"]:
        checksum = locked[component["name"], component["version"]]
        assert [entry["content"] for entry in component.get("hashes", [])] == ([checksum] if checksum else [])


def test_a_broken_sbom_is_found(dist):
    document = json.loads((dist / f"expbundle-{VERSION}-{GNU}.cdx.json").read_text())
    document["components"][0]["scope"] = "sometimes"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is not None


def test_checksums_and_bundle_cover_every_file(dist, key, expbundle):
    checked = subprocess.run(["sha256sum", "--strict", "--check", "SHA256SUMS"], cwd=dist, capture_output=True, text=True, check=True)
    assert len(checked.stdout.splitlines()) == len(list(dist.iterdir())) - 1
    bundle = dist / f"expbundle-{VERSION}.expb"
    trust = key.with_suffix(".pub")
    expbundle("verify", bundle, "--trust", trust)
    for path in dist.iterdir():
        if path.name not in (bundle.name, "SHA256SUMS"):
            assert f'"expbundle {VERSION}"' in " ".join(expbundle("why", path, "--trust", trust).split())
    # A changed archive is not in the bundle.
    other = dist.parent / "changed.tar.gz"
    other.write_bytes((dist / f"expbundle-{VERSION}-{GNU}.tar.gz").read_bytes() + b"\0")
    assert "was not made by any record" in expbundle("why", other, "--with", bundle, "--trust", trust, status=3)


@needs_dpkg
def test_the_debian_package_installs_where_the_shells_look(dist, tmp_path, expbundle):
    package = dist / f"expbundle_{VERSION}_amd64.deb"
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    assert f"Version: {VERSION}\nArchitecture: amd64\n" in fields
    listing = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    assert all(" root/root " in line for line in listing.splitlines())
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    usr = tmp_path / "usr"
    assert subprocess.run([usr / "bin/expbundle", "--version"], capture_output=True, text=True).stdout == f"expbundle {VERSION}\n"
    assert (usr / "share/zsh/vendor-completions/_expbundle").read_text().startswith("#compdef expbundle\n")
    assert (usr / "share/fish/vendor_completions.d/expbundle.fish").exists()
    assert (usr / "share/man/man1/expbundle.1.gz").exists() and (usr / "share/doc/expbundle/copyright").exists()
    completion = usr / "share/bash-completion/completions/expbundle"
    script = f'. "{completion}"; COMP_WORDS=(expbundle ver); COMP_CWORD=1; _expbundle expbundle ver expbundle; echo "${{COMPREPLY[@]}}"'
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True).stdout == "verify\n"


def test_the_debian_package_names_the_libraries_of_the_program():
    sys.path.insert(0, str(ROOT / "packaging"))
    import debian

    assert debian.depends(b"\x7fELF GLIBC_2.9\0GLIBC_2.34\0 libgcc_s.so.1\0") == "libc6 (>= 2.34), libgcc-s1"
    assert debian.depends(b"\x7fELF, linked statically") == ""


def test_the_formula_has_the_checksums(dist):
    text = (dist / "expbundle.rb").read_text()
    sums = dict(reversed(line.split("  ")) for line in (dist / "SHA256SUMS").read_text().splitlines())
    for target in (MUSL, MAC):
        name = f"expbundle-{VERSION}-{target}.tar.gz"
        assert f'/v{VERSION}/{name}"\n      sha256 "{sums[name]}"\n' in text
    assert GNU not in text and "@" not in text
    if ruby := shutil.which("ruby"):
        subprocess.run([ruby, "-c", dist / "expbundle.rb"], check=True)


def test_what_does_not_fit_is_refused(program, tmp_path):
    other = tmp_path / "expbundle"
    other.write_text("#!/bin/sh\necho expbundle 9.9.9\n")
    other.chmod(0o755)
    assert "`expbundle 9.9.9`" in release("build", "--program", other, "--out", tmp_path / "out", status=1)
    assert "SOURCE_DATE_EPOCH is `soon`" in release("build", "--program", program, "--out", tmp_path / "out", status=1, SOURCE_DATE_EPOCH="soon")
    (tmp_path / "mixed").mkdir()
    assert "has no archives" in release("finish", "--program", program, "--out", tmp_path / "mixed", status=1)
    for name in (f"expbundle-{VERSION}-{GNU}.tar.gz", "expbundle-0.0.9-x86_64-apple-darwin.tar.gz"):
        (tmp_path / "mixed" / name).write_bytes(b"")
    assert "expbundle-0.0.9-x86_64-apple-darwin.tar.gz" in release("finish", "--program", program, "--out", tmp_path / "mixed", status=1)


def test_the_workflows_call_the_scripts():
    jobs = {name: yaml.safe_load((ROOT / ".github/workflows" / f"{name}.yml").read_text())["jobs"] for name in ("ci", "release")}
    runs = {name: [step.get("run", "") for job in found.values() for step in job["steps"]] for name, found in jobs.items()}
    assert "bash .ci/run" in runs["ci"]
    assert any("packaging/release build" in line for line in runs["release"]) and any("packaging/release finish" in line for line in runs["release"])
    targets = {entry["target"] for entry in jobs["release"]["build"]["strategy"]["matrix"]["include"]}
    assert {GNU, MUSL, MAC, WINDOWS, "aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl", "x86_64-apple-darwin"} == targets
