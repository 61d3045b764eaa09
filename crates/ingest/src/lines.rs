//! A stream of bytes cut into chunks of whole physical lines, each with the place where it begins.
//!
//! Lines are counted here, before any field is looked at: a stray quote can never swallow a line. A line without end takes
//! no memory: what is beyond [`LONGEST_LINE`] is passed over.

use std::io::Read;

/// Bytes of a chunk; a chunk holds whole lines.
const CHUNK: usize = 4 << 20;
/// No record is longer than this; the rest of such a line is skipped and the line rejected.
pub(crate) const LONGEST_LINE: usize = 1 << 20;
/// The mark that DOS programs put at the end of a file.
const CTRL_Z: u8 = 0x1a;

/// Some whole lines.
pub(crate) struct Chunk {
    /// The bytes, line ends included; the last line of a file may have none.
    pub(crate) bytes: Vec<u8>,
    /// Number of the first line, from 1.
    pub(crate) line: u64,
    /// Offset of the first byte in the unpacked file.
    pub(crate) byte: u64,
    /// Bytes of the first line that were passed over, for it is longer than any record.
    pub(crate) skipped: u64,
    /// Whether the file ends here.
    pub(crate) last: bool,
}

/// Cuts a stream into chunks.
pub(crate) struct Chunks<'r> {
    stream: &'r mut dyn Read,
    rest: Vec<u8>,
    line: u64,
    byte: u64,
    done: bool,
}

impl<'r> Chunks<'r> {
    pub(crate) fn new(stream: &'r mut dyn Read) -> Chunks<'r> {
        Chunks { stream, rest: Vec::new(), line: 1, byte: 0, done: false }
    }

    /// The next chunk; nothing after the end.
    pub(crate) fn next(&mut self) -> std::io::Result<Option<Chunk>> {
        if self.done {
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.rest);
        let mut skipped = 0;
        loop {
            let filled = bytes.len();
            bytes.resize(CHUNK.max(filled + CHUNK / 2), 0);
            let got = fill(self.stream, &mut bytes[filled..])?;
            bytes.truncate(filled + got);
            if got == 0 {
                self.done = true;
                break;
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes[filled..]) {
                self.rest = bytes[filled + end + 1..].to_vec();
                bytes.truncate(filled + end + 1);
                break;
            }
            // No line ends in what was read: all of it is one line, which is longer than any record.
            if bytes.len() > LONGEST_LINE + 1 {
                skipped += (bytes.len() - LONGEST_LINE - 1) as u64;
                bytes.truncate(LONGEST_LINE + 1);
            }
        }
        let length = bytes.len() as u64 + skipped;
        while self.done && bytes.last() == Some(&CTRL_Z) {
            bytes.pop();
        }
        let chunk = Chunk { line: self.line, byte: self.byte, skipped, last: self.done, bytes };
        self.line += memchr::memchr_iter(b'\n', &chunk.bytes).count() as u64;
        self.byte += length;
        Ok(Some(chunk))
    }
}

fn fill(stream: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The lines of a chunk without their ends: number, offset, bytes.
pub(crate) fn lines(chunk: &Chunk) -> impl Iterator<Item = (u64, u64, &[u8])> {
    let mut start = 0usize;
    let mut number = chunk.line;
    std::iter::from_fn(move || {
        if start >= chunk.bytes.len() {
            return None;
        }
        let end = memchr::memchr(b'\n', &chunk.bytes[start..]).map_or(chunk.bytes.len(), |at| start + at);
        let mut line = &chunk.bytes[start..end];
        if line.last() == Some(&b'\r') {
            line = &line[..line.len() - 1];
        }
        let skipped = if start == 0 { 0 } else { chunk.skipped };
        let found = (number, chunk.byte + skipped + start as u64, line);
        start = end + 1;
        number += 1;
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_physical_line_is_counted_once_whatever_the_chunks() {
        let mut text = String::new();
        for number in 0..700_000 {
            text.push_str(&format!("line {number} \"\r\n"));
        }
        text.push_str("no end");
        let mut stream = text.as_bytes();
        let mut chunks = Chunks::new(&mut stream);
        let mut expected = 1;
        while let Some(chunk) = chunks.next().unwrap() {
            for (number, byte, line) in lines(&chunk) {
                assert_eq!(number, expected);
                assert!(text.as_bytes()[byte as usize..].starts_with(line));
                expected += 1;
            }
        }
        assert_eq!(expected, 700_002);
    }

    #[test]
    fn a_line_without_end_takes_no_memory_and_moves_no_place() {
        let long = 40 << 20;
        let mut stream = (&b"a;b\n"[..]).chain(std::io::repeat(b'x').take(long)).chain(&b"\nc;d\ne"[..]);
        let mut chunks = Chunks::new(&mut stream);
        let mut found = Vec::new();
        while let Some(chunk) = chunks.next().unwrap() {
            assert!(chunk.bytes.capacity() <= 3 * CHUNK, "{}", chunk.bytes.capacity());
            found.extend(lines(&chunk).map(|(line, byte, bytes)| (line, byte, bytes.len() > LONGEST_LINE)));
        }
        assert_eq!(found, [(1, 0, false), (2, 4, true), (3, long + 5, false), (4, long + 9, false)]);
    }

    #[test]
    fn the_end_mark_of_dos_is_no_line() {
        for (text, expected) in [("a\r\nb\r\n\x1a", 2), ("a\nb\x1a\x1a", 2), ("a\x1ab\n", 1)] {
            let mut stream = text.as_bytes();
            let mut chunks = Chunks::new(&mut stream);
            let mut count = 0;
            while let Some(chunk) = chunks.next().unwrap() {
                count += lines(&chunk).inspect(|(_, _, line)| assert!(!line.ends_with(b"\x1a"))).count();
            }
            assert_eq!(count, expected, "{text:?}");
        }
    }
}
