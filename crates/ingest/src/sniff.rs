//! What a file is by its first bytes, where it is not what its contract says.

/// Forms that are known by their first bytes, with their names in words. From the forms' own specifications and the
/// `file` command's list.
const FORMS: [(&[u8], &str); 16] = [
    (b"\x1f\x8b", "packed with gzip"),
    (b"PK\x03\x04", "a zip file or a workbook"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"PK\x07\x08", "a part of a zip file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of an older Office program (such as .xls), or one with a password"),
    (b"7z\xbc\xaf\x27\x1c", "packed with 7-Zip"),
    (b"Rar!\x1a\x07", "packed with RAR"),
    (b"BZh91AY&SY", "packed with bzip2"),
    (b"\xfd7zXZ\x00", "packed with xz"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard"),
    (b"%PDF-", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"{\\rtf", "an RTF document"),
    (b"\x09\x08\x10\x00\x00\x06\x05\x00", "a workbook of an older form (.xls)"),
    (b"-----BEGIN PGP", "encrypted with PGP"),
];

/// Returns what a file is by its first bytes, or `None` for what may be text.
pub(crate) fn form(head: &[u8]) -> Option<&'static str> {
    FORMS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, form)| *form)
}

/// Returns which text encoding of two bytes a letter the file is in, or `None`. Without a byte order mark it is known by the
/// zeros at every other place.
pub(crate) fn wide_text(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Some("UTF-16");
    }
    let head = &head[..head.len().min(64) / 2 * 2];
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count() * 4 > head.len();
    (head.len() >= 8 && zeros(0) != zeros(1)).then_some("UTF-16 without a byte order mark")
}

/// Returns which other kind of text a file is whose first line is not what the contract says.
pub(crate) fn text_form(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let lower: Vec<u8> = head.iter().take(256).map(u8::to_ascii_lowercase).collect();
    let has = |words: &[u8]| memchr::memmem::find(&lower, words).is_some();
    match lower.first()? {
        b'<' if has(b"<html") || has(b"<!doctype html") || has(b"<table") || has(b"<head") => Some("a page of HTML"),
        b'<' if lower.starts_with(b"<?xml") || has(b"xmlns") => Some("XML"),
        b'<' => Some("XML or HTML"),
        b'{' | b'[' if has(b"\"") || has(b"{") || has(b"[") => Some("JSON"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        assert_eq!(form(b"PK\x03\x04\x14\x00"), Some("a zip file or a workbook"));
        assert_eq!(form(b"PK;naam\n1;a\n"), None);
        assert_eq!(form(b"BZhoven;1"), None);
        assert_eq!(text_form(b"\xef\xbb\xbf <!DOCTYPE HTML><html>"), Some("a page of HTML"));
        assert_eq!(text_form(b"<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\">"), Some("a page of HTML"));
        assert_eq!(text_form(b"<?xml version=\"1.0\"?><Workbook>"), Some("XML"));
        assert_eq!(text_form(b"[{\"insz\": 1}]"), Some("JSON"));
        assert_eq!(text_form(b"maand;insz\n"), None);
        let wide: Vec<u8> = "maand;insz".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(wide_text(&wide), Some("UTF-16 without a byte order mark"));
        assert_eq!(wide_text(&[&b"\xfe\xff"[..], &wide].concat()), Some("UTF-16"));
        assert_eq!(wide_text(b"maand;insz"), None);
        assert_eq!(wide_text(&[0; 64]), None);
    }
}
