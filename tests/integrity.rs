//! Nothing is believed unchecked: bytes flipped in every kind of file, editions and ledgers that are forged, cut, deleted or
//! copied in, private tables and records that are altered, folders that lead elsewhere or are open to others.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use catalog::digest::sha256;
use catalog::project::Project;
use ingest::custody;
use ingest::delivery::deliveries;
use rand::{RngExt, SeedableRng};
use warehouse::edition::{list, open, read_ledger};
use warehouse::store::{Warehouse, checked};
use warehouse::tables::read_texts;
use warehouse::{confidential, integrity};

use crate::project::{Folder, done, err, files_below, liim, out, synthetic};

const FIRST: &str = "2011-12-21";
const SECOND: &str = "2012-03-15";
const PUBLISHED: &str = "warehouse/published";
const LEDGER: &str = "warehouse/published/ledger.jsonl";
const ROUNDS: usize = 100;

/// Two small editions, made once for all tests that run at the same time.
fn made() -> Arc<Folder> {
    static MADE: Mutex<Weak<Folder>> = Mutex::new(Weak::new());
    let mut made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    made.upgrade().unwrap_or_else(|| {
        let folder = synthetic("integrity", "0.002");
        done(&folder, &["-q", "run", "--edition", FIRST, "--edition", SECOND]);
        let shared = Arc::new(folder);
        *made = Arc::downgrade(&shared);
        shared
    })
}

/// A copy that a test may damage.
fn copy(name: &str) -> Folder {
    let made = made();
    let folder = Folder::new(name);
    fs::remove_dir(folder.path()).unwrap();
    let copied = Command::new("cp").arg("-a").arg(made.path()).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    folder
}

fn reading(folder: &Folder) -> Warehouse {
    Warehouse::reading(&folder.path().join("warehouse"))
}

/// What verify says, and that it ends with 6.
fn verify(folder: &Folder) -> String {
    let output = liim(folder, &["-q", "verify"]);
    assert_eq!(output.status.code(), Some(6), "{}{}", out(&output), err(&output));
    err(&output)
}

/// Every verb that opens an edition ends with 6 and says these words.
fn refused_by_all(folder: &Folder, words: &str) {
    let trace = ["trace", "vreemde-herkomst", "--area", "02000", "--edition", FIRST];
    let reports = folder.path().join("reports").display().to_string();
    let report = ["report", "--edition", FIRST, "--area", "71016", "--out", &reports];
    let third = ["run", "--edition", "2013-03-15"];
    let verbs: [&[&str]; 6] = [&trace, &report, &["editions"], &["plan"], &third, &["verify"]];
    for arguments in verbs {
        let output = liim(folder, arguments);
        assert_eq!(output.status.code(), Some(6), "{arguments:?}: {}{}", out(&output), err(&output));
        assert!(err(&output).contains(words), "{arguments:?}: no {words:?} in {}", err(&output));
    }
}

/// Changes one byte of a file, and gives what puts it back.
fn flip(path: &Path, random: &mut impl RngExt) -> (PathBuf, u64, u8) {
    let mode = fs::metadata(path).unwrap().permissions();
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let at = random.random_range(0..file.metadata().unwrap().len());
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ random.random_range(1..=255u8)], at).unwrap();
    assert_eq!(fs::metadata(path).unwrap().permissions(), mode);
    (path.to_path_buf(), at, byte[0])
}

fn put_back((path, at, byte): (PathBuf, u64, u8)) {
    fs::File::options().write(true).open(path).unwrap().write_all_at(&[byte], at).unwrap();
}

fn all_files(folder: &Folder, below: &str) -> Vec<PathBuf> {
    let base = folder.path().join(below);
    files_below(&base)
        .into_iter()
        .map(|path| base.join(path))
        .filter(|path| fs::metadata(path).unwrap().len() > 0)
        .collect()
}

/// Whoever reads a file of a kind finds that it is not as it was written.
fn readers_find(folder: &Folder, path: &Path) {
    let warehouse = reading(folder);
    let shown = path.display().to_string();
    let (of_edition, name) =
        (|id: &str| shown.contains(&format!("edition={id}/")), path.file_name().unwrap().to_str().unwrap());
    let edition = if of_edition(FIRST) { FIRST } else { SECOND };
    if shown.contains("/published/edition=") {
        if name == "SHA256SUMS" {
            return; // Nothing but verify reads it.
        }
        let folder = warehouse.published().join(format!("edition={edition}"));
        let within = path.strip_prefix(&folder).unwrap().display().to_string();
        match open(&warehouse, edition) {
            Err(_) => assert_eq!(within, "manifest.json"),
            Ok(published) => assert!(published.verified(&within).is_err(), "{shown}"),
        }
    } else if shown.contains("/confidential/") {
        assert!(confidential::record_of(&warehouse, edition).is_err(), "{shown}");
    } else {
        assert!(checked(Path::new(shown.trim_end_matches(".sha256"))).is_err(), "{shown}");
    }
}

#[test]
fn a_flipped_byte_is_found_and_named_wherever_it_is() {
    let folder = copy("flipped");
    let warehouse = reading(&folder);
    assert_eq!(integrity::check(&warehouse).findings, Vec::<String>::new());
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(20_111_221);
    let all = all_files(&folder, "warehouse");
    // A file that tells what others are is flipped alone, the others side by side.
    let is_alone = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        ["manifest.json", "ledger.jsonl", "ledger-line.json"].contains(&name)
    };
    let (alone, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
        all.iter().filter(|path| !path.ends_with(".lock")).partition(is_alone);
    let (hashes, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        others.into_iter().partition(|path| path.to_str().unwrap().ends_with(".sha256"));
    for kind in ["published/", "landed/", "work/", "confidential/", "rejections.parquet", "landed.json", "/salt"] {
        assert!(files.iter().any(|path| path.to_str().unwrap().contains(kind)), "no {kind}");
    }
    assert_eq!(alone.len(), 5);
    for round in 0..ROUNDS {
        for group in [&files, &hashes] {
            let flipped: Vec<_> = group.iter().map(|path| flip(path, &mut random)).collect();
            let report = integrity::check(&warehouse).findings;
            let told = report.join("\n");
            for path in group.iter() {
                assert!(told.contains(path.to_str().unwrap()), "{} in {told}", path.display());
            }
            // One by one they take longer, and the round does not matter.
            if round == 0 {
                group.iter().for_each(|path| readers_find(&folder, path));
            }
            flipped.into_iter().for_each(put_back);
        }
        for path in &alone {
            let flipped = flip(path, &mut random);
            let report = integrity::check(&warehouse).findings;
            assert!(report.join("\n").contains(path.to_str().unwrap()), "{} in {report:?}", path.display());
            assert!(open(&warehouse, FIRST).is_err() || path.to_str().unwrap().contains(SECOND), "{}", path.display());
            assert!(open(&warehouse, FIRST).is_err() || open(&warehouse, SECOND).is_err(), "{}", path.display());
            put_back(flipped);
        }
    }
    assert_eq!(integrity::check(&warehouse).findings, Vec::<String>::new());
}

#[test]
fn a_flipped_byte_of_a_delivery_or_its_receipt_is_found_and_named() {
    let folder = copy("flipped-deliveries");
    let project = Project::load(folder.path()).unwrap();
    assert!(custody::check(&project).faults.is_empty());
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(20_120_315);
    let all: Vec<PathBuf> = all_files(&folder, "sources")
        .into_iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "deliveries"))
        .collect();
    let (receipts, files): (Vec<&PathBuf>, Vec<&PathBuf>) = all.iter().partition(|path| path.ends_with("receipt.yaml"));
    assert!(receipts.len() > 20 && files.len() >= receipts.len());
    for _ in 0..ROUNDS {
        for group in [&receipts, &files] {
            let flipped: Vec<_> = group.iter().map(|path| flip(path, &mut random)).collect();
            let found = custody::check(&project).faults;
            for path in group.iter() {
                let shown = path.strip_prefix(folder.path()).unwrap().display().to_string();
                assert!(found.iter().any(|fault| fault.place.file.ends_with(&shown)), "{shown} in {found:?}");
            }
            flipped.into_iter().for_each(put_back);
        }
    }
    // Whoever reads them: the plan says so, and a run makes nothing from them.
    let nwwz = folder.path().join("sources/vdab/deliveries/2010/nwwz/0001/nwwz.csv");
    let flipped = flip(&nwwz, &mut random);
    let plan = out(&done(&folder, &["plan", "--edition", FIRST]));
    assert!(plan.contains("a delivery is not the one that was received") && plan.contains("0001/nwwz.csv"), "{plan}");
    let run = liim(&folder, &["-q", "run", "--edition", FIRST]);
    assert_eq!(run.status.code(), Some(4), "{}", err(&run));
    assert!(err(&run).contains("error[S33]") && err(&run).contains("0001/nwwz.csv"), "{}", err(&run));
    assert!(verify(&folder).contains("0001/nwwz.csv: the file is not the one that was received"));
    put_back(flipped);
    // A delivery that is gone with its receipt, a file that no receipt names.
    fs::write(nwwz.with_file_name("more.csv"), "x").unwrap();
    assert!(verify(&folder).contains("more.csv: no receipt names this file"));
    fs::remove_dir_all(nwwz.parent().unwrap()).unwrap();
    let gone = verify(&folder);
    assert!(gone.contains("vdab/nwwz 2010 nwwz.csv: no delivery that is here is the one edition 2011-12-21"), "{gone}");
    assert!(deliveries(&project, &catalog::contract::ExtractId::read("vdab/nwwz").unwrap()).unwrap().len() < 3);
}

/// Replaces a published file and puts manifest and SHA256SUMS in agreement; gives the hash of the manifest before and after.
fn forge(folder: &Folder, edition: &str, file: &str, bytes: &[u8]) -> (String, String) {
    let base = format!("{PUBLISHED}/edition={edition}");
    let old = sha256(&fs::read(folder.path().join(&base).join(file)).unwrap());
    folder.write(&format!("{base}/{file}"), bytes);
    let manifest = folder.read(&format!("{base}/manifest.json"));
    let before = sha256(manifest.as_bytes());
    let mut written: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let length =
        written["files"].as_array().unwrap().iter().find(|known| known["path"] == file).unwrap()["bytes"].clone();
    let forged = manifest
        .replace(&old, &sha256(bytes))
        .replace(&format!("\"bytes\": {length}"), &format!("\"bytes\": {}", bytes.len()));
    written["edition"].take();
    folder.write(&format!("{base}/manifest.json"), &forged);
    let after = sha256(forged.as_bytes());
    let sums = folder.read(&format!("{base}/SHA256SUMS"));
    folder.write(&format!("{base}/SHA256SUMS"), sums.replace(&old, &sha256(bytes)).replace(&before, &after));
    (before, after)
}

#[test]
fn an_edition_that_is_forged_consistently_is_not_believed() {
    let folder = copy("forged");
    let file = folder.path().join(PUBLISHED).join(format!("edition={FIRST}/observations.parquet"));
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let (before, after) = forge(&folder, FIRST, "observations.parquet", &bytes);
    assert_ne!(before, after);
    refused_by_all(
        &folder,
        &format!("edition={FIRST}/manifest.json is not as it was written: its hash is not the ledger's"),
    );

    // The ledger is forged too, its chain made anew.
    let mut previous = "0".repeat(64);
    let mut forged = String::new();
    for line in folder.read(LEDGER).lines() {
        let mut line: serde_json::Value = serde_json::from_str(&line.replace(&before, &after)).unwrap();
        let known = line["previous"].as_str().unwrap().to_string();
        let text =
            serde_json::to_string(&serde_json::from_value::<warehouse::manifest::LedgerLine>(line.take()).unwrap())
                .unwrap()
                .replace(&known, &previous);
        previous = sha256(text.as_bytes());
        forged += &format!("{text}\n");
    }
    folder.write(LEDGER, &forged);
    refused_by_all(&folder, "ledger.jsonl is not as it was written: the line of edition");
    assert_eq!(folder.read(LEDGER), forged, "the ledger is not written again");
}

#[test]
fn an_edition_that_is_deleted_is_found() {
    let folder = copy("deleted");
    let ledger = folder.read(LEDGER);
    fs::remove_dir_all(folder.path().join(PUBLISHED).join(format!("edition={FIRST}"))).unwrap();
    refused_by_all(&folder, "the ledger has this edition, and its folder is not here");
    assert_eq!(folder.read(LEDGER), ledger);

    // With its line, the last, it is still known to the confidential zone.
    let folder = copy("deleted-last");
    fs::remove_dir_all(folder.path().join(PUBLISHED).join(format!("edition={SECOND}"))).unwrap();
    let first = folder.read(LEDGER).lines().next().unwrap().to_string() + "\n";
    folder.write(LEDGER, &first);
    refused_by_all(&folder, &format!("it lacks the line of edition {SECOND}, which was published here"));
    assert_eq!(folder.read(LEDGER), first);
}

#[test]
fn a_ledger_that_is_cut_or_altered_is_found_and_never_written_again() {
    let folder = copy("ledger");
    let ledger = folder.read(LEDGER);
    let lines: Vec<&str> = ledger.lines().collect();
    for (cut, words) in [
        (String::new(), "it lacks the line of edition"),
        (format!("{}\n", lines[0]), "it lacks the line of edition 2012-03-15"),
        (format!("{}\n", lines[1]), "line 1 does not follow the line before it"),
        (format!("{}\n{}\n", lines[1], lines[0]), "line 1 does not follow the line before it"),
        (ledger.trim_end().to_string(), "its last line is not whole"),
        (ledger[..ledger.len() - 20].to_string(), "its last line is not whole"),
        (format!("{ledger}\n"), "line 3 cannot be read"),
        (format!("{ledger}{}\n", lines[1]), "line 3 does not follow the line before it"),
        (ledger.replace("\"number\":2", "\"number\": 2"), "line 2 is not as it was written"),
        (
            ledger.replace("\"kind\":\"routine\"", "\"kind\":\"major\""),
            "the line of edition 2012-03-15 is not the one in",
        ),
    ] {
        folder.write(LEDGER, &cut);
        let warehouse = reading(&folder);
        for found in
            [read_ledger(&warehouse).map(|_| ()), open(&warehouse, FIRST).map(|_| ()), list(&warehouse).map(|_| ())]
        {
            let told = found.unwrap_err().to_string();
            assert!(told.contains("ledger.jsonl") && told.contains(words), "no {words:?} in {told}");
        }
        assert!(integrity::check(&warehouse).findings.join("\n").contains(words));
        // A run says so, and does not write it again.
        if cut.is_empty() || cut == ledger.trim_end() {
            let output = liim(&folder, &["run", "--edition", "2013-03-15"]);
            assert_eq!(output.status.code(), Some(6), "{}{}", out(&output), err(&output));
            assert!(err(&output).contains(words), "no {words:?} in {}", err(&output));
            assert_eq!(folder.read(LEDGER), cut);
        }
    }
    fs::remove_file(folder.path().join(LEDGER)).unwrap();
    assert!(verify(&folder).contains("it lacks the line of edition 2011-12-21"));
    folder.write(LEDGER, &ledger);
    done(&folder, &["-q", "verify"]);
    // Who has nothing but what is published reads it all the same, and the ledger's chain is held.
    fs::remove_dir_all(folder.path().join("warehouse/confidential")).unwrap();
    assert_eq!(read_ledger(&reading(&folder)).unwrap().len(), 2);
    done(&folder, &["trace", "vreemde-herkomst", "--area", "02000", "--edition", FIRST]);
    assert_eq!(liim(&folder, &["run", "--edition", "2013-03-15"]).status.code(), Some(6));
}

#[test]
fn an_edition_from_elsewhere_is_not_taken_into_the_ledger() {
    let folder = copy("copied-in");
    let ledger = folder.read(LEDGER);
    let published = folder.path().join(PUBLISHED);
    let copied = |from: &Path, to: &Path| {
        assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    };
    copied(&published.join(format!("edition={FIRST}")), &published.join("edition=2011-12-22"));
    for arguments in [&["run", "--edition", "2013-03-15"][..], &["editions"], &["-q", "verify"]] {
        let output = liim(&folder, arguments);
        assert_eq!(output.status.code(), Some(6), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains("edition=2011-12-22"), "{arguments:?}: {}", err(&output));
    }
    assert_eq!(folder.read(LEDGER), ledger);

    // One whose id is that of an edition that is still to be made.
    let folder = copy("copied-in-early");
    let published = folder.path().join(PUBLISHED);
    copied(&published.join(format!("edition={FIRST}")), &published.join("edition=2013-03-15"));
    let output = liim(&folder, &["run", "--edition", "2013-03-15"]);
    assert_eq!(output.status.code(), Some(6), "{}", err(&output));
    assert!(err(&output).contains("edition=2013-03-15"), "{}", err(&output));
    assert_eq!(folder.read(LEDGER), ledger);
}

/// Puts the hash beside a private file in agreement with it.
fn hash_again(path: &Path) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let line = format!("{}  {name}\n", sha256(&fs::read(path).unwrap()));
    fs::write(path.with_file_name(format!("{name}.sha256")), line).unwrap();
}

#[test]
fn a_confidential_record_is_held_against_the_manifest_before_the_next_edition_uses_it() {
    let made = copy("records");
    let confidential = "warehouse/confidential";
    let (first, second) = (format!("{confidential}/edition={FIRST}"), format!("{confidential}/edition={SECOND}"));
    for name in ["record.parquet", "decisions.parquet", "certificates.parquet", "salt"] {
        let path = made.path().join(&first).join(name);
        let sidecar = path.with_file_name(format!("{name}.sha256"));
        let before = (fs::read(&path).unwrap(), fs::read(&sidecar).unwrap());
        // Bytes that are whole and say something else, their hash beside them put in agreement.
        let other = match name {
            "salt" => "0".repeat(64).into_bytes(),
            "certificates.parquet" => fs::read(path.with_file_name("decisions.parquet")).unwrap(),
            _ => fs::read(made.path().join(&second).join(name)).unwrap(),
        };
        fs::write(&path, other).unwrap();
        hash_again(&path);
        let words =
            format!("edition={FIRST} is not as it was written: its files are not those that the manifest commits to");
        let warehouse = reading(&made);
        assert!(confidential::record_of(&warehouse, FIRST).unwrap_err().to_string().contains(&words), "{name}");
        assert!(integrity::check(&warehouse).findings.join("\n").contains(&words), "{name}");
        if name == "record.parquet" {
            let run = liim(&made, &["run", "--edition", "2013-03-15"]);
            assert_eq!(run.status.code(), Some(6), "{name}: {}", err(&run));
            assert!(err(&run).contains(&words), "{name}: {}", err(&run));
        }
        fs::remove_file(&path).unwrap();
        assert!(integrity::check(&warehouse).findings.join("\n").contains(path.to_str().unwrap()), "{name}");
        fs::write(&path, before.0).unwrap();
        fs::write(&sidecar, before.1).unwrap();
    }
    fs::remove_dir_all(made.path().join(&first)).unwrap();
    let run = liim(&made, &["run", "--edition", "2013-03-15"]);
    assert_eq!(run.status.code(), Some(6), "{}", err(&run));
    assert!(err(&run).contains("without it no later edition can be protected"), "{}", err(&run));
}

#[test]
fn a_landed_table_that_is_altered_is_neither_used_nor_made_again_in_silence() {
    let folder = copy("landed");
    let landed = all_files(&folder, "warehouse/landed/rijksregister/personen/2011-01-01");
    let rows = landed.iter().find(|path| path.ends_with("rows.parquet")).unwrap();
    let summary = rows.with_file_name("landed.json");
    // Rows of another day, whole and readable; counts that are published.
    let other = all_files(&folder, "warehouse/landed/rijksregister/personen/2010-01-01");
    let other = other.iter().find(|path| path.ends_with("rows.parquet")).unwrap();
    for (file, bytes) in [(rows, fs::read(other).unwrap()), (&summary, fs::read(&summary).unwrap().repeat(2))] {
        let before = fs::read(file).unwrap();
        fs::write(file, bytes).unwrap();
        let run = liim(&folder, &["run", "--edition", "2013-03-15"]);
        assert_eq!(run.status.code(), Some(6), "{}", err(&run));
        assert!(err(&run).contains(file.to_str().unwrap()) && err(&run).contains("then remove"), "{}", err(&run));
        assert!(verify(&folder).contains(file.to_str().unwrap()));
        fs::write(file, before).unwrap();
    }
    fs::remove_file(rows.with_file_name("rows.parquet.sha256")).unwrap();
    assert!(verify(&folder).contains("its hash is not beside it"));
}

#[test]
fn the_warehouse_does_not_leave_its_folder() {
    let folder = copy("elsewhere");
    let outside = Folder::new("outside");
    let root = folder.path().join("warehouse");
    let run = ["run", "--edition", "2013-03-15"];
    for (zone, is_private) in [("confidential", true), ("landed", true), ("work", true), ("published", false)] {
        let (own, moved) = (root.join(zone), outside.path().join(zone));
        fs::rename(&own, &moved).unwrap();
        symlink(&moved, &own).unwrap();
        let output = liim(&folder, &run);
        assert_eq!(output.status.code(), Some(1), "{zone}: {}", err(&output));
        assert!(
            err(&output).contains(&format!("warehouse/{zone} cannot be used: it is a symbolic link")),
            "{}",
            err(&output)
        );
        fs::remove_file(&own).unwrap();
        fs::rename(&moved, &own).unwrap();
        let mode = fs::metadata(&own).unwrap().permissions();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o777)).unwrap();
        let output = liim(&folder, &run);
        assert_eq!(output.status.code(), Some(1), "{zone}: {}", err(&output));
        let mend = if is_private { "`chmod 0700` it" } else { "`chmod 0755` it" };
        assert!(err(&output).contains("its mode is 0777") && err(&output).contains(mend), "{}", err(&output));
        fs::set_permissions(&own, mode).unwrap();
    }
    // An edition that is a link, a file of it that is one, a folder deep in a private zone.
    let edition = root.join("published").join(format!("edition={FIRST}"));
    let quality = edition.join("quality.parquet");
    let moved = outside.path().join("quality.parquet");
    fs::rename(&quality, &moved).unwrap();
    symlink(&moved, &quality).unwrap();
    assert!(verify(&folder).contains("quality.parquet is not as it was written: it is not a file of its own"));
    fs::remove_file(&quality).unwrap();
    fs::rename(&moved, &quality).unwrap();
    let moved = outside.path().join("edition");
    fs::rename(&edition, &moved).unwrap();
    symlink(&moved, &edition).unwrap();
    assert!(verify(&folder).contains("it is a symbolic link"));
    assert!(err(&liim(&folder, &["editions"])).contains("it is a symbolic link"));
    fs::remove_file(&edition).unwrap();
    fs::rename(&moved, &edition).unwrap();
    fs::set_permissions(root.join("landed/vdab"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(verify(&folder).contains("landed/vdab cannot be used: its mode is 0755"));
    fs::set_permissions(root.join("landed/vdab"), fs::Permissions::from_mode(0o700)).unwrap();
    done(&folder, &["-q", "verify"]);
    // An id from the command line names no folder elsewhere.
    for id in ["../../../x", "/etc", ".", "2011-12-21/../2011-12-21"] {
        let trace = liim(&folder, &["trace", "vreemde-herkomst", "--area", "02000", "--edition", id]);
        assert_eq!(trace.status.code(), Some(2), "{id}: {}", err(&trace));
    }
}

#[test]
fn what_is_published_of_deliveries_cannot_be_tried_out() {
    let folder = made();
    let warehouse = reading(&folder);
    let project = Project::load(folder.path()).unwrap();
    let hashes: BTreeMap<String, String> = custody::check(&project)
        .deliveries
        .iter()
        .flat_map(|delivery| delivery.receipt.files.iter().map(|file| (file.sha256.clone(), file.name.clone())))
        .collect();
    assert!(hashes.len() > 20);
    for edition in [FIRST, SECOND] {
        let published = open(&warehouse, edition).unwrap();
        let mut told: Vec<String> = published.manifest.deliveries.values().cloned().collect();
        assert!(!told.is_empty());
        for table in ["sources", "lineage"] {
            for row in read_texts(&published.verified(&format!("{table}.parquet")).unwrap()).unwrap() {
                told.extend(
                    row.into_values()
                        .flatten()
                        .flat_map(|text| text.split(' ').map(str::to_string).collect::<Vec<_>>()),
                );
            }
        }
        for word in &told {
            assert!(!hashes.contains_key(word), "the hash of {} is published", hashes[word]);
        }
        // Neither is a commitment the hash of a hash, and two editions commit to one delivery in different words.
        let twice: Vec<String> = hashes.keys().map(|hash| sha256(hash.as_bytes())).collect();
        assert!(told.iter().all(|word| !twice.contains(word)));
    }
    let of = |id: &str| open(&warehouse, id).unwrap().manifest.deliveries;
    let (first, second) = (of(FIRST), of(SECOND));
    let both = first.keys().filter(|name| second.contains_key(*name)).count();
    assert!(both > 0 && first.iter().all(|(name, commitment)| second.get(name) != Some(commitment)));
    done(&folder, &["-q", "verify"]);
}
