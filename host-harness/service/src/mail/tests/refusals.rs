//! What a server answers, or fails to answer, at each stage, and what becomes of the mail.

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::expect;

use super::server::{Act, At, Security, Server};
use super::*;

/// Sends one mail to servers that each follow one script, and says what became of each.
async fn outcomes(limits: SendLimits, scripts: &[(At, Act)]) -> String {
    let mut attempts = Vec::new();
    for (at, act) in scripts {
        let script = [(*at, *act)];
        attempts.push(tokio::spawn(async move {
            let server = Server::start(Security::Clear, &script).await;
            server.ask_for(USER, PASSWORD);
            let transport = transport(&with_user(config(server.port, TlsMode::None, None)), limits);
            let outcome = transport.send(&letter("one")).await;
            let held = if server.received().is_empty() { "" } else { ", and the server has the mail" };
            format!("{}{held}", words(&outcome))
        }));
    }
    let mut told = String::new();
    for ((at, act), attempt) in scripts.iter().zip(attempts) {
        writeln!(told, "{at:?} {act:?}\n    {}", attempt.await.unwrap()).unwrap();
    }
    told
}

#[tokio::test]
async fn an_answer_means_what_its_code_and_its_stage_say() {
    let scripts = [
        (At::Greeting, Act::Say("554 5.3.2 no service")),
        (At::Greeting, Act::Say("421 4.3.2 later")),
        (At::Auth, Act::Say("535 5.7.8 wrong")),
        (At::Auth, Act::Say("454 4.7.0 later")),
        (At::Auth, Act::Say("250 2.0.0 another answer")),
        (At::Mail, Act::Say("530 5.7.0 authenticate")),
        (At::Mail, Act::Say("550 5.7.1 not this sender")),
        (At::Mail, Act::Say("452 4.3.1 full")),
        (At::Rcpt, Act::Say("550 5.1.1 <canaria@example.edu> unknown")),
        (At::Rcpt, Act::Say("550 canaria@example.edu unknown")),
        (At::Rcpt, Act::Say("451 4.7.1 greylisted")),
        (At::Rcpt, Act::Say("421 4.7.0 too many")),
        (At::Data, Act::Say("554 5.5.1 no")),
        (At::Data, Act::Say("250 2.0.0 another answer")),
        (At::Body, Act::Say("552 5.3.4 too big")),
        (At::Body, Act::Say("451 4.3.0 later")),
        (At::Body, Act::Say("354 another answer")),
    ];
    expect![[r#"
        Greeting Say("554 5.3.2 no service")
            stopped: the mail server takes no mail from this machine (554 5.3.2 at the greeting); allow it at the server
        Greeting Say("421 4.3.2 later")
            all wait: the mail server answered 421 4.3.2 at the greeting
        Auth Say("535 5.7.8 wrong")
            stopped: the mail server refused mail.user or its password (535 5.7.8 at AUTH); correct mail.user or the secret smtp-password
        Auth Say("454 4.7.0 later")
            all wait: the mail server answered 454 4.7.0 at AUTH
        Auth Say("250 2.0.0 another answer")
            all wait: the mail server broke the protocol at AUTH
        Mail Say("530 5.7.0 authenticate")
            stopped: the mail server asks for authentication (530 5.7.0 at MAIL FROM); set mail.user and the secret smtp-password
        Mail Say("550 5.7.1 not this sender")
            stopped: the mail server takes no mail from mail.from (550 5.7.1 at MAIL FROM); correct mail.from, or allow it at the server
        Mail Say("452 4.3.1 full")
            all wait: the mail server answered 452 4.3.1 at MAIL FROM
        Rcpt Say("550 5.1.1 <canaria@example.edu> unknown")
            refused: the mail server refused this mail for good (550 5.1.1 at RCPT TO)
        Rcpt Say("550 canaria@example.edu unknown")
            refused: the mail server refused this mail for good (550 at RCPT TO)
        Rcpt Say("451 4.7.1 greylisted")
            this mail waits: the mail server answered 451 4.7.1 at RCPT TO
        Rcpt Say("421 4.7.0 too many")
            all wait: the mail server answered 421 4.7.0 at RCPT TO
        Data Say("554 5.5.1 no")
            refused: the mail server refused this mail for good (554 5.5.1 at DATA)
        Data Say("250 2.0.0 another answer")
            this mail waits: the mail server broke the protocol at DATA
        Body Say("552 5.3.4 too big")
            refused: the mail server refused this mail for good (552 5.3.4 at the mail itself)
        Body Say("451 4.3.0 later")
            this mail waits: the mail server answered 451 4.3.0 at the mail itself
        Body Say("354 another answer")
            this mail waits: the mail server broke the protocol at the mail itself
    "#]].assert_eq(&outcomes(patient(), &scripts).await);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_in_time() {
    let points = [At::Greeting, At::Ehlo, At::Auth, At::Mail, At::Rcpt, At::Data, At::Body];
    let time = Duration::from_secs(1);
    let limits = SendLimits { connect: time, reply: time, whole: time * 2, ..patient() };
    expect![[r#"
        Greeting FallSilent
            all wait: the mail server said nothing in time at the greeting
        Ehlo FallSilent
            all wait: the mail server said nothing in time at the greeting
        Auth FallSilent
            all wait: the mail server said nothing in time at AUTH
        Mail FallSilent
            all wait: the mail server said nothing in time at MAIL FROM
        Rcpt FallSilent
            this mail waits: the mail server said nothing in time at RCPT TO
        Data FallSilent
            this mail waits: the mail server said nothing in time at DATA
        Body FallSilent
            this mail waits: the mail server said nothing in time at the mail itself
    "#]]
    .assert_eq(&outcomes(limits, &points.map(|at| (at, Act::FallSilent))).await);
}

#[tokio::test]
async fn a_server_that_dies_leaves_the_mail_waiting() {
    let points = [At::Greeting, At::Ehlo, At::Auth, At::Mail, At::Rcpt, At::Data, At::Body];
    expect![[r#"
        Greeting Die
            all wait: the connection to the mail server ended at the greeting
        Ehlo Die
            all wait: the connection to the mail server ended at the greeting
        Auth Die
            all wait: the connection to the mail server ended at AUTH
        Mail Die
            all wait: the connection to the mail server ended at MAIL FROM
        Rcpt Die
            this mail waits: the connection to the mail server ended at RCPT TO
        Data Die
            this mail waits: the connection to the mail server ended at DATA
        Body Die
            this mail waits: the connection to the mail server ended at the mail itself, and the server has the mail
    "#]]
    .assert_eq(&outcomes(patient(), &points.map(|at| (at, Act::Die))).await);
}

#[tokio::test]
async fn a_server_that_is_not_there_and_one_that_speaks_something_else_leave_the_mail_waiting() {
    let gone = Server::start(Security::Clear, &[]).await.port;
    let transport_to = |port| transport(&config(port, TlsMode::None, None), patient());
    let babble = Server::start(Security::Clear, &[(At::Greeting, Act::Say("HTTP/1.1 400 Bad Request"))]).await;
    let mut told = Vec::new();
    for port in [gone, babble.port] {
        told.push(words(&transport_to(port).send(&letter("one")).await));
    }
    expect![[r#"
        all wait: the mail server could not be reached
        all wait: the mail server broke the protocol at the greeting"#]]
    .assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_keeps_its_message_id() {
    let (server, clock) = (Server::start(Security::Clear, &[(At::Body, Act::Die)]).await, clock());
    let config = config(server.port, TlsMode::None, None);
    let transport = Transport::new(&config, None, clock.clone(), patient()).unwrap();
    let Outcome::Passing { retry_after, .. } = transport.send(&letter("one")).await else { panic!("it was sent") };
    assert_eq!(server.received().len(), 1);
    server.play(&[]);
    clock.advance(retry_after);
    for id in ["one", "two"] {
        assert_eq!(transport.send(&letter(id)).await, Outcome::Sent);
    }
    let ids: Vec<String> = server
        .received()
        .iter()
        .map(|mail| mail.text.lines().find(|line| line.starts_with("Message-ID:")).unwrap().to_owned())
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
    assert!(ids[0].ends_with("@example.edu>"), "{}", ids[0]);
}
