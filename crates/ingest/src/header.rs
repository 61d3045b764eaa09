//! The header line, and the faults of a whole file that it tells.

use catalog::contract::Column;
use catalog::fault::did_you_mean;
use catalog::{Fault, Place};

use crate::sniff;

/// A line with this many fields more than agreed is no header of which each field could be told.
const MOST_EXTRA: usize = 64;
/// No column has a longer name.
const LONGEST_NAME: usize = 100;

/// How the contract says that a file is written.
pub(crate) struct Written<'f> {
    pub(crate) delimiter: u8,
    pub(crate) quoted: bool,
    /// The file in words.
    pub(crate) file: &'f str,
}

impl Written<'_> {
    fn fault(&self, code: &str, message: impl Into<String>, hint: impl Into<String>) -> Fault {
        let hint = hint.into();
        let fault = Fault::new(code, Place::line(self.file, 1), message);
        if hint.is_empty() { fault } else { fault.hint(hint) }
    }

    /// The fault of a file with quotes where the contract knows none.
    pub(crate) fn in_quotes(place: Place) -> Fault {
        Fault::new("S86", place, "fields stand in quotes; set `quoted: true`").hint(
            "`quoted` is a key of `form` in the contract; without it quotes would be taken for a part of the values",
        )
    }
}

/// Checks a header against the columns of the contract; `following` are the lines after it, among which the header may be.
///
/// # Errors
///
/// All that is wrong with the header.
pub(crate) fn check(
    header: &[u8],
    following: &mut dyn Iterator<Item = &[u8]>,
    columns: &[Column],
    form: &Written<'_>,
) -> Result<(), Vec<Fault>> {
    let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
    let text = String::from_utf8_lossy(header);
    let wanted: Vec<&str> = columns.iter().map(|column| column.header.as_str()).collect();
    let names = names(&text, form.delimiter);
    if names == wanted {
        if !form.quoted && text.contains('"') {
            return Err(vec![Written::in_quotes(Place::line(form.file, 1))]);
        }
        return Ok(());
    }
    if names.len() == 1
        && wanted.len() > 1
        && let Some(fault) = other_delimiter(&text, &wanted, form)
    {
        return Err(vec![fault]);
    }
    if names.iter().all(|name| !wanted.contains(name)) {
        return Err(vec![no_header(&text, header, following, &wanted, form)]);
    }
    if names.len() > wanted.len() + MOST_EXTRA {
        let message = format!("the first line has {} fields, the contract {} columns", names.len(), wanted.len());
        return Err(vec![form.fault("S28", message, "ask for the file as agreed")]);
    }
    Err(differences(&names, &wanted, form))
}

fn names(text: &str, delimiter: u8) -> Vec<&str> {
    text.split(char::from(delimiter)).map(|name| name.trim_matches('"')).collect()
}

fn other_delimiter(text: &str, wanted: &[&str], form: &Written<'_>) -> Option<Fault> {
    let other = [b';', b',', b'\t', b'|'].into_iter().find(|other| names(text, *other) == *wanted)?;
    let message = format!("the fields stand between `{}`, the contract says `{}`", shown(other), shown(form.delimiter));
    Some(form.fault("S25", message, "ask for the right delimiter, or change `delimiter` in the contract"))
}

/// The fault of a file that begins with something else: another form of file, a title, or rows at once.
fn no_header(
    text: &str,
    header: &[u8],
    following: &mut dyn Iterator<Item = &[u8]>,
    wanted: &[&str],
    form: &Written<'_>,
) -> Fault {
    if let Some(is) = sniff::text_form(header) {
        let hint = "ask for the file as agreed; a page saved under another name is not converted";
        return form.fault("S82", format!("the file is no table of lines: it is {is}"), hint);
    }
    let mut following = following.enumerate();
    let later = following.find(|(_, line)| names(&String::from_utf8_lossy(line), form.delimiter) == *wanted);
    if let Some(lines) = later.map(|(at, _)| at + 1) {
        let above = if text.to_lowercase().starts_with("sep=") { "`sep=` of a spreadsheet program" } else { "a title" };
        let message = format!("the header is on line {}, after {above}", lines + 1);
        return form.fault("S26", message, "ask for a file that begins with its header");
    }
    let hint = format!("the contract says: {}", wanted.join(&char::from(form.delimiter).to_string()));
    form.fault("S26", "the first line is not the header of this extract", hint)
}

fn differences(names: &[&str], wanted: &[&str], form: &Written<'_>) -> Vec<Fault> {
    let missing: Vec<&&str> = wanted.iter().filter(|name| !names.contains(name)).collect();
    let extra: Vec<&&str> = names.iter().filter(|name| !wanted.contains(name)).collect();
    let short: Vec<&str> = extra.iter().map(|name| **name).filter(|name| name.len() <= LONGEST_NAME).collect();
    let mut faults = Vec::new();
    for name in &missing {
        let hint = match did_you_mean(name, short.iter().copied()) {
            Some(near) if near.trim() == **name => "there are blanks around it".to_string(),
            Some(near) => format!("is it `{near}`, renamed?"),
            None => String::new(),
        };
        faults.push(form.fault("S27", format!("column `{name}` is missing"), hint));
    }
    // Names of columns are the supplier's words, not data: a file without header would show here, so only name-like words are repeated.
    for name in extra {
        let like_a_name = name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') && name.len() <= LONGEST_NAME;
        faults.push(match name.is_empty() {
            true => form.fault("S28", "a column has no name", "a separator too many at the end of the lines?"),
            false if like_a_name => form.fault("S28", format!("column `{name}` is not in the contract"), ""),
            false => form.fault("S28", "a column is not in the contract", ""),
        });
    }
    if faults.is_empty() && names.len() != wanted.len() {
        faults.push(form.fault("S28", "a column is there twice", ""));
    }
    if faults.is_empty() {
        let hint = format!("the contract says: {}", wanted.join(", "));
        faults.push(form.fault("S29", "the columns stand in another order than in the contract", hint));
    }
    faults
}

fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "tab".into() } else { char::from(delimiter).to_string() }
}

#[cfg(test)]
mod tests {
    use catalog::contract::ColumnKind;

    use super::*;

    fn faults(header: &str, following: &[&str], quoted: bool) -> Vec<(String, String)> {
        let column = |name: &str| Column {
            name: name.into(),
            header: name.into(),
            kind: ColumnKind::Text,
            optional: false,
            count_empty: false,
            width: 0,
        };
        let columns = ["maand", "insz", "gemeente"].map(column);
        let form = Written { delimiter: b';', quoted, file: "file" };
        let mut lines = following.iter().map(|line| line.as_bytes());
        let found = check(header.as_bytes(), &mut lines, &columns, &form).err().unwrap_or_default();
        found.into_iter().map(|fault| (fault.code, fault.message + &fault.hint.unwrap_or_default())).collect()
    }

    fn first(header: &str, following: &[&str], code: &str, words: &str) {
        let found = faults(header, following, false);
        let is_said = found.first().is_some_and(|(own, text)| own == code && text.contains(words));
        assert!(is_said && found.len() <= 2, "{header:?}: {found:?}");
    }

    #[test]
    fn a_file_that_begins_otherwise_has_few_faults_that_say_how() {
        assert_eq!(faults("maand;insz;gemeente", &[], false), []);
        assert_eq!(faults("\"maand\";\"insz\";\"gemeente\"", &[], true), []);
        first("\"maand\";\"insz\";\"gemeente\"", &[], "S86", "quotes");
        first("sep=;", &["maand;insz;gemeente"], "S26", "line 2, after `sep=`");
        first("Werkzoekenden 2010", &["", "maand;insz;gemeente"], "S26", "line 3, after a title");
        first("<html><table>", &[], "S82", "a page of HTML");
        first("[{\"maand\": 1}]", &[], "S82", "JSON");
        first("maand;insz;gemeente;", &[], "S28", "no name");
        first("maand;insz;gemeente;insz", &[], "S28", "twice");
        first("maand; insz;gemeente", &[], "S27", "blanks around it");
        first(&format!("maand{}", ";x".repeat(400_000)), &[], "S28", "400001 fields");
        first(&format!("maand;{};gemeente", "y".repeat(900_000)), &[], "S27", "`insz` is missing");
    }
}
