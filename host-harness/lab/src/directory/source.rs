//! Opens the files of a school directory, plain or gzipped, and cuts them into lines of a bounded length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use mirror::form::{Place, Problems};

/// The most bytes of a line. A course of 50,000 students fits, five times as many as have to work.
pub const LONGEST_LINE: usize = 32 << 20;

/// A file that was found: its name for people, and its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Finds `name` or `name.gz` in the folder. If both exist, or none exists and the file is needed, that is a problem.
pub(super) fn find(folder: &Path, name: &str, is_needed: bool, problems: &mut Problems) -> Option<Found> {
    let zipped = format!("{name}.gz");
    let (plain_path, zipped_path) = (folder.join(name), folder.join(&zipped));
    match (plain_path.exists(), zipped_path.exists()) {
        (true, true) => {
            let what = format!("there is a {zipped} as well; remove one of the two");
            problems.add(&Place::file(name), "", what);
            None
        }
        (true, false) => Some(Found { name: name.to_owned(), path: plain_path }),
        (false, true) => Some(Found { name: zipped, path: zipped_path }),
        (false, false) => {
            if is_needed {
                problems.add(&Place::file(name), "", "is missing; add it, empty if there is nothing to say");
            }
            None
        }
    }
}

/// Opens a file, and unpacks the file if its name ends in `.gz`.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let file = File::open(path)?;
    let is_zipped = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if is_zipped { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(BufReader::new(file)) })
}

/// Hands every line that is not blank to `take`, with its place. Lines that are too long or no UTF-8 become problems;
/// reading stops when there are `MOST_PROBLEMS`.
pub(super) fn each_line(found: &Found, problems: &mut Problems, mut take: impl FnMut(&Place, &str, &mut Problems)) {
    let mut reader = match open(&found.path) {
        Ok(reader) => reader,
        Err(error) => return problems.add(&Place::file(&found.name), "", unreadable(&error)),
    };
    let mut bytes = Vec::new();
    for number in 1.. {
        let place = Place::line(&found.name, number);
        bytes.clear();
        match read_line(&mut reader, &mut bytes) {
            Ok(Line::End) => return,
            Ok(Line::TooLong) => {
                let what = format!("is longer than {LONGEST_LINE} bytes; write one object a line");
                problems.add(&place, "", what);
            }
            Ok(Line::Whole) => match std::str::from_utf8(&bytes) {
                Ok(text) if text.trim().is_empty() => {}
                Ok(text) => take(&place, text, problems),
                Err(_) => problems.add(&place, "", "is not UTF-8; save the file as UTF-8"),
            },
            Err(error) => return problems.add(&place, "", unreadable(&error)),
        }
        if problems.is_full() {
            return;
        }
    }
}

pub(super) fn unreadable(error: &io::Error) -> String {
    format!("cannot be read: {error}; check that the file is whole and readable")
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads up to the next newline. Of a line that is too long, no more than the limit is held in memory.
fn read_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<Line> {
    let limit = LONGEST_LINE as u64 + 1;
    if reader.by_ref().take(limit).read_until(b'\n', bytes)? == 0 {
        return Ok(Line::End);
    }
    if bytes.len() <= LONGEST_LINE || bytes.last() == Some(&b'\n') {
        return Ok(Line::Whole);
    }
    reader.skip_until(b'\n')?;
    Ok(Line::TooLong)
}
