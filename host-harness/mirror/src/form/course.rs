//! Turns a line of `courses.jsonl` into the WIT's `course` and back: the file has other names and forms for the fields of
//! the WIT.

use chrono::Datelike;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::schema;
use crate::lines::rfc3339;
use host::gegi as wit;

/// A course in the form of the file.
#[derive(Serialize, Deserialize)]
pub struct CourseLine(#[serde(with = "CourseForm")] pub wit::Course);

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::Course", rename_all = "kebab-case", deny_unknown_fields)]
struct CourseForm {
    id: String,
    revision: u64,
    #[serde(with = "KindForm")]
    kind: wit::CourseKind,
    campus: String,
    #[serde(with = "NamedForm")]
    program: wit::Named,
    #[serde(with = "NamedForm")]
    group: wit::Named,
    #[serde(default, with = "groups")]
    groups: Vec<wit::Named>,
    number: String,
    title: String,
    #[serde(with = "day")]
    start_date: wit::LocalDate,
    #[serde(with = "day")]
    end_date: wit::LocalDate,
    #[serde(with = "day_or_null")]
    completed_date: Option<wit::LocalDate>,
    #[serde(with = "HoursForm")]
    hours_type: wit::HoursType,
    #[serde(with = "SendOptionForm")]
    send_to_coursekey: wit::SendOption,
    #[serde(with = "SendOptionForm")]
    program_send_to_coursekey: wit::SendOption,
    #[serde(with = "instructors")]
    instructors: Vec<wit::Instructor>,
    #[serde(with = "students")]
    students: Vec<wit::Student>,
    #[serde(with = "classes")]
    classes: Vec<wit::Class>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::CourseKind", rename_all = "kebab-case")]
enum KindForm {
    GroupCourse,
    ClinicalRotation,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::HoursType", rename_all = "kebab-case")]
enum HoursForm {
    ClassSchedule,
    AttendanceLog,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::SendOption", rename_all = "kebab-case")]
enum SendOptionForm {
    On,
    Off,
    Inherit,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::Agreement", rename_all = "kebab-case")]
enum AgreementForm {
    Assigned,
    CreditGranted,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::Named", deny_unknown_fields)]
struct NamedForm {
    id: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::Instructor", rename_all = "kebab-case", deny_unknown_fields)]
struct InstructorForm {
    id: String,
    revision: u64,
    first_name: String,
    last_name: String,
    email: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::Student", rename_all = "kebab-case", deny_unknown_fields)]
struct StudentForm {
    id: String,
    revision: u64,
    first_name: String,
    last_name: String,
    email: String,
    stage: String,
    #[serde(with = "AgreementForm")]
    agreement: wit::Agreement,
    #[serde(with = "day")]
    enrolled_from: wit::LocalDate,
    #[serde(with = "day_or_null")]
    stopped_on: Option<wit::LocalDate>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "wit::Class", deny_unknown_fields)]
struct ClassForm {
    id: String,
    #[serde(serialize_with = "write_instant", deserialize_with = "instant")]
    starts: i64,
    #[serde(serialize_with = "write_instant", deserialize_with = "instant")]
    ends: i64,
}

/// Lists of items that serde reads and writes only through their form.
macro_rules! list_of {
    ($name:ident, $form:literal, $thing:ident) => {
        mod $name {
            use super::*;

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(list: D) -> Result<Vec<wit::$thing>, D::Error> {
                #[derive(Deserialize)]
                struct Each(#[serde(with = $form)] wit::$thing);
                Ok(Vec::<Each>::deserialize(list)?.into_iter().map(|Each(thing)| thing).collect())
            }

            pub(super) fn serialize<S: Serializer>(list: &[wit::$thing], to: S) -> Result<S::Ok, S::Error> {
                #[derive(Serialize)]
                struct Each<'a>(#[serde(with = $form)] &'a wit::$thing);
                to.collect_seq(list.iter().map(Each))
            }
        }
    };
}
list_of!(groups, "NamedForm", Named);
list_of!(instructors, "InstructorForm", Instructor);
list_of!(students, "StudentForm", Student);
list_of!(classes, "ClassForm", Class);

/// Reads an instant in the form of the files, as whole seconds since 1970.
///
/// # Errors
/// The text is no such instant.
pub fn instant<'de, D: Deserializer<'de>>(text: D) -> Result<i64, D::Error> {
    schema::instant(&String::deserialize(text)?).ok_or_else(|| de::Error::custom("not an instant"))
}

#[allow(clippy::trivially_copy_pass_by_ref)] // Serde hands over a reference.
fn write_instant<S: Serializer>(instant: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&rfc3339(*instant))
}

/// A date, as text.
mod day {
    use super::{Deserialize, Deserializer, Serializer, day_text, wit, wit_date};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<wit::LocalDate, D::Error> {
        wit_date(&String::deserialize(text)?)
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // Serde hands over a reference.
    pub(super) fn serialize<S: Serializer>(day: &wit::LocalDate, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&day_text(*day))
    }
}

/// A date or none, as text or null.
mod day_or_null {
    use super::{Deserialize, Deserializer, Serialize, Serializer, day_text, wit, wit_date};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Option<wit::LocalDate>, D::Error> {
        Option::<String>::deserialize(text)?.map(|text| wit_date(&text)).transpose()
    }

    #[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)] // Serde hands over a reference.
    pub(super) fn serialize<S: Serializer>(day: &Option<wit::LocalDate>, to: S) -> Result<S::Ok, S::Error> {
        day.map(day_text).serialize(to)
    }
}

/// A date as the files have it.
pub fn day_text(day: wit::LocalDate) -> String {
    let wit::LocalDate { year, month, day } = day;
    format!("{year:04}-{month:02}-{day:02}")
}

fn wit_date<E: de::Error>(text: &str) -> Result<wit::LocalDate, E> {
    let parts = schema::date(text).and_then(|date| {
        let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
        Some(wit::LocalDate { year: u16::try_from(date.year()).ok()?, month, day })
    });
    parts.ok_or_else(|| E::custom("not a date"))
}
