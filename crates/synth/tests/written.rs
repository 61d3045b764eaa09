//! What is written: the suppliers' shapes, one population behind all files, and the truth that fits them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use catalog::receipt::Receipt;
use catalog::{Day, insz};
use sha2::{Digest, Sha256};
use synth::{Options, Summary, SynthError};

/// A folder of this test binary's own, removed at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("written-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options(out: &Path, scale: f64, seed: u64, threads: usize) -> Options {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference");
    Options { out: out.to_path_buf(), reference, scale, seed, calibrate: None, threads }
}

fn make(name: &str, scale: f64, seed: u64, threads: usize) -> (Scratch, Summary) {
    let scratch = Scratch::new(name);
    let summary = synth::write(&options(&scratch.0, scale, seed, threads), &|_| {}).unwrap();
    (scratch, summary)
}

fn delivery(out: &Path, extract: &str, period: &str) -> PathBuf {
    let (supplier, extract) = extract.split_once('/').unwrap();
    out.join("sources").join(supplier).join("deliveries").join(period).join(extract).join("0001")
}

/// All files under a folder, with the hash of their bytes.
fn hashes(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let hash = Sha256::digest(fs::read(&path).unwrap());
                let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), hash);
            }
        }
    }
    found
}

/// One population for the tests that only look, kept for the whole run.
fn shared() -> &'static (Scratch, Summary) {
    static SHARED: OnceLock<(Scratch, Summary)> = OnceLock::new();
    SHARED.get_or_init(|| make("shared", 0.01, 20_111_221, 2))
}

/// A line of `personen.txt`.
#[derive(Debug, Clone)]
struct Person {
    birth: u32,
    sex: char,
    register: char,
    municipality: String,
    death: Option<u32>,
}

fn persons(out: &Path, period: &str) -> HashMap<u64, Person> {
    let bytes = fs::read(delivery(out, "rijksregister/personen", period).join("personen.txt")).unwrap();
    let mut persons = HashMap::new();
    for record in bytes.chunks(66) {
        assert_eq!(record.len(), 66);
        assert_eq!(&record[64..], b"\r\n");
        let text: String = record[..64].iter().map(|byte| char::from(*byte)).collect();
        let number = insz::parse(&text.as_bytes()[..11]).unwrap_or_else(|fault| panic!("{fault:?} in a number"));
        let field =
            |range: std::ops::Range<usize>| -> String { text.chars().skip(range.start).take(range.len()).collect() };
        let death = field(56..64);
        let person = Person {
            birth: field(11..19).parse().unwrap(),
            sex: field(19..20).chars().next().unwrap(),
            register: field(20..21).chars().next().unwrap(),
            municipality: field(21..26).trim().to_string(),
            death: if death.trim().is_empty() { None } else { Some(death.parse().unwrap()) },
        };
        assert!(matches!(person.sex, '1' | '2'));
        assert!(matches!(person.register, 'B' | 'V' | 'W' | ' '));
        assert_eq!(person.register == ' ', person.municipality.is_empty());
        assert!(persons.insert(number, person).is_none(), "a number is given out twice");
    }
    persons
}

/// The lines of a file in text, after checking its header and the number of its fields.
fn lines(out: &Path, extract: &str, period: &str, name: &str, header: &str, end: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(delivery(out, extract, period).join(name)).unwrap();
    assert!(text.ends_with(end));
    let mut lines = text.split_terminator(end).map(|line| line.split(';').map(str::to_string).collect::<Vec<_>>());
    assert_eq!(lines.next().unwrap().join(";"), header);
    let lines: Vec<Vec<String>> = lines.collect();
    let width = header.split(';').count();
    assert!(lines.iter().all(|line| line.len() == width && !line.iter().any(|field| field.contains(['\r', '"']))));
    lines
}

fn nationalities(out: &Path, period: &str) -> Vec<Vec<String>> {
    let header = "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op";
    lines(out, "rijksregister/nationaliteit", period, "nationaliteit.csv", header, "\n")
}

fn filiations(out: &Path, period: &str) -> Vec<Vec<String>> {
    let header = "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op";
    lines(out, "rijksregister/afstamming", period, "afstamming.csv", header, "\n")
}

/// Everybody's history: begin, nationality, in order.
fn histories(out: &Path, period: &str) -> HashMap<u64, Vec<(Day, u16)>> {
    let mut histories: HashMap<u64, Vec<(Day, u16)>> = HashMap::new();
    for line in nationalities(out, period) {
        histories
            .entry(line[0].parse().unwrap())
            .or_default()
            .push((line[2].parse().unwrap(), line[4].parse().unwrap()));
    }
    histories
}

/// The delivery that tells about nationalities and parents on a date.
fn facts_of(period: &str) -> &'static str {
    if period == "2012-01-01" { "2012-01-01" } else { "2011-01-01" }
}

fn on(history: &[(Day, u16)], day: Day) -> u16 {
    history.iter().rev().find(|(begin, _)| *begin <= day).unwrap().1
}

/// Statbel's table: persons by municipality, sex, nationality and age.
fn statbel(bytes: Vec<u8>) -> BTreeMap<(String, String, String, u32), u32> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(zip.len(), 1);
    let mut text = String::new();
    zip.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    let mut cells = BTreeMap::new();
    let mut lines = text.split_terminator("\r\n");
    assert!(lines.next().unwrap().starts_with("\u{feff}CD_MUNTY_REFNIS|TX_MUNTY_DESCR_NL|"));
    for line in lines {
        let fields: Vec<&str> = line.split('|').collect();
        assert_eq!(fields.len(), 22);
        assert_eq!(fields[9], "02000");
        assert!(fields.iter().all(|field| !field.is_empty()));
        let persons: u32 = fields[20].parse().unwrap();
        assert!(persons > 0);
        let key = (fields[0].to_string(), fields[12].to_string(), fields[13].to_string(), fields[19].parse().unwrap());
        *cells.entry(key).or_default() += persons;
    }
    cells
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let (first, _) = make("first", 0.002, 7, 1);
    let (again, _) = make("again", 0.002, 7, 3);
    let (other, _) = make("other", 0.002, 8, 1);
    let hashes_of_first = hashes(&first.0);
    assert!(hashes_of_first.len() > 30);
    assert_eq!(hashes_of_first, hashes(&again.0));
    assert_ne!(hashes_of_first, hashes(&other.0));
    // Written again over itself, nothing is left behind.
    synth::write(&options(&again.0, 0.002, 7, 2), &|_| {}).unwrap();
    assert_eq!(hashes_of_first, hashes(&again.0));
}

#[test]
fn receipts_tell_what_lies_beside_them() {
    let (scratch, summary) = shared();
    let deliveries: Vec<_> = summary.files.iter().filter(|file| file.extract != "truth").collect();
    assert_eq!(deliveries.len(), 15);
    for file in deliveries {
        let folder = delivery(&scratch.0, &file.extract, &file.period);
        let receipt: Receipt = serde_yaml::from_str(&fs::read_to_string(folder.join("receipt.yaml")).unwrap()).unwrap();
        assert_eq!((receipt.extract.as_str(), receipt.period.as_str()), (file.extract.as_str(), file.period.as_str()));
        assert_eq!((receipt.delivered_by.as_str(), receipt.sequence, receipt.files.len()), ("synthetisch", 1, 1));
        assert!(receipt.delivered_on.parse::<Day>().is_ok());
        let bytes = fs::read(folder.join(&file.name)).unwrap();
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(receipt.files[0].sha256, hash);
        assert_eq!((receipt.files[0].bytes, receipt.files[0].lines), (bytes.len() as u64, file.lines));
        assert!(file.lines > 0);
        if file.name.ends_with(".csv") {
            assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count() as u64, file.lines + 1);
        }
    }
}

#[cfg(unix)]
#[test]
fn persons_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (scratch, _) = shared();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = delivery(&scratch.0, "rijksregister/personen", "2011-01-01");
    assert_eq!((mode(&folder), mode(&folder.join("personen.txt"))), (0o700, 0o600));
    assert_eq!(mode(&scratch.0.join("truth/origin_2011-01-01.csv")), 0o600);
}

#[test]
fn a_delivery_from_elsewhere_is_not_replaced() {
    let scratch = Scratch::new("occupied");
    let folder = delivery(&scratch.0, "vdab/nwwz", "2010");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("nwwz.csv"), "maand;insz;categorie;gemeente\n").unwrap();
    let refused = synth::write(&options(&scratch.0, 0.001, 1, 1), &|_| {});
    assert!(matches!(refused, Err(SynthError::Occupied { path }) if path == folder));
    assert_eq!(hashes(&scratch.0).len(), 1, "nothing is written beside it");
    let nothing = synth::write(&options(&scratch.0, 0.0, 1, 1), &|_| {});
    assert!(matches!(nothing, Err(SynthError::Options(_))));
}

#[test]
fn the_register_and_statbel_count_the_same_people() {
    let (scratch, _) = shared();
    for period in ["2010-01-01", "2011-01-01", "2012-01-01"] {
        let day: Day = period.parse().unwrap();
        let histories = histories(&scratch.0, facts_of(period));
        let zip =
            delivery(&scratch.0, "statbel/bevolking", period).join(format!("TF_SOC_POP_STRUCT_{}.zip", &period[..4]));
        let table = statbel(fs::read(zip).unwrap());
        let flemish: HashSet<&String> = table.keys().map(|key| &key.0).collect();
        let mut counted = BTreeMap::new();
        for (number, person) in persons(&scratch.0, period) {
            if matches!(person.register, 'B' | 'V') && flemish.contains(&person.municipality) {
                let birth = Day::from_number(person.birth).unwrap();
                let foreign = on(&histories[&number], day) != 150;
                let age = u32::from(day.age_of(birth).unsigned_abs()).min(100);
                let key = (
                    person.municipality,
                    if person.sex == '2' { "F" } else { "M" }.to_string(),
                    if foreign { "ETR" } else { "BEL" }.to_string(),
                    age,
                );
                *counted.entry(key).or_default() += 1;
            }
        }
        assert_eq!(counted, table, "{period}");
    }
}

#[test]
fn histories_and_filiations_are_sound() {
    let (scratch, _) = shared();
    for (period, extracted) in [("2011-01-01", "2011-06-30"), ("2012-01-01", "2012-06-30")] {
        let extracted: Day = extracted.parse().unwrap();
        let persons = persons(&scratch.0, period);
        let mut before: Option<(String, String, u32)> = None;
        for line in nationalities(&scratch.0, period) {
            assert!(persons.contains_key(&line[0].parse().unwrap()));
            let (begin, registered): (Day, Day) = (line[2].parse().unwrap(), line[6].parse().unwrap());
            assert!(begin <= registered && registered <= begin.plus(60) && registered <= extracted);
            assert!(matches!(
                line[5].as_str(),
                "geboorte" | "vestiging" | "naturalisatie" | "verklaring" | "toekenning"
            ));
            let number: u32 = line[1].parse().unwrap();
            match before.filter(|(insz, ..)| *insz == line[0]) {
                Some((_, end, last)) => assert_eq!((end, last + 1), (line[2].clone(), number)),
                None => assert_eq!(number, 1),
            }
            before = Some((line[0].clone(), line[3].clone(), number));
        }
        let mut kinds = HashSet::new();
        for line in filiations(&scratch.0, period) {
            let child = &persons[&line[0].parse().unwrap()];
            let parent = &persons[&line[2].parse().unwrap()];
            assert_eq!(line[3], parent.sex.to_string());
            assert!(matches!(line[1].as_str(), "1" | "2") && line[6].is_empty());
            let (begin, registered): (Day, Day) = (line[5].parse().unwrap(), line[7].parse().unwrap());
            assert!(begin <= registered && registered <= extracted);
            assert!(parent.birth / 10_000 + 15 <= child.birth / 10_000);
            assert!(parent.death.is_none_or(|death| death / 10_000 + 1 >= child.birth / 10_000));
            kinds.insert(line[4].clone());
        }
        assert!(kinds.contains("geboorte") && kinds.contains("erkenning") && kinds.contains("adoptie"));
        assert!(persons.values().any(|person| person.register == 'W'));
        let month = |number: &u64| number / 10_000_000 % 100;
        assert!(
            persons.keys().any(|number| month(number) > 40)
                && persons.keys().any(|number| (20..33).contains(&month(number)))
        );
    }
}

#[test]
fn other_suppliers_name_persons_of_the_register() {
    let (scratch, _) = shared();
    let out = &scratch.0;
    let persons = persons(out, "2011-01-01");
    let known = |number: &String| persons.contains_key(&number.parse().unwrap());
    let seekers = lines(out, "vdab/nwwz", "2010", "nwwz.csv", "maand;insz;categorie;gemeente", "\n");
    assert!(seekers.iter().all(|line| known(&line[1]) && matches!(line[2].as_str(), "00" | "02" | "03" | "99")));
    assert!((18_000..24_000).contains(&(seekers.len() / 12 * 10)), "{}", seekers.len());
    let pupils = lines(
        out,
        "onderwijs/secundair",
        "2010-2011",
        "secundair.csv",
        "schooljaar;insz;vorm;graad;leerjaar;stelsel;geboortejaar;gemeente_woon",
        "\r\n",
    );
    assert!(pupils.iter().all(|line| known(&line[1]) && line[0] == "2010-2011"));
    let forms: HashSet<&str> = pupils.iter().map(|line| line[2].as_str()).collect();
    assert_eq!(forms, HashSet::from(["1STE", "ASO", "TSO", "KSO", "BSO", "DBSO", "OKAN", "BUSO"]));
    let key = lines(out, "ksz/sleutel", "2010", "sleutel.csv", "gecodeerd;insz", "\n");
    let key: HashMap<&String, &String> = key.iter().map(|line| (&line[0], &line[1])).collect();
    assert!(key.iter().all(|(coded, number)| known(number)
        && coded.len() == 16
        && coded.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))));
    let wages = lines(
        out,
        "ksz/leefloon",
        "2010",
        "leefloon.csv",
        "maand;gecodeerd;stelsel;categorie;gemeente;bron_jaar",
        "\n",
    );
    let mut rows = HashSet::new();
    let mut twice = 0;
    for line in &wages {
        assert!(key.contains_key(&line[1]));
        assert!(
            matches!(line[2].as_str(), "LL" | "ELL")
                && matches!(line[3].as_str(), "1" | "2" | "3")
                && matches!(line[5].as_str(), "2010" | "2011")
        );
        assert!(rows.insert((&line[0], &line[1], &line[2], &line[5])));
        twice += usize::from(line[5] == "2011");
    }
    assert!(twice > 0);
}

#[test]
fn the_workbook_has_two_sheets_of_text() {
    let (scratch, summary) = shared();
    let file = delivery(&scratch.0, "wonen/sociale-huur", "2010-12-31").join("sociale-huur.xlsx");
    let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let sheets = part("xl/workbook.xml");
    assert!(sheets.find("huurders").unwrap() < sheets.find("kandidaten").unwrap());
    let mut rows = 0;
    for sheet in ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"] {
        let text = part(sheet);
        rows += text.matches("<row ").count() - 1;
        assert_eq!(text.matches("<c ").count(), text.matches("t=\"s\"").count(), "every cell is text");
    }
    let written = summary.files.iter().find(|file| file.name == "sociale-huur.xlsx").unwrap();
    assert_eq!(rows as u64, written.lines);
}
