//! Damage on purpose: what is listed is wrong in just that way, and nothing else is wrong at all.

#![allow(clippy::unwrap_used, clippy::panic)]

mod checker;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use checker::{Found, check};
use rules::{Extract, Form, Lists, extracts};
use sha2::{Digest, Sha256};
use synth::{Options, Summary};

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference")
}

/// The extracts that a run has written, each once, with the rules of its contract.
fn known(summary: &Summary) -> Vec<Extract> {
    let written: BTreeSet<&str> = summary.files.iter().map(|file| file.extract.as_str()).collect();
    let suppliers: BTreeSet<&str> = written.iter().filter_map(|name| Some(name.split_once('/')?.0)).collect();
    let sources = reference().join("..");
    let all = suppliers.iter().flat_map(|supplier| extracts(&sources, supplier));
    all.filter(|extract| written.contains(extract.name.as_str())).collect()
}

fn make(name: &str, options: Options) -> (PathBuf, Summary) {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("damaged-{name}"));
    let _ = fs::remove_dir_all(&out);
    let options = Options { out: out.clone(), reference: reference(), ..options };
    let summary = synth::write(&options, &|_| {}).unwrap();
    (out, summary)
}

/// What the checker finds in all deliveries, and the rows of each extract.
fn found(out: &Path, summary: &Summary) -> (BTreeSet<Found>, BTreeMap<String, u64>) {
    let lists = Lists::read(&reference());
    let known = known(summary);
    let (mut all, mut rows) = (BTreeSet::new(), BTreeMap::new());
    for file in summary.files.iter().filter(|file| file.extract != "truth") {
        let extract = known.iter().find(|extract| extract.name == file.extract).unwrap();
        let (supplier, name) = file.extract.split_once('/').unwrap();
        let folder = out.join("sources").join(supplier).join("deliveries").join(&file.period).join(name).join("0001");
        let (more, count) = check(extract, &file.period, &folder, &lists);
        all.extend(more);
        *rows.entry(file.extract.clone()).or_default() += count;
    }
    (all, rows)
}

fn listed(out: &Path) -> Vec<Found> {
    let text = fs::read_to_string(out.join("truth/faults.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("extract;period;file;sheet;line;reason;column"));
    let fault = |line: &str| {
        let fields: Vec<String> = line.split(';').map(str::to_string).collect();
        let [extract, period, file, sheet, line, reason, column] = fields.try_into().unwrap();
        (extract, period, file, sheet, line.parse().unwrap(), reason, column)
    };
    lines.map(fault).collect()
}

/// Every listed fault is found, once, and nothing else.
fn same(listed: &[Found], found: &BTreeSet<Found>) {
    let set: BTreeSet<Found> = listed.iter().cloned().collect();
    assert_eq!(set.len(), listed.len(), "no row is listed twice");
    let apart: Vec<&Found> = set.symmetric_difference(found).take(5).collect();
    assert!(apart.is_empty(), "listed or found, not both: {apart:?}");
}

#[test]
fn sound_extracts_have_nothing_wrong() {
    let (out, summary) = make("sound", Options { scale: 0.01, seed: 3, threads: 2, ..Options::default() });
    let (found, rows) = found(&out, &summary);
    same(&[], &found);
    assert_eq!(rows.len(), 18);
    assert!(!out.join("truth/faults.csv").exists() && !out.join("truth/files").exists());
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn every_listed_fault_is_there_and_no_other() {
    const RATE: f64 = 0.03;
    let (out, summary) = make("rows", Options { scale: 0.01, seed: 4, threads: 2, faults: RATE, ..Options::default() });
    let listed = listed(&out);
    let (found, rows) = found(&out, &summary);
    same(&listed, &found);

    // As many as asked for, in every way that is possible for the form.
    let mut reasons: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for fault in &listed {
        *reasons.entry(&fault.0).or_default().entry(&fault.5).or_default() += 1;
    }
    let known = known(&summary);
    for Extract { name, .. } in known.iter().filter(|extract| rows[&extract.name] > 20_000) {
        let reasons = &reasons[name.as_str()];
        let pairs = reasons["duplicate-key-differs"] / 2;
        let damaged = (reasons.values().sum::<u64>() - pairs) as f64;
        assert!((damaged / rows[name] as f64 / RATE - 1.0).abs() < 0.1, "{name} {damaged}");
        let even = damaged / reasons.len() as f64;
        let rare = reasons.iter().find(|(reason, count)| {
            let count = if **reason == "duplicate-key-differs" { pairs } else { **count };
            // Only a row with an end can be overlapped.
            **reason != "overlap" && (count as f64) < even * 0.6
        });
        assert_eq!(rare, None, "{name}");
    }
    let of = |wanted: fn(&Extract) -> bool| -> BTreeSet<&str> {
        let extracts = known.iter().filter(|extract| wanted(extract));
        extracts
            .filter_map(|extract| reasons.get(extract.name.as_str()))
            .flat_map(|reasons| reasons.keys().copied())
            .collect()
    };
    let words = |words: &'static str| -> BTreeSet<&str> { words.split_whitespace().collect() };
    let lines = "check-digit duplicate-key duplicate-key-differs encoding field-count header-repeated missing \
        not-a-date not-a-number not-an-insz order outside-period overlap parts-above-whole unknown-code";
    assert_eq!(of(|extract| matches!(extract.form, Form::Lines(_)) && extract.container != "zip"), words(lines));
    let records = "check-digit duplicate-key duplicate-key-differs missing not-a-date not-an-insz record-length \
        unknown-code";
    assert_eq!(of(|extract| extract.form == Form::Records), words(records));
    let sheets = "duplicate-key duplicate-key-differs missing number-for-code serial-date unknown-code";
    assert_eq!(of(|extract| matches!(extract.form, Form::Sheets(_))), words(sheets));
    let zip = "duplicate-key duplicate-key-differs field-count missing not-a-number unknown-code";
    assert_eq!(of(|extract| extract.container == "zip"), words(zip));
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn all_rows_of_a_file_can_be_damaged() {
    let (out, summary) = make("all", Options { scale: 0.0005, seed: 5, threads: 1, faults: 1.0, ..Options::default() });
    let (found, _) = found(&out, &summary);
    same(&listed(&out), &found);
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn damage_repeats_and_goes_away() {
    let hashes = |out: &Path| {
        let mut found = BTreeMap::new();
        let mut open = vec![out.to_path_buf()];
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    found.insert(path.strip_prefix(out).unwrap().to_path_buf(), Sha256::digest(bytes));
                }
            }
        }
        found
    };
    let options =
        |threads: usize, faults: f64| Options { scale: 0.001, seed: 6, threads, faults, ..Options::default() };
    let (first, _) = make("first", options(1, 0.05));
    let (again, _) = make("again", options(3, 0.05));
    assert_eq!(hashes(&first), hashes(&again));
    let (sound, _) = make("never", options(2, 0.0));
    assert_ne!(hashes(&first), hashes(&sound));
    let over = Options { out: first.clone(), reference: reference(), ..options(2, 0.0) };
    synth::write(&over, &|_| {}).unwrap();
    assert_eq!(hashes(&first), hashes(&sound), "nothing is left of the damage");
    for out in [first, again, sound] {
        fs::remove_dir_all(out).unwrap();
    }
}

#[test]
fn whole_files_are_broken_as_listed() {
    let (out, summary) =
        make("files", Options { scale: 0.002, seed: 7, threads: 2, faults: 0.001, ..Options::default() });
    let truth = out.join("truth");
    let text = fs::read_to_string(truth.join("files.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("class;extract;period;path"));
    let mut files = BTreeMap::new();
    for line in lines {
        let [class, extract, period, path] = line.split(';').collect::<Vec<_>>().try_into().unwrap();
        assert!(summary.files.iter().any(|file| file.extract == extract && file.period == period));
        files.insert(class, truth.join(path));
    }
    let read = |class: &str| fs::read(&files[class]).unwrap();
    let header = b"maand;insz;categorie;gemeente\n";
    assert!(read("empty").is_empty());
    assert_eq!(read("header-only"), header);
    let cut = read("truncated");
    let last = cut.rsplit(|byte| *byte == b'\n').next().unwrap();
    assert_eq!(last.iter().filter(|byte| **byte == b';').count(), 1);
    assert!(read("wrong-encoding").starts_with(b"\xff\xfem\0a\0"));
    assert!(read("wrong-delimiter").starts_with(b"maand,insz,categorie,gemeente\n2010-01,"));
    assert!(read("missing-column").starts_with(b"maand;insz;categorie\n2010-01;"));
    assert!(read("extra-column").starts_with(b"maand;insz;categorie;gemeente;opmerking\n"));
    assert!(read("renamed-column").starts_with(b"maand;insz;categorie;gemeentecode\n"));
    assert!(read("reordered-columns").starts_with(b"maand;insz;gemeente;categorie\n"));
    let wrong = String::from_utf8(read("wrong-period")).unwrap();
    assert!(wrong.lines().count() > 20 && wrong.lines().skip(1).all(|line| line.starts_with("2009-01;")));
    let packed = read("cut-gzip");
    assert!(flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut Vec::new()).is_err());
    let zip = |class: &str| zip::ZipArchive::new(fs::File::open(&files[class]).unwrap());
    assert_eq!(zip("two-members").unwrap().len(), 2);
    assert_eq!(zip("path-in-name").unwrap().by_index(0).unwrap().name().unwrap(), "a/b.txt");
    assert!(zip("not-a-zip").is_err());
    let mut bomb = zip("zip-bomb").unwrap();
    let member = bomb.by_index(0).unwrap();
    assert!(member.size() > 290_000_000 && member.compressed_size() * 400 < member.size());
    let book = |class: &str| -> calamine::Xlsx<_> { calamine::open_workbook(&files[class]).unwrap() };
    use calamine::{Data, Reader};
    assert_eq!(book("missing-sheet").sheet_names(), ["huurders"]);
    let cells = |class: &str, column: usize| -> Vec<Data> {
        let range = book(class).worksheet_range("huurders").unwrap();
        range.rows().skip(1).map(|row| row[column].clone()).collect()
    };
    assert!(cells("codes-as-numbers", 1).iter().all(|cell| matches!(cell, Data::Float(code) if *code > 10_000.0)));
    assert!(cells("dates-as-serials", 3).iter().all(|cell| matches!(cell, Data::DateTime(_))));
    let blanks =
        cells("merged-cells", 1).iter().filter(|cell| **cell == Data::Empty || cell.to_string().is_empty()).count();
    assert_eq!(blanks, 3);
    let mut far = zip("far-away-cell").unwrap();
    let mut sheet = String::new();
    far.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    assert!(sheet.contains("<row r=\"1000000\"") && sheet.contains("r=\"WQJ1000000\""));
    assert_eq!(files.len(), 20);
    fs::remove_dir_all(out).unwrap();
}
