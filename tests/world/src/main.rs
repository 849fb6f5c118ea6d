//! Checks what `wasm-tools component targets` checks: every import and export of a component is one of the world's, of the
//! same type. A package of its own, because its libraries would give wasmtime other features.

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [wit, world, component] = arguments.as_slice() else {
        bail!("give the folder of the WIT package, the world and the component");
    };
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(wit).with_context(|| format!("read {wit}"))?;
    let chosen = resolve.select_world(&[package], Some(world))?;
    let bytes = std::fs::read(component).with_context(|| format!("read {component}"))?;
    wit_component::targets(&resolve, chosen, &bytes).with_context(|| format!("{component} does not fit {world}"))?;
    println!("{component} fits {world}");
    Ok(())
}
