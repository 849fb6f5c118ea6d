//! Nothing that is printed or logged shows a password, a user or an address.

use std::io::Write;
use std::sync::Mutex;

use super::server::{Act, At, Security, Server};
use super::*;
use crate::mail::{OperatorMails, Reply, Stage};

fn assert_discreet(text: &str) {
    for secret in [PASSWORD, USER, "canaria", "gegi@", "operator@"] {
        assert!(!text.contains(secret), "this shows {secret}: {text}");
    }
    // A user and a password as they are told to a server.
    assert!(!text.contains("AGdlZ2k"), "{text}");
}

#[test]
fn nothing_that_holds_addresses_or_passwords_prints_them() {
    let config = with_user(config(25, TlsMode::None, None));
    let transport = transport(&config, patient());
    let shown = [
        format!("{config:?} {config:#?}"),
        format!("{transport:?}"),
        format!("{:?}", letter("one")),
        format!("{:?}", transport.sender()),
        format!("{:?}", Reply::new(Stage::Recipient, 550, "5.1.1 <canaria@example.edu> unknown")),
        format!("{:?}", Sender::parse("canaria@example.edu <operator@example.edu").unwrap_err()),
    ];
    for text in shown {
        assert_discreet(&text);
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_line_of_the_log_shows_them_whatever_a_server_says() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            for at in [At::Greeting, At::Auth, At::Mail, At::Rcpt, At::Body] {
                for answer in ["535 5.7.8 canaria@example.edu Welcome1", "450 canaria@example.edu Welcome1"] {
                    let server = Server::start(Security::Clear, &[(at, Act::Say(answer))]).await;
                    server.ask_for(USER, PASSWORD);
                    let transport =
                        Arc::new(transport(&with_user(config(server.port, TlsMode::None, None)), patient()));
                    let outcome = transport.send(&letter("one")).await;
                    assert_discreet(&format!("{outcome:?} {}", words(&outcome)));
                    let operator = OperatorMails::new(transport, clock(), "operator@example.edu".to_owned());
                    assert_discreet(&format!("{:?}", operator.tell("one", "Subject", "Text").await));
                }
            }
        });
    });
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("mails wait for the operator"), "{logged}");
    assert_discreet(&logged);
}
