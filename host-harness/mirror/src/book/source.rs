//! The book's answers to the host's questions about GEGI.

use async_trait::async_trait;

use super::keys::key;
use super::stored::{BriefMark, Listed, StoredCourse, read};
use super::{Book, BookError, CourseHead};
use host::gegi::{Course, CourseKind, CurrentMark, GegiUnavailable, SchoolSettings, SchoolSource};

#[async_trait]
impl SchoolSource for Book {
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable> {
        Ok(self.settings_if_any().await?.ok_or(BookError::NoSchool)?)
    }

    async fn courses(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, GegiUnavailable> {
        Ok(self.revisions(after, limit).await?)
    }

    async fn course(&self, id: &str) -> Result<Option<Course>, GegiUnavailable> {
        Ok(self.course_of(id).await?)
    }

    async fn current_marks(&self, class: &str) -> Result<Vec<CurrentMark>, GegiUnavailable> {
        let mut marks = Vec::new();
        self.each_under(&key("mark", &[class]), |text| {
            marks.push(read::<BriefMark>(text, "mark")?.current()?);
            Ok(())
        })
        .await?;
        Ok(marks)
    }
}

impl Book {
    /// Ids and revisions of the courses, ascending by the bytes of the id, after the given one, at most `limit`.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn revisions(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, BookError> {
        let prefix = key("revision", &[]);
        let after = after.map(|after| key("revision", &[after]));
        let found = self.entries.scan(&prefix, after.as_deref(), limit).await?;
        found
            .into_iter()
            .map(|(_, text)| read(&text, "revision").map(|listed: Listed| (listed.id, listed.revision)))
            .collect()
    }

    /// The course as GEGI holds it now.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn course_of(&self, id: &str) -> Result<Option<Course>, BookError> {
        let text = self.get(key("course", &[id])).await?;
        text.map(|text| Ok(StoredCourse::read(&text)?.into_course())).transpose()
    }

    /// What lists show of these courses, in their order; none: the book holds no such course, or a version that kept no head
    /// wrote it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn heads(&self, ids: &[&str]) -> Result<Vec<Option<(CourseKind, CourseHead)>>, BookError> {
        let places: Vec<String> = ids.iter().map(|id| key("revision", &[id])).collect();
        let found = self.entries.get_many(&places).await?;
        let head = |text: &Option<Vec<u8>>| {
            let Some(text) = text else { return Ok(None) };
            let listed: Listed = read(text, "revision")?;
            let kind = listed.kind();
            Ok(listed.head.map(|head| (kind, head)))
        };
        found.iter().map(head).collect()
    }

    /// Revision and kind of the course as GEGI holds it now.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn revision_of(&self, id: &str) -> Result<Option<(u64, CourseKind)>, BookError> {
        let text = self.get(key("revision", &[id])).await?;
        text.map(|text| read(&text, "revision").map(|listed: Listed| (listed.revision, listed.kind()))).transpose()
    }
}
