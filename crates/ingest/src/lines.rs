//! A stream of bytes cut into chunks of whole physical lines, each with the place where it begins.
//!
//! Lines are counted here, before any field is looked at: a stray quote can never swallow a line.

use std::io::Read;

/// Bytes of a chunk; a chunk holds whole lines.
const CHUNK: usize = 4 << 20;
/// No record is longer than this; the rest of such a line is skipped and the line rejected.
pub(crate) const LONGEST_LINE: usize = 1 << 20;

/// Some whole lines.
pub(crate) struct Chunk {
    /// The bytes, line ends included; the last line of a file may have none.
    pub(crate) bytes: Vec<u8>,
    /// Number of the first line, from 1.
    pub(crate) line: u64,
    /// Offset of the first byte in the unpacked file.
    pub(crate) byte: u64,
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
        loop {
            let filled = bytes.len();
            bytes.resize(filled.max(CHUNK / 2) + CHUNK / 2, 0);
            let got = fill(self.stream, &mut bytes[filled..])?;
            bytes.truncate(filled + got);
            if got == 0 {
                self.done = true;
                break;
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes) {
                self.rest = bytes[end + 1..].to_vec();
                bytes.truncate(end + 1);
                break;
            }
        }
        let chunk = Chunk { line: self.line, byte: self.byte, last: self.done, bytes };
        self.line += memchr::memchr_iter(b'\n', &chunk.bytes).count() as u64;
        self.byte += chunk.bytes.len() as u64;
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
        let found = (number, chunk.byte + start as u64, line);
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
}
