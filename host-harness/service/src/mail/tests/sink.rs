//! A school's mails from a message to the server, and what the outbox is told.

use expect_test::expect;
use host::clock::Clock;
use host::email::{OwnTexts, Part};
use host::gegi::{Delivery, GegiUnavailable, MailSink, Message, Receipt, Value};
use host::store::SchoolId;

use super::server::{Act, At, Security, Server};
use super::*;
use crate::mail::{Backoff, OperatorMails, SchoolMails};

const BACKOFF: Backoff = Backoff { first: Duration::from_mins(1), most: Duration::from_mins(15) };

pub(super) fn message(school: &str, recipient: &str) -> Message {
    let text = |text: &str| Value::Text(text.to_owned());
    Message {
        template: "synchronization-issues".to_owned(),
        recipient: recipient.to_owned(),
        variables: vec![
            ("school".to_owned(), text(school)),
            ("open-count".to_owned(), Value::Number(1)),
            ("issues".to_owned(), Value::Rows(Vec::new())),
            ("resolved-count".to_owned(), Value::Number(0)),
            ("resolved".to_owned(), Value::Rows(Vec::new())),
        ],
    }
}

fn delivery(id: &str, recipient: &str) -> Delivery<Message> {
    Delivery { sequence: 1, id: id.to_owned(), payload: message("Example School", recipient) }
}

async fn mails(script: &[(At, Act)], own: OwnTexts) -> (Server, SchoolMails, Arc<VirtualClock>) {
    let (server, clock) = (Server::start(Security::Clear, script).await, clock());
    let config = config(server.port, TlsMode::None, None);
    let transport = Arc::new(Transport::new(&config, None, clock.clone(), patient()).unwrap());
    let school = SchoolId::new("school-1");
    let mails = SchoolMails::new(school, transport, Arc::new(own), clock.clone(), BACKOFF);
    (server, mails, clock)
}

fn told(result: &Result<Receipt, GegiUnavailable>) -> String {
    match result {
        Ok(Receipt::Applied) => "applied".to_owned(),
        Ok(Receipt::Refused(reason)) => format!("refused: {reason}"),
        Err(unavailable) => format!("waits: {unavailable}"),
    }
}

#[tokio::test]
async fn a_message_leaves_in_the_schools_own_words() {
    let mut own = OwnTexts::default();
    own.set("synchronization-issues", Part::Subject, "Dear {{ school }}".to_owned());
    let (server, mails, _) = mails(&[], own).await;
    assert_eq!(mails.send(&delivery("one", RECIPIENT)).await.unwrap(), Receipt::Applied);
    let received = &server.received()[0];
    assert!(received.text.contains("Subject: Dear Example School\r\n"), "{}", received.text);
    assert_eq!(received.to, [format!("RCPT TO:<{RECIPIENT}>")]);
}

#[tokio::test]
async fn what_can_never_be_sent_is_refused_with_its_reason_and_the_next_mail_leaves() {
    let (server, mails, _) =
        mails(&[(At::Rcpt, Act::Say("550 5.1.1 <canaria@example.edu> no"))], OwnTexts::default()).await;
    let by_server = mails.send(&delivery("one", RECIPIENT)).await;
    let no_address = mails.send(&delivery("two", "canaria@example.edu, b@example.edu")).await;
    expect![[r#"
        refused: the mail server refused this mail for good (550 5.1.1 at RCPT TO)
        refused: the recipient cannot be used: it is not one plain e-mail address of letters, digits and .!#$%&'*+/=?^_`{|}~- before an @ and a domain; correct the address in School Settings"#]].assert_eq(&format!("{}\n{}", told(&by_server), told(&no_address)));
    server.play(&[]);
    assert_eq!(mails.send(&delivery("three", RECIPIENT)).await.unwrap(), Receipt::Applied);
}

#[tokio::test]
async fn a_mail_of_a_template_that_is_not_known_waits_for_the_version_that_knows_it() {
    let (_server, mails, _) = mails(&[], OwnTexts::default()).await;
    let mut unknown = delivery("one", RECIPIENT);
    unknown.payload.template = "of-a-later-version".to_owned();
    expect![[r#"waits: ask GEGI: failed to find the e-mail template "of-a-later-version": name one that Admin → Email Templates lists"#]].assert_eq(&told(&mails.send(&unknown).await));
}

#[tokio::test]
async fn a_mail_that_cannot_be_taken_now_is_tried_ever_more_seldom() {
    let (server, mails, clock) = mails(&[(At::Rcpt, Act::Say("451 4.7.1 greylisted"))], OwnTexts::default()).await;
    assert_eq!(mails.retry_at(), None);
    let mut before = Duration::ZERO;
    for attempt in 1..=3 {
        for _ in 0..3 {
            expect!["waits: ask GEGI: the mail server answered 451 4.7.1 at RCPT TO"]
                .assert_eq(&told(&mails.send(&delivery("one", RECIPIENT)).await));
        }
        let attempts = server.in_clear().iter().filter(|line| line.starts_with("RCPT")).count();
        assert_eq!(attempts, attempt);
        let wait = (mails.retry_at().unwrap() - clock.now()).to_std().unwrap();
        assert!(wait > before, "{wait:?}");
        before = wait;
        clock.advance(wait);
        assert_eq!(mails.retry_at(), None);
    }
    server.play(&[]);
    assert_eq!(mails.send(&delivery("one", RECIPIENT)).await.unwrap(), Receipt::Applied);
    assert_eq!(mails.retry_at(), None);
}

#[tokio::test]
async fn the_operator_is_told_in_plain_words() {
    let (server, clock) = (Server::start(Security::Clear, &[]).await, clock());
    let transport = Arc::new(transport(&config(server.port, TlsMode::None, None), patient()));
    let operator = OperatorMails::new(transport, clock, "operator@example.edu".to_owned());
    assert_eq!(operator.tell("school-1/failing", "A school fails", "See its page.\n").await, Ok(Outcome::Sent));
    let received = &server.received()[0];
    assert_eq!(received.to, ["RCPT TO:<operator@example.edu>"]);
    assert!(received.text.contains("Auto-Submitted: auto-generated\r\n"), "{}", received.text);
}
