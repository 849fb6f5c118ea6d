//! Which ways to a database are secured.

use super::{Address, OpenError};

fn is_secured(url: &str) -> bool {
    Address::read(url).unwrap().tls.is_some()
}

#[test]
fn the_way_to_another_machine_is_secured_unless_the_url_says_otherwise() {
    assert!(is_secured("postgres://gegi@db.example.edu/gegi"));
    assert!(is_secured("postgres://gegi@db.example.edu/gegi?sslmode=prefer"));
    assert!(is_secured("postgres://gegi@db.example.edu/gegi?sslmode=require"));
    assert!(is_secured("postgres://gegi@localhost,db.example.edu/gegi"));
    assert!(is_secured("host=localhost hostaddr=192.0.2.1 user=gegi"));
    assert!(!is_secured("postgres://gegi@db.example.edu/gegi?sslmode=disable"));
}

#[test]
fn the_way_inside_a_machine_is_secured_if_the_url_says_so_and_a_socket_never() {
    assert!(!is_secured("postgres://gegi@localhost/gegi"));
    assert!(!is_secured("postgres://gegi@127.0.0.1/gegi"));
    assert!(!is_secured("postgres://gegi@[::1]/gegi"));
    assert!(is_secured("postgres://gegi@localhost/gegi?sslmode=require"));
    assert!(!is_secured("postgres://gegi@%2Fvar%2Frun%2Fpostgresql/gegi"));
    assert!(!is_secured("host=/var/run/postgresql user=gegi sslmode=require"));
}

#[test]
fn a_file_of_authorities_asks_for_tls_and_is_read_when_the_url_is() {
    let folder = tempfile::tempdir().unwrap();
    let authority = rcgen::generate_simple_self_signed(["db.example.edu".to_owned()]).unwrap();
    // A name with a blank is written as in any URL.
    let file = folder.path().join("the ca.pem");
    std::fs::write(&file, authority.cert.pem()).unwrap();
    let at = file.display().to_string().replace(' ', "%20");
    assert!(is_secured(&format!("postgres://gegi:what?@localhost/gegi?sslrootcert={at}")));
    assert!(is_secured(&format!(
        "postgres://gegi@localhost/gegi?connect_timeout=3&sslrootcert={at}&sslmode=verify-full"
    )));
    assert!(is_secured("postgres://gegi@localhost/gegi?sslrootcert=system"));
    assert!(is_secured("postgresql://gegi@localhost/gegi?sslmode=verify-ca"));
    assert!(!is_secured(&format!("postgres://gegi@localhost/gegi?sslmode=disable&sslrootcert={at}")));
    let refused = |url: &str| Address::read(url).err().map(|error| error.to_string()).unwrap_or_default();
    let relative =
        "read the URL of the database: write the whole path of the file at sslrootcert, or sslrootcert=system";
    assert_eq!(refused("postgres://gegi@db.example.edu/gegi?sslrootcert=ca.pem"), relative);
    let absent = refused(&format!("postgres://gegi@db.example.edu/gegi?sslrootcert={at}.other"));
    assert!(
        absent.contains("No such file") && absent.contains("name a file of one or more certificates as PEM"),
        "{absent}"
    );
    assert!(matches!(Address::read("postgres://gegi@localhost/gegi?sslmode=verify").err(), Some(OpenError::Url)));
}

#[test]
fn what_is_no_url_is_refused_without_repeating_it() {
    let error = Address::read("postgres://gegi:Welcome1@db.example.edu:port/gegi").err();
    assert!(matches!(error, Some(OpenError::Url)));
}
