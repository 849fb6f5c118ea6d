//! The bytes of the component that this workspace builds, and nothing else: a change of `plugin/` compiles this crate
//! again and links the programs that carry it, and compiles no host.

/// The component, as `build.rs` built it from `plugin/` or took it from `PLUGIN_WASM`.
pub static COMPONENT: &[u8] = include_bytes!(env!("PLUGIN_WASM_PATH"));
