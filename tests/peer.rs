//! The figures counted again by DuckDB, from the delivered files, in SQL of its own (`bench/peer.py`).

use std::path::Path;
use std::process::Command;

use crate::project::{done, err, out, synthetic};

#[test]
fn duckdb_counts_the_same_from_the_delivered_files() {
    let have = Command::new("python3").args(["-c", "import duckdb"]).status().is_ok_and(|status| status.success());
    if !have {
        println!("SKIPPED peer: python3 has no duckdb");
        assert!(std::env::var_os("CI").is_none(), "duckdb must be there in continuous integration");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let bench = std::fs::read_to_string(root.join("bench/run")).unwrap();
    let edition = bench.split("EDITION = \"\"\"").nth(1).unwrap().split("\"\"\"").next().unwrap();
    let folder = synthetic("peer", "0.01");
    folder.write("pipeline.yaml", folder.read("pipeline.yaml") + edition);
    done(&folder, &["-q", "run", "--edition", "bench"]);
    let peer = |arguments: &[&str]| -> serde_json::Value {
        let script = root.join("bench/peer.py");
        let output = Command::new("python3").arg(script).arg(folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        serde_json::from_str(out(&output).lines().last().unwrap()).unwrap()
    };
    let (theirs, ours) = (peer(&[]), peer(&["--figures"]));
    assert_eq!(ours.as_object().unwrap().len(), 5, "{ours}");
    assert_eq!(ours, theirs["figures"]);
}
