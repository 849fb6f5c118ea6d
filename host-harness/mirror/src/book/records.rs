//! GEGI's records as people and programs read them: whole, one after the other, or page by page.

use serde::Serialize;
use serde_json::Value;

use super::keys::{key, number};
use super::stored::{StoredCourse, StoredMail, StoredMark, read};
use super::{Book, BookError};
use crate::lines::{IssueLine, JournalLine, LogLine, MarkLine};
use host::email::{OwnTexts, Part};
use host::gegi::{Course, Message, Origin};

/// Changes read from the storage at a time.
const PAGE: usize = 500;

/// A page of a list, and where the next page begins; none: there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries, in the order of the list.
    pub items: Vec<T>,
    /// The place after which the next page begins, as [`Book`] takes it.
    pub next: Option<String>,
}

/// Which moments of the System Journal somebody looks at, whole seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalSpan {
    /// The first moment; none: from the beginning.
    pub from: Option<i64>,
    /// The first moment behind the span; none: to the end.
    pub until: Option<i64>,
}

/// An issue with the key under which it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssueEntry {
    /// The same for as long as the issue is about the same fact.
    pub key: String,
    /// The issue.
    #[serde(flatten)]
    pub issue: IssueLine,
}

/// A mail that the host delivered, unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedMail {
    /// The delivery's stable id.
    pub id: String,
    /// When the host delivered the mail, whole seconds since 1970.
    pub at: i64,
    /// The message to write.
    pub message: Message,
}

impl Book {
    /// Hands every mark to `take`, by class and student.
    ///
    /// # Errors
    /// The storage failed, or `take`.
    pub async fn each_mark(&self, mut take: impl FnMut(MarkLine) -> std::io::Result<()>) -> Result<(), BookError> {
        self.each_under(&key("mark", &[]), |text| Ok(take(mark_line(text)?)?)).await
    }

    /// Hands every row of the attendance log to `take`, by course, class, student, record and visit.
    ///
    /// # Errors
    /// The storage failed, or `take`.
    pub async fn each_log_row(&self, mut take: impl FnMut(LogLine) -> std::io::Result<()>) -> Result<(), BookError> {
        self.each_under(&key("log", &[]), |text| Ok(take(log_line(text)?)?)).await
    }

    /// Hands every line of the System Journal to `take`, in order of time, with CourseKey's id of the attendance record
    /// that caused the change, if any.
    ///
    /// # Errors
    /// The storage failed, or `take`.
    pub async fn each_journal_line(
        &self,
        mut take: impl FnMut(JournalLine, Option<&str>) -> std::io::Result<()>,
    ) -> Result<(), BookError> {
        self.each_under(&key("journal", &[]), |text| {
            let value: Value = read(text, "journal")?;
            let line = serde_json::from_value(value.clone()).map_err(|_| BookError::Form("journal".to_owned()))?;
            Ok(take(line, value.get("record").and_then(Value::as_str))?)
        })
        .await
    }

    /// Every issue, open or resolved, by code, course, class and student.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn issues(&self) -> Result<Vec<IssueLine>, BookError> {
        let mut lines: Vec<IssueLine> = Vec::new();
        self.each_under(&key("issue", &[]), |text| {
            lines.push(read(text, "issue")?);
            Ok(())
        })
        .await?;
        lines.sort();
        Ok(lines)
    }

    /// Hands every course to `take`.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn each_course(&self, mut take: impl FnMut(Course)) -> Result<(), BookError> {
        self.each_under(&key("course", &[]), |text| {
            take(StoredCourse::read(text)?.into_course());
            Ok(())
        })
        .await
    }

    /// Every mail, in the order of the deliveries.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn mails(&self) -> Result<Vec<ReceivedMail>, BookError> {
        let mut mails = Vec::new();
        self.each_under(&key("mail", &[]), |text| {
            let StoredMail { id, at, message } = StoredMail::read(text)?;
            mails.push(ReceivedMail { id, at, message });
            Ok(())
        })
        .await?;
        Ok(mails)
    }

    /// The mark that stands for a student, with its origin.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn mark_of(&self, class: &str, student: &str) -> Result<Option<(MarkLine, Origin)>, BookError> {
        let text = self.get(key("mark", &[class, student])).await?;
        let read = |text: Vec<u8>| {
            let mark = StoredMark::read(&text)?;
            let origin = mark.origin();
            Ok((mark.into_line(), origin))
        };
        text.map(read).transpose()
    }

    /// The rows of the log that stand because of a CourseKey record.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn log_rows_of(&self, record: &str) -> Result<Vec<LogLine>, BookError> {
        let mut places = Vec::new();
        self.each_under(&key("row", &[record]), |place| {
            places.push(String::from_utf8(place.to_vec()).map_err(|_| BookError::Form("row".to_owned()))?);
            Ok(())
        })
        .await?;
        let rows = self.entries.get_many(&places).await?;
        rows.iter().flatten().map(|text| log_line(text)).collect()
    }

    /// A page of the marks of a class, by student.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn marks_page(
        &self,
        class: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<MarkLine>, BookError> {
        self.page(&key("mark", &[class]), after, limit, |_, text| mark_line(text).map(Some)).await
    }

    /// A page of the attendance log of a course.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn log_page(&self, course: &str, after: Option<&str>, limit: usize) -> Result<Page<LogLine>, BookError> {
        self.page(&key("log", &[course]), after, limit, |_, text| log_line(text).map(Some)).await
    }

    /// A page of the System Journal, in order of time, of the lines of this span that `wanted` takes.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn journal_page(
        &self,
        span: JournalSpan,
        after: Option<&str>,
        limit: usize,
        wanted: impl Fn(&JournalLine) -> bool,
    ) -> Result<Page<JournalLine>, BookError> {
        let JournalSpan { from, until } = span;
        let place = |at: i64| number(at.max(0).unsigned_abs());
        // Every key of a moment lies behind the moment alone.
        let start = from.map(place);
        let after = after.map(str::to_owned).max(start);
        let until = until.map(|until| key("journal", &[&place(until)]));
        let read = |_: &str, text: &[u8]| {
            let line: JournalLine = read(text, "journal")?;
            Ok(wanted(&line).then_some(line))
        };
        self.page_until(&key("journal", &[]), after.as_deref(), until.as_deref(), limit, read).await
    }

    /// A page of the issues that `wanted` takes.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn issues_page(
        &self,
        after: Option<&str>,
        limit: usize,
        wanted: impl Fn(&IssueLine) -> bool,
    ) -> Result<Page<IssueEntry>, BookError> {
        self.page(&key("issue", &[]), after, limit, |key, text| {
            let issue: IssueLine = read(text, "issue")?;
            let key = key.trim_end_matches('\0').rsplit('\0').next().unwrap_or_default().to_owned();
            Ok(wanted(&issue).then_some(IssueEntry { key, issue }))
        })
        .await
    }

    /// Replaces the school's own texts of Admin → Email Templates; a part that these texts lack is as it ships. This
    /// function does not check the texts.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn put_email_texts(&self, own: &OwnTexts) -> Result<(), BookError> {
        let prefix = key("text", &[]);
        let before = self.entries.scan(&prefix, None, usize::MAX).await?;
        let gone = before.into_iter().map(|(key, _)| (key, None));
        let own = own
            .parts()
            .map(|(template, part, text)| (key("text", &[template, part.file_name()]), Some(text.as_bytes().to_vec())));
        let changes: crate::entries::Changes = gone.chain(own).collect();
        self.change(&[], |_| (changes.clone(), ())).await
    }

    /// The school's own texts of Admin → Email Templates.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn email_texts(&self) -> Result<OwnTexts, BookError> {
        let mut own = OwnTexts::default();
        for (key, text) in self.entries.scan(&key("text", &[]), None, usize::MAX).await? {
            let mut parts = key.split('\0').skip(1);
            let text = String::from_utf8(text).map_err(|_| BookError::Form("text".to_owned()))?;
            if let (Some(template), Some(part)) = (parts.next(), parts.next().and_then(Part::of_file)) {
                own.set(template, part, text);
            }
        }
        Ok(own)
    }

    /// Hands the text of every entry under a prefix to `take`, in order.
    pub(super) async fn each_under(
        &self,
        prefix: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), BookError>,
    ) -> Result<(), BookError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.entries.scan(prefix, after.as_deref(), PAGE).await?;
            page.iter().try_for_each(|(_, text)| take(text))?;
            // A page that is not full is the last one.
            match page.into_iter().nth(PAGE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    async fn page<T>(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        read: impl Fn(&str, &[u8]) -> Result<Option<T>, BookError>,
    ) -> Result<Page<T>, BookError> {
        self.page_until(prefix, after, None, limit, read).await
    }

    /// A page of the entries under a prefix, with keys below `until`, that `read` takes. Pages are named by the key of
    /// their last entry, without the prefix.
    async fn page_until<T>(
        &self,
        prefix: &str,
        after: Option<&str>,
        until: Option<&str>,
        limit: usize,
        read: impl Fn(&str, &[u8]) -> Result<Option<T>, BookError>,
    ) -> Result<Page<T>, BookError> {
        let mut after = after.map(|after| format!("{prefix}{after}"));
        let mut items = Vec::new();
        loop {
            let found = self.entries.scan(prefix, after.as_deref(), PAGE.min(limit.max(1))).await?;
            if found.is_empty() {
                return Ok(Page { items, next: None });
            }
            for (key, text) in found {
                if until.is_some_and(|until| key.as_str() >= until) {
                    return Ok(Page { items, next: None });
                }
                if items.len() == limit {
                    let next = after.and_then(|after| Some(after.strip_prefix(prefix)?.to_owned()));
                    return Ok(Page { items, next });
                }
                items.extend(read(&key, &text)?);
                after = Some(key);
            }
        }
    }
}

fn mark_line(text: &[u8]) -> Result<MarkLine, BookError> {
    Ok(StoredMark::read(text)?.into_line())
}

fn log_line(text: &[u8]) -> Result<LogLine, BookError> {
    read(text, "row of the attendance log")
}
