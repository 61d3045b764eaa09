//! The header line, and the faults of a whole file that it tells.

use catalog::contract::{Column, Encoding};
use catalog::fault::did_you_mean;
use catalog::{Fault, Place};

/// Checks a header against the columns of the contract; `expected` is the delimiter, which the line's own names test.
pub(crate) fn check(
    header: &[u8],
    columns: &[Column],
    expected: u8,
    encoding: Encoding,
    file: &str,
) -> Result<(), Vec<Fault>> {
    let fault = |code: &str, message: String, hint: String| {
        let fault = Fault::new(code, Place::line(file, 1), message);
        if hint.is_empty() { fault } else { fault.hint(hint) }
    };
    let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
    if header.starts_with(b"\xff\xfe") || header.starts_with(b"\xfe\xff") {
        return Err(vec![fault(
            "S24",
            "the file is UTF-16".into(),
            format!("the contract says {encoding:?}; ask for the file in that encoding"),
        )]);
    }
    let text = String::from_utf8_lossy(header);
    let names: Vec<&str> = text.split(char::from(expected)).map(|name| name.trim_matches('"')).collect();
    let wanted: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    if names == wanted {
        return Ok(());
    }
    if names.len() == 1 && wanted.len() > 1 {
        for other in [b';', b',', b'\t', b'|'] {
            let cut: Vec<&str> = text.split(char::from(other)).map(|name| name.trim_matches('"')).collect();
            if cut == wanted {
                let message =
                    format!("the fields stand between `{}`, the contract says `{}`", shown(other), shown(expected));
                return Err(vec![fault(
                    "S25",
                    message,
                    "ask for the right delimiter, or change `delimiter` in the contract".into(),
                )]);
            }
        }
    }
    let missing: Vec<&&str> = wanted.iter().filter(|name| !names.contains(name)).collect();
    let extra: Vec<&&str> = names.iter().filter(|name| !wanted.contains(name)).collect();
    if missing.len() == wanted.len() {
        let hint = format!("the contract says: {}", wanted.join(&char::from(expected).to_string()));
        return Err(vec![fault("S26", "the first line is not the header of this extract".into(), hint)]);
    }
    let mut faults = Vec::new();
    for name in &missing {
        match did_you_mean(name, extra.iter().map(|name| **name)) {
            Some(near) => {
                faults.push(fault("S27", format!("column `{name}` is missing"), format!("is it `{near}`, renamed?")))
            }
            None => faults.push(fault("S27", format!("column `{name}` is missing"), String::new())),
        }
    }
    // Names of columns are the supplier's words, not data: a file without header would show here, so only name-like words are repeated.
    for name in extra {
        let like_a_name = name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') && !name.is_empty();
        let message = if like_a_name {
            format!("column `{name}` is not in the contract")
        } else {
            "a column is not in the contract".to_string()
        };
        faults.push(fault("S28", message, String::new()));
    }
    if faults.is_empty() {
        faults.push(fault(
            "S29",
            "the columns stand in another order than in the contract".into(),
            format!("the contract says: {}", wanted.join(", ")),
        ));
    }
    Err(faults)
}

fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "tab".into() } else { char::from(delimiter).to_string() }
}
