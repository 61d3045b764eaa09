//! A gzip file made of pieces that were packed apart, on any thread: one member, as every reader expects.

use std::io::{self, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// The head of a file: no name, no moment, so that the same rows give the same bytes; packed fast, on no system named.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
/// An empty last block.
const LAST: [u8; 2] = [3, 0];

/// A piece, packed.
pub(crate) struct Piece {
    packed: Vec<u8>,
    plain: Crc,
}

impl Piece {
    /// Packs bytes so that what is packed of the next ones can follow.
    ///
    /// # Errors
    /// The packer gives up; memory takes all it writes.
    pub(crate) fn new(bytes: &[u8]) -> io::Result<Piece> {
        let mut plain = Crc::new();
        plain.update(bytes);
        let mut packer = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
        packer.write_all(bytes)?;
        // A flush ends the block on a whole byte.
        packer.flush()?;
        Ok(Piece { packed: std::mem::take(packer.get_mut()), plain })
    }
}

/// A file in the making.
#[derive(Default)]
pub(crate) struct Packer {
    plain: Crc,
}

impl Packer {
    /// What begins the file.
    pub(crate) fn head() -> &'static [u8] {
        &HEAD
    }

    /// Takes the next piece; gives what of it goes into the file.
    pub(crate) fn next(&mut self, piece: Piece) -> Vec<u8> {
        self.plain.combine(&piece.plain);
        piece.packed
    }

    /// What ends the file.
    pub(crate) fn tail(&self) -> Vec<u8> {
        [&LAST[..], &self.plain.sum().to_le_bytes(), &self.plain.amount().to_le_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn pieces_are_one_member() {
        let pieces: [&[u8]; 4] = [b"maand;insz\n", b"", b"2010-01;1\n2010-01;2\n", b"2010-02;1\n"];
        let mut packer = Packer::default();
        let mut file = Packer::head().to_vec();
        for piece in pieces {
            file.extend(packer.next(Piece::new(piece).unwrap()));
        }
        file.extend(packer.tail());
        let mut text = Vec::new();
        let mut reader = flate2::bufread::GzDecoder::new(file.as_slice());
        reader.read_to_end(&mut text).unwrap();
        assert_eq!(text, pieces.concat());
        assert!(reader.into_inner().is_empty(), "nothing stands behind the member");
    }
}
