//! A plan in words: a line for each action, then a line for each item that waits.

use std::fmt;

use super::{Action, Need, Plan, Reason, Waiting, Why, Write};
use crate::ledger::{Item, Session};

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone from GEGI",
            Self::Stopped => "stopped",
            Self::Back => "back",
        })
    }
}

impl<O> fmt::Display for Action<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let course = &self.course;
        match &self.write {
            Write::User { person, account, adopt } => {
                write!(f, "{} {person}", if account.teacher { "teacher" } else { "user" })?;
                adopt.as_ref().map_or(Ok(()), |account| write!(f, " adopting {account}"))?;
            }
            Write::Course { content, .. } => {
                write!(f, "course {course} “{}”, {} – {}", content.name, content.start_date, content.end_date)?;
            }
            Write::Session(class, Session::At { starts, ends }) => write!(f, "class {class} {starts} – {ends}")?,
            Write::Session(class, Session::Removed) => write!(f, "remove class {class}")?,
            Write::Enrollment(person, enrollment) => {
                write!(f, "{} {person} in {course}", if enrollment.dropped { "drop" } else { "enroll" })?;
            }
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instructor(person) => write!(f, "instructor {person}"),
            Self::Student(person) => write!(f, "student {person}"),
            Self::Course => f.write_str("the course"),
            Self::Class(class) => write!(f, "class {class}"),
            Self::Enrollment(person) => write!(f, "enrollment of {person}"),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Course => f.write_str("the course"),
            Self::Account(person) => write!(f, "the account of {person}"),
            Self::OneAccountOf(_) => f.write_str("an instructor's account"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(code) => f.write_str(crate::issue::row(*code).title),
            Self::NoPassword => f.write_str("Initial User Password is too weak"),
            Self::Refused(refusal, _) => write!(f, "refused by CourseKey ({})", refusal.code),
            Self::Needs(need) => write!(f, "needs {need}"),
            Self::Held => f.write_str("held until somebody decides"),
            Self::Kept => f.write_str("somebody decided that it stays"),
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waits: {}", self.item, self.why)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.actions.iter().try_for_each(|action| writeln!(f, "{action}"))?;
        self.waiting.iter().try_for_each(|waiting| writeln!(f, "{waiting}"))
    }
}
