//! Ids of editions, monitors, cards, suppliers and extracts: one pattern for all of them.
//!
//! An id becomes the name of a folder, a file or a table, so it holds nothing that could leave the folder it belongs to.
//! Readers such as DuckDB take the value of a folder key (`edition=2012-03-15`) for a date where all of them are dates and
//! for text where one is not, so the ids of the editions of a pipeline are all days, or none looks like one.

use crate::Day;

/// The longest id.
const MAX_LENGTH: usize = 64;

/// The pattern in words, for hints.
pub const PATTERN: &str = "lower-case letters, digits and single hyphens between them, at most 64 characters";

/// Returns whether a text is an id: lower-case letters and digits, with single hyphens between them.
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_LENGTH
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        })
}

/// Returns whether an id is a day, written `YYYY-MM-DD`.
pub fn is_day(id: &str) -> bool {
    id.len() == 10 && id.parse::<Day>().is_ok()
}

/// Returns whether a reader could take an id for a number or a date: it begins with a digit.
pub fn looks_like_a_day(id: &str) -> bool {
    id.starts_with(|letter: char| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_plain_name() {
        for id in ["2012-03-15", "im-2013", "vreemde-herkomst", "a", "ksz"] {
            assert!(is_id(id), "{id}");
        }
        let long = "a".repeat(65);
        for text in [
            "",
            "-",
            "a-",
            "-a",
            "a--b",
            "A",
            "a_b",
            "a+b",
            "a/b",
            "..",
            ".",
            "/../../../x",
            "a b",
            "a\n",
            "\u{e9}",
            "a.b",
            "a\0",
            "a=b",
            "~",
            &long,
        ] {
            assert!(!is_id(text), "{text:?}");
        }
    }

    #[test]
    fn a_day_is_one_of_the_calendar() {
        assert!(is_day("2012-02-29"));
        for text in ["2013-02-29", "2012-2-29", "20120229", "2012-03-15b", "im-2013"] {
            assert!(!is_day(text), "{text}");
        }
        assert!(looks_like_a_day("2012") && looks_like_a_day("2012-3-1") && !looks_like_a_day("im-2013"));
    }
}
