//! The key of the person numbers: 32 random bytes in a file that only its owner can read, outside the warehouse.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use catalog::project::Project;
use warehouse::store::exists;

use crate::failure::Failure;
use crate::files;

/// Fewest bytes of a key.
const LENGTH: usize = 32;

/// Reads the key; makes one where there is none yet.
///
/// # Errors
/// A key that cannot be read or made, is too short, or is open to others.
pub fn read_or_make(project: &Project) -> Result<Vec<u8>, Failure> {
    let path = project.root.join(&project.pipeline.key_file);
    if !exists(&path)? {
        make(&path)?;
    }
    read(project)
}

/// Reads the key.
///
/// # Errors
/// A key that is not there, cannot be read, is too short, or is open to others.
pub fn read(project: &Project) -> Result<Vec<u8>, Failure> {
    let path = project.root.join(&project.pipeline.key_file);
    let broken = |what: String| Failure::Broken(format!("key file {}: {what}", project.pipeline.key_file));
    let unread = |error: io::Error| broken(error.to_string());
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::Usage(format!(
                "key file {} is not here; put back the one that the editions were linked with, for another gives every \
                 person another number",
                project.pipeline.key_file
            )));
        }
        Err(error) => return Err(unread(error)),
    };
    let mode = file.metadata().map_err(unread)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(broken("others can read it; set its mode to 0400".to_string()));
    }
    let mut key = Vec::new();
    file.read_to_end(&mut key).map_err(unread)?;
    if key.len() < LENGTH {
        let what = format!("it has {} bytes, where a key has at least {LENGTH}; put the right one back", key.len());
        return Err(broken(format!("{what}, or remove it if no edition was linked with it")));
    }
    Ok(key)
}

/// Random bytes that nobody can guess.
///
/// # Errors
/// The system gives none.
pub fn random() -> Result<[u8; LENGTH], Failure> {
    let mut bytes = [0u8; LENGTH];
    let source = Path::new("/dev/urandom");
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).map_err(files::unwritten(source))?;
    Ok(bytes)
}

/// Makes a key file: it is there with all its bytes, or not.
///
/// # Errors
/// A folder or file that cannot be made.
pub fn make(path: &Path) -> Result<(), Failure> {
    let key = random()?;
    files::private_folder(path.parent().unwrap_or(Path::new(".")))?;
    files::write_whole(path, &key, 0o400)
}
