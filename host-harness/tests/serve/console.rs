//! The pages, in a real browser and without one. `access` is who gets in, `story` the requirement's story from start to
//! end, `pages` what holds of every page: accessible, by keyboard alone, nothing hostile runs, and their pictures in
//! `docs/`; `size` large schools.

#[path = "console/access.rs"]
mod access;
#[path = "console/browser.rs"]
mod browser;
#[path = "console/pages.rs"]
mod pages;
#[path = "console/size.rs"]
mod size;
#[path = "console/story.rs"]
mod story;
