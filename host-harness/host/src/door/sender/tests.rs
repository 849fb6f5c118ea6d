//! The sender against TLS servers on this machine, each with another certificate, and against a server that tells which
//! connection carried whose credentials. Servers that break HTTP are in `tests/tests/door.rs` of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use expect_test::{Expect, expect};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::door::Resolve;

const NAME: &str = "coursekey.example.com";

/// What each connection of a server heard, one text a connection.
type Heard = Arc<Mutex<Vec<String>>>;

/// Answers every request with an empty 200, for as long as the other side keeps the connection.
async fn answer(mut connection: impl AsyncRead + AsyncWrite + Unpin, heard: Heard, number: usize) {
    let mut buffer = [0; 4096];
    while let Ok(count) = connection.read(&mut buffer).await {
        if count == 0 {
            return;
        }
        heard.lock().unwrap()[number] += &String::from_utf8_lossy(&buffer[..count]);
        if connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// A server on this machine, with TLS if it is given a certificate.
async fn serve(tls: Option<TlsAcceptor>) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, heard) = (listener.local_addr().unwrap(), Heard::default());
    let hearing = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (tls, heard) = (tls.clone(), Arc::clone(&hearing));
            let number = {
                let mut heard = heard.lock().unwrap();
                heard.push(String::new());
                heard.len() - 1
            };
            tokio::spawn(async move {
                match tls {
                    None => answer(connection, heard, number).await,
                    Some(tls) => {
                        if let Ok(connection) = tls.accept(connection).await {
                            answer(connection, heard, number).await;
                        }
                    }
                }
            });
        }
    });
    (address, heard)
}

/// An authority of certificates, and its own certificate.
fn authority(name: &str) -> (Issuer<'static, KeyPair>, ExtraRoots) {
    let mut params = CertificateParams::new(Vec::default()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages.extend([KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (Issuer::new(params, key), ExtraRoots::parse(certificate.pem().as_bytes()).unwrap())
}

fn server_of(name: &str, from: i32, until: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}

/// A server with this certificate, signed by the authority or by nobody but itself.
fn acceptor(params: &CertificateParams, by: Option<&Issuer<'static, KeyPair>>) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = by.map_or_else(|| params.self_signed(&key), |by| params.signed_by(&key, by)).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

struct ThisMachine;

#[async_trait]
impl Resolve for ThisMachine {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec!["127.0.0.1".parse().unwrap()])
    }
}

fn sender() -> Sender {
    Sender::with_resolver(&HttpLimits::default(), true, Arc::new(ThisMachine))
}

fn get(url: &str, school: &str) -> Outgoing {
    let request = http::Request::get(url).header("authorization", format!("Bearer key-of-{school}"));
    Outgoing { request: request.body(Bytes::new()).unwrap(), school: school.into(), campus: "main".to_owned() }
}

/// Asks a server with this certificate; checks the outcome, and that the server heard a request if and only if it was
/// believed.
async fn ask(tls: TlsAcceptor, roots: &ExtraRoots, expected: &Expect) {
    let (address, heard) = serve(Some(tls)).await;
    let url = format!("https://{NAME}:{}/v1/schools/1", address.port());
    let outcome = match sender().with_extra_roots(roots).send(get(&url, "school-1")).await {
        Ok(answer) => answer.response.status().to_string(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&outcome);
    let heard = heard.lock().unwrap().join("");
    assert_eq!(heard.contains("Bearer"), outcome == "200 OK", "{heard}");
}

#[tokio::test]
async fn a_server_with_the_right_certificate_gets_the_request() {
    let (by, roots) = authority("one");
    ask(acceptor(&server_of(NAME, 2020, 2090), Some(&by)), &roots, &expect!["200 OK"]).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (by, roots) = authority("one");
    ask(
        acceptor(&server_of("other.example.com", 2020, 2090), Some(&by)),
        &roots,
        &expect!["connect to CourseKey: the certificate is not for coursekey.example.com but for other.example.com; correct coursekey-url in School Settings, or tell CourseKey"],
    )
    .await;
}

#[tokio::test]
async fn a_certificate_that_expired_is_refused() {
    let (by, roots) = authority("one");
    ask(acceptor(&server_of(NAME, 2010, 2020), Some(&by)), &roots, &expect!["connect to CourseKey: the certificate of coursekey.example.com expired at 2020-01-01 00:00:00 UTC; CourseKey has to renew it, unless this machine's clock is wrong"]).await;
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_yet_is_refused() {
    let (by, roots) = authority("one");
    ask(acceptor(&server_of(NAME, 2080, 2090), Some(&by)), &roots, &expect!["connect to CourseKey: the certificate of coursekey.example.com is not valid before 2080-01-01 00:00:00 UTC; set this machine's clock right, or tell CourseKey"]).await;
}

#[tokio::test]
async fn a_certificate_by_an_authority_that_nobody_knows_is_refused() {
    let (by, roots) = authority("one");
    ask(acceptor(&server_of(NAME, 2020, 2090), Some(&authority("another").0)), &roots, &expect!["connect to CourseKey: nobody whom this machine trusts has signed the certificate of coursekey.example.com; if its authority is to be trusted, add its certificate to the file that `ca` under [coursekey] names, or to the machine's certificates"]).await;
    ask(acceptor(&server_of(NAME, 2020, 2090), Some(&by)), &ExtraRoots::default(), &expect!["connect to CourseKey: nobody whom this machine trusts has signed the certificate of coursekey.example.com; if its authority is to be trusted, add its certificate to the file that `ca` under [coursekey] names, or to the machine's certificates"]).await;
}

#[tokio::test]
async fn a_certificate_that_its_server_signed_itself_is_refused() {
    let (_, roots) = authority("one");
    ask(acceptor(&server_of(NAME, 2020, 2090), None), &roots, &expect!["connect to CourseKey: nobody whom this machine trusts has signed the certificate of coursekey.example.com; if its authority is to be trusted, add its certificate to the file that `ca` under [coursekey] names, or to the machine's certificates"]).await;
    let mut own = server_of(NAME, 2020, 2090);
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ask(acceptor(&own, None), &roots, &expect!["connect to CourseKey: coursekey.example.com signed its certificate itself; it needs one by an authority that this machine trusts, such as those of the file that `ca` under [coursekey] names"]).await;
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing_that_was_meant_for_one_with_tls() {
    let (address, heard) = serve(None).await;
    let error = sender().send(get(&format!("https://{NAME}:{}/", address.port()), "school-1")).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect(_)), "{error}");
    assert!(!heard.lock().unwrap().join("").contains("Bearer"));
}

#[test]
fn a_file_without_certificates_is_refused() {
    for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"] {
        assert!(ExtraRoots::parse(pem.as_bytes()).is_err(), "{pem}");
    }
    assert!(ExtraRoots::read(std::path::Path::new("no/such/file.pem")).is_err());
}

/// Schools ask by turns and at once; every connection of the server heard the credentials of one school alone.
async fn connections_of(tls: Option<TlsAcceptor>, sender: Arc<Sender>) -> BTreeMap<String, usize> {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (address, heard) = serve(tls).await;
    let url = format!("{scheme}://{NAME}:{}/v1/schools/1", address.port());
    for _ in 0..3 {
        let asked = ["a", "b", "a", "b", "c"].map(|school| {
            let (sender, outgoing) = (Arc::clone(&sender), get(&url, school));
            tokio::spawn(async move { sender.send(outgoing).await.unwrap().response.status() })
        });
        for asked in asked {
            assert_eq!(asked.await.unwrap(), 200);
        }
        for school in ["a", "b", "c"] {
            assert_eq!(sender.send(get(&url, school)).await.unwrap().response.status(), 200);
        }
    }
    let mut connections = BTreeMap::new();
    for heard in heard.lock().unwrap().iter() {
        let carried: BTreeSet<&str> = heard.lines().filter(|line| line.starts_with("authorization:")).collect();
        assert!(carried.len() <= 1, "one connection carried {carried:?}");
        for key in carried {
            *connections.entry(key.to_owned()).or_default() += 1;
        }
    }
    connections
}

#[tokio::test]
async fn no_connection_carries_the_credentials_of_two_schools() {
    let (by, roots) = authority("one");
    let tls = acceptor(&server_of(NAME, 2020, 2090), Some(&by));
    for tls in [None, Some(tls)] {
        let connections = connections_of(tls, Arc::new(sender().with_extra_roots(&roots))).await;
        assert_eq!(connections.len(), 3, "{connections:?}");
        // A school uses its own connections again: it has as many as it had requests at once.
        assert!(connections.values().all(|count| *count <= 2), "{connections:?}");
    }
}

#[tokio::test]
async fn clients_of_schools_that_rest_are_dropped() {
    let limits = HttpLimits { idle: Duration::ZERO, ..HttpLimits::default() };
    let sender = Sender::with_resolver(&limits, true, Arc::new(ThisMachine));
    let connections = sender.connections.as_ref().unwrap();
    for school in 0..1_000 {
        connections.of(&format!("school-{school}").as_str().into());
    }
    assert!(connections.kept() <= 64, "{}", connections.kept());
}
