//! What a component exports: the world `plugin`, which every component has, and `review`, which it may have. A call
//! instantiates the component for the one or for the other.

use std::pin::Pin;

use wasmtime::Store;

use super::{Call, Engine};
use crate::bindings::Plugin;
use crate::bindings::nouns::CallError;
use crate::bindings::review_alone::ReviewAlone;

/// An export that is running. The outer error is a trap or an error of the host, the inner error is the export's own.
pub(crate) type Exported<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<Result<T, CallError>>> + Send + 'a>>;

/// A fresh instance that is being made.
type Instantiated<'a, E> = Pin<Box<dyn Future<Output = wasmtime::Result<E>> + Send + 'a>>;

/// The exports of a fresh instance.
pub(crate) trait Exports: Sized {
    /// Makes a fresh instance of the component.
    fn instantiate<'a>(engine: &'a Engine, store: &'a mut Store<Call>) -> Instantiated<'a, Self>;
}

impl Exports for Plugin {
    fn instantiate<'a>(engine: &'a Engine, store: &'a mut Store<Call>) -> Instantiated<'a, Self> {
        Box::pin(engine.0.plugin.instantiate_async(store))
    }
}

impl Exports for ReviewAlone {
    fn instantiate<'a>(engine: &'a Engine, store: &'a mut Store<Call>) -> Instantiated<'a, Self> {
        Box::pin(async move {
            let none = || wasmtime::Error::msg("the component does not export gegi:coursekey/review");
            engine.0.review.as_ref().ok_or_else(none)?.instantiate_async(store).await
        })
    }
}
