//! `liim init`: a project with all definitions.

use std::io::ErrorKind;
use std::path::Path;

use warehouse::store::exists;

use crate::failure::Failure;
use crate::{files, key, terminal};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// The file that makes a folder a project. It is written last, so a folder that has it has all others.
const LAST: &str = "pipeline.yaml";

/// Writes a project into a folder that has none, or only what an `init` that was stopped left there.
///
/// # Errors
/// A folder that has a project; a file there of the same name and with other content; files that cannot be written.
pub fn init(dir: &Path) -> Result<(), Failure> {
    if exists(&dir.join(LAST))? {
        return Err(Failure::Usage(format!("{} has a project already", dir.display())));
    }
    let ignored = (".gitignore", IGNORED.as_bytes());
    let (last, others): (Vec<_>, Vec<_>) =
        embedded::FILES.iter().copied().chain([ignored]).partition(|(name, _)| *name == LAST);
    for (name, bytes) in &others {
        place(&dir.join(name), bytes)?;
    }
    files::folder(&dir.join("warehouse"))?;
    let key = dir.join("keys/person-numbers.key");
    if !exists(&key)? {
        key::make(&key)?;
    }
    for (name, bytes) in &last {
        place(&dir.join(name), bytes)?;
    }
    let shown = dir.display();
    terminal::talk(&format!(
        "a project with {} files stands in {shown}\n  liim --project {shown} check     checks its definitions\n  \
         liim --project {shown} synth     writes synthetic deliveries\n  liim --project {shown} receive   takes in a real one",
        embedded::FILES.len(),
    ));
    Ok(())
}

const IGNORED: &str = "/warehouse\n/keys\n/truth\n/reports\n/sources/*/deliveries\n/sources/.lock\n";

/// Writes a file that is not there. One that is there and equal is left; another is not ours to replace.
fn place(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    match std::fs::read(path) {
        Ok(found) if found == bytes => return Ok(()),
        Ok(_) => {
            return Err(Failure::Usage(format!(
                "{} is there with another content; move it away, or name another folder",
                path.display()
            )));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::Broken(format!("{}: {error}", path.display()))),
    }
    files::folder(path.parent().unwrap_or(Path::new(".")))?;
    files::write_whole(path, bytes, 0o644)
}
