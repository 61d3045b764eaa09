//! The definition files of a project: found, bounded, read. What cannot be read is a fault and never counts as absent, and
//! what is no definition is not taken along, for all that is read here is published with every edition.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::fault::{Fault, Place};
use crate::id::{PATTERN, is_id};
use crate::identifiers;

/// Most bytes of a definition file; the greatest that is shipped has 36 thousand.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The code of what cannot be read.
pub(crate) const UNREADABLE: &str = "P18";

/// A definition file or folder that is there and cannot be read. It never counts as one that is not there.
pub(crate) fn unreadable(path: &str, error: &std::io::Error) -> Fault {
    let message = format!("cannot be read: {error}");
    Fault::new(UNREADABLE, Place::file(path), message).hint("see to its owner, its mode and the disk")
}

/// The bytes of a file that is no greater than a definition may be.
pub(crate) fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("more than {MAX_FILE_BYTES} bytes, as no definition has")));
    }
    Ok(bytes)
}

/// The text of a definition file that was found. Returns `None` where there is none, and with a fault where it is no text.
pub(crate) fn text(files: &BTreeMap<String, Vec<u8>>, file: &str, faults: &mut Vec<Fault>) -> Option<String> {
    match std::str::from_utf8(files.get(file)?) {
        Ok(text) => Some(text.strip_prefix('\u{feff}').unwrap_or(text).to_string()),
        Err(_) => {
            faults.push(Fault::new("P02", Place::file(file), "not UTF-8 text"));
            None
        }
    }
}

/// The folder of the reference tables.
const REFERENCE: &str = "sources/reference";

/// The reference tables. A file of another name is no definition: it may be a delivery put in the wrong place, and would be
/// published with every edition.
const TABLES: [&str; 9] = [
    "areas.csv",
    "cluster_members.csv",
    "clusters.csv",
    "municipalities.csv",
    "municipality_mergers.csv",
    "nationalities.csv",
    "nationality_group_members.csv",
    "nationality_groups.csv",
    "successors.csv",
];

/// Returns a fault where a definition file, which every edition archives, looks as if it held identifiers of persons.
pub(crate) fn identifiers_in(file: &str, bytes: &[u8]) -> Option<Fault> {
    let (line, what) = identifiers::find(file, bytes)?;
    let hint = "definition files are published with every edition; is it a delivery? take it in with `liim receive`";
    Some(Fault::new("S16", Place::line(file, line), what).hint(hint))
}

/// Returns a fault where suppliers, themes, cards or origin definitions have names that are no ids: tables, folders and pages
/// are named after them.
pub(crate) fn name_of(file: &str) -> Option<Fault> {
    let parts: Vec<&str> = file.split('/').collect();
    let (code, names) = match parts.as_slice() {
        ["sources", supplier, "contract.yaml"] => ("S10", vec![*supplier]),
        ["sources", "reference", "origin", name] => ("O10", vec![name.trim_end_matches(".yaml")]),
        ["indicators", theme, name] => ("I10", vec![*theme, name.trim_end_matches(".yaml").trim_end_matches(".sql")]),
        _ => return None,
    };
    let wrong = names.into_iter().find(|name| !is_id(name))?;
    Some(Fault::new(code, Place::file(file), format!("`{wrong}` cannot be an id")).hint(PATTERN))
}

/// Collects definition files below a folder, and nothing else: what is collected is published with every edition. A data
/// file that lies among them is a fault, for it may be a delivery put in the wrong place.
pub(crate) fn definitions(
    root: &Path,
    folder: &str,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
    faults: &mut Vec<Fault>,
) {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        // A project may have none yet; what was listed a moment ago must be there.
        Err(error) if error.kind() == ErrorKind::NotFound && !folder.contains('/') => return,
        Err(error) => return faults.push(unreadable(folder, &error)),
    };
    for entry in entries {
        let (entry, kind) = match entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind))) {
            Ok(found) => found,
            Err(error) => return faults.push(unreadable(folder, &error)),
        };
        let name = entry.file_name().to_string_lossy().to_string();
        let path = format!("{folder}/{name}");
        if kind.is_dir() {
            let is_deliveries = folder.starts_with("sources/") && folder != REFERENCE && name == "deliveries";
            if is_deliveries || name.starts_with('.') {
                continue;
            }
            if depth > 0 {
                definitions(root, &path, depth - 1, files, faults);
            } else {
                let message = "a folder in which no definition lies";
                faults.push(Fault::new("S15", Place::file(&path), message).hint("remove it"));
            }
            continue;
        }
        let parts: Vec<&str> = path.split('/').collect();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let definition = match parts.as_slice() {
            ["sources", "reference", own] => TABLES.contains(own) || *own == "README.md",
            ["sources", "reference", "origin", _] => ends(&[".yaml"]),
            ["sources", _, "contract.yaml"] => true,
            ["indicators", "plausibility.yaml"] => true,
            ["indicators", _, _] => ends(&[".yaml", ".sql"]),
            _ => false,
        };
        // Figures that synthetic deliveries are drawn by; no edition is made from them, so none archives them.
        let calibration = matches!(parts.as_slice(), ["sources", "reference", "calibration", _]) && ends(&[".csv"]);
        if calibration && kind.is_file() {
            continue;
        }
        if definition && kind.is_file() {
            match read_bounded(&entry.path()) {
                Ok(bytes) => {
                    files.insert(path, bytes);
                }
                Err(error) => faults.push(unreadable(&path, &error)),
            }
        } else if !(name.starts_with('.') || ends(&[".md", ".schema.json"]) && folder != REFERENCE) {
            faults.push(
                Fault::new("S15", Place::file(&path), "a file that is neither a definition nor a received delivery")
                    .hint("take a delivery in with `liim receive` and remove it here"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::pipeline::Pipeline;
    use crate::project::Project;

    /// A folder below the system's, gone when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("liim-catalog-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("sources/vdab")).unwrap();
            fs::write(path.join("pipeline.yaml"), "title: t\n").unwrap();
            Folder(path)
        }

        fn faults(&self) -> Vec<String> {
            Project::load(&self.0).unwrap_err().iter().map(Fault::to_string).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn has(faults: &[String], place: &str, words: &str) {
        let found = faults.iter().any(|fault| fault.contains(&format!("at {place}")) && fault.contains(words));
        assert!(found, "no {words:?} at {place} in {faults:#?}");
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_not_absent() {
        // Whoever runs this may read everything, so what is in the way is not a mode: a file where a folder is expected, a
        // folder where a file is, a link that leads to itself.
        let folder = Folder::new("unreadable");
        fs::write(folder.0.join("indicators"), "no folder").unwrap();
        has(&folder.faults(), "indicators", "error[P18]: cannot be read: Not a directory");
        fs::remove_file(folder.0.join("pipeline.yaml")).unwrap();
        fs::create_dir(folder.0.join("pipeline.yaml")).unwrap();
        has(&folder.faults(), "pipeline.yaml", "error[P18]: cannot be read: Is a directory");
        fs::remove_dir(folder.0.join("pipeline.yaml")).unwrap();
        std::os::unix::fs::symlink("pipeline.yaml", folder.0.join("pipeline.yaml")).unwrap();
        has(&folder.faults(), "pipeline.yaml", "error[P18]: cannot be read: Too many levels");
        fs::remove_file(folder.0.join("pipeline.yaml")).unwrap();
        has(&folder.faults(), "pipeline.yaml", "error[P01]: there is no pipeline.yaml");
    }

    #[test]
    fn what_is_no_text_or_too_great_is_said_to_be() {
        let folder = Folder::new("no-text");
        fs::create_dir_all(folder.0.join("sources/reference")).unwrap();
        fs::write(folder.0.join("sources/reference/areas.csv"), b"code;\xff\n").unwrap();
        fs::write(folder.0.join("sources/vdab/contract.yaml"), b"\xff").unwrap();
        let faults = folder.faults();
        has(&faults, "sources/reference/areas.csv", "error[P02]: not UTF-8 text");
        has(&faults, "sources/vdab/contract.yaml", "error[P02]: not UTF-8 text");
        fs::write(folder.0.join("sources/reference/clusters.csv"), vec![b'a'; (1 << 20) + 1]).unwrap();
        let faults = folder.faults();
        has(&faults, "sources/reference/clusters.csv", "error[P18]: cannot be read: more than 1048576 bytes");
        assert_eq!(faults.len(), 1, "what else there is to say waits until everything can be read: {faults:#?}");
    }

    #[test]
    fn only_declared_files_are_definitions_and_none_holds_numbers_of_persons() {
        let folder = Folder::new("strays");
        let reference = folder.0.join("sources/reference");
        fs::create_dir_all(reference.join("deliveries/2010")).unwrap();
        fs::write(reference.join("nwwz_2010.csv"), "code\n1\n").unwrap();
        fs::write(reference.join("notes.md"), "a note").unwrap();
        fs::write(reference.join("deliveries/2010/rows.csv"), "code\n1\n").unwrap();
        fs::write(reference.join("areas.csv"), "code,name\n1,94021300145\n").unwrap();
        fs::create_dir_all(folder.0.join("indicators/Welzijn")).unwrap();
        fs::write(folder.0.join("indicators/Welzijn/leefloon.yaml"), "title: t\n").unwrap();
        let faults = folder.faults();
        for stray in ["nwwz_2010.csv", "notes.md", "deliveries/2010/rows.csv"] {
            has(&faults, &format!("sources/reference/{stray}"), "error[S15]");
        }
        has(&faults, "sources/reference/areas.csv, line 2", "error[S16]");
        assert!(faults.iter().all(|fault| !fault.contains("94021300145")), "a number is told");
        has(&faults, "indicators/Welzijn/leefloon.yaml", "error[I10]: `Welzijn` cannot be an id");
    }

    #[test]
    fn ids_name_no_folder_elsewhere_and_look_like_a_day_only_when_they_are_one() {
        let faults_of = |ids: &[&str], monitor: &str| -> Vec<String> {
            let edition = |id: &&str| format!("  \"{id}\":\n    monitor: {monitor}\n");
            let text = format!("editions:\n{}", ids.iter().map(edition).collect::<String>());
            Pipeline::read(&text).1.iter().map(Fault::to_string).filter(|fault| fault.contains("[P10]")).collect()
        };
        assert!(faults_of(&["2012-03-15", "2013-03-15"], "liim").is_empty());
        assert!(faults_of(&["verhaal"], "liim").is_empty());
        for (ids, monitor) in [
            (&["2012-03-15"][..], "/../../../x"),
            (&["../x"], "liim"),
            (&["2013-02-30"], "liim"),
            (&["2013"], "liim"),
            (&["IM-2013"], "liim"),
        ] {
            assert_eq!(faults_of(ids, monitor).len(), 1, "{ids:?} {monitor}");
        }
    }
}
