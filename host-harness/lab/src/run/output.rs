//! The files of a run's output. They are written into a draft beside their place, and moved when all of them are
//! whole.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::accounting::account;
use super::report::{Calls, Measured, Report};
use super::rig::Rig;
use super::statuses::StatusLine;
use super::{RunError, requests};
use crate::directory::SchoolDirectory;
use host::email::{MailIdentity, Templates, to_eml, write_folder};
use host::private;
use mirror::book::BookError;
use mirror::lines::rfc3339;

/// The folder of the mails.
const MAILS: &str = "mails";

/// Everything that a run puts out beside the data in its rig.
pub(super) struct RunOutput<'a> {
    pub(super) directory: &'a SchoolDirectory,
    pub(super) rig: &'a Rig,
    pub(super) statuses: &'a [StatusLine],
    pub(super) calls: Calls,
    pub(super) faults_per_million: u32,
}

impl RunOutput<'_> {
    /// Writes all files into `folder` and returns the report, as `report.json` has it.
    pub(super) async fn write(&self, folder: &Path, measured: impl FnOnce() -> Measured) -> Result<Report, RunError> {
        let fail = |error| RunError::Output { folder: folder.to_owned(), error };
        private::create_folder(folder).map_err(fail)?;
        remove_drafts(folder).map_err(fail)?;
        let draft = tempfile::Builder::new().prefix(DRAFT).tempdir_in(folder).map_err(fail)?;
        let mut report = Report {
            school: self.directory.settings.name.clone(),
            from: rfc3339(self.directory.span.from),
            until: rfc3339(self.directory.span.until),
            seed: self.rig.seed(),
            faults_per_million: self.faults_per_million,
            denials: self.rig.requests.denials(),
            calls: self.calls,
            ..Report::default()
        };
        self.write_records(draft.path(), &mut report).await?;
        report.attendance = account(self.rig, self.statuses).await?;
        self.write_mails(draft.path(), &mut report).await?;
        self.write_traffic(draft.path(), &mut report).map_err(fail)?;
        report.count_statuses(self.statuses);
        report.measured = measured();
        write_report(draft.path(), &report).map_err(fail)?;
        move_into_place(draft.path(), folder).map_err(fail)?;
        Ok(report)
    }

    async fn write_records(&self, folder: &Path, report: &mut Report) -> Result<(), BookError> {
        let book = &self.rig.book;
        let mut out = create(folder, "marks.jsonl")?;
        book.each_mark(|line| {
            *report.marks.entry(line.mark.clone()).or_default() += 1;
            *report.marks_by_rule.entry(line.basis.rule.clone()).or_default() += 1;
            write_line(&mut out, &line)
        })
        .await?;
        out.flush()?;
        let mut out = create(folder, "attendance-log.jsonl")?;
        book.each_log_row(|line| {
            report.log_rows += 1;
            write_line(&mut out, &line)
        })
        .await?;
        out.flush()?;
        let mut out = create(folder, "journal.jsonl")?;
        book.each_journal_line(|line, _| {
            report.journal_lines += 1;
            write_line(&mut out, &line)
        })
        .await?;
        out.flush()?;
        let mut out = create(folder, "issues.jsonl")?;
        for line in book.issues().await? {
            let count = if line.resolved_at.is_some() { &mut report.resolved_issues } else { &mut report.open_issues };
            *count += 1;
            write_line(&mut out, &line)?;
        }
        Ok(out.flush()?)
    }

    async fn write_mails(&self, folder: &Path, report: &mut Report) -> Result<(), RunError> {
        let templates = Templates::of_school(self.rig.book.email_texts().await?)?;
        let mut mails = Vec::new();
        for mail in self.rig.book.mails().await? {
            let identity = MailIdentity { id: &mail.id, at: mail.at, recipient: &mail.message.recipient };
            mails.push(to_eml(identity, &templates.render(&mail.message)?)?);
            report.mails += 1;
        }
        Ok(write_folder(&folder.join(MAILS), &mails)?)
    }

    fn write_traffic(&self, folder: &Path, report: &mut Report) -> io::Result<()> {
        let entries = self.rig.requests.sorted();
        report.count_requests(&entries);
        let mut out = create(folder, "requests.jsonl")?;
        requests::write(&entries, &mut out)?;
        out.flush()?;
        let mut out = create(folder, "status.jsonl")?;
        self.statuses.iter().try_for_each(|line| write_line(&mut out, line))?;
        out.flush()?;
        let mut out = create(folder, "coursekey.jsonl")?;
        self.rig.coursekey.write_roster(&mut out)?;
        out.flush()
    }
}

fn write_report(folder: &Path, report: &Report) -> io::Result<()> {
    let mut out = create(folder, "report.json")?;
    serde_json::to_writer_pretty(&mut out, report)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// How the names of drafts begin.
const DRAFT: &str = ".unfinished-";
/// The file that names what a run wrote into the folder, so that a later run removes nothing else.
const WRITTEN: &str = ".written-by-a-run";

/// Removes the drafts of runs that were killed.
fn remove_drafts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(DRAFT) && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Moves every file of the draft over the output of an earlier run. What an earlier run wrote and this one did not is
/// removed; a file that no run wrote is neither removed nor replaced.
fn move_into_place(draft: &Path, folder: &Path) -> io::Result<()> {
    let mails = fs::read_dir(draft.join(MAILS))?.map(|mail| Ok(Path::new(MAILS).join(mail?.file_name())));
    let files = fs::read_dir(draft)?.map(|file| Ok(PathBuf::from(file?.file_name())));
    let new: BTreeSet<PathBuf> = files
        .filter(|file| !matches!(file, Ok(name) if name == Path::new(MAILS)))
        .chain(mails)
        .collect::<io::Result<_>>()?;
    let old: BTreeSet<PathBuf> =
        fs::read_to_string(folder.join(WRITTEN)).unwrap_or_default().lines().map(PathBuf::from).collect();
    if let Some(foreign) = new.iter().find(|file| !old.contains(*file) && folder.join(file).exists()) {
        let foreign = foreign.display();
        return Err(io::Error::other(format!(
            "{foreign} is there and no run wrote it; move it, or name another folder"
        )));
    }
    note_written(folder, old.union(&new))?;
    private::create_folder(&folder.join(MAILS))?;
    for file in &new {
        fs::rename(draft.join(file), folder.join(file))?;
    }
    for file in old.difference(&new).filter(|file| folder.join(file).is_file()) {
        fs::remove_file(folder.join(file))?;
    }
    note_written(folder, new.iter())
}

fn note_written<'a>(folder: &Path, files: impl Iterator<Item = &'a PathBuf>) -> io::Result<()> {
    let names: Vec<String> = files.map(|file| file.display().to_string()).collect();
    private::write(&folder.join(WRITTEN), (names.join("\n") + "\n").as_bytes())
}

fn create(folder: &Path, name: &str) -> io::Result<BufWriter<File>> {
    private::create(&folder.join(name)).map(BufWriter::new)
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
