//! `--log`: the filters it takes, where its lines go, and that no line shows a secret.

use tests::discretion::assert_discreet;

use super::{below, call, school};

#[test]
fn a_filter_that_cannot_be_read_is_wrong_input_with_a_remedy() {
    let (code, out, err) = call(&["demo", "--log", "host=loud"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.starts_with("error: failed to read the log filter \"host=loud\" of --log: "), "{err}");
    assert!(err.trim_end().ends_with("; write a level such as `info`, or `warn,host=debug`"), "{err}");
}

#[test]
fn the_log_changes_nothing_of_the_output_and_gives_nobody_away() {
    let folder = tempfile::tempdir().unwrap();
    let school = school(&folder);
    let run = |out: &str, log: &str| call(&["run", &school, "--json", "--out", &below(&folder, out), "--log", log]);
    let (quiet, loud) = (run("quiet", "off"), run("loud", "warn,host=trace,lab=trace,simulator=trace"));
    assert_eq!((quiet.0, loud.0), (0, 0), "{}{}", quiet.2, loud.2);
    let apart_from_measures = |text: &str| text.split("\"measured\"").next().unwrap().to_owned();
    assert_eq!(apart_from_measures(&quiet.1), apart_from_measures(&loud.1));
    assert_discreet(&loud.2);
}
