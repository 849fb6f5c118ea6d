//! The JSON of the items that the plugin writes (users, courses, sessions, enrolments) and of CourseKey's result for
//! each item.

use serde::{Deserialize, Serialize};

use super::answer::shorten;
use crate::ledger::{Refusal, RefusalCode, Session};
use crate::model::course::HoursType;
use crate::model::ids::{AccountId, PersonId};
use crate::model::settings::Password;
use crate::model::sorted::SortedSet;
use crate::plan::{Action, Write};
use crate::world::network::Kind;

#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Item<'a> {
    #[serde(rename_all = "camelCase")]
    User {
        issued_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<&'a str>,
        first_name: &'a str,
        last_name: &'a str,
        email: &'a str,
        teacher: bool,
        initial_password: &'a str,
        revision: u64,
    },
    #[serde(rename_all = "camelCase")]
    Course {
        external_id: &'a str,
        name: &'a str,
        title: &'a str,
        start_date: String,
        end_date: String,
        time_zone: &'a str,
        owner: &'a str,
        instructors: &'a SortedSet<PersonId>,
        attendance_name: &'static str,
        revision: u64,
    },
    #[serde(rename_all = "camelCase")]
    Session { external_id: &'a str, course_id: &'a str, starts_at: String, ends_at: String, revision: u64 },
    #[serde(rename_all = "camelCase")]
    Removal { external_id: &'a str, course_id: &'a str, removed: bool, revision: u64 },
    #[serde(rename_all = "camelCase")]
    Enrollment { course_id: &'a str, user_id: &'a str, dropped: bool, revision: u64 },
}

/// The list of CourseKey to which an action writes.
pub fn kind<O>(write: &Write<O>) -> Kind {
    match write {
        Write::User { .. } => Kind::Users,
        Write::Course { .. } => Kind::Courses,
        Write::Session(..) => Kind::Sessions,
        Write::Enrollment(..) => Kind::Enrollments,
    }
}

/// The JSON body of a batch of actions, each under the same revision.
pub fn body(
    actions: &[&Action<String>],
    password: Option<&Password>,
    revision: u64,
) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Serialize)]
    struct Batch<'a> {
        items: Vec<Item<'a>>,
    }
    serde_json::to_vec(&Batch { items: actions.iter().map(|action| item(action, password, revision)).collect() })
}

fn item<'a>(action: &'a Action<String>, password: Option<&'a Password>, revision: u64) -> Item<'a> {
    let course_id = action.course.as_str();
    match &action.write {
        Write::User { person, account, adopt } => Item::User {
            issued_id: person.as_str(),
            account_id: adopt.as_ref().map(AccountId::as_str),
            first_name: &account.first_name,
            last_name: &account.last_name,
            email: &account.email,
            teacher: account.teacher,
            initial_password: password.map_or("", Password::reveal),
            revision,
        },
        Write::Course { content, owner } => Item::Course {
            external_id: course_id,
            name: &content.name,
            title: &content.title,
            start_date: content.start_date.to_string(),
            end_date: content.end_date.to_string(),
            time_zone: &content.zone,
            owner,
            instructors: &content.instructors,
            attendance_name: match content.hours_type {
                HoursType::ClassSchedule => "Class Schedule",
                HoursType::AttendanceLog => "Attendance Log",
            },
            revision,
        },
        Write::Session(class, Session::At { starts, ends }) => Item::Session {
            external_id: class.as_str(),
            course_id,
            starts_at: starts.to_string(),
            ends_at: ends.to_string(),
            revision,
        },
        Write::Session(class, Session::Removed) => {
            Item::Removal { external_id: class.as_str(), course_id, removed: true, revision }
        }
        Write::Enrollment(person, enrollment) => {
            Item::Enrollment { course_id, user_id: person.as_str(), dropped: enrollment.dropped, revision }
        }
    }
}

#[derive(Deserialize)]
struct Results {
    results: Vec<ItemResult>,
}

#[derive(Deserialize)]
struct ItemResult {
    key: Key,
    outcome: ItemOutcome,
    #[serde(default)]
    error: Option<ItemError>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Key {
    #[serde(rename = "issuedId")]
    issued: Option<String>,
    #[serde(rename = "externalId")]
    external: Option<String>,
    #[serde(rename = "courseId")]
    course: Option<String>,
    #[serde(rename = "userId")]
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ItemOutcome {
    Created,
    Updated,
    Unchanged,
    Rejected,
}

#[derive(Deserialize)]
struct ItemError {
    code: String,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    message: String,
}

impl Key {
    fn names(&self, action: &Action<String>) -> bool {
        let is = |key: &Option<String>, id: &str| key.as_deref() == Some(id);
        match &action.write {
            Write::User { person, .. } => is(&self.issued, person.as_str()),
            Write::Course { .. } => is(&self.external, action.course.as_str()),
            Write::Session(class, _) => is(&self.external, class.as_str()),
            Write::Enrollment(person, _) => is(&self.course, action.course.as_str()) && is(&self.user, person.as_str()),
        }
    }
}

/// Reads CourseKey's result for each item of a batch, in the batch's order. If a result is missing, is too many or is
/// about another item, the whole answer counts as unreadable and no result is believed.
pub fn results(actions: &[&Action<String>], body: &[u8]) -> Result<Vec<Result<(), Refusal>>, String> {
    let Results { results } = serde_json::from_slice(body).map_err(|problem| problem.to_string())?;
    if results.len() != actions.len() {
        return Err(format!("{} results for {} items", results.len(), actions.len()));
    }
    let pairs = actions.iter().zip(results).enumerate();
    pairs
        .map(|(place, (action, result))| {
            if result.key.names(action) {
                result.judge()
            } else {
                Err(format!("result {} is about another item", place + 1))
            }
        })
        .collect()
}

impl ItemResult {
    fn judge(self) -> Result<Result<(), Refusal>, String> {
        match (self.outcome, self.error) {
            (ItemOutcome::Created | ItemOutcome::Updated | ItemOutcome::Unchanged, _) => Ok(Ok(())),
            (ItemOutcome::Rejected, Some(ItemError { code, field, message })) => {
                Ok(Err(Refusal { code: RefusalCode::read(&code), field, message: shorten(&message) }))
            }
            (ItemOutcome::Rejected, None) => Err("a rejected item without its error".to_owned()),
        }
    }
}
