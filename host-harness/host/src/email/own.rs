//! A school's own texts for its mails, edited in Admin → Email Templates. A school may change any part of any
//! template; the other parts stay as they ship.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::template::is_template;

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The subject, one line.
    Subject,
    /// The part for people who read plain text.
    Text,
    /// The part for people who read HTML. Values that are put into this part are escaped.
    Html,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    /// The name of the file that holds the part in the template's folder.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Subject => "subject.txt",
            Self::Text => "body.txt",
            Self::Html => "body.html",
        }
    }

    /// The part that a file of this name holds.
    pub fn of_file(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.file_name() == name)
    }
}

/// A school's own texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnTexts(BTreeMap<(String, Part), String>);

/// Why a folder of texts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OwnTextsError {
    /// A file or folder cannot be read.
    #[error("read {}: {error}; name a folder that can be read", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A folder has the name of no template, or a file the name of no part.
    #[error("use {}: it is no part of an e-mail template; name it <template>/subject.txt, body.txt or body.html", .0.display())]
    Unknown(PathBuf),
}

impl OwnTexts {
    /// Sets the text of a part.
    pub fn set(&mut self, template: &str, part: Part, text: String) {
        self.0.insert((template.to_owned(), part), text);
    }

    /// Every part with its text.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Part, &str)> {
        self.0.iter().map(|((template, part), text)| (template.as_str(), *part, text.as_str()))
    }

    /// Whether any part of the template is the school's own.
    pub fn has(&self, template: &str) -> bool {
        self.parts().any(|(own, _, _)| own == template)
    }

    pub(super) fn get(&self, template: &str, part: Part) -> Option<&str> {
        self.0.get(&(template.to_owned(), part)).map(String::as_str)
    }

    /// Reads a folder that has a folder for each template, which has a file for each part.
    ///
    /// # Errors
    /// A file or folder cannot be read, or has the name of no template or part.
    pub fn read_folder(folder: &Path) -> Result<Self, OwnTextsError> {
        let mut own = Self::default();
        for template in entries(folder)? {
            let name = file_name(&template);
            if !is_template(&name) || !template.is_dir() {
                return Err(OwnTextsError::Unknown(template));
            }
            for file in entries(&template)? {
                let part = Part::of_file(&file_name(&file)).ok_or_else(|| OwnTextsError::Unknown(file.clone()))?;
                own.set(&name, part, fs::read_to_string(&file).map_err(|error| unreadable(&file, error))?);
            }
        }
        Ok(own)
    }
}

/// The entries of a folder, ordered by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, OwnTextsError> {
    let paths = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = paths.map_err(|error| unreadable(folder, error))?;
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, error: io::Error) -> OwnTextsError {
    OwnTextsError::Unreadable { path: path.to_owned(), error }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
