//! The transport against a mail server that others wrote, aiosmtpd. Without it this says so and passes; with
//! `GEGI_REQUIRE_AIOSMTPD=1` it is installed, and a machine on which that fails does not pass.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::certificates::Authority;
use super::*;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/mail/tests/mail_server.py");
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/mail/tests/requirements.txt");

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A Python that has aiosmtpd: the one in the build's directory, which is put there if it is required.
fn python() -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods)] // Whoever runs the tests says whether the server is required.
    let is_required = std::env::var("GEGI_REQUIRE_AIOSMTPD").is_ok_and(|value| value == "1");
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().find(|folder| folder.ends_with("target")).unwrap_or(Path::new("target"));
    let venv = target.join("hosts/aiosmtpd");
    let python = venv.join("bin/python");
    let has_server = |python: &Path| succeeds(Command::new(python).args(["-c", "import aiosmtpd"]));
    if is_required && !has_server(&python) {
        assert!(
            succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv)),
            "make {}",
            venv.display()
        );
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", REQUIREMENTS];
        assert!(succeeds(Command::new(&python).args(pip)), "install aiosmtpd");
    }
    [python, PathBuf::from("python3")].into_iter().find(|python| has_server(python))
}

/// The server, which ends when its input does.
struct Aiosmtpd {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Aiosmtpd {
    fn start(python: &Path, ca: &Authority, mode: &str) -> Self {
        let (certificate, key) = ca.files("127.0.0.1");
        let mut command = Command::new(python);
        command.arg(SCRIPT).args([certificate, key]).args([mode, USER, PASSWORD]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Self { child, input, output, port: 0 };
        server.port = server.line().parse().expect("aiosmtpd did not start");
        server
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_mail_server_of_others_takes_what_is_sent() {
    let Some(python) = python() else {
        eprintln!("aiosmtpd is not here, so nothing was sent to it; GEGI_REQUIRE_AIOSMTPD=1 installs it");
        return;
    };
    let (ca, other) = (Authority::new(), Authority::new());
    for (mode, tls) in [("starttls", TlsMode::Starttls), ("tls", TlsMode::Tls)] {
        let mut server = Aiosmtpd::start(&python, &ca, mode);
        let config = with_user(config(server.port, tls, Some(ca.file())));
        let transport = transport(&config, patient());
        for id in ["one", "two"] {
            assert_eq!(transport.send(&letter(id)).await, Outcome::Sent, "{mode}");
            let mail: serde_json::Value = serde_json::from_str(&server.line()).unwrap();
            assert_eq!((mail["from"].as_str(), mail["to"][0].as_str()), (Some("gegi@example.edu"), Some(RECIPIENT)));
            assert_eq!(mail["to"].as_array().unwrap().len(), 1);
            assert_eq!(mail["text"].as_str().unwrap().trim_end(), letter(id).text().trim_end());
        }
        transport.set_password(Some(SecretString::from("another one")));
        let outcome = transport.send(&letter("three")).await;
        assert!(matches!(outcome, Outcome::Stopped { why: crate::mail::Stop::Authentication(_), .. }), "{outcome:?}");
        let untrusting = MailConfig { ca: Some(other.file()), ..config };
        let outcome = super::transport(&untrusting, patient()).send(&letter("four")).await;
        assert!(matches!(outcome, Outcome::Stopped { why: crate::mail::Stop::Certificate(_), .. }), "{outcome:?}");
    }
}
