//! Whether a definition file holds identifiers of persons. Definition files are archived in every published edition, so a
//! delivery that lies among them by mistake would be published.

use crate::insz;

/// Names of columns that hold identifiers of persons in the suppliers' files.
const COLUMNS: [&str; 12] = [
    "insz",
    "niss",
    "inss",
    "rijksregisternummer",
    "rrn",
    "nationaal_nummer",
    "bisnummer",
    "ouder_insz",
    "oud_insz",
    "nieuw_insz",
    "gecodeerd",
    "pseudoniem",
];

/// The fewest hexadecimal digits of a pseudonym.
const PSEUDONYM: usize = 16;

/// Returns the first line of a file that looks as if it held identifiers of persons, with what it looks like. The sentence
/// never holds a value.
pub fn find(name: &str, bytes: &[u8]) -> Option<(u64, &'static str)> {
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).zip(1..);
    let number = lines.clone().find(|(line, _)| has_number(line));
    if let Some((_, at)) = number {
        return Some((at, "a number that could be a person's national number or BIS number stands here"));
    }
    if !name.ends_with(".csv") {
        return None;
    }
    let header = fields(lines.next()?.0);
    if header.iter().any(|column| COLUMNS.iter().any(|known| known.as_bytes() == column.to_ascii_lowercase())) {
        return Some((1, "a column has the name of an identifier of persons"));
    }
    let rows: Vec<Vec<&[u8]>> = lines.map(|(line, _)| fields(line)).filter(|row| row.len() == header.len()).collect();
    let is_coded = |at: usize| !rows.is_empty() && rows.iter().all(|row| is_pseudonym(row[at]));
    (0..header.len()).any(is_coded).then_some((1, "a column holds what could be pseudonyms of persons"))
}

/// Fields of a line, whatever separates them.
fn fields(line: &[u8]) -> Vec<&[u8]> {
    line.split(|byte| matches!(byte, b',' | b';' | b'\t' | b'|')).map(unquoted).collect()
}

fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(field)
}

fn is_pseudonym(field: &[u8]) -> bool {
    field.len() >= PSEUDONYM && field.iter().all(u8::is_ascii_hexdigit)
}

/// How people group the digits of a number: `85073003328`, `85.07.30-033.28`, `850730-033-28`, `850730 03328`.
const GROUPINGS: [&[usize]; 5] = [&[11], &[2, 2, 2, 3, 2], &[6, 3, 2], &[6, 5], &[9, 2]];

/// Returns whether a line holds a valid number: eleven digits, grouped as people write them or not, or ten where a leading
/// zero was lost.
fn has_number(line: &[u8]) -> bool {
    // The runs of digits of the line, each with its place.
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in line.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match runs.last_mut() {
            Some((_, until)) if *until == at => *until += 1,
            _ => runs.push((at, at + 1)),
        }
    }
    let follows =
        |pair: &[(usize, usize)]| pair[1].0 == pair[0].1 + 1 && matches!(line[pair[0].1], b'.' | b'-' | b'/' | b' ');
    let fits = |group: &[(usize, usize)], sizes: &[usize]| {
        group.iter().map(|(from, until)| until - from).eq(sizes.iter().copied()) && group.windows(2).all(follows)
    };
    let grouped = GROUPINGS.iter().any(|sizes| {
        runs.windows(sizes.len()).filter(|group| fits(group, sizes)).any(|group| {
            let digits: Vec<u8> = group.iter().flat_map(|(from, until)| line[*from..*until].iter().copied()).collect();
            is_number(&digits)
        })
    });
    grouped || runs.iter().any(|(from, until)| until - from == 10 && is_number(&line[*from..*until]))
}

fn is_number(digits: &[u8]) -> bool {
    match digits.len() {
        11 => insz::parse(digits).is_ok(),
        10 => insz::parse(&[b"0", digits].concat()).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for text in [
            "94021300145",
            "a,b\n1,94021300145\n",
            "a;b\r\n1;\"94.02.13-001.45\"\r\n",
            "note: the case of 85 49 30 001 63 of 12 last week",
            "x\ty\n6070500252\t1\n",
            "06070500252 12",
        ] {
            assert!(find("some.csv", text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(find("note.yaml", b"a: 1\nb: 94021300145\n").map(|found| found.0), Some(2));
    }

    #[test]
    fn columns_of_identifiers_are_found_by_name_and_by_what_they_hold() {
        assert!(find("t.csv", b"code;Gecodeerd\n1;2\n").is_some());
        assert!(find("t.csv", b"code,who\n1,00ab45cd00ab45cd\n2,ffab45cd00ab45c1\n").is_some());
        // A contract names the column in which numbers are delivered, and holds none.
        assert!(find("contract.yaml", b"columns:\n  - { name: insz }\n").is_none());
    }

    #[test]
    fn plain_definitions_hold_none() {
        for text in [
            "code,name,valid_from,valid_to\n11001,Aartselaar,1977-01-01,\n",
            "94021300146",
            "from: 2010-01-01 2011-01-01 2012-01-01",
            "11001 11002 11003",
        ] {
            assert!(find("some.csv", text.as_bytes()).is_none(), "{text}");
        }
    }
}
