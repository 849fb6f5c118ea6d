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
fn what_is_no_url_is_refused_without_repeating_it() {
    let error = Address::read("postgres://gegi:Welcome1@db.example.edu:port/gegi").err();
    assert!(matches!(error, Some(OpenError::Url)));
}
