//! Lines that programs add to what they export: totals, numbers of rows, dashes. They are named for what they are, and
//! only where a line is rejected anyway, so that no row is taken for a footer.

/// First words of totals, and of what query programs say when they are done; in lower case.
const BEGINNINGS: [&str; 22] = [
    "total",
    "totaal",
    "eindtotaal",
    "subtotaal",
    "algemeen totaal",
    "grand total",
    "som ",
    "somme",
    "aantal",
    "number of",
    "rows affected",
    "row(s)",
    "sql>",
    "elapsed",
    "completion time",
    "einde",
    "end of",
    "eof",
    "bron:",
    "source:",
    "rapport",
    "*** ",
];
/// What is counted in a line such as `(100 rows affected)`.
const COUNTED: [&str; 12] = [
    "row",
    "rows",
    "row(s)",
    "rij",
    "rijen",
    "record",
    "records",
    "ligne",
    "lignes",
    "enregistrement",
    "enregistrements",
    "regels",
];

/// Returns whether a rejected line is a footer.
pub(crate) fn is_footer(line: &[u8], delimiter: Option<u8>) -> bool {
    let text = String::from_utf8_lossy(&line[..line.len().min(120)]).to_lowercase();
    let text = text.trim().trim_matches('"');
    is_ruled(line, delimiter) || is_count(text) || BEGINNINGS.iter().any(|word| text.starts_with(word))
}

/// Returns whether a line has nothing but blanks and delimiters.
pub(crate) fn is_blank(line: &[u8], delimiter: Option<u8>) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t') || Some(*byte) == delimiter)
}

/// Dashes under a header, or a frame.
fn is_ruled(line: &[u8], delimiter: Option<u8>) -> bool {
    let dashes = line.iter().filter(|byte| matches!(byte, b'-' | b'=' | b'_')).count();
    dashes >= 3
        && line
            .iter()
            .all(|byte| matches!(byte, b'-' | b'=' | b'_' | b'+' | b'|' | b' ' | b'\t') || Some(*byte) == delimiter)
}

/// `(100 rows affected)`, `100 rows selected.`, `(1 rij)`.
fn is_count(text: &str) -> bool {
    let text = text.trim_start_matches('(').trim_start();
    let Some(end) = text.find(|letter: char| !letter.is_ascii_digit() && !".,'\u{a0}".contains(letter)) else {
        return false;
    };
    let word = text[end..].trim_start().split(|letter: char| letter.is_whitespace() || ".;,".contains(letter)).next();
    end > 0 && word.is_some_and(|word| COUNTED.contains(&word) || COUNTED.contains(&word.trim_end_matches(')')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footers_are_known_and_rows_are_not() {
        for line in [
            "(100 rows affected)",
            "100 rows selected.",
            "(100 rijen)",
            "(1 row)",
            "1.234 records",
            "Totaal;;;1234",
            "\"Total\",,12",
            "TOTAAL",
            "-------;-----------;--",
            "+-----+----+",
            "Aantal rijen: 100",
            "SQL> spool off",
        ] {
            assert!(is_footer(line.as_bytes(), Some(b';')), "{line}");
        }
        for line in ["2010-01;70010100188;00;11002", "100;rows", "--", "12 34", "100", "De Rijen;1", "11002;2010;1;1"] {
            assert!(!is_footer(line.as_bytes(), Some(b';')), "{line}");
        }
        assert!(is_blank(b" ;\t; ", Some(b';')) && !is_blank(b";a;", Some(b';')));
    }
}
