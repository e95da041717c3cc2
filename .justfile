# Everything that a change must pass; .ci/run runs it on a fresh machine.
ci: fmt lint test doc

fmt:
    cargo fmt --all --check

lint:
    cargo clippy --all-targets --locked -- -D warnings
    typos

# The README's second command.
test:
    cargo test

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked

# Checks licences and sources of all dependencies (needs cargo-deny).
deny:
    cargo deny --config .deny.toml check licenses bans sources

# Measures a training step on the processor, part by part (needs otherwise idle cores).
bench:
    cargo bench --bench training --locked

# Compares training with the Hugging Face Trainer, one after the other: see the script.
against-hf BASE DATA SCRIPT PAIRS="3":
    cargo build --release --locked
    tests/bench/against_hf.sh "${CARGO_TARGET_DIR:-target}/release/tagli" {{BASE}} {{DATA}} {{SCRIPT}} {{PAIRS}}

# Tests training on burn's ndarray against the Hugging Face Trainer's results, like the other backends.
ndarray:
    cargo test --lib --features ndarray --locked -- training::engine other_backends

# The same on wgpu; without a GPU it runs on Mesa's lavapipe (Debian: mesa-vulkan-drivers). The build takes 15 minutes.
wgpu:
    cargo test --lib --features wgpu --locked -- training::engine other_backends

# Measures start, key to frame and memory of a training (needs otherwise idle cores).
session:
    cargo bench --bench session --locked

# Counts the keys of a simulated annotator on tagged files; WAY is none, hand, live or chosen (tests/bench/annotator.rs).
annotator TRAIN TEST WAY="live" *OPTIONS:
    cargo bench --bench annotator --locked -- {{TRAIN}} {{TEST}} --way {{WAY}} {{OPTIONS}}

# Tests a session of 300 keys and a training watched for a minute over a slow SSH line (needs sshd; takes minutes).
line:
    TAGLI_REQUIRE_SSHD=1 cargo test --test ssh --locked -- --ignored --nocapture

# Works for eight hours without a pause: 100,000 actions and eight trainings (needs otherwise idle cores).
endurance:
    cargo test --release --test endurance --locked -- --ignored --nocapture

# Changes valid files at random in front of their readers, each for this many seconds.
fuzz SECONDS="60" SEED="1":
    FUZZ_SECONDS={{SECONDS}} FUZZ_SEED={{SEED}} cargo test --test fuzz --locked -- --nocapture

# The same with libFuzzer, guided by coverage (needs cargo-fuzz and a nightly compiler). Its build takes a quarter of an hour.
libfuzzer READER SECONDS="600":
    FUZZ_READER={{READER}} FUZZ_SEEDS=tests/fuzz/libfuzzer/corpus/{{READER}} \
        cargo +nightly fuzz run --fuzz-dir tests/fuzz/libfuzzer readers tests/fuzz/libfuzzer/corpus/{{READER}} -- \
        -max_total_time={{SECONDS}} -max_len=65536 -timeout=10 -print_funcs=0

# Measures inputs made to keep the program busy: fields, spans, files.
hostile:
    cargo bench --bench hostile --locked

# Type-checks the CUDA path without its LLVM bundle. Runs nothing.
cuda:
    DOCS_RS=1 cargo check --features cuda --locked

# Rebuilds the embedded base from a folder of all-MiniLM-L6-v2; the same input gives the same bytes.
encoder FOLDER:
    ENCODER_SOURCE={{FOLDER}} cargo test --locked --lib -- --ignored write_encoder

# Regenerates manual page, completions, key table and pictures, after commands, keys or screens have changed.
generate:
    WRITE_GENERATED=1 cargo test --locked --test cli -- man_page_and_completions_are_made
    WRITE_GENERATED=1 cargo test --locked --test app -- generated

# Regenerates the pictures from a new training: PROJECT is a copy of the sample in which a run has a model.
record PROJECT:
    RECORD_PROJECT={{PROJECT}} cargo test --locked --test app -- --ignored write_recording
    WRITE_GENERATED=1 cargo test --locked --test app -- generated

# Builds one stripped binary for any machine of this architecture (or of TARGET), static on Linux: dist/TARGET in the build folder.
dist TARGET="":
    .ci/dist "{{TARGET}}"

# Checks that this binary runs in an empty root folder and on older processors (needs qemu-user, tmux and permission to chroot).
dist-check BINARY:
    .ci/dist-check "{{BINARY}}"
