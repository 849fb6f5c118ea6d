//! Large schools: pages stay quick.

use host::limits::Stopwatch;
use serde_json::json;

use super::super::bench::{Bench, OPERATOR, Service, course};
use super::browser::with_browser;

const COURSES: usize = 2_000;
const STUDENTS: usize = 500;

#[test]
fn two_thousand_courses_and_five_hundred_students_stay_quick() {
    let bench = Bench::new();
    bench.configure_console("open-on-loopback = true");
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    std::thread::scope(|scope| {
        for part in 0..4 {
            let service = &service;
            scope.spawn(move || {
                for number in (0..COURSES).filter(|number| number % 4 == part) {
                    let mut one = course(1);
                    let id = format!("C{number:04}");
                    one["id"] = id.clone().into();
                    one["classes"][0]["id"] = format!("{id}-1").into();
                    one["classes"][1]["id"] = format!("{id}-2").into();
                    if number == 0 {
                        let student = one["students"][0].clone();
                        let all = (0..STUDENTS).map(|number| {
                            let mut student = student.clone();
                            student["id"] = format!("S{number:06}").into();
                            student["email"] = format!("student{number:06}@example.edu").into();
                            student
                        });
                        one["students"] = all.collect();
                    }
                    assert_eq!(service.put(&format!("/v1/schools/north/courses/{id}"), &one).0, 200);
                }
            });
        }
    });
    // Without a key nothing is sent, and everything is known. Then the school stands, so that pages alone are measured.
    service.until_created("/v1/schools/north/preview?course=C0000", OPERATOR);
    service.post("/v1/schools/north/pause", &json!({}));
    while !metrics(&service).lines().any(|line| line == "gegi_ticks_running 0") {
        std::thread::yield_now();
    }
    let address = service.url();
    let pages = ["courses", "courses?search=c1", "attendance/C0000/C0000-1", "courses/C0000", "attendance", "log"];
    let statuses = || counted(&service, "get-status");
    for page in pages {
        let path = format!("/console/schools/north/{page}");
        let watch = Stopwatch::start();
        let answer = service.ask("GET", &path, &[], b"");
        let first = watch.elapsed();
        assert_eq!(answer.status, 200, "{}", answer.body);
        // The courses are read once for all who look, until something of the school changes: what somebody sees all day
        // asks the component for one course's status at most.
        let (before, watch) = (statuses(), Stopwatch::start());
        service.ask("GET", &path, &[], b"");
        let again = watch.elapsed();
        println!("{page}: {} bytes, {} ms, again {} ms", answer.body.len(), first.as_millis(), again.as_millis());
        assert!(statuses() <= before + 1, "{page} asks for every status again");
        assert!(answer.body.len() < 400_000, "{page} has {} bytes", answer.body.len());
    }
    let rows = service.ask("GET", "/console/schools/north/courses", &[], b"").body.matches("<tr>").count();
    assert_eq!(rows, 101, "a page of a list is a hundred courses and their heads");
    with_browser(&address, |browser| async move {
        for page in pages {
            browser.open(&format!("/console/schools/north/{page}")).await;
            let timing = "const one = performance.getEntriesByType('navigation')[0]; return [one.responseStart, one.domInteractive]";
            println!("{page}: first byte and usable after {} ms", browser.run(timing).await);
        }
        assert_eq!(service.end(), Some(0));
    });
}

fn metrics(service: &Service) -> String {
    service.ask("GET", "/metrics", &[], b"").body
}

/// How many calls of an export the service has counted.
fn counted(service: &Service, export: &str) -> u64 {
    let metrics = metrics(service);
    let lines = metrics.lines().filter(|line| line.starts_with("gegi_component_call_seconds_count{"));
    let of_export = lines.filter(|line| line.contains(export));
    of_export.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
