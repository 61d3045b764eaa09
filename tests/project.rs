//! A project of a test's own, in a folder that goes when the test ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("liim-test-{}-{number}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// Replaces a piece of a file that must be there.
    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, text.replacen(from, to, 1));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs the command in a folder.
pub fn liim(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_liim"))
        .arg("--project")
        .arg(folder.path())
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// Runs the command and expects it to do what was asked.
pub fn done(folder: &Folder, arguments: &[&str]) -> Output {
    let output = liim(folder, arguments);
    assert!(output.status.success(), "liim {arguments:?}\n{}{}", out(&output), err(&output));
    output
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A fresh project with all definitions, in which only counts of few persons are withheld: in a Flanders as small as those
/// of the tests nearly every count is, and the search for proofs is longer than all the rest.
pub fn project(name: &str) -> Folder {
    let folder = linked_project(name);
    let pipeline = folder.read("pipeline.yaml");
    assert!(pipeline.contains("system: linked"));
    folder.write("pipeline.yaml", pipeline.replace("system: linked", "system: primary-only"));
    folder
}

/// A fresh project with all definitions, as it is.
pub fn linked_project(name: &str) -> Folder {
    let folder = Folder::new(name);
    let path = folder.path().display().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_liim")).args(["init", &path]).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    folder
}

/// Takes the floors of all contracts away, for deliveries of a few persons that are written out by hand.
pub fn without_floors(folder: &Folder) {
    for supplier in fs::read_dir(folder.path().join("sources")).unwrap().flatten() {
        let path = supplier.path().join("contract.yaml");
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let mut within = false;
        let lines = text.lines().map(|line| {
            within = line.starts_with("    floors:") || within && line.starts_with("      ");
            if !within {
                return line.to_string();
            }
            let mut pieces = line.split(": 0.");
            let first = pieces.next().unwrap_or_default().to_string();
            let zeros = pieces.map(|piece| format!(": 0{}", piece.trim_start_matches(|c: char| c.is_ascii_digit())));
            (first + &zeros.collect::<String>()).replace("fall: 0", "fall: 1")
        });
        let text: String = lines.map(|line| line + "\n").collect();
        fs::write(&path, text).unwrap();
    }
}

/// A fresh project with synthetic deliveries.
pub fn synthetic(name: &str, scale: &str) -> Folder {
    let folder = project(name);
    done(&folder, &["-q", "synth", "--scale", scale]);
    folder
}

/// The folder with Statbel's real tables; tests that need it say so when it is not there.
pub fn shared_data(test: &str) -> Option<PathBuf> {
    let named = env::var_os("LIIM_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if let Some(path) = &named {
        assert!(path.join("statbel").is_dir(), "LIIM_SHARED_DATA names {}, which has no statbel/", path.display());
    }
    let found = named.into_iter().chain([beside]).find(|path| path.join("statbel").is_dir());
    if found.is_none() {
        println!("SKIPPED {test}: Statbel's tables are not here; set LIIM_SHARED_DATA to the folder that has statbel/");
    }
    found
}

/// Statbel's population zip of a year.
pub fn statbel_zip(data: &Path, year: u16) -> PathBuf {
    let prefix = format!("TF_SOC_POP_STRUCT_{year}_");
    let files = fs::read_dir(data.join("statbel")).unwrap().flatten().map(|entry| entry.path());
    files.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with(&prefix)).unwrap()
}

/// Published rows of an edition.
pub fn observations(folder: &Folder, edition: &str) -> Vec<catalog::cell::Observation> {
    let warehouse = warehouse::store::Warehouse::reading(&folder.path().join("warehouse"));
    warehouse::edition::open(&warehouse, edition).unwrap().observations().unwrap()
}

/// All files below a folder, as paths relative to it.
pub fn files_below(base: &Path) -> Vec<PathBuf> {
    fn walk(folder: &Path, base: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                walk(&path, base, found);
            } else if entry.file_type().unwrap().is_file() {
                found.push(path.strip_prefix(base).unwrap().to_path_buf());
            }
        }
    }
    let mut found = Vec::new();
    walk(base, base, &mut found);
    found.sort();
    found
}

/// The number of a person born on a day, the serial odd for a man and even for a woman.
pub fn insz(birth: u64, serial: u64) -> String {
    let nine = birth % 1_000_000 * 1_000 + serial;
    let century = if birth >= 20_000_000 { catalog::insz::Century::Twenty } else { catalog::insz::Century::Nineteen };
    format!("{:011}", nine * 100 + catalog::insz::check_digits(nine, century))
}
