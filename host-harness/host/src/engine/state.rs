//! The import `state`: the plugin's private memory. This file only translates; limits and staging live in `store`.

use super::Call;
use crate::bindings::gegi::coursekey::state::{Aborted, Change, Host, StateError, Usage};

const TOO_MANY_NOTES: &str = "it left more notes than one call may";

impl Host for Call {
    async fn get_many(&mut self, keys: Vec<String>) -> wasmtime::Result<Result<Vec<Option<Vec<u8>>>, StateError>> {
        self.meter.stores();
        Ok(self.unit.get_many(&keys).await)
    }

    async fn scan(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<(String, Vec<u8>)>, StateError>> {
        self.meter.stores();
        Ok(self.unit.scan(&prefix, after.as_deref(), limit).await)
    }

    async fn apply(&mut self, changes: Vec<Change>) -> wasmtime::Result<Result<(), StateError>> {
        self.meter.stores();
        Ok(self.unit.apply(changes).await)
    }

    async fn get_usage(&mut self) -> wasmtime::Result<Usage> {
        Ok(self.unit.usage())
    }

    async fn breadcrumb(&mut self, note: Option<String>) -> wasmtime::Result<()> {
        self.meter.stores();
        self.notes_left = self.notes_left.checked_sub(1).ok_or_else(|| wasmtime::Error::msg(TOO_MANY_NOTES))?;
        Ok(self.unit.breadcrumb(note).await?)
    }

    async fn last_aborted(&mut self) -> wasmtime::Result<Option<Aborted>> {
        Ok(self.unit.last_aborted())
    }
}
