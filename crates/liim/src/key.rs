//! The key of the person numbers: 32 random bytes in a file that only its owner can read, outside the warehouse.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

use catalog::project::Project;

use crate::failure::Failure;

/// Reads the key; makes one where there is none yet.
pub fn read(project: &Project) -> Result<Vec<u8>, Failure> {
    let path = project.root.join(&project.pipeline.key_file);
    let broken = |what: &str| Failure::Broken(format!("key file {}: {what}", project.pipeline.key_file));
    if !path.exists() {
        make(&project.root.join(&project.pipeline.key_file)).map_err(|error| broken(&error.to_string()))?;
    }
    let mode = fs::metadata(&path).map_err(|error| broken(&error.to_string()))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(broken("others can read it; set its mode to 0400"));
    }
    let key = fs::read(&path).map_err(|error| broken(&error.to_string()))?;
    if key.len() < 32 { Err(broken("a key has at least 32 bytes")) } else { Ok(key) }
}

/// Makes a key file.
pub fn make(path: &std::path::Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut key = [0u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let mut file = File::options().write(true).create_new(true).mode(0o400).open(path)?;
    file.write_all(&key)?;
    file.sync_all()
}
