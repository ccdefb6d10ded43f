# `just` lists these.
_default:
    @just --list --unsorted

# Everything that a change has to pass
ci:
    bash .ci/run

# Format, in place
fmt:
    cargo fmt --all

# Formatting and lints, as CI sees them
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# The tests
test *ARGUMENTS:
    cargo test --workspace {{ARGUMENTS}}

# Two real runs become bundles, signed, attached to a model, verified
demo:
    cargo run --release -- demo

# Write schemas/ anew after a change of the types
schemas:
    UPDATE_SCHEMAS=1 cargo test --package expbundle-cli schemas

# Checks with other people's tools (pandas, DuckDB, securesystemslib, huggingface_hub …)
peers *ARGUMENTS:
    cargo build --release
    python3 -m venv target/ci/peers
    target/ci/peers/bin/pip install --quiet --requirement peers/requirements.txt
    target/ci/peers/bin/python -m pytest -p no:cacheprovider peers {{ARGUMENTS}}

# The Python package: a wheel as CI makes it, and its tests (CARGO_TARGET_DIR is not looked at)
python *ARGUMENTS:
    python3 -m venv target/ci/python
    target/ci/python/bin/pip install --quiet --requirement bindings/python/tests/requirements.txt
    MATURIN=$PWD/target/ci/python/bin/maturin bindings/python/wheel --profile dev --out target/ci/wheels
    target/ci/python/bin/pip install --quiet --no-index --no-deps --force-reinstall target/ci/wheels/expbundle-*.whl
    target/ci/python/bin/python -m pytest -p no:cacheprovider bindings/python/tests {{ARGUMENTS}}

# Exporters with clients that are too large for CI; `just python` first, which makes the wheel
exporters *ARGUMENTS:
    python3 -m venv target/ci/exporters
    target/ci/exporters/bin/pip install --quiet --requirement bindings/python/tests/requirements-export.txt
    target/ci/exporters/bin/pip install --quiet --no-index --no-deps --force-reinstall target/ci/wheels/expbundle-*.whl
    target/ci/exporters/bin/python -m pytest -p no:cacheprovider bindings/python/tests/test_export_{aim,clearml,comet,zenml}.py {{ARGUMENTS}}

# The hooks of training frameworks and their guides, some 4 GB of packages; after `just python`
python-training *ARGUMENTS:
    target/ci/python/bin/pip install --quiet --requirement bindings/python/tests/requirements-training.txt
    target/ci/python/bin/python -m pytest -p no:cacheprovider bindings/python/tests {{ARGUMENTS}}

# The pages of the Python API, in target/python-api; after `just python`
python-pages:
    target/ci/python/bin/python bindings/python/api_pages.py target/python-api

# Real servers of trackers, on loopback, and the plugin of MLflow; `just python` first, which makes the wheel
servers *ARGUMENTS:
    cargo build --release
    python3 -m venv target/ci/servers
    target/ci/servers/bin/pip install --quiet --requirement servers/requirements.txt
    target/ci/servers/bin/pip install --quiet --no-index --no-deps --force-reinstall target/ci/wheels/expbundle-*.whl
    target/ci/servers/bin/python -m pytest -p no:cacheprovider servers {{ARGUMENTS}}

# Compare with named peers; SCRATCH takes some 5 GB (benches/README.md)
bench *ARGUMENTS:
    bash benches/run {{ARGUMENTS}}

# Licences, sources, bans (needs cargo-deny)
deny:
    cargo deny --offline check licenses bans sources

# Known weaknesses of dependencies (needs cargo-deny and a network)
advisories:
    cargo deny check advisories

# Every package as a registry would have it, compiled by itself
packages:
    cargo publish --dry-run --locked --workspace --allow-dirty

# Make what people install, for this machine, in target/dist (packaging/README.md)
release *ARGUMENTS:
    packaging/release build
    packaging/release finish {{ARGUMENTS}}

# The scoreboard of the conformance suite
conformance *ARGUMENTS:
    cargo build --release
    cargo run --release --package expbundle-conformance -- {{ARGUMENTS}} -- target/release/expbundle verify --json

# Let both verifiers judge what is damaged or made up at random, and stop where they disagree (needs conformance/requirements.txt)
differential COUNT='20000' SEED='1':
    cargo build --release --package expbundle-directory --example judge
    python3 conformance/differential.py target/release/examples/judge {{COUNT}} {{SEED}}

# Fuzz every parser of foreign bytes, ten minutes each; `just fuzz 60 json` one of them for a minute
fuzz SECONDS='600' *TARGETS:
    bash crates/expbundle-fuzz/run {{SECONDS}} {{TARGETS}}

# Change the code of the format and of statements in small ways, and see which changes no test notices (needs cargo-mutants, and hours)
mutants *ARGUMENTS:
    cargo mutants --package expbundle-format --package expbundle-statement {{ARGUMENTS}} -- --lib --tests
