"""Archives of which every byte follows from the content: sorted, one time, one owner, no extras."""

import datetime
import gzip
import io
import tarfile
import zipfile

# Permissions of files that can be run, and of all others.
MODES = {True: 0o755, False: 0o644}


def tar_gz(path, files, seconds):
    """`files`: bytes by name, and whether it can be run; `seconds`: since 1970."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (content, runs) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), seconds, MODES[runs]
            entry.uid = entry.gid = 0
            tar.addfile(entry, io.BytesIO(content))
    path.write_bytes(compressed(plain.getvalue()))


def compressed(content):
    """As `gzip -n9` does: without a name and a time."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def zipped(path, files, seconds):
    """As `tar_gz`, for Windows."""
    # ZIP knows no time before 1980, and none of an odd second.
    time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    stamp = max(time.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(path, "w") as archive:
        for name, (content, runs) in sorted(files.items()):
            entry = zipfile.ZipInfo(name, stamp)
            # Unix, whatever the host is.
            entry.create_system = 3
            entry.external_attr = (0o100000 | MODES[runs]) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
