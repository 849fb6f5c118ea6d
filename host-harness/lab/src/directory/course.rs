//! Turns a line of `courses.jsonl` into the WIT's `course`: the file has other names and forms for the fields of the
//! WIT.

use chrono::Datelike;
use serde::{Deserialize, Deserializer, de};

use super::schema;
use host::gegi as wit;

/// A course in the form of the file.
#[derive(Deserialize)]
pub(super) struct CourseLine(#[serde(with = "CourseForm")] pub(super) wit::Course);

#[derive(Deserialize)]
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
    #[serde(default, deserialize_with = "groups")]
    groups: Vec<wit::Named>,
    number: String,
    title: String,
    #[serde(deserialize_with = "day")]
    start_date: wit::LocalDate,
    #[serde(deserialize_with = "day")]
    end_date: wit::LocalDate,
    #[serde(deserialize_with = "day_or_null")]
    completed_date: Option<wit::LocalDate>,
    #[serde(with = "HoursForm")]
    hours_type: wit::HoursType,
    #[serde(with = "SendOptionForm")]
    send_to_coursekey: wit::SendOption,
    #[serde(with = "SendOptionForm")]
    program_send_to_coursekey: wit::SendOption,
    #[serde(deserialize_with = "instructors")]
    instructors: Vec<wit::Instructor>,
    #[serde(deserialize_with = "students")]
    students: Vec<wit::Student>,
    #[serde(deserialize_with = "classes")]
    classes: Vec<wit::Class>,
}

#[derive(Deserialize)]
#[serde(remote = "wit::CourseKind", rename_all = "kebab-case")]
enum KindForm {
    GroupCourse,
    ClinicalRotation,
}

#[derive(Deserialize)]
#[serde(remote = "wit::HoursType", rename_all = "kebab-case")]
enum HoursForm {
    ClassSchedule,
    AttendanceLog,
}

#[derive(Deserialize)]
#[serde(remote = "wit::SendOption", rename_all = "kebab-case")]
enum SendOptionForm {
    On,
    Off,
    Inherit,
}

#[derive(Deserialize)]
#[serde(remote = "wit::Agreement", rename_all = "kebab-case")]
enum AgreementForm {
    Assigned,
    CreditGranted,
}

#[derive(Deserialize)]
#[serde(remote = "wit::Named", deny_unknown_fields)]
struct NamedForm {
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(remote = "wit::Instructor", rename_all = "kebab-case", deny_unknown_fields)]
struct InstructorForm {
    id: String,
    revision: u64,
    first_name: String,
    last_name: String,
    email: String,
}

#[derive(Deserialize)]
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
    #[serde(deserialize_with = "day")]
    enrolled_from: wit::LocalDate,
    #[serde(deserialize_with = "day_or_null")]
    stopped_on: Option<wit::LocalDate>,
}

#[derive(Deserialize)]
#[serde(remote = "wit::Class", deny_unknown_fields)]
struct ClassForm {
    id: String,
    #[serde(deserialize_with = "instant")]
    starts: i64,
    #[serde(deserialize_with = "instant")]
    ends: i64,
}

/// A list of items that serde reads only through their form.
macro_rules! list_of {
    ($name:ident, $form:literal, $thing:ty) => {
        fn $name<'de, D: Deserializer<'de>>(list: D) -> Result<Vec<$thing>, D::Error> {
            #[derive(Deserialize)]
            struct Each(#[serde(with = $form)] $thing);
            Ok(Vec::<Each>::deserialize(list)?.into_iter().map(|Each(thing)| thing).collect())
        }
    };
}
list_of!(groups, "NamedForm", wit::Named);
list_of!(instructors, "InstructorForm", wit::Instructor);
list_of!(students, "StudentForm", wit::Student);
list_of!(classes, "ClassForm", wit::Class);

/// An instant in the form of the files, as whole seconds since 1970.
pub(super) fn instant<'de, D: Deserializer<'de>>(text: D) -> Result<i64, D::Error> {
    schema::instant(&String::deserialize(text)?).ok_or_else(|| de::Error::custom("not an instant"))
}

fn day<'de, D: Deserializer<'de>>(text: D) -> Result<wit::LocalDate, D::Error> {
    wit_date(&String::deserialize(text)?)
}

fn day_or_null<'de, D: Deserializer<'de>>(text: D) -> Result<Option<wit::LocalDate>, D::Error> {
    Option::<String>::deserialize(text)?.map(|text| wit_date(&text)).transpose()
}

fn wit_date<E: de::Error>(text: &str) -> Result<wit::LocalDate, E> {
    let parts = schema::date(text).and_then(|date| {
        let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
        Some(wit::LocalDate { year: u16::try_from(date.year()).ok()?, month, day })
    });
    parts.ok_or_else(|| E::custom("not a date"))
}
