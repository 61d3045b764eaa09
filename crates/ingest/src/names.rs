//! Names of delivered files: what they are called where they are kept, and in words.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use catalog::receipt::Receipt;

/// The longest name that is kept, in bytes: file systems take 255, and a number may have to be added.
const LONGEST: usize = 200;

/// What a file without any usable name is called.
const NAMELESS: &str = "file";

/// Gives each file of a delivery the name under which it is kept.
///
/// A name stays as it is unless it would do harm beside a receipt: bytes that are not UTF-8, control characters and
/// invisible characters become `_`, as does a leading point; the name of the receipt gets `delivered-` before it; of equal
/// names (capitals make no difference, for not every file system keeps them) the second gets `-2`, and so on.
pub(crate) fn kept_names(files: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(files.len());
    for file in files {
        let name = kept_name(file.file_name().unwrap_or_default());
        let taken = |name: &str| names.iter().any(|other| other.to_lowercase() == name.to_lowercase());
        let free = std::iter::once(name.clone()).chain((2..).map(|number| numbered(&name, number)));
        names.extend(free.into_iter().find(|name| !taken(name)));
    }
    names
}

/// A path in words: whoever reads it on a terminal sees no control character at work.
pub fn in_plain_words(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

fn kept_name(written: &OsStr) -> String {
    let text = written.to_string_lossy();
    let mut name: String = text.chars().map(|c| if is_harmful(c) || c == '\u{fffd}' { '_' } else { c }).collect();
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
    if name.len() > LONGEST {
        let (stem, ending) = parts(&name);
        let ending = if ending.len() < LONGEST / 2 { ending } else { "" };
        name = format!("{}{ending}", cut(stem, LONGEST - ending.len()));
    }
    if name.is_empty() {
        name = NAMELESS.to_string();
    }
    if name.eq_ignore_ascii_case(Receipt::FILE) {
        name.insert_str(0, "delivered-");
    }
    name
}

/// Control characters, and those that are not seen or turn the direction of what follows.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn numbered(name: &str, number: u32) -> String {
    let (stem, ending) = parts(name);
    format!("{stem}-{number}{ending}")
}

/// The name without its endings, and these: `.csv`, `.csv.gz`.
fn parts(name: &str) -> (&str, &str) {
    name.split_at(name.find('.').unwrap_or(name.len()))
}

/// The beginning of a text, of at most this many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn kept(names: &[&[u8]]) -> Vec<String> {
        let paths: Vec<PathBuf> = names.iter().map(|name| Path::new("in").join(OsStr::from_bytes(name))).collect();
        kept_names(&paths)
    }

    #[test]
    fn a_usual_name_stays_as_it_is() {
        let usual: [&[u8]; 4] = [b"nwwz_2010.csv", b"posities 2010-Q1.csv.gz", "België.xlsx".as_bytes(), b"-x"];
        assert_eq!(kept(&usual), ["nwwz_2010.csv", "posities 2010-Q1.csv.gz", "België.xlsx", "-x"]);
    }

    #[test]
    fn names_that_would_do_harm_are_changed() {
        assert_eq!(kept(&[b"receipt.yaml"]), ["delivered-receipt.yaml"]);
        assert_eq!(kept(&[b"RECEIPT.YAML"]), ["delivered-RECEIPT.YAML"]);
        assert_eq!(kept(&[b".hidden.csv"]), ["_hidden.csv"]);
        assert_eq!(kept(&[b"a\x1b[31mb\n.csv"]), ["a_[31mb_.csv"]);
        assert_eq!(kept(&[b"Li\xe8ge.csv"]), ["Li_ge.csv"]);
        assert_eq!(kept(&["a\u{202e}vsc.exe".as_bytes()]), ["a_vsc.exe"]);
        assert_eq!(kept(&[&[b'a'; 250]])[0].len(), LONGEST);
        let long = [&[b'a'; 250][..], b".csv"].concat();
        assert!(kept(&[&long])[0].ends_with("aa.csv"));
    }

    #[test]
    fn equal_names_are_numbered_before_their_ending() {
        assert_eq!(kept(&[b"a.csv.gz", b"A.csv.gz", b"a-2.csv.gz"]), ["a.csv.gz", "A-2.csv.gz", "a-2-2.csv.gz"]);
        assert_eq!(kept(&[b"receipt.yaml", b"receipt.yaml"])[1], "delivered-receipt-2.yaml");
    }

    #[test]
    fn words_hold_no_control_character() {
        assert_eq!(in_plain_words(Path::new("a\x1b[2J\nb")), "a\u{fffd}[2J\u{fffd}b");
    }
}
