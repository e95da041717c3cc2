# What a change must pass; .ci/run runs it on a fresh machine.
ci: fmt lint test doc

fmt:
    cargo fmt --check

lint:
    cargo clippy --all-targets --locked -- -D warnings
    typos

# The README's second command.
test:
    cargo test

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked

# Licences and sources of all dependencies (needs cargo-deny).
deny:
    cargo deny --config .deny.toml check licenses bans sources

# A training step on the processor, part by part (wants quiet cores).
bench:
    cargo bench --bench training --locked

# Beside the Hugging Face Trainer, in turn: see the script.
against-hf BASE DATA SCRIPT PAIRS="3":
    cargo build --release --locked
    tests/bench/against_hf.sh "${CARGO_TARGET_DIR:-target}/release/tagli" {{BASE}} {{DATA}} {{SCRIPT}} {{PAIRS}}

# Trains on burn's ndarray, held against the Hugging Face Trainer as the others are.
ndarray:
    cargo test --lib --features ndarray --locked -- training::engine other_backends

# The same through wgpu; without a GPU on Mesa's lavapipe (Debian: mesa-vulkan-drivers). Building it takes a quarter of an hour.
wgpu:
    cargo test --lib --features wgpu --locked -- training::engine other_backends

# What a person feels of a training: start, key to frame, memory (wants quiet cores).
session:
    cargo bench --bench session --locked

# Type-checks the CUDA path where its LLVM bundle cannot be fetched. Nothing is run.
cuda:
    DOCS_RS=1 cargo check --features cuda --locked

# Makes the embedded base anew from a folder of all-MiniLM-L6-v2; the same input gives the same bytes.
encoder FOLDER:
    cargo run --release --locked -- generate encoder --from {{FOLDER}} --out assets/encoder

# Manual page, completions, key table and pictures anew, after commands, keys or screens have changed.
generate:
    cargo run --locked -- generate docs
    cargo run --locked -- generate screens

# The pictures from a new training: PROJECT is a copy of the sample in which a run has a model.
record PROJECT:
    cargo run --release --locked -- generate screens --record {{PROJECT}}

# One stripped binary for any machine of this architecture (or of TARGET), static on Linux: dist/TARGET in the build folder.
dist TARGET="":
    .ci/dist "{{TARGET}}"

# Whether that binary runs in an empty root folder and on older processors (needs qemu-user, tmux and the right to chroot).
dist-check BINARY:
    .ci/dist-check "{{BINARY}}"
