//! Rust types and traits generated from `wit/`. Nothing is written here by hand but `nouns`, which takes the place of
//! what would be generated from `wit/types.wit`: generated types print all that they hold.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)]

pub mod nouns;

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    with: { "gegi:coursekey/types": nouns },
    additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
});
