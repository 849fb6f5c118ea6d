//! The pieces that pages are made of: status pills with their reason, counts, panels, forms.

use maud::{Markup, html};

use crate::told::Standing;
use crate::visitor::Visitor;

/// A word with a capital letter, a hyphen as a blank: `group-course` becomes `Group course`.
pub(crate) fn capital(word: &str) -> String {
    let word = word.replace('-', " ");
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A number with its noun, in the plural unless it is one.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = match noun {
        "class" => "classes".to_owned(),
        noun => format!("{noun}s"),
    };
    format!("{number} {}", if number == 1 { noun } else { &plural })
}

/// A pill in the colour of its kind.
pub(crate) fn pill(kind: &str, word: &str) -> Markup {
    html! { span .pill .(kind) { (word) } }
}

/// The status of a course. Its reason is in a tooltip that opens by mouse, keyboard and touch.
pub(crate) fn status(standing: &Standing) -> Markup {
    match &standing.reason {
        Some(reason) => {
            explained(&format!("why-{}", standing.course), &standing.status, &capital(&standing.status), reason)
        }
        None => pill(&standing.status, &capital(&standing.status)),
    }
}

/// A pill whose reason is in a tooltip. `id` is that of the tooltip in the page.
pub(crate) fn explained(id: &str, kind: &str, word: &str, reason: &str) -> Markup {
    let id = anchor(id);
    html! {
        button type="button" .pill .(kind) .explained popovertarget=(id) aria-describedby=(id) { (word) }
        div .tip popover id=(id) role="tooltip" { strong { (word) } p { (reason) } }
    }
}

/// An id of the page, of letters, digits and hyphens: ids of GEGI have any characters.
fn anchor(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_string() } else { format!("_{:x}", u32::from(c)) })
        .collect()
}

/// The pill of a mark.
pub(crate) fn mark(letter: &str) -> Markup {
    let (kind, word) = match letter {
        "P" => ("present", "Present"),
        "L" => ("late", "Late"),
        "A" => ("absent", "Absent"),
        _ => ("disabled", "no mark"),
    };
    html! { span .pill .(kind) .mark title=(word) { (letter) } }
}

/// A number that leads to the list behind it.
pub(crate) struct Card {
    pub(crate) number: String,
    pub(crate) what: String,
    /// The address of the list.
    pub(crate) list: String,
    /// `good`, `wait`, `bad` or nothing.
    pub(crate) tone: &'static str,
    /// Whether the page shows that list.
    pub(crate) is_shown: bool,
}

/// Cards side by side.
pub(crate) fn cards(cards: &[Card]) -> Markup {
    html! {
        div .cards {
            @for card in cards {
                a .card .(card.tone) href=(card.list) aria-current=[card.is_shown.then_some("true")] {
                    strong { (card.number) } span { (card.what) }
                }
            }
        }
    }
}

/// A panel with a heading, and something beside the heading.
pub(crate) fn panel(title: &str, beside: Markup, body: Markup) -> Markup {
    html! {
        section .panel {
            header { h2 { (title) } div .beside { (beside) } }
            (body)
        }
    }
}

/// A table that scrolls by itself where it is too wide, also by keyboard.
pub(crate) fn table(label: &str, heads: &[&str], rows: Markup) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label=(label) {
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// A row that says why a table is empty.
pub(crate) fn nothing(sentence: &str) -> Markup {
    html! { p .nothing { (sentence) } }
}

/// Names and values.
pub(crate) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! { dl .facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

/// The way to the next page of a list.
pub(crate) fn further(next: Option<&str>) -> Markup {
    html! { @if let Some(next) = next { nav .further aria-label="Pages" { a .button href=(next) { "Next page" } } } }
}

/// A form that changes something; a visitor who may look alone does not get it.
pub(crate) fn form(visitor: &Visitor, action: &str, body: Markup) -> Markup {
    html! {
        @if visitor.may_change() {
            form method="post" action=(action) {
                input type="hidden" name="form-token" value=(visitor.form_token);
                (body)
            }
        }
    }
}

/// A form of one button.
pub(crate) fn act(visitor: &Visitor, action: &str, word: &str, class: &str) -> Markup {
    form(visitor, action, html! { button .button .(class) { (word) } })
}

/// Who can mend something.
pub(crate) fn owner(word: &str) -> Markup {
    let (name, kind) = match word {
        "school" => ("School", "owner-school"),
        "coursekey" => ("CourseKey", "owner-coursekey"),
        _ => ("GEGI", "owner-gegi"),
    };
    html! { span .owner .(kind) { (name) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ids_are_made_fit() {
        assert_eq!(
            (capital("never-checked-out"), count(1, "class"), count(2, "class")),
            ("Never checked out".into(), "1 class".into(), "2 classes".into())
        );
        assert_eq!(anchor("why-a/b\" c"), "why-a_2fb_22_20c");
        let shown = explained("x", "failed", "Failed", "<script>alert(1)</script>").into_string();
        assert!(shown.contains("&lt;script&gt;") && !shown.contains("<script>"), "{shown}");
    }
}
