//! PostgreSQL keeps the contract, alone and with two stores on one database; and what is its own: schema, URL, a server
//! that was started again.

use std::sync::Arc;

use chrono::DateTime;
use host::store::postgres::OpenError;
use host::store::{Change, Commit, PostgresStore, Store, StoreError, contract};
use tests::postgres::{Server, execute, number};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::bench::school;

fn wait<T>(future: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(future))
}

/// An empty database, which can be opened any number of times.
fn place(server: &Server) -> impl contract::Place {
    let url = wait(server.database());
    move || -> Arc<dyn Store> { Arc::new(wait(PostgresStore::open_with(&url, 4)).unwrap()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_keeps_the_contract() {
    let Some(server) = Server::shared() else { return };
    contract::verify(|| place(server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hosts_on_one_postgres_keep_the_contract() {
    let Some(server) = Server::shared() else { return };
    contract::verify_shared(|| place(server)).await;
}

async fn failure(url: &str) -> String {
    PostgresStore::open(url).await.err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    drop(PostgresStore::open(&url).await.unwrap());
    execute(&url, "UPDATE schema_version SET version = 99").await;
    let expected =
        "open the database: its schema is 99, this version knows 1; run the version that wrote it, or a later one";
    assert_eq!(failure(&url).await, expected);
}

#[tokio::test]
async fn somebody_elses_database_is_refused_and_left_alone() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    execute(&url, "CREATE TABLE state (theirs text)").await;
    assert!(matches!(PostgresStore::open(&url).await.err(), Some(OpenError::Foreign)));
    assert_eq!(number(&url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_make_one_schema() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let open = || {
        let url = url.clone();
        tokio::spawn(async move { PostgresStore::open(&url).await.map(drop) })
    };
    for opened in [open(), open(), open(), open()] {
        opened.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_without_the_password() {
    let told = failure("postgres://school:Welcome1@127.0.0.1:1/schools").await;
    assert_eq!(
        told,
        "open the database: PostgreSQL cannot be reached: Connection refused (os error 111); \
         see that it runs and lets this program in, then try again"
    );
    let told = failure("postgres://school:Welcome1@127.0.0.1:x/schools").await;
    assert!(!told.contains("Welcome1") && told.starts_with("read the URL of the database"), "{told}");
}

async fn put(store: &PostgresStore, value: u32) -> Result<u64, StoreError> {
    let changes = vec![Change { key: "key".into(), value: Some(value.to_be_bytes().to_vec()) }];
    store.commit(&school(), Commit { changes, ..Commit::new(DateTime::UNIX_EPOCH) }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_on_after_its_server_was_killed_and_started_again() {
    let Some(mut server) = Server::start() else { return };
    let url = server.database().await;
    let store = PostgresStore::open(&url).await.unwrap();
    put(&store, 1).await.unwrap();
    server.kill();
    let down = put(&store, 2).await.unwrap_err();
    assert!(matches!(down, StoreError::Unavailable { .. }) && down.is_passing(), "{down}");
    server.restart();
    // A connection whose loss is not known yet may fail one commit more.
    let mut made = put(&store, 3).await;
    if made.is_err() {
        made = put(&store, 3).await;
    }
    assert_eq!(made.unwrap(), 2);
    let found = store.get_many(&school(), &["key".to_owned()]).await.unwrap();
    assert_eq!(found, [Some(3_u32.to_be_bytes().to_vec())]);
}

#[tokio::test]
async fn what_postgres_refuses_is_told_without_quoting_it() {
    tests::discretion::watch();
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let store = PostgresStore::open(&url).await.unwrap();
    let payload = "Student 000001 \0".to_owned();
    let commit = Commit { records: vec![payload.into()], ..Commit::new(DateTime::UNIX_EPOCH) };
    let failure = store.commit(&school(), commit).await.unwrap_err();
    let expected = "use the storage: PostgreSQL answers with the code 22021; see that it is there and may be written \
                    to, then try again";
    assert_eq!(failure.to_string(), expected);
    assert_eq!(store.standing(&school()).await.unwrap().commits, 0);
}
