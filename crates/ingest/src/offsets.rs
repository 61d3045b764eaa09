//! Byte offsets of lines that were found out only at the end.

use catalog::contract::Extract;

use crate::LandError;
use crate::land::Source;
use crate::lines::{Chunks, lines};
use crate::rejection::{Rejection, RejectionReason};
use crate::unwrap::with_bytes;

/// Gives repeated rows the offset of their line, by reading the files once more.
pub(crate) fn fill(extract: &Extract, files: &[Source<'_>], rejections: &mut [Rejection]) -> Result<(), LandError> {
    let late = |rejection: &Rejection| {
        matches!(rejection.reason, RejectionReason::DuplicateKey | RejectionReason::DuplicateKeyDiffers)
    };
    for (number, file) in files.iter().enumerate() {
        let mut wanted: Vec<&mut Rejection> =
            rejections.iter_mut().filter(|own| late(own) && own.file == number as u32).collect();
        wanted.sort_unstable_by_key(|rejection| rejection.line);
        let mut wanted = wanted.into_iter().peekable();
        with_bytes(file.path, file.shown, extract.container, |stream| {
            let mut chunks = Chunks::new(stream);
            while wanted.peek().is_some() {
                let Some(chunk) = chunks.next().map_err(|error| LandError::io(file.shown, error))? else { break };
                for (line, byte, _) in lines(&chunk) {
                    if let Some(rejection) = wanted.next_if(|rejection| rejection.line == line) {
                        rejection.byte = byte;
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}
