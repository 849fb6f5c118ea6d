//! A hundred thousand hostile values in every place where a value may stand: none adds a header or a recipient.

use host::email::{OwnTexts, Templates};
use host::gegi::Value;

use super::server::{Security, Server};
use super::*;

/// Values of which some are put into one mail, and mails.
const LETTERS: usize = 20_000;
const MESSAGES: usize = 2_500;
/// Mails that are really sent.
const SENT: usize = 200;

/// What a hostile value is made of.
const PIECES: [&str; 44] = [
    "\r\nBcc: x@evil.example\r\n",
    "\nBcc: x@evil.example",
    "\rBcc: x@evil.example",
    "\r\n\r\n",
    "\r\n.\r\n",
    "\n.\n",
    "\r.\r",
    "\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<x@evil.example>\r\nDATA\r\n",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{b}",
    "\u{c}",
    "\0",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{202e}",
    "\u{feff}",
    "=?utf-8?q?=0D=0ABcc:_x@evil.example?=",
    "=?utf-8?b?DQpCY2M6IHhAZXZpbC5leGFtcGxl?=",
    "=?",
    "?=",
    ",",
    ";",
    ":",
    "<",
    ">",
    "@",
    "\"",
    "\\",
    "(",
    ")",
    "x@evil.example",
    "errors@example.edu",
    "--part-",
    "Content-Type: text/html",
    " ",
    "\t",
    "a",
    "é",
    "山田",
    "🦆",
    "<script>",
    "{{ school }}",
];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn value(&mut self) -> String {
        let pieces = 1 + self.below(6);
        let mut value: String = (0..pieces).map(|_| PIECES[self.below(PIECES.len())]).collect();
        if self.below(40) == 0 {
            value = value.repeat(1 + 2_000 / value.len());
        }
        value
    }

    fn recipient(&mut self) -> String {
        match self.below(4) {
            0 => RECIPIENT.to_owned(),
            1 => self.value(),
            2 => format!("{}{RECIPIENT}", self.value()),
            _ => format!("{RECIPIENT}{}", self.value()),
        }
    }
}

/// Asserts that a letter is what it should be, whatever was put into it.
fn assert_whole(letter: &Letter, recipient: &str, parts: usize) {
    let text = letter.text();
    assert_eq!(letter.to().to_string(), recipient.trim_matches(' '));
    assert!(recipient.matches('@').count() == 1 && !recipient.contains([',', ';', '<', '>', '\r', '\n', '\0']));
    let is_allowed = |b: u8| matches!(b, b' '..=b'~' | b'\r' | b'\n' | b'\t');
    assert!(text.bytes().all(is_allowed), "{text:?}");
    let told = letter.told();
    for line in told.split("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line:?}");
    }
    assert_eq!(told.find("\r\n.\r\n"), Some(told.len() - 5));
    let mail = mailparse::parse_mail(text.as_bytes()).unwrap();
    let keys: Vec<String> = mail.headers.iter().map(mailparse::MailHeader::get_key).collect();
    let mut expected =
        vec!["From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted", "MIME-Version", "Content-Type"];
    if parts == 0 {
        expected.push("Content-Transfer-Encoding");
    }
    assert!(keys.iter().all(|key| expected.contains(&key.as_str())), "{text}");
    assert_eq!(keys.len(), expected.len(), "{text}");
    let value = |key: &str| mail.headers.iter().find(|header| header.get_key() == key).unwrap().get_value();
    assert_eq!(value("To"), recipient.trim_matches(' '));
    assert_eq!(value("From"), FROM);
    let subject = value("Subject");
    assert!(
        !subject.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}')),
        "{subject:?}"
    );
    assert!(subject.chars().count() <= 250);
    assert_eq!(mail.subparts.len(), parts, "{text}");
    for part in &mail.subparts {
        let keys: Vec<String> = part.headers.iter().map(mailparse::MailHeader::get_key).collect();
        assert_eq!(keys, ["Content-Type", "Content-Transfer-Encoding"], "{text}");
        let body = part.get_body().unwrap();
        assert!(!body.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t')), "{body:?}");
    }
}

#[tokio::test]
async fn no_value_adds_a_header_or_a_recipient() {
    let (sender, mut numbers) = (Sender::parse(FROM).unwrap(), Numbers(0x9e37_79b9_7f4a_7c15));
    let (mut values, mut sent) = (0, Vec::new());
    for number in 0..LETTERS {
        let (recipient, id) = (numbers.recipient(), format!("letter/{number}"));
        let mail = Rendered { subject: numbers.value(), text: numbers.value(), html: numbers.value() };
        values += 4;
        let identity = MailIdentity { id: &id, at: 1_693_213_200, recipient: &recipient };
        let parts = if number % 4 == 0 { 0 } else { 2 };
        let letter = match parts {
            0 => Letter::to_operator(&sender, identity, &mail.subject, &mail.text),
            _ => Letter::of_school(&sender, identity, &mail),
        };
        if let Ok(letter) = letter {
            assert_whole(&letter, &recipient, parts);
            sent.push(letter);
        }
    }
    let templates = Templates::of_school(OwnTexts::default()).unwrap();
    for number in 0..MESSAGES {
        let (recipient, id) = (numbers.recipient(), format!("message/{number}"));
        let mut message = super::sink::message(&numbers.value(), &recipient);
        let names = ["sentence", "owner", "remedy", "code", "title", "course", "class", "person"];
        let row = names.map(|name| (name.to_owned(), numbers.value()));
        message.variables[2].1 = Value::Rows(vec![row.to_vec()]);
        values += 10;
        let identity = MailIdentity { id: &id, at: 1_693_213_200, recipient: &recipient };
        if let Ok(letter) = Letter::of_school(&sender, identity, &templates.render(&message).unwrap()) {
            assert_whole(&letter, &recipient, 2);
            sent.push(letter);
        }
    }
    assert!(values >= 100_000 && sent.len() > 5_000, "{values} values, {} letters", sent.len());
    assert_alike(&sent[sent.len() - SENT..]).await;
}

/// Sends letters and asserts that the server gets each of them, with one recipient, and nothing else.
async fn assert_alike(letters: &[Letter]) {
    let server = Server::start(Security::Clear, &[]).await;
    let transport = transport(&config(server.port, TlsMode::None, None), patient());
    for letter in letters {
        assert_eq!(transport.send(letter).await, Outcome::Sent);
    }
    let received = server.received();
    assert_eq!(received.len(), letters.len());
    for (mail, letter) in received.iter().zip(letters) {
        assert_eq!((mail.to.len(), mail.from.as_str()), (1, "MAIL FROM:<gegi@example.edu>"));
        assert_eq!(mail.text.trim_end(), letter.text().trim_end());
    }
}

#[test]
fn no_school_and_no_name_of_a_sender_adds_one_either() {
    let mut numbers = Numbers(7);
    for _ in 0..5_000 {
        let name = numbers.value();
        if let Ok(sender) = Sender::parse(&format!("{name} <gegi@example.edu>")) {
            let identity = MailIdentity { id: "one", at: 0, recipient: RECIPIENT };
            let letter = Letter::of_school(&sender, identity, &rendered()).unwrap();
            let mail = mailparse::parse_mail(letter.text().as_bytes()).unwrap();
            assert_eq!(mail.headers.len(), 8, "{name:?}: {}", letter.text());
            assert_eq!(letter.from().to_string(), "gegi@example.edu");
        }
    }
}
