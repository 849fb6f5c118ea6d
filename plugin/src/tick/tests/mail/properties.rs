//! The property of the mails: whoever reads all mails of a school knows which issues are open. Issues open, change,
//! resolve and come back at random, while the error address can be used or not and the host takes mails or not.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{NONE, SEVERAL, WRONG, email, keys, synchronized};
use crate::issue;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::testing::Fake;
use crate::world::records::{Message, Operation, Value};

#[derive(Debug, Clone)]
enum Step {
    /// GEGI saves an e-mail of a student; none: the right e-mail.
    Email(usize, Option<&'static str>),
    Address(Option<&'static str>),
    HostRefuses(bool),
    Minutes(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let text = prop::option::weighted(0.6, prop::sample::select(vec![NONE, WRONG, SEVERAL]));
    let address = prop::sample::select(vec![None, Some("errors.example.edu"), Some("errors@example.edu")]);
    prop_oneof![
        6 => (1_usize..4, text).prop_map(|(student, text)| Step::Email(student, text)),
        1 => address.prop_map(Step::Address),
        1 => any::<bool>().prop_map(Step::HostRefuses),
        3 => (1_u32..90).prop_map(Step::Minutes),
    ]
}

/// The code, course and person of an issue, by which issues are told apart in a mail.
type Key = (String, String, String);

/// The issues as GEGI shows them, and as a reader of the mails knows them.
#[derive(Default)]
struct Reader {
    /// The issues that are open in GEGI, by key.
    page: SortedMap<String, (Key, String)>,
    /// The issues that are open according to the mails.
    believed: SortedMap<Key, String>,
    /// The issues that opened, changed or came back since they were last mailed.
    news: SortedSet<Key>,
    last: Option<Instant>,
}

impl Reader {
    fn read(&mut self, world: &mut Fake) -> Result<(), TestCaseError> {
        for operation in std::mem::take(&mut world.operations) {
            match operation {
                Operation::OpenIssue { key, issue, .. } => {
                    let id = |id: Option<String>| id.unwrap_or_default();
                    let (course, person) = (issue.subject.course, issue.subject.person);
                    let of =
                        (issue::row(issue.code).code.to_owned(), id(course.map(|id| id.0)), id(person.map(|id| id.0)));
                    self.news.insert(of.clone());
                    self.page.insert(key, (of, issue.sentence));
                }
                Operation::ResolveIssue { key, .. } => _ = self.page.remove(&key),
                _ => {}
            }
        }
        for mail in std::mem::take(&mut world.mails) {
            prop_assert!(self.last.is_none_or(|last| world.now - last >= Seconds::hours(1)), "one an hour");
            self.last = Some(world.now);
            self.believe(&mail)?;
        }
        let known: SortedSet<&Key> = self.page.values().map(|(key, _)| key).chain(self.believed.keys()).collect();
        prop_assert!(keys(world, "digest/").len() <= known.len(), "no more waits than is open or was told");
        prop_assert_eq!(keys(world, "told/").len(), self.believed.len());
        Ok(())
    }

    fn believe(&mut self, mail: &Message) -> Result<(), TestCaseError> {
        let (open, resolved) = (rows(mail, "issues"), rows(mail, "resolved"));
        prop_assert!(!open.is_empty() || !resolved.is_empty(), "no mail is empty");
        for (key, sentence) in open {
            prop_assert!(self.news.remove(&key), "{key:?} is told a second time");
            self.believed.insert(key, sentence);
        }
        for (key, _) in resolved {
            prop_assert!(self.believed.remove(&key).is_some(), "{key:?} is resolved, and nobody was told of it");
        }
        Ok(())
    }
}

fn rows(mail: &Message, table: &str) -> Vec<(Key, String)> {
    let Some((_, Value::Rows(rows))) = mail.variables.iter().find(|(name, _)| *name == table) else {
        panic!("{table}")
    };
    let cells = |row: &Vec<(String, String)>| {
        let cell = |name: &str| row.iter().find(|(column, _)| column == name).unwrap().1.clone();
        ((cell("code"), cell("course"), cell("person")), cell("sentence"))
    };
    rows.iter().map(cells).collect()
}

proptest! {
    #![proptest_config(Config { cases: 100, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn whoever_believes_the_mails_knows_what_is_wrong(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = synchronized();
        let usable = world.settings.error_email.clone();
        let mut reader = Reader::default();
        for step in steps {
            match step {
                Step::Email(student, text) => {
                    let right = format!("student{student}@example.edu");
                    email(&mut world, &format!("S{student}"), text.unwrap_or(&right));
                }
                Step::Address(address) => world.settings.error_email = address.map(str::to_owned),
                Step::HostRefuses(refuses) => world.refuses_mails = refuses,
                Step::Minutes(minutes) => world.now = world.now + Seconds::minutes(minutes),
            }
            world.settle();
            reader.read(&mut world)?;
        }
        (world.settings.error_email, world.refuses_mails) = (usable, false);
        for _ in 0..2 {
            world.later(Seconds::hours(1));
            reader.read(&mut world)?;
        }
        let page: SortedMap<Key, String> = reader.page.values().cloned().collect();
        prop_assert_eq!(&reader.believed, &page);
        prop_assert_eq!(keys(&world, "digest/").len(), 0);
    }
}
