//! `liim init`: a project with all definitions.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::{key, terminal};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// Writes a project into a folder that has none.
pub fn init(dir: &Path) -> Result<(), Failure> {
    if dir.join("pipeline.yaml").exists() {
        return Err(Failure::Usage(format!("{} has a project already", dir.display())));
    }
    let broken = |path: &Path, error: std::io::Error| Failure::Broken(format!("{}: {error}", path.display()));
    for (name, bytes) in embedded::FILES {
        let path = dir.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| broken(folder, error))?;
        }
        fs::write(&path, bytes).map_err(|error| broken(&path, error))?;
    }
    fs::create_dir_all(dir.join("warehouse")).map_err(|error| broken(dir, error))?;
    let ignored = dir.join(".gitignore");
    fs::write(&ignored, "/warehouse\n/keys\n/truth\n/reports\n/sources/*/deliveries\n")
        .map_err(|error| broken(&ignored, error))?;
    let path = dir.join("keys/person-numbers.key");
    if !path.exists() {
        key::make(&path).map_err(|error| broken(&path, error))?;
    }
    let shown = dir.display();
    terminal::talk(&format!(
        "a project with {} files stands in {shown}\n  liim --project {shown} check     checks its definitions\n  \
         liim --project {shown} synth     writes synthetic deliveries\n  liim --project {shown} receive   takes in a real one",
        embedded::FILES.len(),
    ));
    Ok(())
}
