//! The hostile guest behind the sender of the network: what it sees of addresses, names, certificates and servers that
//! misbehave. Servers are on this machine.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use expect_test::{Expect, expect};
use host::door::{AllowedHosts, Resolve, Sender};
use host::limits::HttpLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{Playground, engine};

/// Answers each question with the next address, and the last one for ever.
struct TurningResolver(Mutex<Vec<&'static str>>);

#[async_trait::async_trait]
impl Resolve for TurningResolver {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        let address = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        Ok(vec![address.parse().unwrap()])
    }
}

/// A school at this URL, whose requests go through the network. The addresses are those of every name.
fn playground(url: &str, loopback_allowed: bool, addresses: &[&'static str]) -> Playground {
    let limits = HttpLimits { total: Duration::from_millis(1_500), ..HttpLimits::default() };
    let resolver = Arc::new(TurningResolver(Mutex::new(addresses.to_vec())));
    let sender = Sender::with_resolver(&limits, loopback_allowed, resolver);
    let playground = Playground::of(engine(|_| {}), |config| {
        config.transport = Arc::new(sender);
        config.loopback_allowed = loopback_allowed;
    });
    *playground.world.url.lock().unwrap() = Some(url.to_owned());
    playground
}

/// A server that answers every connection with these bytes and closes it, or goes on by a byte from time to time.
async fn serve(answer: &'static [u8], drips: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = connection.read(&mut buffer).await;
                let mut interval = tokio::time::interval(Duration::from_millis(20));
                let mut goes_on = connection.write_all(answer).await.is_ok() && drips;
                while goes_on {
                    interval.tick().await;
                    goes_on = connection.write_all(b"x").await.is_ok();
                }
            });
        }
    });
    port
}

async fn sends(playground: &Playground, url: &str, expected: Expect) {
    let seen = playground.tick(&format!("send GET {url}/schools/548156 gegi-campus=main")).await;
    expected.assert_eq(&seen);
}

#[tokio::test]
async fn a_school_whose_address_is_the_metadata_service_reaches_nothing() {
    for url in ["https://169.254.169.254", "https://[fd00:ec2::254]", "https://[::ffff:169.254.169.254]"] {
        let playground = playground(url, false, &["1.1.1.1"]);
        let seen = playground.tick(&format!("send GET {url}/schools/548156 gegi-campus=main")).await;
        assert_eq!(seen, "ErrorCode::DestinationIpProhibited", "{url}");
    }
}

#[tokio::test]
async fn a_name_that_turns_to_a_private_address_reaches_nothing() {
    let port = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false).await;
    let url = format!("http://localhost:{port}");
    let playground = playground(&url, true, &["127.0.0.1", "169.254.169.254"]);
    sends(&playground, &url, expect!["200 "]).await;
    sends(&playground, &url, expect!["ErrorCode::DestinationIpProhibited"]).await;
    let refused = "rule address: 169.254.169.254 is not public (the metadata service of a cloud)";
    assert!(tests::discretion::warned().contains(refused));
}

#[tokio::test]
async fn an_answer_that_drips_is_given_up() {
    let port = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n", true).await;
    let url = format!("http://127.0.0.1:{port}");
    sends(&playground(&url, true, &["127.0.0.1"]), &url, expect!["ErrorCode::HttpResponseTimeout"]).await;
}

#[tokio::test]
async fn what_the_operator_does_not_allow_is_denied_and_the_line_to_add_is_written_down() {
    let allowed = AllowedHosts::parse(["coursekey.example.com:443"]).unwrap();
    let playground = Playground::of(engine(|_| {}), |config| config.allowed_hosts = Some(allowed));
    sends(&playground, "https://api.example.com/v1", expect!["ErrorCode::HttpRequestDenied"]).await;
    expect![[r#"rule allowed-hosts: coursekey-url in School Settings leads to api.example.com:443, which the operator does not allow; add "api.example.com:443" to allowed-hosts under [coursekey], or correct coursekey-url"#]].assert_eq(&playground.logged());
    assert!(playground.world.sent.lock().unwrap().is_empty());
    *playground.world.url.lock().unwrap() = Some("https://coursekey.example.com".to_owned());
    sends(
        &playground,
        "https://coursekey.example.com",
        expect![[r#"200 GET https://coursekey.example.com/schools/548156 {"authorization": Sensitive} 0"#]],
    )
    .await;
}
