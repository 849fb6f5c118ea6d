//! Builds the components of `tests/guests`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Variables that the cargo around the test sets for its own build.
const FOREIGN_ENVIRONMENT: [&str; 5] =
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_TARGET_DIR"];

/// Builds a package of `tests/guests` and returns the component's path. `target_tmpdir` is the caller's
/// `CARGO_TARGET_TMPDIR`.
///
/// The guests are built in the directory of the component (`host-harness/component/build.rs`) and together with the
/// plugin, so that the dependencies of all are built once. The usual directory cannot be used, because the cargo
/// that runs the tests may hold its lock.
///
/// # Panics
/// The package does not compile; the message is the compiler's.
#[allow(clippy::unwrap_used, clippy::panic)] // A test that lacks its guest has to end.
pub fn build(package: &str, target_tmpdir: &str) -> PathBuf {
    let target_dir = Path::new(target_tmpdir).with_file_name("guests");
    let mut cargo = Command::new(env!("CARGO"));
    for name in FOREIGN_ENVIRONMENT {
        cargo.env_remove(name);
    }
    let built = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--package", package, "--package", "plugin", "--lib", "--locked"])
        .args(["--target", "wasm32-wasip2", "--profile", "component", "--target-dir"])
        .arg(&target_dir)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target_dir.join("wasm32-wasip2/component").join(package.replace('-', "_")).with_extension("wasm")
}
