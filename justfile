# Shortcuts. Everything here is one command that also works without just.

# The main job on the school that ships: rosters out, attendance back, statuses shown.
demo:
    cargo run -- demo

# All tests.
test:
    cargo test --workspace

# What a change has to pass.
ci:
    .ci/run

# What a release has to pass beside it: hours.
release-tests:
    GEGI_REQUIRE_POSTGRES=1 STORAGE_TORTURE_ROUNDS=1000 cargo test --workspace --locked --test storage_contract
    SIMULATION_SEEDS=300..2000 cargo test --workspace --locked --test simulation
    GUARD_SEEDS=0..2000 cargo test --locked -p plugin --lib terms
    PREVIEW_SEEDS=0..2000 CURE_SEEDS=0..1200 cargo test --locked -p plugin --lib -- turns cures

# The component alone, for a host that is not ours: target/wasm32-wasip2/component/plugin.wasm.
component:
    cargo build -p plugin --target wasm32-wasip2 --profile component --locked

# What production runs: the program optimised, with the component as it ships.
release:
    cargo build --release --locked

# GEGI in a hundred lines.
embed:
    cargo run --example embed

# A simulated CourseKey alone on a port.
simulate port="8090":
    cargo run -- simulate-coursekey --port {{port}}

# Formats everything.
fmt:
    cargo fmt --all
