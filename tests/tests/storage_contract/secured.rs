//! The way to PostgreSQL: what the URL asks for is what is done, whose certificate is believed, and nothing is said in clear
//! that was to be secured. The servers are real, the certificates are made by the tests.

use std::path::{Path, PathBuf};

use expect_test::expect;
use host::store::PostgresStore;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tests::postgres::{Server, give, number};

/// An authority, whose certificate lies in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        // The server runs as another user, who has to reach what it reads.
        let folder = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server that is reached at a port of this machine and shows a certificate of this name.
    fn server(&self, name: &str, year: i32) -> Option<Reached> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(year, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let write = |file: &str, text: String| {
            let path = self.folder.path().join(file);
            std::fs::write(&path, text).unwrap();
            give(&path);
            path.display().to_string()
        };
        let (certificate, key) = (write("server.pem", certificate.pem()), write("server.key", key.serialize_pem()));
        Reached::start(&["ssl=on".to_owned(), format!("ssl_cert_file={certificate}"), format!("ssl_key_file={key}")])
    }
}

/// A server that listens at a port of this machine.
struct Reached {
    server: Server,
    port: u16,
}

impl Reached {
    fn start(more: &[String]) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = ["listen_addresses=127.0.0.1".to_owned(), format!("port={port}")];
        // The socket in the server's folder has the port in its name.
        let server = Server::start_with(&[at.as_slice(), more].concat())?;
        Some(Self { server, port })
    }

    /// The URL of the server's own database, as a configuration has it.
    fn url(&self, host: &str, parameters: &str) -> String {
        // The address is named beside the name, which no server of names knows.
        format!("postgres://postgres@{host}:{}/postgres?hostaddr=127.0.0.1{parameters}", self.port)
    }

    /// Opens the database: whether the way is secured, or why it was not opened.
    async fn opened(&self, host: &str, parameters: &str) -> String {
        match PostgresStore::open(&self.url(host, parameters)).await {
            Ok(_store) => {
                let sql = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                           WHERE application_name = 'gegi-host' AND ssl = ";
                let at = format!("{} port={}", self.server.url(""), self.port);
                let (secured, clear) =
                    (number(&at, &format!("{sql} true")).await, number(&at, &format!("{sql} false")).await);
                format!("{secured} secured, {clear} in clear")
            }
            Err(error) => error.to_string(),
        }
    }
}

fn believing(file: &Path) -> String {
    format!("&sslrootcert={}", file.display())
}

#[tokio::test]
async fn the_way_is_as_secure_as_the_url_says() {
    let authority = Authority::new();
    let Some(server) = authority.server("db.example.edu", 2999) else { return };
    let believed = believing(&authority.file());
    let (secured, clear) = ("1 secured, 0 in clear", "0 secured, 1 in clear");
    for (host, parameters, expected) in [
        ("db.example.edu", believed.clone(), secured),
        ("db.example.edu", format!("{believed}&sslmode=prefer"), secured),
        ("db.example.edu", format!("{believed}&sslmode=require"), secured),
        ("db.example.edu", format!("{believed}&sslmode=verify-full"), secured),
        ("db.example.edu", "&sslmode=disable".to_owned(), clear),
        ("localhost", String::new(), clear),
    ] {
        assert_eq!(server.opened(host, &parameters).await, expected, "{host} {parameters}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_to_be_believed_is_refused_with_what_to_do() {
    let (authority, other) = (Authority::new(), Authority::new());
    let Some(server) = authority.server("db.example.edu", 2999) else { return };
    let told = [
        server.opened("db.example.edu", &believing(&other.file())).await,
        // Those of the platform do not know an authority that a test has made.
        server.opened("db.example.edu", "").await,
        server.opened("another.example.edu", &believing(&authority.file())).await,
        // Also on this machine, once the URL asks for TLS.
        server.opened("localhost", &believing(&authority.file())).await,
    ];
    expect![[r"
        open the database: the server's certificate is signed by nobody who is trusted; name the file with its authority's certificate as sslrootcert in the URL
        open the database: the server's certificate is signed by nobody who is trusted; name the file with its authority's certificate as sslrootcert in the URL
        open the database: the server's certificate is for another name; write the name that it is for as the host of the URL, or have it made for this one
        open the database: the server's certificate is for another name; write the name that it is for as the host of the URL, or have it made for this one"]]
    .assert_eq(&told.join("\n"));
    let Some(expired) = authority.server("db.example.edu", 2021) else { return };
    expect!["open the database: the server's certificate has expired; renew it, unless this machine's clock is wrong"]
        .assert_eq(&expired.opened("db.example.edu", &believing(&authority.file())).await);
}

#[tokio::test]
async fn what_was_to_be_secured_is_not_said_in_clear_to_a_server_without_tls() {
    let authority = Authority::new();
    let Some(server) = Reached::start(&[]) else { return };
    for (host, parameters) in [
        ("db.example.edu", believing(&authority.file())),
        ("db.example.edu", "&sslmode=prefer".to_owned()),
        ("localhost", "&sslmode=require".to_owned()),
    ] {
        expect!["open the database: the server offers no TLS; set `ssl = on` there, or write sslmode=disable in the URL if nobody can listen on the way"]
            .assert_eq(&server.opened(host, &parameters).await);
    }
}
