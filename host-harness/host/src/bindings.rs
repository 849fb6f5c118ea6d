//! Rust types and traits generated from `wit/`. Only `nouns` is written by hand: it takes the place of the types that
//! would be generated from `wit/types.wit`, because generated types print everything that they hold.

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

/// The interface `review`, which a component may export beside the world `plugin`.
pub mod review_alone {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package gegi:host;
            world review-alone { export gegi:coursekey/review@0.2.0; }
        ",
        imports: { default: async | trappable },
        exports: { default: async },
        with: { "gegi:coursekey/types": super::nouns },
        additional_derives: [PartialEq, Clone, serde::Serialize, serde::Deserialize],
    });
}
