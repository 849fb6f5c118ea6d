//! A mail server for the tests: it speaks SMTP on a port of this machine, in clear, with STARTTLS or encrypted from the
//! beginning, and does at each point of the conversation what a script says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A point of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Body,
    Noop,
}

/// What the server does at a point instead of what it should.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    Say(&'static str),
    FallSilent,
    Die,
}

/// How the server encrypts.
#[derive(Clone)]
pub(super) enum Security {
    Clear,
    Starttls(Arc<ServerConfig>),
    /// Somebody on the way took the offer out.
    Stripped,
    /// Somebody on the way adds this in clear behind the answer to STARTTLS.
    Injected(Arc<ServerConfig>, &'static str),
    Tls(Arc<ServerConfig>),
}

/// A mail as the server got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) text: String,
    pub(super) is_encrypted: bool,
    pub(super) user: Option<String>,
}

struct Shared {
    security: Security,
    /// The user and password that are asked for.
    account: Mutex<Option<(String, String)>>,
    script: Mutex<Vec<(At, Act)>>,
    received: Mutex<Vec<Received>>,
    /// The commands that arrived in clear.
    clear: Mutex<Vec<String>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// A server that runs until it is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start(security: Security, script: &[(At, Act)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            security,
            account: Mutex::default(),
            script: Mutex::new(script.to_vec()),
            received: Mutex::default(),
            clear: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                sessions.spawn(async move {
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
                    shared.most_open.fetch_max(open, Ordering::SeqCst);
                    serve(stream, &shared).await;
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, shared, task }
    }

    pub(super) fn ask_for(&self, user: &str, password: &str) {
        *self.shared.account.lock().unwrap() = Some((user.to_owned(), password.to_owned()));
    }

    pub(super) fn play(&self, script: &[(At, Act)]) {
        *self.shared.script.lock().unwrap() = script.to_vec();
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    pub(super) fn in_clear(&self) -> Vec<String> {
        self.shared.clear.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(super) fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

async fn serve(stream: TcpStream, shared: &Shared) {
    let encrypted = |config: &Arc<ServerConfig>| TlsAcceptor::from(Arc::clone(config));
    match &shared.security {
        Security::Tls(config) => {
            if let Ok(stream) = encrypted(config).accept(stream).await {
                Session::new(stream, shared, true).talk(true).await;
            }
        }
        Security::Clear | Security::Stripped => drop(Session::new(stream, shared, false).talk(true).await),
        Security::Starttls(config) | Security::Injected(config, _) => {
            let Some(stream) = Session::new(stream, shared, false).talk(true).await else { return };
            if let Ok(stream) = encrypted(config).accept(stream).await {
                Session::new(stream, shared, true).talk(false).await;
            }
        }
    }
}

struct Session<'s, S> {
    stream: BufReader<S>,
    shared: &'s Shared,
    is_encrypted: bool,
    user: Option<String>,
}

/// The connection is over.
struct Over;

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Session<'s, S> {
    fn new(stream: S, shared: &'s Shared, is_encrypted: bool) -> Self {
        Self { stream: BufReader::new(stream), shared, is_encrypted, user: None }
    }

    /// Talks until the end; some: until the client begins to encrypt.
    async fn talk(mut self, greets: bool) -> Option<S> {
        if greets && self.answer(At::Greeting, "220 mail.example.edu").await.is_err() {
            return None;
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let command = self.line().await.ok()?;
            if !self.is_encrypted {
                self.shared.clear.lock().unwrap().push(command.clone());
            }
            let word = command.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let done = match word.as_str() {
                "EHLO" => self.answer(At::Ehlo, &self.offers()).await,
                "STARTTLS" => {
                    let injected = if let Security::Injected(_, text) = self.shared.security { text } else { "" };
                    self.answer(At::StartTls, &format!("220 go{injected}")).await.ok()?;
                    return Some(self.stream.into_inner());
                }
                "AUTH" => self.authenticate(&command).await,
                "MAIL" => {
                    from = command;
                    self.answer(At::Mail, "250 2.1.0 ok").await
                }
                "RCPT" => {
                    to.push(command);
                    self.answer(At::Rcpt, "250 2.1.5 ok").await
                }
                "DATA" => self.data(&from, std::mem::take(&mut to)).await,
                "NOOP" => self.answer(At::Noop, "250 2.0.0 ok").await,
                "QUIT" => {
                    let _ = self.say("221 2.0.0 bye").await;
                    Err(Over)
                }
                _ => self.say("502 5.5.2 unknown").await,
            };
            done.ok()?;
        }
    }

    fn offers(&self) -> String {
        let mut lines = vec!["250-mail.example.edu", "250-8BITMIME"];
        if !self.is_encrypted && matches!(self.shared.security, Security::Starttls(_) | Security::Injected(..)) {
            lines.push("250-STARTTLS");
        } else if self.shared.account.lock().unwrap().is_some() {
            lines.push("250-AUTH PLAIN LOGIN");
        }
        lines.push("250 ENHANCEDSTATUSCODES");
        lines.join("\r\n")
    }

    async fn authenticate(&mut self, command: &str) -> Result<(), Over> {
        let told = STANDARD.decode(command.trim_start_matches("AUTH PLAIN ")).unwrap_or_default();
        let told = String::from_utf8_lossy(&told).into_owned();
        let account = self.shared.account.lock().unwrap().clone();
        if account.as_ref().is_some_and(|(user, password)| told == format!("\0{user}\0{password}")) {
            self.user = account.map(|(user, _)| user);
            self.answer(At::Auth, "235 2.7.0 ok").await
        } else {
            self.answer(At::Auth, "535 5.7.8 wrong").await
        }
    }

    async fn data(&mut self, from: &str, to: Vec<String>) -> Result<(), Over> {
        self.answer(At::Data, "354 go on").await?;
        if self.scripted(At::Data).is_some_and(|act| matches!(act, Act::Say(answer) if !answer.starts_with("354"))) {
            return Ok(());
        }
        let mut text = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        // Who dies here has the mail, and the answer is lost.
        let accepted = match self.scripted(At::Body) {
            None | Some(Act::Die) => true,
            Some(Act::Say(answer)) => answer.starts_with('2'),
            Some(Act::FallSilent) => false,
        };
        if accepted {
            let (from, is_encrypted, user) = (from.to_owned(), self.is_encrypted, self.user.clone());
            self.shared.received.lock().unwrap().push(Received { from, to, text, is_encrypted, user });
        }
        self.answer(At::Body, "250 2.0.0 queued").await
    }

    fn scripted(&self, at: At) -> Option<Act> {
        self.shared.script.lock().unwrap().iter().find(|(point, _)| *point == at).map(|(_, act)| *act)
    }

    async fn answer(&mut self, at: At, usual: &str) -> Result<(), Over> {
        match self.scripted(at) {
            None => self.say(usual).await,
            Some(Act::Say(answer)) => self.say(answer).await,
            Some(Act::FallSilent) => std::future::pending().await,
            Some(Act::Die) => Err(Over),
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Over> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes()).await.map_err(|_| Over)?;
        stream.flush().await.map_err(|_| Over)
    }

    /// A line as it was sent, which ends with both characters of a line end and has none of them inside.
    async fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await.map_err(|_| Over)?;
        let line = line.strip_suffix("\r\n").filter(|_| read > 0).ok_or(Over)?;
        assert!(!line.contains(['\r', '\n', '\0']), "a line end inside a line: {line:?}");
        Ok(line.to_owned())
    }
}
