//! `mail`: previews, and a school's own texts.

use expect_test::expect;

use super::{below, call, said, school};

#[test]
fn a_mail_is_previewed_from_its_samples() {
    let text = said(&["mail", "preview"]);
    assert!(text.starts_with("Subject: Example School: 3 new issues"), "{text}");
    assert!(said(&["mail", "preview", "--format", "html"]).starts_with("<!DOCTYPE html>"));
    assert!(said(&["mail", "preview", "--format", "eml"]).contains("Content-Type: multipart/alternative"));
    let (code, _, error) = call(&["mail", "preview", "welcome"]);
    assert_eq!(code, 2);
    expect![[r#"
        error: failed to find the e-mail template "welcome": name one that Admin → Email Templates lists
    "#]]
    .assert_eq(&error);
}

#[test]
fn a_school_s_own_words_are_tried_before_they_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, store) = (school(&folder), below(&folder, "out"), below(&folder, "store"));
    said(&["run", &school, "--out", &out, "--store", &store]);
    let (words, own) = (folder.path().join("words"), below(&folder, "words"));
    let part = words.join("synchronization-issues/subject.txt");
    std::fs::create_dir_all(part.parent().unwrap()).unwrap();
    std::fs::write(&part, "{{ open_cuont }}").unwrap();
    for command in
        [&["mail", "save", &own, "--store", &store][..], &["run", &school, "--out", &out, "--templates", &own]]
    {
        let (code, _, error) = call(command);
        expect![[r#"
            2 error: failed to write an e-mail from its template: undefined value (in synchronization-issues/subject.txt:1); correct the template
        "#]]
        .assert_eq(&format!("{code} {error}"));
    }
    assert!(said(&["mail", "preview", "--store", &store]).starts_with("Subject: Example School: 3 new"));
    std::fs::write(&part, "{{ open_count }} for {{ school }}").unwrap();
    assert!(said(&["mail", "preview", "--templates", &own]).starts_with("Subject: 3 for Example School\n"));
    expect![[r#"
        Saved. In the school's own words: synchronization-issues/subject.txt
    "#]]
    .assert_eq(&said(&["mail", "save", &own, "--store", &store]));
    assert!(said(&["mail", "preview", "--store", &store]).starts_with("Subject: 3 for Example School\n"));
    std::fs::write(words.join("notes.txt"), "").unwrap();
    let (code, _, error) = call(&["mail", "save", &own, "--store", &store]);
    assert_eq!(code, 2);
    assert!(error.contains("notes.txt: it is no part of an e-mail template; name it"), "{error}");
    let variables = said(&["mail", "variables"]);
    assert!(variables.contains("│ open_count") && variables.contains("│ remedy"), "{variables}");
}
