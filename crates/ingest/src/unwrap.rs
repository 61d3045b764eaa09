//! Opening a delivered file: out of its gzip or zip, as a stream of bytes.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use catalog::contract::Container;
use catalog::{Fault, Place};
use flate2::read::MultiGzDecoder;

use crate::LandError;

/// A member may unpack to at most this many times its packed size, and no more than [`MOST_BYTES`].
const MOST_RATIO: u64 = 200;
const MOST_BYTES: u64 = 64 << 30;

/// Opens a file and hands its unpacked bytes to `read`.
///
/// A zip is read in place, so the stream cannot outlive the call.
pub(crate) fn with_bytes<T>(
    path: &Path,
    shown: &str,
    container: Container,
    read: impl FnOnce(&mut dyn Read) -> Result<T, LandError>,
) -> Result<T, LandError> {
    let file = File::open(path).map_err(|error| LandError::io(shown, error))?;
    let fault = |code: &str, message: &str, hint: &str| {
        LandError::Faults(vec![Fault::new(code, Place::file(shown), message).hint(hint)])
    };
    match container {
        Container::Plain => read(&mut BufReader::with_capacity(1 << 20, file)),
        Container::Gzip => {
            let packed = file.metadata().map(|data| data.len()).unwrap_or(0);
            let limit = (packed * MOST_RATIO).clamp(1 << 20, MOST_BYTES);
            let mut stream = Limited { inner: MultiGzDecoder::new(BufReader::new(file)), left: limit };
            read(&mut stream)
        }
        Container::Zip => {
            let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|_| {
                fault("S21", "not a whole zip file", "the delivery was cut off or is of another form; ask for it again")
            })?;
            if archive.len() != 1 {
                let message = format!("the zip has {} members, not one", archive.len());
                return Err(fault("S22", &message, "deliver one file in a zip"));
            }
            let member = archive
                .by_index(0)
                .map_err(|_| fault("S21", "the zip's member cannot be read", "ask for the delivery again"))?;
            if member.enclosed_name().is_none_or(|name| name.components().count() != 1) {
                return Err(fault(
                    "S23",
                    "the zip's member has a path in its name",
                    "deliver the file without folders",
                ));
            }
            let limit = (member.compressed_size() * MOST_RATIO).clamp(1 << 20, MOST_BYTES);
            read(&mut Limited { inner: member, left: limit })
        }
    }
}

/// A stream that ends in an error once it has given more than a real extract would.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(got as u64).ok_or_else(|| {
            std::io::Error::new(std::io::ErrorKind::FileTooLarge, "the file unpacks to far more than it packs")
        })?;
        Ok(got)
    }
}
