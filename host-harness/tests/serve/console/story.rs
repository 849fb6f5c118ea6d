//! The requirement's story as an administrator sees it: the option on, Scheduled, the window opens, Synchronized, an e-mail
//! breaks, Failed and its tooltip, mended, it recovers; a mark followed through an adjustment; a hold approved.

use serde_json::Value;

use super::super::demo::Demo;
use super::browser::with_browser;

/// The row of a course of the demo school in Education Group Details.
fn row(course: &str) -> String {
    format!("tr:has(a[href='/console/schools/demo/courses/{course}'])")
}

#[test]
fn a_course_goes_through_its_statuses_before_the_eyes_of_an_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).without_college();
    demo.go_to("2023-05-19T13:00:00Z");
    let address = demo.service.url();
    with_browser(&address, |browser| async move {
        browser.open("/console/schools/demo/courses").await;
        let pharmacology = row("pharmacology");
        let switch = format!("{pharmacology} .switch");
        // The option off and on again, weeks before the course's window opens.
        browser.until_says(&pharmacology, "Scheduled").await;
        browser.click(&switch).await;
        browser.open("/console/schools/demo/courses").await;
        browser.until_says(&pharmacology, "Disabled").await;
        browser.click(&switch).await;
        browser.open("/console/schools/demo/courses").await;
        browser.until_says(&pharmacology, "Scheduled").await;
        browser.until("document.documentElement.dataset.live").await;
        demo.go_to("2023-05-19T14:00:00Z");
        // An e-mail breaks.
        browser.until_says(&row("anatomy"), "Synchronized").await;
        browser.open("/console/demo?school=demo").await;
        browser.run("document.querySelector('select[name=course]').value = 'anatomy'").await;
        browser.click("button[value=email]").await;
        browser.until_says("h1", "Demo").await;
        browser.open("/console/schools/demo/courses").await;
        demo.go_to("2023-05-19T14:30:00Z");
        browser.until_says(&row("anatomy"), "Failed").await;
        // The reason in a tooltip: by keyboard, and by a click or tap.
        let pill = format!("{} .pill.failed", row("anatomy"));
        let tip = "document.querySelector('.tip:popover-open')";
        browser.run(&format!("document.querySelector({pill:?}).focus()")).await;
        browser.until(&format!("{tip}?.textContent.includes('e-mail')")).await;
        browser.run("document.activeElement.blur()").await;
        browser.until(&format!("!{tip}")).await;
        browser.click(&pill).await;
        browser.until(&format!("{tip}?.textContent.includes('e-mail')")).await;
        // Mended, it recovers.
        browser.open("/console/demo?school=demo").await;
        browser.run("document.querySelector('select[name=course]').value = 'anatomy'").await;
        browser.click("button[value=mend]").await;
        browser.until_says("h1", "Demo").await;
        browser.open("/console/schools/demo/courses").await;
        demo.go_to("2023-05-19T15:00:00Z");
        browser.until_says(&row("anatomy"), "Synchronized").await;
        // The window opens, and the option cannot be switched off any more.
        demo.go_to("2023-06-12T16:00:00Z");
        browser.until_says(&pharmacology, "Synchronized").await;
        browser.until_says(&pharmacology, "On, locked").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        assert_eq!(demo.service.end(), Some(0));
    });
}

#[test]
fn a_mark_is_followed_through_its_adjustment_and_set_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).without_college();
    demo.go_to("2023-05-26T18:00:00Z");
    let address = demo.service.url();
    with_browser(&address, |browser| async move {
        let class = "/console/schools/demo/attendance/anatomy/anatomy-1";
        browser.open(class).await;
        let row = |student: &str| format!("tr:has(a[href='{class}/{student}'])");
        browser.until_says(&row("S000003"), "came 4 min after the start").await;
        assert_eq!(browser.text(&format!("{} .mark", row("S000003"))).await, "L");
        let visits = browser
            .run(&format!(
                "return document.querySelectorAll('{} svg .visit').length",
                row("S000009").replace('\'', "\"")
            ))
            .await;
        assert_eq!(visits, 2, "a student who was away has two visits");
        // A mark set by hand.
        browser.open(&format!("{class}/S000007")).await;
        browser.until_says(".sentence", "came 16 min after the start").await;
        browser.click("button[name=mark][value=L]").await;
        browser.until_says(".panel", "A person, by hand").await;
        let marks = demo.ask("GET", "/v1/schools/demo/marks?class=anatomy-1", &Value::Null);
        let marks = marks["items"].as_array().unwrap().clone();
        let of = |student: &str| marks.iter().find(|mark| mark["student"] == student).unwrap()["mark"].clone();
        assert_eq!((of("S000007"), of("S000008")), ("L".into(), "A".into()));
        browser.open("/console/schools/demo/journal?person=S000007").await;
        browser.until_says("main", "the operator, in the console").await;
        // Staff adjust a record in CourseKey three days later: the page follows by itself, both versions side by side.
        browser.open(&format!("{class}/S000008")).await;
        browser.until_says(".sentence", "left 20 min before the end").await;
        browser.until("document.documentElement.dataset.live").await;
        demo.go_to("2023-05-29T16:00:00Z");
        browser.until("document.querySelector('.panel .mark').textContent === 'P'").await;
        browser.until_says(".version", "Adjusted: edit").await;
        browser.until("document.querySelectorAll('.history tbody tr').length === 2").await;
        let cell = |number: u32| format!(".history tbody tr td:nth-child({number})");
        let latest = [browser.text(&cell(3)).await, browser.text(&cell(4)).await, browser.text(&cell(5)).await];
        assert!(latest[2].starts_with("CourseKey, record a-1-8 version 2"), "{latest:?}");
        assert_eq!(latest[..2], ["A".to_owned(), "P".to_owned()]);
        // Why there is no mark: what is missing, and who mends it.
        browser.open(&format!("{class}/S000010")).await;
        browser.until_says("main", "never out").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        assert_eq!(demo.service.end(), Some(0));
    });
}

#[test]
fn a_list_that_arrives_empty_is_held_until_somebody_decides() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).without_college();
    demo.go_to("2023-05-19T13:00:00Z");
    let address = demo.service.url();
    with_browser(&address, |browser| async move {
        browser.open("/console/demo?school=demo").await;
        browser.run("document.querySelector('select[name=course]').value = 'anatomy'").await;
        browser.click("button[value=accident]").await;
        browser.until_says("h1", "Demo").await;
        browser.open("/console/schools/demo/holds").await;
        demo.go_to("2023-05-19T14:00:00Z");
        browser.until_says("main", "Students of anatomy").await;
        let enrolled = |number: u64| {
            let held = demo.ask("GET", "/v1/schools/demo/preview?course=anatomy", &Value::Null);
            assert_eq!(held["held"], number, "{held}");
        };
        enrolled(12);
        browser.click("button[value=approve]").await;
        browser.until_says("h1", "Holds").await;
        demo.go_to("2023-05-19T15:00:00Z");
        browser.until_says("main", "Nothing is held").await;
        enrolled(0);
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        assert_eq!(demo.service.end(), Some(0));
    });
}
