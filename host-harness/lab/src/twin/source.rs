//! The stand-in's answers to the host's questions about GEGI.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{Twin, TwinError, receive};
use host::gegi::{Course, CurrentMark, GegiUnavailable, SchoolSettings, SchoolSource};

#[async_trait]
impl SchoolSource for Twin {
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable> {
        Ok(self.settings_if_any()?.ok_or(TwinError::NoSchool)?)
    }

    async fn courses(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, GegiUnavailable> {
        Ok(self.course_page(after, limit)?)
    }

    async fn course(&self, id: &str) -> Result<Option<Course>, GegiUnavailable> {
        Ok(self.course_of(id)?)
    }

    async fn current_marks(&self, class: &str) -> Result<Vec<CurrentMark>, GegiUnavailable> {
        Ok(self.marks_of(class)?)
    }
}

impl Twin {
    fn course_page(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, TwinError> {
        let connection = self.lock();
        let sql = "SELECT id, revision FROM course WHERE id > ?1 ORDER BY id LIMIT ?2";
        let mut statement = connection.prepare_cached(sql)?;
        // No id is empty, so every id comes after "".
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![after.unwrap_or_default(), limit], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn course_of(&self, id: &str) -> Result<Option<Course>, TwinError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("SELECT body FROM course WHERE id = ?1")?;
        let body: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    fn marks_of(&self, class: &str) -> Result<Vec<CurrentMark>, TwinError> {
        let connection = self.lock();
        let sql = "SELECT student, mark, origin FROM mark WHERE class = ?1 ORDER BY student";
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([class], |row| {
            Ok(CurrentMark {
                student: row.get(0)?,
                mark: receive::mark_of(&row.get::<_, String>(1)?),
                origin: receive::origin_of(&row.get::<_, String>(2)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
