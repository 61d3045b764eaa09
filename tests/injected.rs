//! Panics, errors and short reads at points of a run: whatever edition is visible afterwards is the one of an undisturbed run.
//!
//! Two hundred and more injections into protection alone are in that crate's own tests; here the whole command is disturbed
//! at the stages around it, and where it reads back what it wrote.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::project::{Folder, done, err, files_below, linked_project};

const EDITION: &str = r#"  "2011-12-22":
    monitor: proef
    kind: first
    title: Proef
    cut_off: "2011-12-15"
    why: Proef.
    indicators:
      kiezers: { periods: ["2006-10-08"] }
      woonwagenbewoners: { periods: ["2003", "2011"] }
"#;

/// Points with the passage at which they fail and how.
const INJECTIONS: [&str; 17] = [
    "run.counted:0:panic",
    "run.counted:0:error",
    "protect.system:0:panic",
    "plan.part:0:panic",
    "secondary.worker:0:panic",
    "secondary.worker:0:error",
    "protect.row:7:error",
    "run.protected:0:error",
    "run.written:0:panic",
    "read.published:0:short",
    "read.published:1:error",
    "read.published:2:panic",
    "audit.proofs:0:panic",
    "audit.page:100:error",
    "run.audited:0:panic",
    "publish.rename:0:error",
    "publish.visible:0:panic",
];

fn published(folder: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let base = folder.path().join("warehouse/published/edition=2011-12-22");
    if !base.exists() {
        return BTreeMap::new();
    }
    files_below(&base).into_iter().map(|file| (file.clone(), std::fs::read(base.join(file)).unwrap())).collect()
}

fn unpublish(folder: &Folder) {
    for name in ["published", "confidential", "latest"] {
        let place = folder.path().join("warehouse").join(name);
        if place.exists() {
            std::fs::remove_dir_all(place).unwrap();
        }
    }
}

#[test]
fn a_disturbed_run_publishes_nothing_or_what_an_undisturbed_one_does() {
    if !cfg!(debug_assertions) {
        println!("NOT RUN: the points are compiled in where debug assertions are");
        return;
    }
    let folder = linked_project("injected");
    let pipeline = folder.read("pipeline.yaml");
    folder.write("pipeline.yaml", format!("{pipeline}{EDITION}"));
    done(&folder, &["-q", "synth", "--scale", "0.01"]);
    done(&folder, &["-q", "run", "--edition", "2011-12-22"]);
    let undisturbed = published(&folder);
    assert!(undisturbed.len() > 10);
    // The rows of every table that is read: a reader that ends early at any of them.
    let reads = (0..12).map(|at| format!("read.rows:{at}:short"));
    let (mut refused, mut as_ever) = (0, 0);
    for injection in INJECTIONS.into_iter().map(str::to_string).chain(reads) {
        unpublish(&folder);
        let output = Command::new(env!("CARGO_BIN_EXE_liim"))
            .arg("--project")
            .arg(folder.path())
            .args(["-q", "run", "--edition", "2011-12-22"])
            .env("LIIM_INJECT", &injection)
            .output()
            .unwrap();
        let found = published(&folder);
        if found.is_empty() {
            let code = output.status.code();
            assert!(matches!(code, Some(1 | 5 | 6)), "{injection}: {code:?}\n{}", err(&output));
            refused += 1;
        } else {
            assert!(found == undisturbed, "{injection}: another edition is visible");
            as_ever += 1;
        }
    }
    println!("{refused} runs were refused, {as_ever} published what an undisturbed one does");
    assert!(refused >= INJECTIONS.len() - 3, "{refused} of {} injections stopped a run", INJECTIONS.len());
}
