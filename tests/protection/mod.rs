//! `liim protect`: any table of counts, as a statistician would bring it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use catalog::cell::AreaLevel;

mod dropping;
mod pages;
mod sensitive;

use crate::project::{Folder, done, err, liim, linked_project, observations};

/// The example of docs/protection.md.
const TABLE: &str = "gemeente,geslacht,aantal\nA,M,3\nA,V,40\nA,T,43\nB,M,20\nB,V,30\nB,T,50\nC,M,25\nC,V,28\nC,T,53\n\
                     Noord,M,23\nNoord,V,70\nNoord,T,93\nVlaanderen,M,48\nVlaanderen,V,98\nVlaanderen,T,146\n";
const SPEC: &str = "count: aantal\nthreshold: 5\nattacker: non-negative\ndimensions:\n  gemeente:\n    total: Vlaanderen\n    \
                    parents:\n      streek: { A: Noord, B: Noord }\n  geslacht:\n    total: T\n";

fn example(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("table.csv", TABLE);
    folder.write("spec.yaml", SPEC);
    folder
}

fn arguments<'a>(folder: &'a Folder, out: &'a str) -> [String; 6] {
    let at = |name: &str| folder.path().join(name).display().to_string();
    ["protect".into(), at("table.csv"), "--spec".into(), at("spec.yaml"), "--out".into(), at(out)]
}

fn protect(folder: &Folder, out: &str, more: &[&str]) -> std::process::Output {
    let arguments = arguments(folder, out);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    liim(folder, &arguments)
}

fn records(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines().map(|line| line.split(',').map(String::from).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines.map(|fields| header.iter().cloned().zip(fields).collect()).collect()
}

/// By hand: the 3 needs another of its row and another of its column, and their crossing.
#[test]
fn a_table_comes_back_without_what_would_give_a_small_count_away() {
    let folder = example("protect");
    let output = protect(&folder, "out.csv", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let words = err(&output);
    assert!(words.contains("small counts 1, others that would give them away 3"), "{words}");
    let rows = records(&folder.read("out.csv"));
    assert_eq!(rows.len(), 15);
    let withheld: Vec<&BTreeMap<String, String>> = rows.iter().filter(|row| row["withheld"] == "true").collect();
    assert_eq!(withheld.len(), 4);
    assert!(withheld.iter().all(|row| row["aantal"].is_empty()));
    let small = withheld.iter().find(|row| row["gemeente"] == "A" && row["geslacht"] == "M").is_some();
    assert!(small, "{withheld:?}");
    let shown: i64 = rows.iter().filter_map(|row| row["aantal"].parse::<i64>().ok()).sum();
    assert!(shown > 600);

    // Neither the table nor its description is ever written over.
    for own in ["table.csv", "spec.yaml"] {
        let before = folder.read(own);
        let output = protect(&folder, own, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert_eq!(folder.read(own), before);
    }

    let output = protect(&folder, "audit.csv", &["--audit"]);
    assert!(err(&output).contains("not for publication"), "{}", err(&output));
    let file = folder.path().join("audit.csv");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let rows = records(&folder.read("audit.csv"));
    let small = rows.iter().find(|row| row["primary"] == "true").unwrap();
    assert_eq!((small["aantal"].as_str(), small["low"].as_str()), ("3", "0"));
    assert!(small["high"].parse::<i64>().unwrap() >= 5);
    assert!(rows.iter().filter(|row| row["primary"] == "false").all(|row| row["low"].is_empty()));
}

/// Each fault with its code and place, and nothing written.
#[test]
fn what_cannot_be_protected_is_refused_with_its_place() {
    let folder = example("protect-refused");
    let refused = |code: i32, words: &[&str]| {
        let output = protect(&folder, "out.csv", &[]);
        let told = err(&output);
        assert_eq!(output.status.code(), Some(code), "{told}");
        for word in words {
            assert!(told.contains(word), "{word}: {told}");
        }
        assert!(!folder.path().join("out.csv").exists());
    };
    folder.write("spec.yaml", SPEC.replace("threshold: 5", "treshold: 5"));
    refused(3, &["error[T03]", "line 2", "did you mean `threshold`?", "error[T04]"]);
    folder.write("spec.yaml", SPEC.replace("count: aantal", "count: antal"));
    refused(4, &["error[T11]", "table.csv, line 1", "is it `aantal`?"]);
    folder.write("spec.yaml", SPEC.replace("{ A: Noord, B: Noord }", "{ file: geo.csv, code: a, parent: b }"));
    refused(3, &["error[T09]", "spec.yaml, line 8", "geo.csv"]);
    folder.write("spec.yaml", SPEC);
    folder.write("table.csv", TABLE.replace("Noord,M,23", "Noord,M,24"));
    refused(4, &["error[T14]", "table.csv, line 11", "add up to, 23"]);
    folder.write("table.csv", TABLE.replace("B,M,20", "B,M,twintig"));
    refused(4, &["error[T12]", "line 5, column aantal"]);
    folder.write("table.csv", format!("{TABLE}A,M,3\n"));
    refused(4, &["error[T13]", "line 17"]);
    folder.write("table.csv", TABLE.replace("aantal", "aantal,low").replace("\n", ",1\n").replace("low,1", "low"));
    refused(4, &["error[T17]", "line 1", "`low`"]);
    folder.write("table.csv", TABLE.replace("B,M,20", "B,M"));
    refused(4, &["error[T10]", "line 5: 2 fields where the header has 3"]);
}

/// Where the published cases lie; fails where they must be there.
fn shared() -> Option<PathBuf> {
    let folder = match std::env::var("LIIM_SHARED_DATA") {
        Ok(folder) => PathBuf::from(folder),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let found = folder.join("disclosure").is_dir();
    assert!(found || std::env::var("LIIM_SHARED_DATA").is_err(), "the published cases are not there");
    if !found {
        println!("NOT RUN: the published cases are not there");
    }
    found.then(|| folder.join("disclosure"))
}

/// 8,694 cells: 300 areas in provinces and in clusters, 8 origins, 2 sexes. The reference withholds 2,085 small cells and 500
/// more. An outside solver finds the intervals that the audit tells.
#[test]
fn the_linked_table_is_protected_with_few_further_cells_and_an_outside_solver_agrees() {
    let Some(shared) = shared() else { return };
    let folder = Folder::new("protect-linked");
    for (from, to) in [("linked_8694_input.csv", "table.csv"), ("synthetic_geo.csv", "geo.csv")] {
        folder.write(to, std::fs::read(shared.join(from)).unwrap());
    }
    folder.write(
        "spec.yaml",
        "count: count\nthreshold: 5\nattacker: non-negative\ndimensions:\n  area:\n    total: Total\n    parents:\n      \
         province: { file: geo.csv, code: gem, parent: prov }\n      cluster: { file: geo.csv, code: gem, parent: vrind }\n  \
         origin: { total: Total }\n  sex: { total: Total }\n",
    );
    let arguments = arguments(&folder, "audit.csv");
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.push("--audit");
    done(&folder, &arguments);
    let rows = records(&folder.read("audit.csv"));
    let count = |column: &str| rows.iter().filter(|row| row[column] == "true").count();
    let (withheld, primary) = (count("withheld"), count("primary"));
    assert_eq!(primary, 2_085);
    println!("{} withheld beside {primary} small ones", withheld - primary);
    assert!(withheld - primary <= 575, "{}", withheld - primary);
    for row in rows.iter().filter(|row| row["primary"] == "true") {
        assert!(!row["low"].is_empty() && row["low"] != row["high"], "{row:?}");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/protection/outside_solver.py");
    let output = Command::new("python3")
        .arg(script)
        .args([folder.path().join("audit.csv"), folder.path().join("geo.csv")])
        .arg("50")
        .output();
    let told =
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or("ABSENT python3".into());
    if told.starts_with("ABSENT") {
        assert!(std::env::var("CI").is_err(), "{told}");
        println!("NOT RUN: {told}");
    } else {
        assert!(told.ends_with(" 0 differ\n"), "{told}");
    }
}

/// Two editions, the later of which adds an indicator and counts one again.
const EDITIONS: &str = r#"  "2011-12-22":
    monitor: proef
    kind: first
    title: Proef
    cut_off: "2011-12-15"
    why: Proef.
    indicators:
      vreemde-herkomst: { periods: ["2011-01-01"], origin: eigen-historiek-2011 }
      leefloon: { periods: ["2010-01-01/P1Y"] }
      kiezers: { periods: ["2006-10-08"] }
      migraties: { periods: ["2010"] }
  "2012-03-16":
    monitor: proef
    kind: routine
    follows: "2011-12-22"
    title: Proef, update
    cut_off: "2012-03-09"
    why: Proef.
    indicators:
      kiezers: { periods: ["2006-10-08"] }
      wachttijd: { periods: ["2010-01-01/P1Y"] }
"#;

/// The whole way: what is withheld is blank in the published table, what is shown adds up, the proofs lie in the
/// confidential zone, and the next edition withholds again what the first did. Then a script that knows nothing of ours
/// makes the sums anew from the published tables and adds up every proof.
#[test]
fn editions_are_protected_as_one_system_and_the_proofs_add_up_elsewhere() {
    let folder = linked_project("protection-editions");
    let pipeline = folder.read("pipeline.yaml");
    folder.write("pipeline.yaml", format!("{pipeline}{EDITIONS}"));
    done(&folder, &["-q", "synth", "--scale", "0.02"]);
    done(&folder, &["-q", "run", "--edition", "2011-12-22", "--edition", "2012-03-16"]);
    let first = observations(&folder, "2011-12-22");
    let second = observations(&folder, "2012-03-16");
    let withheld = first.iter().filter(|row| row.reason.word() == "withheld").count();
    assert!(withheld > 1_000, "{withheld}");
    let of_clusters = first.iter().filter(|row| row.key.area_level == AreaLevel::Cluster && row.share.is_some());
    assert!(of_clusters.clone().count() > 500, "{}", of_clusters.count());
    for row in &first {
        assert_eq!(row.reason.word() == "shown", row.numerator.is_some(), "{:?}", row.key);
        assert!(row.numerator.is_some() || row.denominator.is_none() && row.value.is_none());
        // A share without its count is of a greater area.
        let is_rounded = row.reason.word() == "share-only" && row.key.area_level != AreaLevel::Municipality;
        assert!(row.numerator.is_some() || row.share.is_none() || is_rounded, "{:?}", row.key);
    }
    // What was withheld stays so, and what was told stays told.
    let known: BTreeMap<_, _> = first.iter().map(|row| (&row.key, row.reason)).collect();
    for row in &second {
        if let Some(before) = known.get(&row.key) {
            assert_eq!(row.reason, *before, "{:?}", row.key);
        }
    }
    let manifest = folder.read("warehouse/published/edition=2012-03-16/manifest.json");
    assert!(manifest.contains(r#""protection": "linked""#));
    let confidential = folder.path().join("warehouse/confidential/edition=2012-03-16");
    assert_eq!(std::fs::metadata(&confidential).unwrap().permissions().mode() & 0o777, 0o700);
    for name in ["record.parquet", "decisions.parquet", "certificates.parquet", "salt"] {
        let mode = std::fs::metadata(confidential.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/protection/outside_addition.py");
    for edition in ["2011-12-22", "2012-03-16"] {
        let output = Command::new("python3").arg(&script).arg(folder.path().join("warehouse")).arg(edition).output();
        let told = output.map_or("ABSENT python3".into(), |output| {
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
        });
        if told.starts_with("ABSENT") {
            assert!(std::env::var("CI").is_err(), "{told}");
            println!("NOT RUN: {told}");
        } else {
            assert!(told.ends_with(" 0 wrong\n"), "{told}");
        }
    }

    // The audit notices whatever is shown after all and matters.
    let (mattered, flagged, needlessly) = dropping::dropping(folder.path(), 1, 200);
    println!("shown after all: mattered {mattered}, flagged {flagged}, of these needlessly {needlessly}");
    assert!(mattered > 0 && mattered + needlessly == flagged);

    // Without what was counted behind an earlier edition no later one can be protected, and a message says so.
    std::fs::remove_dir_all(&confidential).unwrap();
    let third = EDITIONS
        .split("  \"2012-03-16\":")
        .nth(1)
        .unwrap()
        .replace("follows: \"2011-12-22\"", "follows: \"2012-03-16\"");
    let pipeline = folder.read("pipeline.yaml");
    folder.write("pipeline.yaml", format!("{pipeline}  \"2012-03-17\":{third}"));
    let output = liim(&folder, &["-q", "run", "--edition", "2012-03-17"]);
    assert!(!output.status.success());
    assert!(err(&output).contains("no later edition can be protected"), "{}", err(&output));
}
