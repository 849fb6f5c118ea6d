//! What holds of every page, in both themes: nothing for axe to find, every control by keyboard alone, and nothing that
//! somebody typed into GEGI runs. Their pictures stand in `docs/console/`; `GEGI_PICTURES=1` takes them anew.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::super::bench::{Bench, course};
use super::super::demo::Demo;
use super::browser::{Browser, is_asked, with_browser};

/// Every page, by the name of its picture.
const PAGES: [(&str, &str); 19] = [
    ("schools", "/console"),
    ("courses", "/console/schools/college/courses"),
    ("rotations", "/console/schools/college/rotations"),
    ("failed", "/console/schools/demo/courses?status=failed"),
    ("course", "/console/schools/demo/courses/charting"),
    ("attendance", "/console/schools/demo/attendance"),
    ("classes", "/console/schools/demo/attendance/anatomy"),
    ("class", "/console/schools/demo/attendance/anatomy/anatomy-1"),
    ("student", "/console/schools/demo/attendance/anatomy/anatomy-1/S000008"),
    ("log", "/console/schools/demo/log"),
    ("last-attended", "/console/schools/demo/last-attended"),
    ("issues", "/console/schools/demo/issues"),
    ("holds", "/console/schools/demo/holds"),
    ("next", "/console/schools/demo/next"),
    ("settings", "/console/schools/demo/settings"),
    ("templates", "/console/schools/demo/templates"),
    ("journal", "/console/schools/demo/journal"),
    ("activity", "/console/schools/demo/activity"),
    ("demo", "/console/demo?school=demo"),
];

/// The controls of a page through which the Tab key goes; rows of long lists are alike.
const MOST: u64 = 40;
/// The Tab key, as `WebDriver` names it.
const TAB: &str = "\u{e004}";

/// The pages whose pictures stand in `docs/console/`.
const SHOWN: [&str; 8] = ["courses", "course", "class", "student", "settings", "holds", "activity", "templates"];

#[test]
fn every_page_is_accessible_in_both_themes_and_looks_as_the_documentation_shows() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    demo.go_to("2023-05-22T20:00:00Z");
    let demo = demo.without_college();
    demo.go_to("2023-05-29T17:00:00Z");
    let held = demo.ask("GET", "/v1/schools/demo/courses/phlebotomy-lab", &Value::Null);
    let mut empty = held.clone();
    (empty["students"], empty["revision"]) = (json!([]), json!(held["revision"].as_u64().unwrap() + 1));
    demo.ask("PUT", "/v1/schools/demo/courses/phlebotomy-lab", &empty);
    demo.go_to("2023-05-29T18:00:00Z");
    let address = demo.service.url();
    with_browser(&address, |browser| async move {
        browser.open("/console").await;
        let mut found = Vec::new();
        for theme in ["light", "dark"] {
            browser.theme(theme).await;
            for (name, path) in PAGES {
                browser.open(path).await;
                browser
                    .until(&format!(
                        "document.documentElement.dataset.theme === {theme:?} && document.querySelector('h1')"
                    ))
                    .await;
                found.extend(browser.axe().await.into_iter().map(|one| format!("{name}, {theme}: {one}")));
                found.extend(browser.complaints().await.into_iter().map(|one| format!("{name}, {theme}: {one}")));
                if SHOWN.contains(&name) {
                    keep(&browser, name, theme).await;
                }
            }
        }
        // On a phone nothing is wider than the page, and the status is in sight.
        browser.size(420, 900).await;
        for (name, path) in PAGES {
            browser.open(path).await;
            let wider =
                browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
            if wider != 0 {
                found.push(format!("{name} is {wider} wider than a phone"));
            }
        }
        assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
        assert_eq!(demo.service.end(), Some(0));
    });
}

/// Keeps the picture of the page that is shown, if somebody asks for pictures.
async fn keep(browser: &Browser, name: &str, theme: &str) {
    let picture = browser.picture().await;
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 10_000, "{name} has no picture");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/console");
    let file = folder.join(format!("{name}-{theme}.png"));
    if is_asked("GEGI_PICTURES") {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(&file, picture).unwrap();
    }
    assert!(file.exists(), "docs/console has no picture of {name}, {theme}; run this test with GEGI_PICTURES=1");
}

#[test]
fn every_control_is_reached_by_keyboard_alone() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).without_college();
    demo.go_to("2023-05-26T18:00:00Z");
    let address = demo.service.url();
    with_browser(&address, |browser| async move {
        for (name, path) in PAGES {
            browser.open(path).await;
            browser.until("!document.getElementById('clock')?.hidden").await;
            let script = "window.controls = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, [tabindex=\"0\"]')]\
                .filter((one) => one.checkVisibility() && !one.disabled && !one.closest('fieldset[disabled]'));\
                return window.controls.length";
            let all = browser.run(script).await.as_u64().unwrap().min(MOST);
            // The Tab key goes through all of them, in the order of the page, and each shows that it is chosen. A field for a
            // date has several stops of its own.
            let mut reached = BTreeSet::new();
            for _ in 0..all + 20 {
                browser.client.active_element().await.unwrap().send_keys(TAB).await.unwrap();
                let script = "const one = document.activeElement; const at = window.controls.indexOf(one);\
                     const style = getComputedStyle(one); const shows = style.outlineStyle !== 'none' || one.classList.contains('menu-box');\
                     return shows && at >= 0 ? at : one.outerHTML.slice(0, 160)";
                let at = browser.run(script).await;
                if at.is_string() && at.as_str().unwrap().starts_with("<body") {
                    break;
                }
                reached.insert(
                    at.as_u64()
                        .unwrap_or_else(|| panic!("{name}: {at} is no control, or does not show that it is chosen")),
                );
            }
            let missed: Vec<u64> = (0..all).filter(|at| !reached.contains(at)).collect();
            assert!(missed.is_empty(), "{name}: {missed:?} of {all}");
        }
        // A form is filled and sent with keys alone.
        browser.open("/console/schools/demo/settings").await;
        let field = "#weeks-before-start";
        browser.run(&format!("document.querySelector({field:?}).focus()")).await;
        browser.fill(field, "4\u{e007}").await;
        browser.until(&format!("document.querySelector({field:?}).defaultValue === '4'")).await;
        assert_eq!(demo.ask("GET", "/v1/schools/demo", &Value::Null)["settings"]["weeks-before-start"], 4);
        assert_eq!(demo.service.end(), Some(0));
    });
}

#[test]
fn what_people_type_is_shown_and_never_run() {
    let bench = Bench::new();
    bench.configure_console("open-on-loopback = true");
    let service = bench.serve();
    let hostile =
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u{202e}'\"&{{7*7}}";
    service.put("/v1/schools/north", &bench.school(json!({ "name": hostile })));
    bench.arm(&service, "north");
    let mut hostile_course = course(1);
    hostile_course["title"] = hostile.into();
    hostile_course["number"] = hostile.into();
    hostile_course["group"]["name"] = hostile.into();
    hostile_course["students"][0]["first-name"] = hostile.into();
    hostile_course["students"][1]["email"] = "".into();
    let (status, answer) = service.put("/v1/schools/north/courses/C1", &hostile_course);
    assert_eq!(status, 200, "{answer}");
    service.until("/v1/schools/north/issues?open=true", |issues| {
        issues["items"].as_array().is_some_and(|all| !all.is_empty())
    });
    let address = service.url();
    with_browser(&address, |browser| async move {
        let of_school = [
            "courses",
            "courses/C1",
            "attendance",
            "attendance/C1",
            "attendance/C1/C1-1",
            "attendance/C1/C1-1/S000001",
            "issues",
            "next",
            "settings",
            "journal",
            "log",
            "last-attended",
            "holds",
            "templates",
            "activity",
        ];
        let pages = of_school.iter().map(|page| format!("/console/schools/north/{page}"));
        let strange = [
            "/console/schools/north/courses?search=%3Cscript%3Ealert(1)%3C%2Fscript%3E&status=%22%3E",
            "/console/login?from=%22%3E%3Cscript%3E",
        ];
        let whole = pages.chain(["/console".to_owned()]).map(|page| (page, true));
        // An address that somebody made up is refused, of which the browser tells.
        let strange = strange.into_iter().map(|page| (page.to_owned(), false));
        for (page, is_whole) in whole.chain(strange) {
            browser.open(&page).await;
            browser.until("document.querySelector('h1')").await;
            let script =
                "return [document.title === 'owned', document.querySelectorAll('main img, main script').length]";
            assert_eq!(browser.run(script).await, json!([false, 0]), "{page}");
            let complaints = browser.complaints().await;
            assert!(!is_whole || complaints.is_empty(), "{page}: {complaints:?}");
        }
        browser.open("/console/schools/north/courses").await;
        let shown = browser.text("main").await;
        assert!(shown.contains("<script>document.title='owned'</script>"), "{shown}");
        assert_eq!(service.end(), Some(0));
    });
}
