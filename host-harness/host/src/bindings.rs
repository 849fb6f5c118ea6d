//! Rust types and traits generated from `wit/`. Nothing is written here by hand.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
});
