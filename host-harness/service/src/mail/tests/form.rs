//! The form of a mail, and what is wrong with a table.

use expect_test::expect;

use super::*;

#[test]
fn a_mail_has_the_headers_of_a_mail_of_a_machine() {
    assert_eq!(letter("school/7"), letter("school/7"));
    expect![[r#"
        From: GEGI <gegi@example.edu>
        To: canaria@example.edu
        Subject: =?utf-8?b?UHLDvGZ1bmc6?= 1 issue
        Message-ID: <ce9d05f1ed688bdfbe5e6bf4307e4feb@example.edu>
        Date: Mon, 28 Aug 2023 09:00:00 +0000
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: multipart/alternative;
         boundary="part-ce9d05f1ed688bdfbe5e6bf4307e4feb"

        --part-ce9d05f1ed688bdfbe5e6bf4307e4feb
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        .A line.

        --part-ce9d05f1ed688bdfbe5e6bf4307e4feb
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: 7bit

        <p>A line.</p>

        --part-ce9d05f1ed688bdfbe5e6bf4307e4feb--
    "#]]
    .assert_eq(&letter("school/7").text().replace('\r', ""));
}

#[test]
fn a_mail_to_the_operator_is_plain() {
    let identity = MailIdentity { id: "operator/1", at: 0, recipient: "operator@example.edu" };
    let sender = Sender::parse("gegi@example.edu").unwrap();
    let letter = Letter::to_operator(&sender, identity, "A school\r\nBcc: x@example.com", "One.\r.\r\nTwo.\0").unwrap();
    expect![[r#"
        From: gegi@example.edu
        To: operator@example.edu
        Subject: A school Bcc: x@example.com
        Message-ID: <4662352765d78160048c5153bd2059ed@example.edu>
        Date: Thu, 01 Jan 1970 00:00:00 +0000
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        One.
        .
        Two.
    "#]]
    .assert_eq(&letter.text().replace('\r', ""));
}

#[test]
fn a_full_stop_at_the_beginning_of_a_line_ends_no_mail() {
    let told = letter("one").told();
    assert!(told.contains("\r\n..A line.\r\n"), "{told}");
    assert_eq!(told.matches("\r\n.\r\n").count(), 1);
    assert!(told.ends_with("\r\n.\r\n"));
}

#[test]
fn a_subject_that_looks_encoded_is_encoded_and_long_ones_stay_whole() {
    let mail = |subject: &str| {
        let identity = MailIdentity { id: "one", at: 0, recipient: RECIPIENT };
        let letter = Letter::to_operator(&Sender::parse(FROM).unwrap(), identity, subject, "").unwrap();
        let parsed = mailparse::parse_mail(letter.text().as_bytes()).unwrap();
        parsed.headers.iter().find(|header| header.get_key() == "Subject").unwrap().get_value()
    };
    for subject in ["=?utf-8?q?=0D=0ABcc:_x@example.com?=", &"=?é".repeat(60), &"出席 ".repeat(60), "plain"] {
        let subject = subject.trim_end();
        assert_eq!(mail(subject), subject);
    }
    assert_eq!(mail(&"x".repeat(1_000)), "x".repeat(250));
}

#[test]
fn one_plain_address_is_a_recipient_and_nothing_else() {
    let identity = |recipient| MailIdentity { id: "one", at: 0, recipient };
    let sender = Sender::parse(FROM).unwrap();
    for good in ["errors@example.edu", " a.b+c@mail.example.edu ", "x@xn--bcher-kva.example"] {
        assert_eq!(Letter::of_school(&sender, identity(good), &rendered()).unwrap().to().to_string(), good.trim());
    }
    for bad in [
        "",
        "errors",
        "a@b.example,c@d.example",
        "a@b.example c@d.example",
        "A <a@b.example>",
        "<a@b.example>",
        "\"a b\"@example.edu",
        "a@[127.0.0.1]",
        "a@b@example.edu",
        "a@example.edu\r\nBcc: c@d.example",
        "a\0@example.edu",
        "é@example.edu",
        "a@bücher.example",
        "a@-",
        "a@",
        "@example.edu",
    ] {
        assert!(Letter::of_school(&sender, identity(bad), &rendered()).is_err(), "{bad}");
    }
}

fn parse(text: &str) -> Result<MailConfig, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn a_table_is_read_and_unknown_keys_are_refused() {
    let text = "transport = \"smtp\"\nhost = \"mail.example.edu\"\nport = 2525\ntls = \"tls\"\nuser = \"gegi\"\nfrom = \"GEGI <gegi@example.edu>\"\n";
    let config = parse(text).unwrap();
    assert_eq!((config.check(), config.port(), config.tls), (vec![], 2525, TlsMode::Tls));
    assert!(config.needs_password());
    let least = parse("transport = \"smtp\"\nhost = \"mail.example.edu\"\nfrom = \"gegi@example.edu\"\n").unwrap();
    assert_eq!((least.check(), least.port(), least.needs_password()), (vec![], 587, false));
    assert!(parse("transport = \"smtp\"\nstarttls = true\n").unwrap_err().to_string().contains("starttls"));
    assert!(parse("transport = \"carrier-pigeon\"\n").is_err());
    assert_eq!(MailConfig::default().check(), []);
    assert_eq!(parse("transport = \"none\"\n").unwrap(), MailConfig::default());
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_key_and_remedy() {
    let tables = [
        "transport = \"smtp\"",
        "transport = \"smtp\"\nhost = \"smtp://mail.example.edu:25\"\nfrom = \"gegi\"\nport = 0\nuser = \" \"",
        "transport = \"smtp\"\nhost = \"mail.example.edu\"\ntls = \"none\"\nfrom = \"gegi@example.edu\"",
        "transport = \"smtp\"\nhost = \"::1\"\ntls = \"none\"\nca = \"ca.pem\"\nfrom = \"gegi@example.edu\"",
        "transport = \"smtp\"\nhost = \"mail.example.edu\"\nca = \"/no/such/file\"\nfrom = \"a@example.edu, b@example.edu\"",
        "transport = \"smtp\"\nhost = \"mail.example.edu\"\nca = \"Cargo.toml\"\nfrom = \"gegi@example.edu\"",
        "transport = \"folder\"",
    ];
    let said = tables.map(|table| {
        let problems: Vec<String> = parse(table).unwrap().check().iter().map(ToString::to_string).collect();
        problems.join("\n")
    });
    expect![[r#"
        mail.host: it is missing; name the mail server, such as mail.example.edu
        mail.from: it is missing; write an address such as GEGI <gegi@example.edu>

        mail.host: it is no name or address of a machine; write a name such as mail.example.edu, without port or scheme
        mail.port: 0 is no port; use 587 for starttls, 465 for tls
        mail.user: it is empty; name the user, or leave the key out
        mail.from: it is not one plain e-mail address of letters, digits and .!#$%&'*+/=?^_`{|}~- before an @ and a domain; write an address such as GEGI <gegi@example.edu>

        mail.tls: "none" would show mails and the password to the network; use "starttls" or "tls"; "none" is for a server on this machine

        mail.ca: nothing is encrypted; set tls, or leave ca out

        mail.ca: cannot read it: No such file or directory (os error 2); name a PEM file with the certificates that sign the mail server's
        mail.from: it is not one plain e-mail address of letters, digits and .!#$%&'*+/=?^_`{|}~- before an @ and a domain; write an address such as GEGI <gegi@example.edu>

        mail.ca: it holds no certificate that can be read; name a PEM file with the certificates that sign the mail server's

        mail.folder: it is missing; name the folder for the .eml files
        mail.from: it is missing; write an address such as GEGI <gegi@example.edu>"#]].assert_eq(&said.join("\n\n"));
}
