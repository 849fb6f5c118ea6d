//! What a school has made of the texts of its mails in Admin → Email Templates: any part of any template, the others stay
//! as they ship.

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
    /// The part for those who read text.
    Text,
    /// The part for those who read HTML. What is put into it is escaped.
    Html,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    /// The file that holds it in the template's folder.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Subject => "subject.txt",
            Self::Text => "body.txt",
            Self::Html => "body.html",
        }
    }

    /// The part of a file.
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
        /// Which.
        path: PathBuf,
        /// In the words of the operating system.
        error: io::Error,
    },
    /// A folder is no template, or a file no part of one.
    #[error("use {}: it is no part of an e-mail template; name it <template>/subject.txt, body.txt or body.html", .0.display())]
    Unknown(PathBuf),
}

impl OwnTexts {
    /// Sets a part.
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

    /// Reads a folder with a folder for each template, and in it a file for each part.
    ///
    /// # Errors
    /// Something in it cannot be read, or is no part of a template.
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

/// What is in a folder, in the order of names.
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
