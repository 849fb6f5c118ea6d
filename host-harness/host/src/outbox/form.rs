//! The form in which an operation or a mail lies in an outbox: a version, a blank and JSON, such as `1
//! {"withdraw-mark":{…}}`. The form is this crate's own, so a change of `wit/` changes nothing that is stored, and
//! this version can read a store that an earlier version filled. Not here: when an item is written (`store`) and when
//! it is delivered (`outbox`).

#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::gegi;
use crate::store::{Lane, OutboxItem, Payload, StoreError};

/// The version of the form that is written. No other version has existed.
const VERSION: u32 = 1;

/// The text under which an operation is stored.
pub(crate) fn write_operation(operation: gegi::Operation) -> Result<Payload, StoreError> {
    write(Operation::of(operation))
}

/// The class whose marks an operation changes.
pub(crate) fn subject(operation: &gegi::Operation) -> Option<&str> {
    match operation {
        gegi::Operation::SetMark(set) => Some(&set.class),
        gegi::Operation::WithdrawMark(withdrawn) => Some(&withdrawn.class),
        gegi::Operation::PutLogRow(_)
        | gegi::Operation::VoidLogRow(_)
        | gegi::Operation::OpenIssue(_)
        | gegi::Operation::ResolveIssue(_)
        | gegi::Operation::Journal(_) => None,
    }
}

/// The text under which a mail is stored.
pub(crate) fn write_mail(message: gegi::Message) -> Result<Payload, StoreError> {
    write(Message::of(message))
}

/// The operation that an item of [`Lane::Records`] holds.
pub(crate) fn read_operation(item: &OutboxItem) -> Result<gegi::Operation, StoreError> {
    read::<Operation>(item, Lane::Records).map(Operation::noun)
}

/// The mail that an item of [`Lane::Mails`] holds.
pub(crate) fn read_mail(item: &OutboxItem) -> Result<gegi::Message, StoreError> {
    read::<Message>(item, Lane::Mails).map(Message::noun)
}

fn write<T: Serialize>(what: T) -> Result<Payload, StoreError> {
    let content = serde_json::to_string(&what).map_err(|_| StoreError::NotJson)?;
    Ok(format!("{VERSION} {content}"))
}

fn read<T: DeserializeOwned>(item: &OutboxItem, lane: Lane) -> Result<T, StoreError> {
    let (version, content) = split(&item.payload);
    let read = serde_json::from_str(content).ok().filter(|_| version == Some(VERSION));
    // The error does not say what is wrong with the text, because that would quote the text.
    read.ok_or(StoreError::Unreadable { lane, sequence: item.sequence })
}

/// The JSON of a payload, without the version of its form. Ids are made of this JSON, so an item that is written anew
/// in another version of the form keeps its id.
pub(crate) fn content(payload: &str) -> &str {
    split(payload).1
}

fn split(payload: &str) -> (Option<u32>, &str) {
    let version = |(version, content): (&str, _)| Some((version.parse().ok()?, content));
    let split = payload.split_once(' ').and_then(version);
    split.map_or((None, payload), |(version, content)| (Some(version), content))
}

/// A type of the form, and the noun of GEGI's that the type is the form of.
trait Form {
    type Noun;

    fn of(noun: Self::Noun) -> Self;

    fn noun(self) -> Self::Noun;
}

/// Nouns that are stored as they are.
macro_rules! plain {
    ($($plain:ty),*) => {$(
        impl Form for $plain {
            type Noun = $plain;

            fn of(noun: $plain) -> Self {
                noun
            }

            fn noun(self) -> $plain {
                self
            }
        }
    )*};
}

plain!(String, i64, u32, u64);

impl<F: Form> Form for Option<F> {
    type Noun = Option<F::Noun>;

    fn of(noun: Self::Noun) -> Self {
        noun.map(F::of)
    }

    fn noun(self) -> Self::Noun {
        self.map(F::noun)
    }
}

impl<F: Form> Form for Vec<F> {
    type Noun = Vec<F::Noun>;

    fn of(noun: Self::Noun) -> Self {
        noun.into_iter().map(F::of).collect()
    }

    fn noun(self) -> Self::Noun {
        self.into_iter().map(F::noun).collect()
    }
}

impl<F: Form, G: Form> Form for (F, G) {
    type Noun = (F::Noun, G::Noun);

    fn of((first, second): Self::Noun) -> Self {
        (F::of(first), G::of(second))
    }

    fn noun(self) -> Self::Noun {
        (self.0.noun(), self.1.noun())
    }
}

/// Records whose fields have the names of their noun's fields. A field that is missing here, or is listed and does
/// not exist, does not compile.
macro_rules! records {
    ($($name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        struct $name {
            $($field: $kind),*
        }

        impl Form for $name {
            type Noun = gegi::$name;

            fn of(noun: gegi::$name) -> Self {
                let gegi::$name { $($field),* } = noun;
                Self { $($field: Form::of($field)),* }
            }

            fn noun(self) -> gegi::$name {
                gegi::$name { $($field: self.$field.noun()),* }
            }
        }
    )*};
}

/// Enums without fields.
macro_rules! words {
    ($($name:ident { $($case:ident),* })*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum $name {
            $($case),*
        }

        impl Form for $name {
            type Noun = gegi::$name;

            fn of(noun: gegi::$name) -> Self {
                match noun {
                    $(gegi::$name::$case => Self::$case),*
                }
            }

            fn noun(self) -> gegi::$name {
                match self {
                    $(Self::$case => gegi::$name::$case),*
                }
            }
        }
    )*};
}

/// Enums whose every case has one field.
macro_rules! variants {
    ($($words:literal $name:ident { $($case:ident($kind:ty)),* $(,)? })*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = $words)]
        enum $name {
            $($case($kind)),*
        }

        impl Form for $name {
            type Noun = gegi::$name;

            fn of(noun: gegi::$name) -> Self {
                match noun {
                    $(gegi::$name::$case(held) => Self::$case(Form::of(held))),*
                }
            }

            fn noun(self) -> gegi::$name {
                match self {
                    $(Self::$case(held) => gegi::$name::$case(held.noun())),*
                }
            }
        }
    )*};
}

variants! {
    "kebab-case" Operation {
        SetMark(SetMark),
        WithdrawMark(WithdrawMark),
        PutLogRow(LogRow),
        VoidLogRow(VoidLogRow),
        OpenIssue(OpenIssue),
        ResolveIssue(ResolveIssue),
        Journal(JournalEntry),
    }
    "PascalCase" Value {
        Text(String),
        Number(i64),
        Rows(Vec<Vec<(String, String)>>),
    }
}

words! {
    Mark { Present, Late, Absent }
    Owner { School, Coursekey, Gegi }
}

records! {
    SetMark {
        class: String,
        student: String,
        expected: Option<Mark>,
        mark: Mark,
        basis: Basis,
        journal: JournalEntry,
    }
    Basis {
        rule: String,
        starts: i64,
        ends: i64,
        late_until: i64,
        early_from: i64,
        longest_gap_seconds: Option<u32>,
        minimum_attended_percent: u32,
        attended_seconds: i64,
        visits: Vec<Visit>,
        adjustment: Option<String>,
        awarded_seconds: Option<i64>,
        attendance_record: Option<String>,
        version: u64,
        sentence: String,
    }
    Visit { checked_in: i64, checked_out: Option<i64> }
    WithdrawMark { class: String, student: String, journal: JournalEntry }
    LogRow {
        course: String,
        class: String,
        student: String,
        attendance_record: String,
        visit: u32,
        checked_in: i64,
        checked_out: i64,
        minutes: u32,
        journal: JournalEntry,
    }
    VoidLogRow { attendance_record: String, visit: u32, journal: JournalEntry }
    OpenIssue { key: String, at: i64, issue: Issue }
    Issue {
        code: String,
        course: Option<String>,
        class: Option<String>,
        person: Option<String>,
        sentence: String,
        owner: Owner,
        remedy: String,
    }
    ResolveIssue { key: String, at: i64 }
    JournalEntry {
        at: i64,
        what: String,
        course: Option<String>,
        class: Option<String>,
        person: Option<String>,
        old: Option<String>,
        new: Option<String>,
        by: String,
        attendance_record: Option<String>,
    }
    Message { template: String, recipient: String, variables: Vec<(String, Value)> }
}
