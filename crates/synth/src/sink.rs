//! Files being written: hashed, perhaps damaged, perhaps packed on the way.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use catalog::receipt::DeliveredFile;
use sha2::{Digest, Sha256};

use crate::error::SynthError;
use crate::faults::{Harm, Wrong};
use crate::pack::{Packer, Piece};
use crate::parallel::in_order;

/// A file being written and hashed. It has its name when it is finished.
pub(crate) struct Sink<'r> {
    /// Where it is written.
    path: PathBuf,
    /// Where it will be.
    place: PathBuf,
    name: String,
    packer: Option<Packer>,
    harm: Option<Harm<'r>>,
    out: BufWriter<File>,
    /// None where nobody asks for it.
    hash: Option<Sha256>,
    bytes: u64,
    lines: u64,
}

impl<'r> Sink<'r> {
    /// Creates a file, readable by its owner only if it is personal.
    pub(crate) fn create(folder: &Path, name: &str, personal: bool) -> Result<Sink<'r>, SynthError> {
        let place = folder.join(name);
        let path = folder.join(format!(".{name}.partial"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        if personal {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        #[cfg(not(unix))]
        let _ = personal;
        let file = options.open(&path).map_err(SynthError::writing(&path))?;
        Ok(Sink {
            path,
            place,
            name: name.to_string(),
            packer: None,
            harm: None,
            out: BufWriter::with_capacity(1 << 18, file),
            hash: Some(Sha256::new()),
            bytes: 0,
            lines: 0,
        })
    }

    /// Leaves out the hash: the file has no receipt.
    pub(crate) fn unhashed(mut self) -> Sink<'r> {
        self.hash = None;
        self
    }

    /// From now on all is packed with gzip.
    pub(crate) fn pack(&mut self) -> Result<(), SynthError> {
        self.packer = Some(Packer::default());
        self.put(Packer::head())
    }

    /// From now on rows pass through this harm.
    pub(crate) fn damaged_by(&mut self, harm: Option<Harm<'r>>) {
        self.harm = harm;
    }

    /// Adds bytes that are no rows.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), SynthError> {
        if self.packer.is_none() {
            return self.put(bytes);
        }
        let piece = Piece::new(bytes).map_err(SynthError::writing(&self.path))?;
        self.packed(piece)
    }

    /// Adds a piece that has been packed.
    fn packed(&mut self, piece: Piece) -> Result<(), SynthError> {
        let bytes = self.packer.as_mut().map(|packer| packer.next(piece)).unwrap_or_default();
        self.put(&bytes)
    }

    /// Adds rows.
    pub(crate) fn rows(&mut self, rows: &[u8], lines: u64) -> Result<(), SynthError> {
        match &mut self.harm {
            Some(harm) => {
                let mut out = Vec::with_capacity(rows.len() + rows.len() / 64);
                self.lines += harm.pass(rows, &mut out);
                self.write(&out)
            }
            None => {
                self.lines += lines;
                self.write(rows)
            }
        }
    }

    /// Adds the rows of the pieces 0 to `count`, made on several threads, in their order; each piece tells its lines.
    pub(crate) fn pieces<M>(&mut self, threads: usize, count: usize, make: M) -> Result<(), SynthError>
    where
        M: Fn(usize) -> (Vec<u8>, u64) + Sync,
    {
        if self.packer.is_none() || self.harm.is_some() {
            return in_order(threads, count, make, |(bytes, lines)| self.rows(&bytes, lines));
        }
        // Packing is most of the work, so the threads share it too.
        let pack = |piece: usize| {
            let (bytes, lines) = make(piece);
            (Piece::new(&bytes), lines)
        };
        in_order(threads, count, pack, |(piece, lines)| {
            self.lines += lines;
            let piece = piece.map_err(SynthError::writing(&self.path))?;
            self.packed(piece)
        })
    }

    /// Ends the file; gives what the receipt says about it, and its damaged rows.
    pub(crate) fn finish(mut self) -> Result<(DeliveredFile, Vec<Wrong>), SynthError> {
        let mut wrong = Vec::new();
        if let Some(mut harm) = self.harm.take() {
            let mut out = Vec::new();
            self.lines += harm.finish(&mut out);
            wrong = harm.into_wrong();
            self.write(&out)?;
        }
        if let Some(packer) = self.packer.take() {
            self.put(&packer.tail())?;
        }
        let written = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        written.and_then(|()| std::fs::rename(&self.path, &self.place)).map_err(SynthError::writing(&self.place))?;
        let hash = self.hash.map(Sha256::finalize);
        let sha256 = hash.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
        Ok((DeliveredFile { name: self.name, sha256, bytes: self.bytes, lines: self.lines }, wrong))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), SynthError> {
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(SynthError::writing(&self.path))
    }
}

/// Makes a folder and those above it, for its owner only if it is personal.
pub(crate) fn make_folder(folder: &Path, personal: bool) -> Result<(), SynthError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if personal {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _ = personal;
    builder.create(folder).map_err(SynthError::writing(folder))
}

/// Removes a file or folder that an earlier call made, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), SynthError> {
    let removed = std::fs::symlink_metadata(path).and_then(|found| match found.is_dir() {
        true => std::fs::remove_dir_all(path),
        false => std::fs::remove_file(path),
    });
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SynthError::writing(path)(error)),
        _ => Ok(()),
    }
}
