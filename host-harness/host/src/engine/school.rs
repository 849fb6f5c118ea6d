//! The import `school`: everything GEGI knows. This file only translates.

use super::Call;
use crate::bindings::gegi::coursekey::school::{Host, SchoolSettings};
use crate::bindings::nouns::ReadError;
use crate::gegi::Course;

/// The most ids of one page, however many the guest asks for (the WIT promises this number).
const PAGE: usize = 1_000;

impl Host for Call {
    async fn settings(&mut self) -> wasmtime::Result<Result<SchoolSettings, ReadError>> {
        Ok(Ok(self.settings.clone().into()))
    }

    async fn courses(
        &mut self,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<(String, u64)>, ReadError>> {
        let limit = usize::try_from(limit).map_or(PAGE, |limit| limit.min(PAGE));
        Ok(self.source.courses(after.as_deref(), limit).await.map_err(ReadError::from))
    }

    async fn get_course(&mut self, id: String) -> wasmtime::Result<Result<Option<Course>, ReadError>> {
        Ok(self.source.course(&id).await.map_err(ReadError::from))
    }
}
