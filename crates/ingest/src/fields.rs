//! A line cut into fields.

use crate::rejection::RejectionReason;

/// Cuts a line at its delimiter. A field may stand in double quotes, where doubled quotes stand for one; such a field
/// that needs unescaping is written into `scratch`.
pub(crate) fn delimited(
    line: &[u8],
    delimiter: u8,
    quoted: bool,
    scratch: &mut Vec<u8>,
    fields: &mut Vec<(usize, usize, bool)>,
) -> Result<(), RejectionReason> {
    fields.clear();
    scratch.clear();
    if !quoted || memchr::memchr(b'"', line).is_none() {
        let mut start = 0;
        for at in memchr::memchr_iter(delimiter, line) {
            fields.push((start, at, false));
            start = at + 1;
        }
        fields.push((start, line.len(), false));
        return Ok(());
    }
    let mut at = 0;
    loop {
        if line.get(at) == Some(&b'"') {
            let start = scratch.len();
            at += 1;
            loop {
                match (line.get(at), line.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => {
                        scratch.push(b'"');
                        at += 2;
                    }
                    (Some(b'"'), _) => {
                        at += 1;
                        break;
                    }
                    (Some(byte), _) => {
                        scratch.push(*byte);
                        at += 1;
                    }
                    (None, _) => return Err(RejectionReason::Quote),
                }
            }
            if at < line.len() && line[at] != delimiter {
                return Err(RejectionReason::Quote);
            }
            fields.push((start, scratch.len(), true));
        } else {
            let end = memchr::memchr(delimiter, &line[at..]).map_or(line.len(), |found| at + found);
            if memchr::memchr(b'"', &line[at..end]).is_some() {
                return Err(RejectionReason::Quote);
            }
            fields.push((at, end, false));
            at = end;
        }
        if at >= line.len() {
            return Ok(());
        }
        at += 1; // the delimiter
        if at == line.len() {
            fields.push((at, at, false));
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str) -> Result<Vec<String>, RejectionReason> {
        let (mut scratch, mut fields) = (Vec::new(), Vec::new());
        delimited(line.as_bytes(), b';', true, &mut scratch, &mut fields)?;
        Ok(fields
            .iter()
            .map(|&(start, end, in_scratch)| {
                let from = if in_scratch { &scratch } else { line.as_bytes() };
                String::from_utf8(from[start..end].to_vec()).unwrap()
            })
            .collect())
    }

    #[test]
    fn fields_are_cut_and_stray_quotes_are_faults() {
        assert_eq!(cut("a;b;c").unwrap(), ["a", "b", "c"]);
        assert_eq!(cut("a;;").unwrap(), ["a", "", ""]);
        assert_eq!(cut("\"a;\"\"x\"\"\";b;\"\"").unwrap(), ["a;\"x\"", "b", ""]);
        assert_eq!(cut("\"a\";").unwrap(), ["a", ""]);
        for stray in ["\"a;b", "a;b\"c", "\"a\"b;c"] {
            assert_eq!(cut(stray), Err(RejectionReason::Quote), "{stray}");
        }
    }
}
