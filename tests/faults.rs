//! Injected faults against rejections: the same lines for the same reasons, nothing more and nothing less.
//!
//! `LIIM_FAULTS_SCALE` runs it at another scale.

use std::collections::{BTreeSet, HashSet};
use std::ops::Not;
use std::path::Path;

use arrow::array::{Array, StringArray, UInt64Array};
use catalog::contract::ExtractId;
use catalog::project::Project;
use warehouse::store::rows;

use crate::project::{Folder, done, err, files_below, liim, project};

/// A rejected row: extract, period, line, reason, column.
pub type Row = (String, String, u64, String, String);

fn injected(folder: &Folder) -> BTreeSet<Row> {
    folder
        .read("truth/faults.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(';').collect();
            // A workbook's line is that of its sheet; the sheet tells two of the same number apart.
            let place =
                if fields[3].is_empty() { fields[1].to_string() } else { format!("{} {}", fields[1], fields[3]) };
            (fields[0].to_string(), place, fields[4].parse().unwrap(), fields[5].to_string(), fields[6].to_string())
        })
        .collect()
}

/// Rejections of every delivery, found by landing it as a run does.
pub fn rejected(folder: &Folder) -> BTreeSet<Row> {
    let project = Project::load(folder.path()).unwrap();
    let mut found = BTreeSet::new();
    for extract in project.extracts() {
        for delivery in ingest::delivery::deliveries(&project, &extract.id).unwrap() {
            let files = delivery.files(&project.root);
            let sources: Vec<ingest::Source<'_>> =
                files.iter().map(|(path, shown)| ingest::Source { path, shown }).collect();
            let landed =
                ingest::land(extract, &project.reference, delivery.period, &sources, 2, &mut |_| Ok(())).unwrap();
            assert_eq!(landed.rows, landed.accepted + landed.rejections.len() as u64);
            let declared: u64 = delivery.receipt.files.iter().map(|file| file.lines).sum();
            assert_eq!(landed.rows, declared, "{} {}", extract.id, delivery.period);
            for rejection in landed.rejections {
                let column = rejection.column.map(|at| extract.columns[usize::from(at)].name.clone());
                let place = match rejection.sheet(extract) {
                    Some(sheet) => format!("{} {sheet}", delivery.period),
                    None => delivery.period.to_string(),
                };
                let reason = rejection.reason.words().0.to_string();
                found.insert((extract.id.to_string(), place, rejection.line, reason, column.unwrap_or_default()));
            }
        }
    }
    found
}

#[test]
fn what_is_rejected_is_what_was_damaged() {
    let scale = std::env::var("LIIM_FAULTS_SCALE").unwrap_or_else(|_| "0.005".to_string());
    let folder = project("faults");
    done(&folder, &["-q", "synth", "--scale", &scale, "--faults", "0.01"]);
    let (injected, rejected) = (injected(&folder), rejected(&folder));
    let missed: Vec<&Row> = injected.difference(&rejected).take(10).collect();
    let beyond: Vec<&Row> = rejected.difference(&injected).take(10).collect();
    assert!(
        missed.is_empty() && beyond.is_empty(),
        "{} injected, {} rejected; missed {missed:#?}; beyond {beyond:#?}",
        injected.len(),
        rejected.len()
    );
    let reasons: BTreeSet<&str> = injected.iter().map(|row| row.3.as_str()).collect();
    assert!(reasons.len() >= 16, "{reasons:?}");
    assert!(reasons.contains("overlap") && reasons.contains("parts-above-whole"), "{reasons:?}");
    println!(
        "{} faults of {} classes found at scale {scale}, each at its line, and nothing else",
        injected.len(),
        reasons.len()
    );

    // Statbel's table must be without a fault, and the whole edition waits for it.
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("sources/statbel/contract.yaml allows 0"));
    assert!(!folder.path().join("warehouse/published/edition=2011-12-21").exists());
    // Within the tolerance a run goes on, and names nobody.
    folder.replace(
        "sources/statbel/contract.yaml",
        "    absent_means: zero\n",
        "    absent_means: zero\n    tolerance: 0.02\n",
    );
    // A workbook of forty rows has too few for two in a hundred.
    let upbringing = folder.read("sources/jongerenwelzijn/contract.yaml");
    folder.write("sources/jongerenwelzijn/contract.yaml", upbringing.replace("tolerance: 0.02", "tolerance: 0.2"));
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    nobody_is_named(&folder, &err(&output));
    let listed = landed_rejections(&folder);
    assert!(listed > 100, "{listed} rejections are listed");
}

/// No identifier of any delivered file stands in the output of a faulty run, in the pages for the suppliers, or in the
/// name of a file.
fn nobody_is_named(folder: &Folder, output: &str) {
    let sources = folder.path().join("sources");
    let mut identifiers: HashSet<String> = HashSet::new();
    for path in files_below(&sources).into_iter().filter(|path| path.starts_with("reference").not()) {
        let bytes = std::fs::read(sources.join(&path)).unwrap();
        let name = path.to_string_lossy();
        let bytes = if name.ends_with(".gz") {
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut text).unwrap();
            text
        } else {
            bytes
        };
        if name.ends_with(".csv") || name.ends_with(".gz") {
            let fields = bytes.split(|byte| matches!(byte, b';' | b'\n' | b'\r'));
            let like_one = fields.filter(|field| {
                (field.len() == 11 && field.iter().all(u8::is_ascii_digit))
                    || (field.len() == 16 && field.iter().all(|byte| byte.is_ascii_hexdigit()))
            });
            identifiers.extend(like_one.map(|field| String::from_utf8(field.to_vec()).unwrap()));
        } else if name.ends_with("personen.txt") {
            let numbers = bytes.split(|byte| *byte == b'\n').filter_map(|line| line.get(..11));
            identifiers.extend(numbers.filter_map(|number| String::from_utf8(number.to_vec()).ok()));
        }
    }
    assert!(identifiers.len() > 50_000, "{} identifiers", identifiers.len());
    let mut told = output.to_string();
    let nwwz = folder.path().join("sources/vdab/deliveries/2010/nwwz/0001/nwwz.csv");
    let page = folder.path().join("verslag.html");
    let arguments =
        ["receive", "vdab/nwwz", nwwz.to_str().unwrap(), "--period", "2010", "--report", page.to_str().unwrap()];
    told.push_str(&err(&liim(folder, &arguments)));
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("Controlegetal fout"));
    told.push_str(&html);
    for path in files_below(folder.path()) {
        told.push_str(&format!("\n{}", path.display()));
    }
    // Any run of eleven digits or sixteen hexadecimal ones in what is told could be one.
    for word in told.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| matches!(word.len(), 11 | 16))
    {
        assert!(!identifiers.contains(word), "an identifier is told");
    }
}

/// Rejections listed beside the landed rows; each has a reason and a line and nothing of the row.
fn landed_rejections(folder: &Folder) -> usize {
    let base = folder.path().join("warehouse/landed");
    let mut listed = 0;
    for path in files_below(&base).into_iter().filter(|path| path.ends_with("rejections.parquet")) {
        for batch in rows(&base.join(path), &[]).unwrap() {
            let batch = batch.unwrap();
            let columns: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            assert_eq!(columns, ["reason", "file", "line", "byte", "column"]);
            let reasons = batch.column(0).as_any().downcast_ref::<StringArray>().unwrap();
            let lines = batch.column(2).as_any().downcast_ref::<UInt64Array>().unwrap();
            assert!(reasons.iter().flatten().all(|reason| catalog::contract::REJECTION_REASONS.contains(&reason)));
            assert!((0..lines.len()).all(|at| lines.value(at) >= 1));
            listed += batch.num_rows();
        }
    }
    listed
}

#[test]
fn each_broken_file_is_refused_for_what_is_wrong_with_it() {
    let folder = project("broken-files");
    done(&folder, &["-q", "synth", "--scale", "0.002", "--faults", "0.01"]);
    let expected = |class: &str| match class {
        "empty" => "S19",
        "header-only" => "S20",
        "truncated" => "S30",
        "wrong-encoding" => "S24",
        "wrong-delimiter" => "S25",
        "missing-column" | "renamed-column" => "S27",
        "extra-column" => "S28",
        "reordered-columns" => "S29",
        "wrong-period" => "S42",
        "cut-gzip" | "not-a-zip" => "S21",
        "two-members" => "S22",
        "path-in-name" => "S23",
        "zip-bomb" => "S37",
        "far-away-cell" => "S43",
        "merged-cells" => "S44",
        "missing-sheet" => "S31",
        "codes-as-numbers" => "S45",
        "dates-as-serials" => "S46",
        other => panic!("no code for {other}"),
    };
    let list = folder.read("truth/files.csv");
    let mut classes = 0;
    for line in list.lines().skip(1) {
        let fields: Vec<&str> = line.split(';').collect();
        let (class, extract, period) = (fields[0], fields[1], fields[2]);
        assert!(ExtractId::read(extract).is_some());
        let path = [folder.path().join(fields[3]), folder.path().join("truth").join(fields[3])]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .unwrap_or_else(|| panic!("{} is not there", fields[3]));
        let page = folder.path().join("page.html");
        let output = liim(
            &folder,
            &[
                "receive",
                extract,
                path.to_str().unwrap(),
                "--period",
                period,
                "--delivered-on",
                "2011-12-01",
                "--report",
                page.to_str().unwrap(),
            ],
        );
        let words = err(&output);
        assert_eq!(output.status.code(), Some(4), "{class}: {words}");
        assert!(words.contains(&format!("error[{}]", expected(class))), "{class}: {words}");
        let html = std::fs::read_to_string(&page).unwrap();
        assert!(html.contains("Niet ontvangen") && html.contains(expected(class)), "{class}: the page does not say it");
        classes += 1;
    }
    assert!(classes >= 18, "{classes} classes");
}
