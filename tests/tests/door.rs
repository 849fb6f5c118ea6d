//! The sender against real, misbehaving servers on this machine. The rules of the gate are tested beside the gate.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use host::door::{Outgoing, Resolve, Sender, Transport, TransportError};
use host::limits::HttpLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Time-outs short enough to be waited for, long enough for a busy machine to answer in time.
fn limits() -> HttpLimits {
    tests::discretion::watch();
    HttpLimits {
        connect: Duration::from_millis(200),
        first_byte: Duration::from_millis(300),
        between_bytes: Duration::from_millis(300),
        total: Duration::from_millis(900),
        ..HttpLimits::default()
    }
}

/// A server that answers every request of every connection with the same bytes. The server closes a connection after
/// the first answer, unless the test asks it to keep connections.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<String>>,
}

#[derive(Clone, Copy, PartialEq)]
enum After {
    Close,
    Keep,
    Drip,
}

async fn serve(answer: Vec<u8>, after: After) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { address: listener.local_addr().unwrap(), connections: Arc::default(), heard: Arc::default() };
    let (connections, heard) = (Arc::clone(&server.connections), Arc::clone(&server.heard));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(talk(connection, answer.clone(), after, Arc::clone(&heard)));
        }
    });
    server
}

async fn talk(mut connection: TcpStream, answer: Vec<u8>, after: After, heard: Arc<Mutex<String>>) -> Option<()> {
    let mut buffer = [0; 4096];
    loop {
        let count = connection.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        *heard.lock().unwrap() += &String::from_utf8_lossy(&buffer[..count]);
        connection.write_all(&answer).await.ok()?;
        match after {
            After::Close => return None,
            After::Keep => {}
            After::Drip => drip(&mut connection).await?,
        }
    }
}

async fn drip(connection: &mut TcpStream) -> Option<()> {
    let mut interval = tokio::time::interval(Duration::from_millis(20));
    loop {
        interval.tick().await;
        connection.write_all(b"x").await.ok()?;
    }
}

/// Answers every name with the same addresses and counts the questions.
struct FixedResolver {
    addresses: Vec<IpAddr>,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl Resolve for FixedResolver {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.addresses.clone())
    }
}

fn resolver(addresses: &[&str]) -> Arc<FixedResolver> {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Arc::new(FixedResolver { addresses, asked: AtomicUsize::new(0) })
}

fn get(url: &str) -> Outgoing {
    let request = http::Request::get(url).header("authorization", "Bearer key-000001").body(Bytes::new()).unwrap();
    Outgoing { request, school: "school-1".into(), campus: "main".to_owned() }
}

async fn ask(server: &Server) -> Result<http::Response<Bytes>, TransportError> {
    let sender = Sender::new(&limits(), true);
    Ok(sender.send(get(&format!("http://{}/v1/schools/548156", server.address))).await?.response)
}

#[tokio::test]
async fn an_answer_comes_back_as_it_was_sent_and_the_connection_is_used_again() {
    let server =
        serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-encoding: gzip\r\n\r\n\x1f\x8b".into(), After::Keep)
            .await;
    let sender = Sender::new(&limits(), true);
    for _ in 0..3 {
        let url = format!("http://{}/v1/schools/548156/users?limit=1", server.address);
        let response = sender.send(get(&url)).await.unwrap().response;
        assert_eq!((response.status().as_u16(), response.body().as_ref()), (200, b"\x1f\x8b".as_slice()));
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let heard = server.heard.lock().unwrap().clone();
    let first = heard.split("\r\n\r\n").next().unwrap();
    assert_eq!(
        first,
        format!(
            "GET /v1/schools/548156/users?limit=1 HTTP/1.1\r\nauthorization: Bearer key-000001\r\nhost: {}",
            server.address
        )
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let target = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into(), After::Close).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", target.address);
    let server = serve(redirect.into_bytes(), After::Close).await;
    assert_eq!(ask(&server).await.unwrap().status(), 302);
    assert_eq!(target.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_after_the_first_byte_time_out() {
    let server = serve(Vec::new(), After::Keep).await;
    assert_eq!(ask(&server).await.unwrap_err(), TransportError::TimedOut(Duration::from_millis(500)));
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up_between_its_bytes() {
    let server = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour".into(), After::Keep).await;
    assert_eq!(ask(&server).await.unwrap_err(), TransportError::TimedOut(Duration::from_millis(300)));
}

#[tokio::test]
async fn a_body_that_drips_is_given_up_after_the_total_time_out() {
    let server = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n".into(), After::Drip).await;
    assert_eq!(ask(&server).await.unwrap_err(), TransportError::TimedOut(Duration::from_millis(900)));
}

#[tokio::test]
async fn an_answer_above_the_limit_is_not_read_to_its_end() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n".to_vec();
    answer.resize(answer.len() + 10 * 1024 * 1024, b'x');
    let server = serve(answer, After::Close).await;
    assert_eq!(ask(&server).await.unwrap_err(), TransportError::TooLarge(limits().response_bytes));
}

#[tokio::test]
async fn an_answer_that_ends_early_is_cut() {
    for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour", "HTTP/1.1 200 OK\r\ncontent-", ""] {
        let server = serve(answer.into(), After::Close).await;
        assert_eq!(ask(&server).await.unwrap_err(), TransportError::Cut, "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    let server = serve(b"220 mail.example.com ESMTP\r\n".into(), After::Close).await;
    assert!(matches!(ask(&server).await.unwrap_err(), TransportError::Protocol(_)));
}

#[tokio::test]
async fn a_name_with_any_address_that_is_not_public_is_refused() {
    for addresses in [&["10.0.0.1"][..], &["1.1.1.1", "169.254.169.254"], &["::ffff:127.0.0.1"]] {
        let sender = Sender::with_resolver(&limits(), false, resolver(addresses));
        let error = sender.send(get("http://coursekey.example.com/")).await.unwrap_err();
        let refused = addresses.last().unwrap().parse().unwrap();
        assert_eq!(error, TransportError::AddressRefused(refused));
    }
}

#[tokio::test]
async fn an_address_written_in_the_url_is_checked_as_well() {
    let sender = Sender::with_resolver(&limits(), false, resolver(&[]));
    for (url, address) in
        [("http://127.0.0.1:9/", "127.0.0.1"), ("http://[::1]:9/", "::1"), ("http://10.0.0.1/", "10.0.0.1")]
    {
        let error = sender.send(get(url)).await.unwrap_err();
        assert_eq!(error, TransportError::AddressRefused(address.parse().unwrap()));
    }
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_dialled() {
    let server = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into(), After::Close).await;
    let resolver = resolver(&["127.0.0.1"]);
    let sender = Sender::with_resolver(&limits(), true, Arc::clone(&resolver) as Arc<dyn Resolve>);
    let url = format!("http://coursekey.example.com:{}/", server.address.port());
    assert_eq!(sender.send(get(&url)).await.unwrap().response.status(), 200);
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
}

/// Answers each question with the next address, and the last one for ever.
struct TurningResolver {
    answers: Mutex<Vec<&'static str>>,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl Resolve for TurningResolver {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let address = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        Ok(vec![address.parse().unwrap()])
    }
}

/// This machine plays the public address, so that the test needs no network.
#[tokio::test]
async fn a_name_that_turns_to_a_private_address_is_not_followed_there() {
    let server = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into(), After::Close).await;
    let url = format!("http://coursekey.example.com:{}/", server.address.port());
    for private in ["10.0.0.1", "169.254.169.254", "::ffff:192.168.0.1", "64:ff9b::10.0.0.1", "fd00:ec2::254"] {
        let answers = Mutex::new(vec!["127.0.0.1", private]);
        let resolver = Arc::new(TurningResolver { answers, asked: AtomicUsize::new(0) });
        let sender = Sender::with_resolver(&limits(), true, Arc::clone(&resolver) as Arc<dyn Resolve>);
        // A second question between the check and the dialling would have been answered with the private address.
        assert_eq!(sender.send(get(&url)).await.unwrap().response.status(), 200);
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
        let refused = sender.send(get(&url)).await.unwrap_err();
        assert_eq!(refused, TransportError::AddressRefused(private.parse().unwrap()));
    }
}

#[test]
fn an_address_is_refused_with_the_rule_and_the_reason() {
    let told = |address: &str| format!("{}\n", TransportError::AddressRefused(address.parse().unwrap()));
    expect_test::expect![[r#"
        rule address: 10.0.0.1 is not public (private use)
        rule address: 127.0.0.1 is not public (this machine)
        rule address: 169.254.169.254 is not public (the metadata service of a cloud)
        rule address: fec0::1 is not public (site-local)
        rule address: 2002:a00:1:: is not public (it leads to 10.0.0.1, private use)
    "#]]
    .assert_eq(&["10.0.0.1", "127.0.0.1", "169.254.169.254", "fec0::1", "2002:a00:1::"].map(told).concat());
}

/// Another process runs a test of this file, because the environment of this process is shared by all its tests.
#[test]
fn a_proxy_in_the_environment_is_not_asked() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "an_answer_comes_back_as_it_was_sent_and_the_connection_is_used_again"]);
    let url = format!("http://{}", proxy.local_addr().unwrap());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, &url);
    }
    child.env_remove("no_proxy").env_remove("NO_PROXY").env_remove("REQUEST_METHOD");
    let ran = child.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
