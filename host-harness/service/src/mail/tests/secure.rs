//! Encryption and authentication: whom the transport trusts, and that it says nothing in clear.

use expect_test::expect;

use super::certificates::Authority;
use super::server::{Act, At, Security, Server};
use super::*;

/// What becomes of a mail to a server of this kind, and what was said in clear.
async fn sent(security: Security, tls: TlsMode, ca: &Authority) -> (String, Vec<String>, usize) {
    let server = Server::start(security, &[]).await;
    server.ask_for(USER, PASSWORD);
    let transport = transport(&with_user(config(server.port, tls, Some(ca.file()))), patient());
    let outcome = words(&transport.send(&letter("one")).await);
    for mail in server.received() {
        assert!(mail.is_encrypted);
        assert_eq!(mail.user.as_deref(), Some(USER));
        assert_eq!(mail.to, [format!("RCPT TO:<{RECIPIENT}>")]);
        assert_eq!(mail.from, "MAIL FROM:<gegi@example.edu>");
        assert_eq!(mail.text, letter("one").text());
    }
    (outcome, server.in_clear(), server.received().len())
}

const BEFORE_ENCRYPTION: [&str; 2] = ["EHLO example.edu", "STARTTLS"];

#[tokio::test]
async fn a_mail_leaves_encrypted_and_authenticated_in_both_ways() {
    let ca = Authority::new();
    let (outcome, clear, received) = sent(Security::Starttls(ca.server("127.0.0.1")), TlsMode::Starttls, &ca).await;
    assert_eq!((outcome.as_str(), received), ("sent", 1));
    assert_eq!(clear, BEFORE_ENCRYPTION);
    let (outcome, clear, received) = sent(Security::Tls(ca.server("127.0.0.1")), TlsMode::Tls, &ca).await;
    assert_eq!((outcome.as_str(), received), ("sent", 1));
    assert_eq!(clear, [""; 0]);
}

#[tokio::test]
async fn an_offer_of_encryption_that_is_taken_out_stops_everything_and_nothing_is_said_in_clear() {
    let (outcome, clear, received) = sent(Security::Stripped, TlsMode::Starttls, &Authority::new()).await;
    expect![[r#"stopped: the mail server offers no STARTTLS and nothing was sent; set mail.tls to "tls" if it encrypts from the beginning, or have its STARTTLS repaired"#]]
        .assert_eq(&outcome);
    assert_eq!((clear, received), (vec!["EHLO example.edu".to_owned(), "QUIT".to_owned()], 0));
}

#[tokio::test]
async fn an_answer_that_is_put_in_before_the_encryption_makes_no_mail_count_as_sent() {
    let ca = Authority::new();
    let put_in = "\r\n250-mail.example.edu\r\n250 AUTH PLAIN";
    let security = Security::Injected(ca.server("127.0.0.1"), put_in);
    let (outcome, clear, received) = sent(security.clone(), TlsMode::Starttls, &ca).await;
    expect!["all wait: the mail server broke the protocol at AUTH"].assert_eq(&outcome);
    assert_eq!((clear, received), (BEFORE_ENCRYPTION.map(str::to_owned).to_vec(), 0));
    // The same without authentication.
    let server = Server::start(security, &[]).await;
    let transport = transport(&config(server.port, TlsMode::Starttls, Some(ca.file())), patient());
    expect!["this mail waits: the mail server broke the protocol at DATA"]
        .assert_eq(&words(&transport.send(&letter("one")).await));
    assert_eq!(server.received(), []);
}

#[tokio::test]
async fn a_certificate_that_is_not_to_be_trusted_stops_everything_before_anything_is_said() {
    let (ca, other) = (Authority::new(), Authority::new());
    let mut told = Vec::new();
    for config in [other.server("127.0.0.1"), ca.server("mail.example.edu"), ca.expired_server("127.0.0.1")] {
        let (outcome, clear, received) = sent(Security::Starttls(config.clone()), TlsMode::Starttls, &ca).await;
        assert_eq!((clear, received), (BEFORE_ENCRYPTION.map(str::to_owned).to_vec(), 0));
        let (same, clear, received) = sent(Security::Tls(config), TlsMode::Tls, &ca).await;
        assert_eq!((clear.len(), received, &same), (0, 0, &outcome));
        told.push(outcome);
    }
    expect![[r#"
        stopped: the mail server's certificate is signed by nobody who is trusted and nothing was sent; correct mail.host, mail.ca or the certificate
        stopped: the mail server's certificate has another name and nothing was sent; correct mail.host, mail.ca or the certificate
        stopped: the mail server's certificate has expired and nothing was sent; correct mail.host, mail.ca or the certificate"#]].assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn without_a_file_of_certificates_those_of_this_machine_count() {
    let ca = Authority::new();
    let server = Server::start(Security::Tls(ca.server("127.0.0.1")), &[]).await;
    // A machine without any certificates cannot even begin.
    match Transport::new(&config(server.port, TlsMode::Tls, None), None, clock(), patient()) {
        Ok(transport) => {
            let outcome = words(&transport.send(&letter("one")).await);
            assert!(outcome.contains("is signed by nobody who is trusted"), "{outcome}");
        }
        Err(problem) => assert_eq!(problem.key, "ca"),
    }
    assert_eq!(server.received(), []);
}

#[tokio::test]
async fn a_refused_password_stops_everything_until_another_one_is_set() {
    let server = Server::start(Security::Clear, &[]).await;
    server.ask_for(USER, "another one");
    let transport = transport(&with_user(config(server.port, TlsMode::None, None)), patient());
    let first = words(&transport.send(&letter("one")).await);
    expect!["stopped: the mail server refused mail.user or its password (535 5.7.8 at AUTH); correct mail.user or the secret smtp-password"].assert_eq(&first);
    // Nobody tries again, whoever asks: servers lock out whoever tries a wrong password often.
    for id in ["one", "two", "three"] {
        assert_eq!(words(&transport.send(&letter(id)).await), first);
    }
    assert_eq!(server.connections(), 1);
    transport.set_password(Some(SecretString::from("another one\n")));
    assert_eq!(transport.send(&letter("one")).await, Outcome::Sent);
    // A password that is replaced while a connection rests is used for the next mail.
    server.ask_for(USER, "a third one");
    transport.set_password(Some(SecretString::from("a third one")));
    assert_eq!(transport.send(&letter("two")).await, Outcome::Sent);
    assert_eq!((server.connections(), server.received().len()), (3, 2));
}

#[tokio::test]
async fn a_user_without_password_and_a_server_without_authentication_stop_everything() {
    let server = Server::start(Security::Clear, &[]).await;
    let config = with_user(config(server.port, TlsMode::None, None));
    let transport = Transport::new(&config, None, clock(), patient()).unwrap();
    expect!["stopped: mail.user has no password; store it as the secret smtp-password"]
        .assert_eq(&words(&transport.send(&letter("one")).await));
    assert_eq!(server.connections(), 0);
    transport.set_password(Some(password()));
    expect!["stopped: the mail server offers no authentication by user and password; name another server, or leave mail.user out"].assert_eq(&words(&transport.send(&letter("one")).await));
    assert_eq!(server.in_clear(), ["EHLO example.edu", "QUIT"]);
}

#[tokio::test]
async fn without_encryption_no_other_machine_is_dialled() {
    let server = Server::start(Security::Clear, &[(At::Greeting, Act::Die)]).await;
    let mut config = config(server.port, TlsMode::None, None);
    config.host = Some("192.0.2.1".to_owned());
    assert_eq!(config.check()[0].key, "tls");
    assert!(Transport::new(&config, None, clock(), patient()).is_err());
}
