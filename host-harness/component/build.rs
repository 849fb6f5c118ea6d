//! Builds the component that the binary carries: the `plugin` crate for `wasm32-wasip2`.
//!
//! The build runs a nested cargo with a target directory of its own, because the outer cargo's directory is locked
//! while a build script runs. The directory is `guests`, beside the directories of the outer profiles, so that a build,
//! clippy and a release compile the component once for all of them. With `PLUGIN_WASM=/path/to/component.wasm` this
//! script takes a finished component and builds nothing.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

/// Variables that the outer cargo, or a clippy or coverage run around it, sets for its own build. With these
/// variables the nested build would use the wrong target, the wrong wrapper or the wrong directory.
const FOREIGN_ENVIRONMENT: [&str; 10] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_MAKEFLAGS",
    "LLVM_PROFILE_FILE",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=PLUGIN_WASM");
    let component = match env::var_os("PLUGIN_WASM") {
        Some(given) => given_component(Path::new(&given))?,
        None => build()?,
    };
    println!("cargo:rustc-env=PLUGIN_WASM_PATH={}", component.display());
    Ok(())
}

fn given_component(path: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let absent = |error| format!("PLUGIN_WASM={}: {error}; write the absolute path of a component", path.display());
    println!("cargo:rerun-if-changed={}", path.display());
    Ok(path.canonicalize().map_err(absent)?)
}

fn build() -> Result<PathBuf, Box<dyn Error>> {
    let workspace = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    for source in ["plugin/src", "plugin/build.rs", "plugin/Cargo.toml", "wit", "Cargo.lock", "Cargo.toml"] {
        println!("cargo:rerun-if-changed={}", workspace.join(source).display());
    }
    add_missing_target()?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    let target_dir = outer_target_dir(&out).join("guests");
    compile(&workspace, &target_dir)?;
    // A copy: another profile's build may replace the file, and this crate would compile again for nothing.
    let component = out.join("plugin.wasm");
    fs::copy(target_dir.join(TARGET).join("component").join("plugin.wasm"), &component)?;
    Ok(component)
}

/// The target directory of the outer cargo, which marks it as a cache for backup programs.
fn outer_target_dir(out: &Path) -> &Path {
    out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).unwrap_or(out)
}

/// Makes rustup add the target if the compiler in use has no standard library for the target. Rustup adds the target
/// by itself unless `RUSTUP_AUTO_INSTALL=0`.
fn add_missing_target() -> Result<(), Box<dyn Error>> {
    let output = Command::new(variable("RUSTC")?).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    let libraries = String::from_utf8(output.stdout)?;
    if output.status.success() && Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    println!("cargo:warning=the Rust target {TARGET} is not installed: running `rustup target add {TARGET}`");
    match Command::new("rustup").args(["target", "add", TARGET]).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!(
            "the component needs the Rust target {TARGET}, and `rustup target add {TARGET}` failed; install the target \
             yourself, or set PLUGIN_WASM to a finished component"
        )
        .into()),
    }
}

fn compile(workspace: &Path, target_dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut cargo = Command::new(variable("CARGO")?);
    for name in FOREIGN_ENVIRONMENT {
        cargo.env_remove(name);
    }
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PROFILE_") || name.starts_with("CARGO_FEATURE_") || name.starts_with("CARGO_CFG_") {
            cargo.env_remove(name);
        }
    }
    let status = cargo
        .current_dir(workspace)
        .args(["build", "--package", "plugin", "--lib", "--target", TARGET, "--profile", "component", "--locked"])
        .arg("--target-dir")
        .arg(target_dir)
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err("the component did not compile; the compiler's message stands above. `cargo build -p plugin --target \
         wasm32-wasip2` shows it alone"
        .into())
}

#[allow(clippy::disallowed_methods)] // Cargo speaks to a build script through its environment.
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    env::var(name).map_err(|_| format!("cargo did not set {name} for the build script").into())
}
