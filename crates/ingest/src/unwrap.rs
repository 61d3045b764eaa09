//! Opening a delivered file: out of its gzip or zip, as a stream of bytes.
//!
//! What a file says of itself is not believed: it must be a regular file, be packed as the contract says, and unpack to what
//! it declares and to no more than a delivery can be.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

use catalog::contract::Container;
use catalog::{Fault, Place};
use flate2::bufread::GzDecoder;
use zip::CompressionMethod;

use crate::LandError;
use crate::sniff;

/// A member may unpack to at most this many times its packed size, and no more than [`MOST_BYTES`].
pub(crate) const MOST_RATIO: u64 = 200;
const MOST_BYTES: u64 = 64 << 30;
/// A small file may unpack to this much whatever its ratio.
const FREE_BYTES: u64 = 1 << 20;

/// A fault of a file as a whole.
pub(crate) fn file_fault(shown: &str, code: &str, message: impl Into<String>, hint: &str) -> LandError {
    LandError::Faults(vec![Fault::new(code, Place::file(shown), message).hint(hint)])
}

/// Opens a regular file and returns it with its length. A pipe would make the reader wait, a device would never end.
///
/// # Errors
///
/// The file cannot be read, or is a folder, a pipe, a socket or a device.
pub(crate) fn open_regular(path: &Path, shown: &str) -> Result<(File, u64), LandError> {
    let data = std::fs::metadata(path).map_err(|error| LandError::io(shown, error))?;
    if !data.is_file() {
        let hint = "name the file itself; a folder, a pipe or a device is not read";
        return Err(file_fault(shown, "S81", "not a regular file", hint));
    }
    let file = File::open(path).map_err(|error| LandError::io(shown, error))?;
    Ok((file, data.len()))
}

/// Opens a file and hands its unpacked bytes to `read`.
///
/// A zip is read in place, so the stream cannot outlive the call.
pub(crate) fn with_bytes<T>(
    path: &Path,
    shown: &str,
    container: Container,
    read: impl FnOnce(&mut dyn Read) -> Result<T, LandError>,
) -> Result<T, LandError> {
    let (file, length) = open_regular(path, shown)?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    let head = file.fill_buf().map_err(|error| LandError::io(shown, error))?;
    if container != Container::Plain && !head.is_empty() {
        packed_as_agreed(head, container, shown)?;
    }
    let most = |packed: u64| packed.min(length).saturating_mul(MOST_RATIO).clamp(FREE_BYTES, MOST_BYTES);
    match container {
        Container::Plain => read(&mut file),
        Container::Gzip => {
            read(&mut Limited { inner: Members::new(file), given: 0, most: most(length), declared: None })
        }
        Container::Zip => {
            let mut archive = zip::ZipArchive::new(file).map_err(|_| not_a_zip(shown))?;
            let member = only_member(&mut archive, shown)?;
            let (most, declared) = (most(member.compressed_size()), Some(member.size()));
            read(&mut Limited { inner: member, given: 0, most, declared })
        }
    }
}

fn not_a_zip(shown: &str) -> LandError {
    let hint = "the delivery was cut off or is of another form; ask for it again";
    file_fault(shown, "S21", "not a whole zip file", hint)
}

/// Refuses a file that begins otherwise than one of its container.
fn packed_as_agreed(head: &[u8], container: Container, shown: &str) -> Result<(), LandError> {
    let (magic, agreed) = match container {
        Container::Plain => return Ok(()),
        Container::Gzip => (&b"\x1f\x8b"[..], "gzip"),
        Container::Zip => (&b"PK"[..], "zip"),
    };
    if head.starts_with(magic) {
        return Ok(());
    }
    let hint = "ask for the file as agreed, or change `container` in the contract";
    Err(match sniff::form(head) {
        Some(form) => file_fault(shown, "S82", format!("the file is not packed with {agreed}: it is {form}"), hint),
        None => file_fault(shown, "S21", format!("the file is not packed with {agreed}"), hint),
    })
}

/// The one member of a zip.
fn only_member<'a, R: Read + Seek>(
    archive: &'a mut zip::ZipArchive<R>,
    shown: &str,
) -> Result<zip::read::ZipFile<'a, R>, LandError> {
    if archive.len() != 1 {
        let message = format!("the zip has {} members, not one", archive.len());
        return Err(file_fault(shown, "S22", message, "deliver one file in a zip"));
    }
    let unreadable = || file_fault(shown, "S21", "the zip's member cannot be read", "ask for the delivery again");
    {
        let raw = archive.by_index_raw(0).map_err(|_| unreadable())?;
        readable(raw.encrypted(), raw.compression(), shown)?;
    }
    let member = archive.by_index(0).map_err(|_| unreadable())?;
    if member.enclosed_name().is_none_or(|name| name.components().count() != 1) {
        let hint = "deliver the file without folders";
        return Err(file_fault(shown, "S23", "the zip's member has a path in its name", hint));
    }
    Ok(member)
}

/// Refuses a member that is encrypted, or packed with a method that is not read.
pub(crate) fn readable(encrypted: bool, method: CompressionMethod, shown: &str) -> Result<(), LandError> {
    if encrypted {
        let hint = "ask for the file without a password, over a way that is safe itself";
        return Err(file_fault(shown, "S83", "the file is protected by a password", hint));
    }
    if matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Ok(());
    }
    let message = format!("the file is packed in a way that is not read ({})", method_name(method));
    Err(file_fault(shown, "S84", message, "ask for a zip with the usual packing (Deflate)"))
}

/// The name of a packing method, as APPNOTE.TXT 4.4.5 numbers them.
#[expect(deprecated, reason = "the number of a method that the library does not know is in no other place")]
fn method_name(method: CompressionMethod) -> String {
    let CompressionMethod::Unsupported(number) = method else { return method.to_string() };
    match number {
        1 => "Shrink".into(),
        6 => "Implode".into(),
        9 => "Deflate64".into(),
        12 => "BZIP2".into(),
        14 => "LZMA".into(),
        93 | 20 => "Zstandard".into(),
        95 => "XZ".into(),
        98 => "PPMd".into(),
        99 => "AES".into(),
        other => format!("method {other}"),
    }
}

/// Why a packed stream ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// It gives far more than it is packed in.
    #[error("the file unpacks to far more than a delivery holds")]
    UnpacksTooFar,
    /// It gives more or less than its directory says.
    #[error("the file unpacks to another size than it declares")]
    OtherSize,
    /// It is one piece of XML without end.
    #[error("a part of the workbook is larger than a workbook's can be")]
    PartTooLarge,
    /// Something that is not gzip follows.
    #[error("something that is not gzip follows the packed data")]
    AfterGzip,
}

impl Broken {
    pub(crate) fn error(self) -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::InvalidData, self)
    }

    /// The fault of a stream that could not be read to its end.
    pub(crate) fn fault(error: &std::io::Error, shown: &str) -> LandError {
        let known = error.get_ref().and_then(|cause| cause.downcast_ref::<Broken>()).copied();
        match known {
            Some(Broken::UnpacksTooFar) => {
                file_fault(shown, "S37", Broken::UnpacksTooFar.to_string(), "ask what was sent")
            }
            Some(Broken::PartTooLarge) => file_fault(
                shown,
                "S88",
                Broken::PartTooLarge.to_string(),
                "ask for a clean sheet, or for a delimited file",
            ),
            Some(other) => file_fault(shown, "S21", other.to_string(), "ask for the delivery again"),
            None => {
                let message = format!("the file cannot be read to its end ({})", error.kind());
                file_fault(shown, "S21", message, "the delivery was cut off or damaged; ask for it again")
            }
        }
    }
}

/// A stream that ends in an error once it gives more than it may, or another length than it declares.
pub(crate) struct Limited<R> {
    pub(crate) inner: R,
    pub(crate) given: u64,
    pub(crate) most: u64,
    pub(crate) declared: Option<u64>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.given += got as u64;
        if self.given > self.most {
            return Err(Broken::UnpacksTooFar.error());
        }
        let ends = got == 0 && !buffer.is_empty();
        if self.declared.is_some_and(|declared| self.given > declared || (ends && self.given < declared)) {
            return Err(Broken::OtherSize.error());
        }
        Ok(got)
    }
}

/// The members of a gzip file one after the other. Zeros after the last, with which tapes and blocks are filled, are passed
/// over.
struct Members<R: BufRead> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(packed: R) -> Members<R> {
        Members { member: Some(GzDecoder::new(packed)) }
    }

    /// Goes on to the member that follows, if one does.
    fn follow(&mut self, mut packed: R) -> std::io::Result<()> {
        let mut zeros = false;
        loop {
            let next = packed.fill_buf()?;
            match next.first() {
                None => return Ok(()),
                Some(0) => {
                    let width = next.iter().take_while(|byte| **byte == 0).count();
                    zeros = true;
                    packed.consume(width);
                }
                Some(0x1f) if !zeros => {
                    self.member = Some(GzDecoder::new(packed));
                    return Ok(());
                }
                Some(_) => return Err(Broken::AfterGzip.error()),
            }
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while let Some(member) = &mut self.member {
            let got = member.read(buffer)?;
            if got > 0 || buffer.is_empty() {
                return Ok(got);
            }
            if let Some(member) = self.member.take() {
                self.follow(member.into_inner())?;
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut found = Vec::new();
        Members::new(bytes).read_to_end(&mut found).map_err(|error| error.to_string())?;
        Ok(found)
    }

    #[test]
    fn members_follow_each_other_and_zeros_are_passed_over() {
        let (one, two) = (gzip(b"one "), gzip(b"two"));
        assert_eq!(unpacked(&[&one[..], &two].concat()).unwrap(), b"one two");
        assert_eq!(unpacked(&[&one[..], &[0; 70_000]].concat()).unwrap(), b"one ");
        assert_eq!(unpacked(&[&one[..], b"tail"].concat()), Err(Broken::AfterGzip.to_string()));
        assert_eq!(unpacked(&[&one[..], &[0; 9], &two].concat()), Err(Broken::AfterGzip.to_string()));
        assert!(unpacked(&one[..one.len() - 3]).is_err());
    }

    #[test]
    fn a_stream_gives_what_it_declares_and_no_more_than_it_may() {
        let read = |length: usize, most: u64, declared: Option<u64>| {
            let bytes = vec![b'x'; length];
            let mut limited = Limited { inner: &bytes[..], given: 0, most, declared };
            std::io::copy(&mut limited, &mut std::io::sink()).map_err(|error| error.to_string())
        };
        assert_eq!(read(10, 10, Some(10)), Ok(10));
        assert_eq!(read(11, 10, None), Err(Broken::UnpacksTooFar.to_string()));
        for declared in [9, 11] {
            assert_eq!(read(10, 20, Some(declared)), Err(Broken::OtherSize.to_string()));
        }
    }
}
