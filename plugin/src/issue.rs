//! The catalogue of issues: what each code means, who can fix the issue, and how. And the key by which an issue is
//! known.
//!
//! Seed, "Synchronization Error Notifications": "If GEGI data validation errors occur during GEGI and CourseKey
//! synchronization, a notification is sent". Not here: the sentence of one issue, which is written where the issue is
//! found, and the mail about it (`digest`, `tick::outgoing`).

use crate::model::fingerprint::fingerprint;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::{Code, Issue, Subject};

/// Who can fix an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The school, in GEGI's data or settings.
    School,
    /// The school's staff or support, in CourseKey.
    CourseKey,
    /// GEGI's customer care.
    Gegi,
}

impl Owner {
    /// The name for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::School => "school",
            Self::CourseKey => "coursekey",
            Self::Gegi => "gegi",
        }
    }
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code for programs.
    pub code: &'static str,
    /// The issue in few words, which fit after "1 of 24 students: ".
    pub title: &'static str,
    /// What the issue means, in a sentence. The page of issues is printed by a test, so the component has no need of it.
    #[cfg(test)]
    pub meaning: &'static str,
    /// Who can fix the issue.
    pub owner: Owner,
    /// How to fix the issue.
    pub remedy: &'static str,
}

/// Makes two things of one table: a list to walk over, and a match in which no code can be missing or stand twice.
macro_rules! catalogue {
    ($($kind:ident $code:literal $title:literal $owner:ident $meaning:literal $remedy:literal;)*) => {
        /// Every kind of issue.
        pub const CATALOGUE: &[(Code, Row)] = &[$((Code::$kind, row(Code::$kind))),*];

        /// The row of a code.
        pub const fn row(code: Code) -> Row {
            match code {
                $(Code::$kind => {
                    Row {
                        code: $code,
                        title: $title,
                        #[cfg(test)]
                        meaning: $meaning,
                        owner: Owner::$owner,
                        remedy: $remedy,
                    }
                })*
            }
        }
    };
}

catalogue! {
    SettingOutOfRange "setting-out-of-range" "setting out of range" School
        "A setting is outside its range; the nearest value inside is used."
        "Correct the value in School Settings.";
    SettingDoubtful "setting-doubtful" "doubtful setting" School
        "A setting is allowed but probably not meant."
        "Check the value in School Settings.";
    ZoneUnknown "zone-unknown" "unknown time zone" Gegi
        "A campus's time zone is not an IANA zone; nothing of the campus is sent."
        "Ask customer care to set the campus's IANA time zone.";
    CampusUnknown "campus-unknown" "unknown campus" Gegi
        "The course names a campus the school does not have."
        "Ask customer care to add the campus to the integration.";
    CredentialsRefused "credentials-refused" "credentials refused" Gegi
        "CourseKey refused a campus's key."
        "Ask customer care to renew the campus's CourseKey key.";
    ConnectionMismatch "connection-mismatch" "wrong CourseKey school" Gegi
        "CourseKey's school is not the campus's: another number or zone."
        "Ask customer care to compare the campus's School ID and time zone with CourseKey.";
    CoursekeySilent "coursekey-silent" "no usable answer of CourseKey" Gegi
        "Requests of a campus have failed for three ticks and a quarter of an hour at least; everything is repeated until it works."
        "It ends by itself when CourseKey answers again. If it does not, ask customer care to check the campus's URL and key, and CourseKey's support.";
    InstructorMissing "instructor-missing" "no instructor" School
        "The course has no instructor."
        "Add an instructor to the course.";
    ClassMissing "class-missing" "no class" School
        "The course has no class."
        "Schedule a class of the course.";
    EmailMissing "email-missing" "no e-mail" School
        "A person has no e-mail."
        "Enter the person's e-mail.";
    EmailInvalid "email-invalid" "invalid e-mail" School
        "A person's e-mail is not an address."
        "Correct the person's e-mail; the field takes one address and nothing else.";
    EmailShared "email-shared" "shared e-mail" School
        "Two people have one e-mail; only the one whose account in CourseKey has it is sent."
        "Give each person an e-mail of their own, or merge the two if they are one. If the account in CourseKey is of somebody who is not sent any more, give it another e-mail in CourseKey.";
    EmailCircle "email-circle" "e-mails swapped" CourseKey
        "People each want the e-mail that CourseKey holds for another of them, so that none of them can be changed first."
        "Give one of their accounts a temporary e-mail in CourseKey; the others follow by themselves within a day, and then that one.";
    DataContradict "data-contradict" "contradicting data" School
        "Two courses name one person at the same revision with different data. What CourseKey holds stays; if it holds neither, the course with the lowest id decides."
        "Save the person in GEGI once more, so that every course has the same data.";
    ListedTwice "listed-twice" "listed twice" School
        "A course lists a person or a class twice, and the lines contradict each other. The enrolled line of a student counts, and the earlier time of a class."
        "Remove the line that is wrong.";
    IdUnfit "id-unfit" "id cannot be taken" Gegi
        "A person or a class has an id that is empty, longer than 96 bytes or has control characters; it is left out, and everything else of the course goes on."
        "Give it a shorter id in GEGI.";
    TextTooLong "text-too-long" "text too long" School
        "A title or a name is longer than CourseKey takes."
        "Shorten the text in GEGI.";
    DatesWrong "dates-wrong" "end before start" School
        "A course ends before it starts; nothing of its own data is sent."
        "Correct the course's start and end date.";
    StageUnknown "stage-unknown" "unknown stage" Gegi
        "GEGI names a stage that the integration does not know; the student keeps the state CourseKey has."
        "Tell customer care the stage, so that the integration learns what it means.";
    ClassTimesWrong "class-times-wrong" "end before start" School
        "A class ends before it starts, or a date is impossible."
        "Correct the class's start and end.";
    AccountMismatch "account-mismatch" "another account has the e-mail" CourseKey
        "An account that CourseKey already has does not match the person."
        "Compare the person with CourseKey's account of that e-mail and correct one of them; the person is sent again within a day.";
    Rejected "rejected" "refused by CourseKey" School
        "CourseKey refused an account, a course, a class or an enrolment; the sentence has its words."
        "Correct what CourseKey names; it is sent again when it changes, and once a day.";
    CampusChanged "campus-changed" "campus changed" School
        "A course changed its campus after it was synchronized."
        "Move the course back, or complete it and open a new course at the other campus; it ends with the course's sync window.";
    CourseRemoved "course-removed" "course removed" CourseKey
        "A course was removed from GEGI after it was synchronized. It ends when GEGI has the course again, or with the course's sync window."
        "Close the course in CourseKey if it is not needed any more.";
    RemovalsHeld "removals-held" "held as a possible accident" School
        "Many students or classes of a course would leave CourseKey at once, which looks like an accident. They stay until somebody decides, and new ones of their kind wait with them; everything else goes on."
        "If they are meant to leave, approve it under Holds; discard it for those who are to stay. If GEGI's list is wrong, correct it: the hold ends by itself.";
    ClassKept "class-kept" "class kept by CourseKey" CourseKey
        "A class that GEGI no longer has stays in CourseKey, which holds attendance of it."
        "Remove the class's attendance in CourseKey; the class is then removed by itself within a day.";
    AbortedRepeatedly "aborted-repeatedly" "work was aborted" Gegi
        "Work on a course was aborted three times in a row; it is looked at again when the course changes."
        "Send the course and the host's log to customer care.";
    StateDamaged "state-damaged" "damaged storage" Gegi
        "A value that the integration had stored could not be read. It counts as lost and is made anew of GEGI's data and CourseKey's; the notice ends after a day."
        "Save the course that it names in GEGI once more, and send the host's log to customer care.";
    StorageFillsUp "storage-fills-up" "storage fills up" Gegi
        "More than 80 % of the school's storage is used. From 90 % on no new course is taken on; what runs goes on."
        "Ask customer care for more storage.";
    RecordOfUnknownClass "record-of-unknown-class" "attendance of an unknown class" School
        "CourseKey has attendance of a class that GEGI does not have. It is kept, and taken when GEGI has the class."
        "Schedule the class in GEGI, or remove its attendance in CourseKey.";
    RecordOfUnknownStudent "record-of-unknown-student" "attendance of an unknown student" School
        "CourseKey has attendance of a student whom the course does not list. It is kept, and taken when it does."
        "Add the student to the course, or remove the record in CourseKey.";
    RecordUnreadable "record-unreadable" "unreadable attendance record" Gegi
        "An attendance record cannot be read. Until it can, no Absent is derived for whomever it may be of."
        "Send the sentence to customer care.";
    VisitBackwards "visit-backwards" "check-out before check-in" CourseKey
        "A visit ends before it begins; nothing is written for the record until it is corrected."
        "Correct the visit in CourseKey.";
    VisitInFuture "visit-in-future" "time in the future" CourseKey
        "A visit lies more than five minutes in the future; nothing is written for the record until it has come."
        "Correct the visit in CourseKey; it is tried again by itself.";
    VisitsDoubtful "visits-doubtful" "visits that contradict themselves" CourseKey
        "By its visits the student would be absent, but the visits contradict themselves: one shorter than a minute that another check-in follows, or a check-in after the class without a check-out. There is no mark; it ends when the visits are corrected or a mark is set by hand."
        "Correct the visits in CourseKey, or mark the student by hand in GEGI.";
    VisitTooLong "visit-too-long" "visit without an end" CourseKey
        "A visit ends more than 12 hours after the class, so that it makes no row of the attendance log."
        "Correct the visit's check-out in CourseKey.";
    RecordAfterDrop "record-after-drop" "attendance after the drop" School
        "CourseKey has attendance of a student in a class after the day on which the student stopped; nothing is written for it."
        "Check whether the student is back, or remove the record in CourseKey.";
    NeverCheckedOut "never-checked-out" "never checked out" CourseKey
        "A student checked in and never out, so there is no mark; it ends when the check-out arrives or a mark is set by hand."
        "Enter the check-out in CourseKey until the day that the sentence names, or mark the student by hand in GEGI.";
    LateAdjustment "late-adjustment" "adjusted too late" School
        "CourseKey's record was changed after the follow-up days, so that the change is not applied; it ends when a mark is set by hand after it."
        "Enter the adjustment in GEGI by hand if it is right.";
    SecondRecord "second-record" "two records" CourseKey
        "CourseKey has two records of one student in one class. Their visits count together, of two awards the larger; no Absent is made where the two contradict each other. It ends when one has all its time removed, or a mark is set by hand."
        "Put everything into one of the two in CourseKey and remove all time from the other, or mark the student by hand in GEGI.";
    ClassNotHeld "class-not-held" "class probably not held" School
        "In a class of more than five students hardly anybody has a record that gives time: it was probably not held, so nobody is absent without a record. It ends when more records arrive, when the class is cancelled, or when every student has a mark."
        "Cancel the class in GEGI if it was not held; if it was, enter the attendance in CourseKey or mark the students by hand in GEGI.";
    MarkStands "mark-stands" "mark of a student off the list" School
        "GEGI does not say that the student did not belong on the day of the class, so the marks of the days before stand. It ends when the student is listed as a student of the course again, or a mark is set by hand."
        "Enter the day on which the student began or stopped, or set the marks by hand in GEGI.";
    HoursTypeChanged "hours-type-changed" "another Hours Type" School
        "Hours Type was changed in the middle of the course. Classes inside the follow-up days are written anew in the new form; older ones keep theirs. It ends when Hours Type is what it was, or the follow-up is over."
        "Enter the older classes by hand in GEGI if they are needed in the new form.";
}

/// Whether an open issue is mailed again when its sentence changes. The issue about a campus without answers is mailed
/// once, however its failing lists come and go (DOMAIN §4: "one issue per campus that names the lists that fail, mailed
/// once").
pub fn is_mailed_when_changed(code: Code) -> bool {
    code != Code::CoursekeySilent
}

/// The most bytes of a key that is made of the ids themselves. A key of the state has at most 512 bytes, and ids full of
/// slashes grow threefold.
const KEY_BYTES: usize = 400;
/// The most bytes of an issue's sentence. Everything that people read is made of sentences, and has its limits too.
const SENTENCE_BYTES: usize = 1_000;

/// The issue with a sentence of bounded length. What is cut off is replaced by an ellipsis.
pub fn bounded(mut issue: Issue) -> Issue {
    if issue.sentence.len() > SENTENCE_BYTES {
        issue.sentence.truncate(issue.sentence.floor_char_boundary(SENTENCE_BYTES));
        issue.sentence.push('…');
    }
    issue
}

/// The key of an issue: the same for as long as the issue is about the same fact, whatever its sentence says. A slash
/// inside an id is escaped, so that issues about two facts never share a key; a key that would be too long is replaced
/// by its fingerprint.
pub fn key(issue: &Issue) -> String {
    let Subject { course, class, person, detail } = &issue.subject;
    let parts = [
        course.as_ref().map(CourseId::as_str),
        class.as_ref().map(ClassId::as_str),
        person.as_ref().map(PersonId::as_str),
        detail.as_deref(),
    ];
    let escaped = parts.map(|part| part.unwrap_or_default().replace('%', "%25").replace('/', "%2F"));
    let key = format!("{}/{}", row(issue.code).code, escaped.join("/"));
    if key.len() <= KEY_BYTES { key } else { format!("{}/#{}", row(issue.code).code, fingerprint(key.as_bytes())) }
}

#[cfg(test)]
mod tests;
