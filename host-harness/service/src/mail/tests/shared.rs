//! One transport for many: connections, back-off, and the ways out that are no server.

use std::time::Duration;

use expect_test::expect;
use host::clock::Clock;

use super::server::{Act, At, Security, Server};
use super::*;
use crate::mail::standing::Gate;
use crate::mail::{Backoff, Counts, Passing, Standing, Stop};

#[tokio::test]
async fn mails_share_a_bounded_number_of_connections() {
    let server = Server::start(Security::Clear, &[]).await;
    let limits = SendLimits { connections: 3, ..patient() };
    let transport = Arc::new(transport(&config(server.port, TlsMode::None, None), limits));
    let sending: Vec<_> = (0..60)
        .map(|number| {
            let transport = Arc::clone(&transport);
            tokio::spawn(async move { transport.send(&letter(&number.to_string())).await })
        })
        .collect();
    for sent in sending {
        assert_eq!(sent.await.unwrap(), Outcome::Sent);
    }
    assert_eq!((server.received().len(), transport.counts().sent), (60, 60));
    assert!(server.most_open() <= 3 && server.connections() <= 3, "{} connections", server.connections());
    transport.close().await;
}

#[tokio::test]
async fn a_connection_is_given_up_after_its_mails_and_when_it_rested_too_long_or_died() {
    let server = Server::start(Security::Clear, &[]).await;
    let config = config(server.port, TlsMode::None, None);
    let after_two = transport(&config, SendLimits { mails_per_connection: 2, ..patient() });
    let never_rests = transport(&config, SendLimits { idle: Duration::ZERO, ..patient() });
    for (transport, connections) in [(&after_two, 2), (&never_rests, 5)] {
        for id in ["one", "two", "three"] {
            assert_eq!(transport.send(&letter(id)).await, Outcome::Sent);
        }
        assert_eq!(server.connections(), connections);
    }
    server.play(&[(At::Noop, Act::Die)]);
    assert_eq!(after_two.send(&letter("four")).await, Outcome::Sent);
    assert_eq!(server.connections(), 6);
}

#[tokio::test]
async fn a_refused_mail_leaves_the_way_to_the_others_open() {
    let server = Server::start(Security::Clear, &[(At::Rcpt, Act::Say("550 5.1.1 unknown"))]).await;
    let transport = transport(&config(server.port, TlsMode::None, None), patient());
    assert!(matches!(transport.send(&letter("one")).await, Outcome::Refused(_)));
    server.play(&[(At::Rcpt, Act::Say("451 4.7.1 greylisted"))]);
    assert!(matches!(transport.send(&letter("two")).await, Outcome::Passing { of_mail: true, .. }));
    server.play(&[]);
    assert_eq!(transport.send(&letter("three")).await, Outcome::Sent);
    assert_eq!(transport.counts(), Counts { sent: 1, refused: 1, failed: 1 });
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_ever_more_seldom_and_by_nobody_in_between() {
    let server = Server::start(Security::Clear, &[(At::Greeting, Act::Say("421 4.3.2 later"))]).await;
    let clock = clock();
    let limits = SendLimits { jitter: 7, ..patient() };
    let transport = Transport::new(&config(server.port, TlsMode::None, None), None, clock.clone(), limits).unwrap();
    let mut waits = Vec::new();
    for attempt in 1..=8 {
        let Outcome::Passing { retry_after, .. } = transport.send(&letter("one")).await else { panic!("it was sent") };
        let Standing::Waiting(_, until) = transport.standing() else { panic!("it does not wait") };
        assert_eq!(until, clock.now() + retry_after);
        assert!(matches!(transport.send(&letter("two")).await, Outcome::Passing { .. }));
        assert_eq!(server.connections(), attempt);
        waits.push(retry_after.as_secs());
        clock.advance(retry_after);
    }
    expect!["[18, 55, 105, 209, 266, 681, 506, 871]"].assert_eq(&format!("{waits:?}"));
    server.play(&[]);
    assert_eq!(transport.send(&letter("one")).await, Outcome::Sent);
    assert_eq!(transport.standing(), Standing::Ready);
}

#[test]
fn attempts_that_fail_together_count_as_one_and_an_old_one_closes_nothing() {
    let (backoff, now) = (SendLimits::default().backoff, clock().now());
    let mut gate = Gate::new(backoff, Duration::from_mins(15), 0);
    let (first, second, third) = (gate.leave(now).unwrap(), gate.leave(now).unwrap(), gate.leave(now).unwrap());
    let wait = backoff.after(1, 0);
    assert_eq!(gate.failed(first, now, Passing::Unreachable), (wait, true));
    assert_eq!(gate.failed(second, now, Passing::Unreachable), (wait, false));
    // The operator replaced the password while the third was under way with the old one.
    gate.reopen();
    assert_eq!(gate.stop(third, now, Stop::NoPassword), (Duration::ZERO, false));
    assert_eq!(gate.standing(), Standing::Ready);
}

#[test]
fn waits_double_up_to_a_limit_and_differ_by_jitter() {
    let backoff = Backoff { first: Duration::from_secs(30), most: Duration::from_mins(15) };
    for jitter in 0..100 {
        for failures in [1, 2, 3, 6, 40, u32::MAX] {
            let whole = Duration::from_secs(30 * (1 << (failures - 1).min(5))).min(backoff.most);
            let wait = backoff.after(failures, jitter);
            assert!(wait >= whole / 2 && wait <= whole, "{failures}: {wait:?}");
            assert_eq!(wait, backoff.after(failures, jitter));
        }
    }
    assert_ne!(backoff.after(1, 1), backoff.after(1, 2));
}

#[tokio::test]
async fn mails_as_files_are_whole_private_and_replaced_by_their_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let (path, from) = (folder.path().join("mails"), Some(FROM.to_owned()));
    let config = MailConfig { transport: Way::Folder, folder: Some(path.clone()), from, ..MailConfig::default() };
    let transport = transport(&config, patient());
    for id in ["one", "two", "one"] {
        assert_eq!(transport.send(&letter(id)).await, Outcome::Sent);
    }
    let mut names: Vec<_> =
        std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut expected = ["one", "two"].map(|id| format!("{}.eml", letter(id).token()));
    expected.sort();
    assert_eq!(names, expected);
    let file = path.join(format!("{}.eml", letter("one").token()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), letter("one").text());
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions()) & 0o777, 0o600);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_leaves_mails_waiting() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let from = Some(FROM.to_owned());
    let config =
        MailConfig { transport: Way::Folder, folder: Some(file.path().join("mails")), from, ..MailConfig::default() };
    let outcome = transport(&config, patient()).send(&letter("one")).await;
    assert!(matches!(outcome, Outcome::Passing { of_mail: false, .. }), "{outcome:?}");
}

#[tokio::test]
async fn mails_to_nowhere_are_counted() {
    let transport = transport(&MailConfig::default(), patient());
    assert_eq!(transport.send(&letter("one")).await, Outcome::Sent);
    assert_eq!(transport.counts(), Counts { sent: 1, refused: 0, failed: 0 });
}
