"""A Homebrew formula that installs the archives of a release."""

# Statically linked on Linux: a formula there may run on a glibc older than the builder's.
SYSTEMS = {
    "on_macos": {"on_arm": "aarch64-apple-darwin", "on_intel": "x86_64-apple-darwin"},
    "on_linux": {"on_arm": "aarch64-unknown-linux-musl", "on_intel": "x86_64-unknown-linux-musl"},
}


def formula(template, url, checksums):
    """The template, filled; None where no archive fits.

    `checksums`: SHA-256 of each archive by (target, name).
    """
    blocks = []
    for system, processors in SYSTEMS.items():
        inner = [
            f"    {processor} do\n      url \"{url}/{name}\"\n      sha256 \"{digest}\"\n    end\n"
            for processor, wanted in processors.items()
            for (target, name), digest in sorted(checksums.items())
            if target == wanted
        ]
        if inner:
            blocks.append(f"  {system} do\n{''.join(inner)}  end\n")
    return template.replace("@ARCHIVES@\n", "\n".join(blocks)) if blocks else None
