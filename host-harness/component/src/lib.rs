//! The bytes of the component that this workspace builds, and nothing else. A change of `plugin/` compiles this crate
//! again and links the programs that use it, and compiles no host.

/// The component, which `build.rs` built from `plugin/` or took from `PLUGIN_WASM`.
pub static COMPONENT: &[u8] = include_bytes!(env!("PLUGIN_WASM_PATH"));
