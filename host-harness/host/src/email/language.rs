//! The language of a school's own mail templates: a part of Jinja whose cost is bounded. A template comes from outside,
//! so it is checked before the template engine sees it. What the engine does not bound itself is left out:
//!
//! | Left out | Because |
//! |---|---|
//! | deep nesting, long tags | the engine calls itself once a level, and the stack ends |
//! | macros, blocks, recursive loops, including own parts | a template that calls itself |
//! | `~`, `+`, `*`, lists and variables made of variables | a text that doubles grows beyond all memory in some twenty steps |
//! | calling functions, filters that are not named here | their work is not counted as steps |
//!
//! Not here: the steps and the size of what is written, which the engine and the page count (`template`).

/// The most tokens of one tag.
const TOKENS: usize = 200;
/// The most tags that are open within one another; an `elif` counts as one more.
const OPEN_TAGS: usize = 40;
/// The most parentheses that are open within one another, and the most signs and `not`s of one tag.
const DEPTH: usize = 20;

/// The statements of the language.
const STATEMENTS: [&str; 8] = ["if", "elif", "else", "endif", "for", "endfor", "set", "include"];
/// The filters of the language.
const FILTERS: [&str; 14] = [
    "selectattr",
    "rejectattr",
    "length",
    "count",
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "default",
    "d",
    "first",
    "last",
    "escape",
];

/// Why a text is not of the language: the line, and what is wrong in words that follow "line 3 ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {problem}")]
pub struct NotOfTheLanguage {
    line: usize,
    problem: String,
}

/// Checks that a text is of the language. Whether it is well formed is the engine's to say.
///
/// # Errors
/// The first place that is not of the language.
pub(super) fn check(text: &str) -> Result<(), NotOfTheLanguage> {
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find("{%").into_iter().chain(rest.find("{{")).chain(rest.find("{#")).min() {
        let line = line_of(text, text.len() - rest.len() + begin);
        let wrong = |problem: String| NotOfTheLanguage { line, problem };
        let (kind, inside) = rest.split_at(begin).1.split_at(2);
        let after = if kind == "{#" {
            inside.split_once("#}").map_or("", |(_, after)| after)
        } else {
            let close = if kind == "{%" { "%}" } else { "}}" };
            let (tokens, after) = tokens(inside, close).map_err(wrong)?;
            let of_tag = if kind == "{%" { statement(&tokens, &mut open) } else { expression(&tokens) };
            of_tag.map_err(wrong)?;
            after
        };
        rest = after;
    }
    Ok(())
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Name(&'t str),
    Number,
    Text(&'t str),
    Sign(char),
}

/// The tokens of a tag, and the text behind the tag. A tag that does not end takes the rest of the text.
fn tokens<'t>(inside: &'t str, close: &str) -> Result<(Vec<Token<'t>>, &'t str), String> {
    let mut rest = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        let closing = rest.strip_prefix(['-', '+']).and_then(|rest| rest.strip_prefix(close));
        if let Some(after) = rest.strip_prefix(close).or(closing) {
            return Ok((tokens, after));
        }
        let Some(first) = rest.chars().next() else { return Ok((tokens, "")) };
        if tokens.len() >= TOKENS {
            return Err(format!("has a tag of more than {TOKENS} words and signs"));
        }
        let length = match first {
            '"' | '\'' => length_of_text(rest, first),
            first if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(match first {
            '"' | '\'' => Token::Text(token),
            '0'..='9' => Token::Number,
            first if is_word(first) => Token::Name(token),
            first => Token::Sign(first),
        });
        rest = after;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The bytes of a quoted text, with its quotes. A text that does not end takes the rest.
fn length_of_text(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Checks the tag of a statement. `open` has an entry for each tag that is open: how many levels it takes.
fn statement(tokens: &[Token<'_>], open: &mut Vec<usize>) -> Result<(), String> {
    let Some((Token::Name(name), rest)) = tokens.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err("has a tag without a statement".to_owned());
    };
    if !STATEMENTS.contains(&name) {
        return Err(format!("uses {name}; a mail's text uses {}", STATEMENTS.join(", ")));
    }
    match name {
        "if" | "for" => open.push(1),
        "elif" => {
            if let Some(levels) = open.last_mut() {
                *levels += 1;
            }
        }
        "endif" | "endfor" => drop(open.pop()),
        _ => {}
    }
    if open.iter().sum::<usize>() > OPEN_TAGS {
        return Err(format!("opens more than {OPEN_TAGS} tags within one another"));
    }
    match name {
        "set" => constant(rest),
        "include" => include(rest),
        "for" => {
            let of_what = rest.iter().position(|token| *token == Token::Name("in")).map_or(rest.len(), |at| at + 1);
            expression(rest.get(of_what..).unwrap_or_default())
        }
        _ => expression(rest),
    }
}

/// Checks what a `set` names: names of its own, and texts, numbers and lists of these.
fn constant(tokens: &[Token<'_>]) -> Result<(), String> {
    let value = tokens.iter().position(|token| *token == Token::Sign('=')).map_or(0, |at| at + 1);
    let is_constant = |token: &&Token<'_>| match token {
        Token::Text(_) | Token::Number | Token::Name("true" | "false" | "none") => true,
        Token::Sign(sign) => "()[],-.".contains(*sign),
        Token::Name(_) => false,
    };
    if value == 0 || !tokens.get(value..).unwrap_or_default().iter().all(|token| is_constant(&token)) {
        return Err("sets a variable to something else than texts, numbers and lists of them".to_owned());
    }
    depth(tokens)
}

fn include(tokens: &[Token<'_>]) -> Result<(), String> {
    match tokens {
        [Token::Text(name)] if !name.contains("own/") && !name.contains('\\') => Ok(()),
        _ => Err("includes something else than a part that ships".to_owned()),
    }
}

/// Checks an expression.
fn expression(tokens: &[Token<'_>]) -> Result<(), String> {
    depth(tokens)?;
    let mut before: Option<Token<'_>> = None;
    // Whether each of the open parentheses belongs to a filter or a test.
    let mut of_filter: Vec<bool> = Vec::new();
    let mut is_filter = false;
    for token in tokens {
        let follows_name = matches!(before, Some(Token::Name(_)));
        match token {
            Token::Name("recursive") => return Err("repeats itself within itself".to_owned()),
            Token::Name(name) if before == Some(Token::Sign('|')) && !FILTERS.contains(name) => {
                return Err(format!("uses the filter {name}; a mail's text uses {}", FILTERS.join(", ")));
            }
            Token::Sign(sign @ ('~' | '+' | '*' | '{' | '}')) => return Err(format!("uses {sign}")),
            Token::Sign('[') if !follows_name && !matches!(before, Some(Token::Sign(')' | ']'))) => {
                return Err("makes a list".to_owned());
            }
            Token::Sign('(') if follows_name && !is_filter && !is_keyword(before) => {
                return Err("calls a function".to_owned());
            }
            Token::Sign('(') => of_filter.push(is_filter),
            Token::Sign(')') => drop(of_filter.pop()),
            Token::Sign(',') if of_filter.last() != Some(&true) => return Err("makes a list".to_owned()),
            _ => {}
        }
        is_filter = match token {
            Token::Name("is") => true,
            Token::Name(_) => matches!(before, Some(Token::Sign('|') | Token::Name("is" | "not"))),
            _ => false,
        };
        before = Some(*token);
    }
    Ok(())
}

/// Whether a name is a word of expressions, behind which a parenthesis groups.
fn is_keyword(token: Option<Token<'_>>) -> bool {
    matches!(token, Some(Token::Name("and" | "or" | "not" | "in" | "is" | "if" | "else")))
}

/// Checks how deep a tag is nested.
fn depth(tokens: &[Token<'_>]) -> Result<(), String> {
    let mut open = 0_usize;
    let mut deepest = 0;
    for token in tokens {
        match token {
            Token::Sign('(' | '[') => open += 1,
            Token::Sign(')' | ']') => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = open.max(deepest);
    }
    let signs = tokens.iter().filter(|token| matches!(token, Token::Sign('-') | Token::Name("not" | "if"))).count();
    if deepest > DEPTH || signs > DEPTH {
        return Err(format!("nests more than {DEPTH} levels in one tag"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use expect_test::expect;

    use super::*;

    #[test]
    fn what_ships_is_of_the_language() {
        for text in [
            include_str!("../../templates/synchronization-issues/subject.txt"),
            include_str!("../../templates/synchronization-issues/body.txt"),
            include_str!("../../templates/synchronization-issues/body.html"),
            "{% include \"synchronization-issues/body.txt\" %}{# ~ + * #}",
            "{% if issues %}{{ issues[0].sentence|default(\"-\", true)|upper }}{% elif not (resolved_count > 2) %}-{% endif %}",
            "{{ 1 // (open_count - 1) }}{{ \"a + b\" if school is defined and (school == 'x') else 'y' }}",
        ] {
            check(text).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_bounded_is_named_with_its_line() {
        let long = format!("\n{{{{ {}1 }}}}", "-".repeat(24_000));
        let minus = format!("{{{{ {}1 }}}}", "-".repeat(100));
        let nots = format!("{{{{ {}1 }}}}", "not ".repeat(100));
        let parentheses = format!("{{{{ {}1 }}}}", "(".repeat(100));
        let ifs = "{% if school %}".repeat(100);
        let elifs = format!("{{% if school %}}{}", "{% elif school %}".repeat(100));
        let texts = [
            &long,
            &minus,
            &nots,
            &parentheses,
            &ifs,
            &elifs,
            "\n\n{% set x = school ~ school %}",
            "{% set x = school %}",
            "{{ school + school }}",
            "{{ \"x\" * 99999 }}",
            "{% for a in [school, school] %}{% endfor %}",
            "{% for a in (school, school) %}{% endfor %}",
            "{% for a in range(9999) %}{% endfor %}",
            "{{ school.upper() }}",
            "{{ issues|join(school) }}",
            "{% macro m() %}{% endmacro %}",
            "{% for a in issues recursive %}{{ loop(a) }}{% endfor %}",
            "{% include \"own/synchronization-issues/body.txt\" %}",
            "{% include school %}",
        ];
        let said = texts.map(|text| check(text).unwrap_err().to_string()).join("\n");
        expect![[r#"
            line 2 has a tag of more than 200 words and signs
            line 1 nests more than 20 levels in one tag
            line 1 nests more than 20 levels in one tag
            line 1 nests more than 20 levels in one tag
            line 1 opens more than 40 tags within one another
            line 1 opens more than 40 tags within one another
            line 3 sets a variable to something else than texts, numbers and lists of them
            line 1 sets a variable to something else than texts, numbers and lists of them
            line 1 uses +
            line 1 uses *
            line 1 makes a list
            line 1 makes a list
            line 1 calls a function
            line 1 calls a function
            line 1 uses the filter join; a mail's text uses selectattr, rejectattr, length, count, upper, lower, title, capitalize, trim, default, d, first, last, escape
            line 1 uses macro; a mail's text uses if, elif, else, endif, for, endfor, set, include
            line 1 repeats itself within itself
            line 1 includes something else than a part that ships
            line 1 includes something else than a part that ships"#]].assert_eq(&said);
    }
}
