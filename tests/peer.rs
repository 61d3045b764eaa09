//! The figures counted again by DuckDB, in SQL of its own: from the delivered files (`bench/peer.py`), and from the truth.

use std::path::Path;
use std::process::Command;

use crate::project::{Folder, done, err, out, synthetic};

/// Whether python3 has what is needed; where it has not, a test says so, and fails in continuous integration.
fn have(modules: &str) -> bool {
    let import = format!("import {modules}");
    let found = Command::new("python3").args(["-c", &import]).output().is_ok_and(|output| output.status.success());
    if !found {
        println!("SKIPPED: python3 cannot {import}");
        assert!(std::env::var_os("CI").is_none(), "{modules} must be there in continuous integration");
    }
    found
}

/// All indicators, every published cell of both editions and of the longitudinal monitor, counted from the truth by `tests/verify_truth.py`.
#[test]
fn every_indicator_is_what_the_truth_says() {
    if !have("duckdb, pandas, openpyxl") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = Folder::new("verify-truth");
    let output = Command::new("python3")
        .arg(root.join("tests/verify_truth.py"))
        .args(["--scale", "0.01", "--liim", env!("CARGO_BIN_EXE_liim"), "--keep"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    assert!(out(&output).contains(" 0 differ, 26 indicators"), "{}", out(&output));
}

#[test]
fn duckdb_counts_the_same_from_the_delivered_files() {
    if !have("duckdb") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = synthetic("peer", "0.01");
    let peer = |arguments: &[&str]| -> String {
        let script = root.join("bench/peer.py");
        let output = Command::new("python3").arg(script).arg(folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        out(&output).lines().last().unwrap_or_default().to_string()
    };
    peer(&["--prepare"]);
    done(&folder, &["-q", "run", "--edition", "2011-12-16"]);
    let told = |arguments: &[&str]| -> serde_json::Value { serde_json::from_str(&peer(arguments)).unwrap() };
    let (theirs, ours) = (told(&[]), told(&["--figures"]));
    assert_eq!(ours.as_object().unwrap().len(), 5, "{ours}");
    assert_eq!(ours, theirs["figures"]);
}
