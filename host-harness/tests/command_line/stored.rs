//! Folders that `--store` names: what lies in them, and which are refused.

use expect_test::expect;

use super::{below, call, said, school};

#[test]
fn a_school_is_stored_in_one_file_beside_what_coursekey_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, store) = (school(&folder), below(&folder, "out"), below(&folder, "store"));
    said(&["run", &school, "--out", &out, "--store", &store]);
    let mut files: Vec<_> = std::fs::read_dir(&store)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("host.sqlite-") && name != "host.sqlite.lock")
        .collect();
    files.sort_unstable();
    assert_eq!(files, ["host.sqlite", "simulator.jsonl"]);
}

#[test]
fn a_folder_of_an_earlier_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, store) = (school(&folder), below(&folder, "out"), below(&folder, "store"));
    std::fs::create_dir(&store).unwrap();
    std::fs::write(folder.path().join("store/gegi.sqlite"), "").unwrap();
    for command in [&["run", &school, "--out", &out, "--store", &store][..], &["marks", "--store", &store]] {
        let (code, _, error) = call(command);
        expect![[r#"
            2 error: failed to use the folder FOLDER: an earlier version kept the school there (gegi.sqlite); play the school directory into another folder
        "#]]
        .assert_eq(&format!("{code} {}", error.replace(&store, "FOLDER")));
    }
    assert_eq!(std::fs::read_dir(&store).unwrap().count(), 1);
}
