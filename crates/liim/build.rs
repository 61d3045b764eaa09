//! Puts the project as it stands in the repository (pipeline, contracts, reference tables, cards) into the command, for
//! `liim init`. Deliveries are never taken along.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let mut files = vec![root.join("pipeline.yaml")];
    for folder in ["sources", "indicators"] {
        walk(&root.join(folder), &mut files);
    }
    files.sort();
    let mut code = String::from("/// Path within a project, and contents.\npub const FILES: &[(&str, &[u8])] = &[\n");
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        let _ = writeln!(code, "    ({name:?}, include_bytes!({:?})),", file.display().to_string());
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    if let Err(error) = fs::write(&out, code) {
        println!("cargo:warning=the project could not be put into the command: {error}");
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo:rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if entry.file_name() != "deliveries" {
                walk(&path, files);
            }
        } else {
            files.push(path);
        }
    }
}
