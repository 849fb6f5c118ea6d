//! The import `school`: everything GEGI knows. This file only translates.

use super::Call;
use crate::bindings::gegi::coursekey::school::{Host, SchoolSettings};
use crate::gegi::Course;

/// The most ids of one page, however many the guest asks for (the WIT promises this number).
const PAGE: usize = 1_000;

impl Host for Call {
    async fn settings(&mut self) -> wasmtime::Result<SchoolSettings> {
        Ok(self.settings.clone().into())
    }

    async fn courses(&mut self, after: Option<String>, limit: u32) -> wasmtime::Result<Vec<(String, u64)>> {
        let limit = usize::try_from(limit).map_or(PAGE, |limit| limit.min(PAGE));
        Ok(self.source.courses(after.as_deref(), limit).await?)
    }

    async fn get_course(&mut self, id: String) -> wasmtime::Result<Option<Course>> {
        Ok(self.source.course(&id).await?)
    }
}
