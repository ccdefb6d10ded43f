"""A Debian package, made by `dpkg-deb` from the same files as the archive."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from archive import MODES, compressed

ARCHITECTURES = {"x86_64-unknown-linux-gnu": "amd64", "aarch64-unknown-linux-gnu": "arm64"}
DOCS = "usr/share/doc/expbundle"


def is_here():
    return shutil.which("dpkg-deb") is not None


def places(files):
    """Where Debian has the files of the archive."""
    placed = {}
    for name, (content, runs) in files.items():
        folder, _, base = name.rpartition("/")
        if name == "expbundle":
            placed[f"usr/bin/{name}"] = content, runs
        elif folder == "man/man1":
            placed[f"usr/share/man/man1/{base}.gz"] = compressed(content), runs
        elif base == "expbundle.bash":
            placed["usr/share/bash-completion/completions/expbundle"] = content, runs
        elif base == "_expbundle":
            placed["usr/share/zsh/vendor-completions/_expbundle"] = content, runs
        elif base == "expbundle.fish":
            placed["usr/share/fish/vendor_completions.d/expbundle.fish"] = content, runs
        elif name == "CHANGELOG.md":
            placed[f"{DOCS}/changelog.gz"] = compressed(content), runs
        elif name == "THIRD-PARTY-LICENCES.txt":
            placed[f"{DOCS}/{name}.gz"] = compressed(content), runs
        elif name in ("README.md", "LICENSE-MIT", "LICENSE-APACHE"):
            pass
        elif base != "_expbundle.ps1":
            raise ValueError(f"no place in a Debian package is known for {name}")
    mit = indented(files["LICENSE-MIT"][0].decode())
    placed[f"{DOCS}/copyright"] = COPYRIGHT.format(mit=mit).encode(), False
    return placed


COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: expbundle
Source: https://github.com/expbundle/expbundle
Comment: The program contains code of others; THIRD-PARTY-LICENCES.txt.gz has their licences.

Files: *
Copyright: The expbundle maintainers
License: Expat or Apache-2.0

License: Expat
{mit}

License: Apache-2.0
 On Debian systems, the text is in /usr/share/common-licenses/Apache-2.0.
"""


def indented(text):
    """As a field of several lines: one space first, a dot for an empty line."""
    return "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in text.strip().splitlines())


def depends(program):
    """The libraries that the program names: the newest version of glibc that it asks for."""
    versions = [tuple(map(int, found)) for found in re.findall(rb"GLIBC_(\d+)\.(\d+)", program)]
    needs = []
    if versions:
        needs.append("libc6 (>= {}.{})".format(*max(versions)))
    if b"libgcc_s.so.1" in program:
        needs.append("libgcc-s1")
    return ", ".join(needs)


CONTROL = """\
Package: expbundle
Version: {version}
Architecture: {architecture}
Maintainer: The expbundle maintainers <maintainers@expbundle.invalid>
Installed-Size: {kib}
{depends}Section: science
Priority: optional
Homepage: https://github.com/expbundle/expbundle
Description: signed, portable records of machine-learning experiments
 An experiment bundle (.expb) records what was run and why, on what data and
 code, with which results, derived from which other models, and who signed it.
 It travels with the model and can be verified offline, without the tools that
 made it.
"""


def package(folder, files, target, version, seconds):
    """Writes the package into a folder; its path. `files` and `seconds` as for the archive."""
    architecture = ARCHITECTURES[target]
    path = Path(folder) / f"expbundle_{version}_{architecture}.deb"
    placed = places(files)
    needs = depends(files["expbundle"][0])
    control = CONTROL.format(
        version=version,
        architecture=architecture,
        kib=sum(-(-len(content) // 1024) for content, _ in placed.values()),
        depends=f"Depends: {needs}\n" if needs else "",
    )
    with tempfile.TemporaryDirectory() as scratch:
        placed["DEBIAN/control"] = control.encode(), False
        for name, (content, runs) in placed.items():
            file = Path(scratch) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(MODES[runs])
        # Files first: writing a file changes the time of its folder.
        for file in sorted(Path(scratch).rglob("*"), reverse=True):
            if file.is_dir():
                file.chmod(0o755)
            os.utime(file, (seconds, seconds))
        os.chmod(scratch, 0o755)
        os.utime(scratch, (seconds, seconds))
        # xz splits its input by the number of threads.
        command = ["dpkg-deb", "-Zxz", "--threads-max=1", "--root-owner-group", "--build", scratch, str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"SOURCE_DATE_EPOCH": str(seconds)})
    return path
