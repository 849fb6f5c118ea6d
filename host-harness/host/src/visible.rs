//! Text for people's eyes. Names, titles and CourseKey's words come from outside, and a control character or one that
//! turns the direction of writing makes a table, a heading or a subject say something else than it holds.

/// The text with every character shown that is no character to read: blanks of lines and columns as a space, control
/// characters and those that direct or hide text as their code, such as `\u{202e}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Control characters, marks of direction, and characters without a width, by which two names that differ look alike.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_character_to_read_is_shown_by_its_code() {
        assert_eq!(visible("Ana Núñez 山田 – 5 €"), "Ana Núñez 山田 – 5 €");
        assert_eq!(visible("a\u{202e}b\u{1b}[31mc\nd\u{feff}"), "a\\u{202e}b\\u{1b}[31mc d\\u{feff}");
    }
}
