//! Populations made for the tests, and their files read back.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use catalog::{Day, insz};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use synth::{Options, Summary};

/// A folder of this test binary's own, removed at the end of the test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
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

pub fn options(out: &Path, scale: f64, seed: u64, threads: usize) -> Options {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference");
    Options { out: out.to_path_buf(), reference, scale, seed, threads, ..Options::default() }
}

pub fn make(name: &str, scale: f64, seed: u64, threads: usize) -> (Scratch, Summary) {
    let scratch = Scratch::new(name);
    let summary = synth::write(&options(&scratch.0, scale, seed, threads), &|_| {}).unwrap();
    (scratch, summary)
}

pub fn delivery(out: &Path, extract: &str, period: &str) -> PathBuf {
    let (supplier, extract) = extract.split_once('/').unwrap();
    out.join("sources").join(supplier).join("deliveries").join(period).join(extract).join("0001")
}

/// All files under a folder, with the hash of their bytes.
pub fn hashes(folder: &Path) -> BTreeMap<PathBuf, String> {
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
pub fn shared() -> &'static (Scratch, Summary) {
    static SHARED: OnceLock<(Scratch, Summary)> = OnceLock::new();
    SHARED.get_or_init(|| make("shared", 0.01, 20_111_221, 2))
}

/// A line of `personen.txt`.
#[derive(Debug, Clone)]
pub struct Person {
    pub birth: u32,
    pub sex: char,
    pub register: char,
    pub municipality: String,
    pub death: Option<u32>,
}

pub fn persons(out: &Path, period: &str) -> HashMap<u64, Person> {
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
pub fn lines(out: &Path, extract: &str, period: &str, name: &str, header: &str, end: &str) -> Vec<Vec<String>> {
    let bytes = fs::read(delivery(out, extract, period).join(name)).unwrap();
    let mut text = String::new();
    match name.ends_with(".gz") {
        true => GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap(),
        false => bytes.as_slice().read_to_string(&mut text).unwrap(),
    };
    assert!(text.ends_with(end));
    let mut lines = text.split_terminator(end).map(|line| line.split(';').map(str::to_string).collect::<Vec<_>>());
    assert_eq!(lines.next().unwrap().join(";"), header);
    let lines: Vec<Vec<String>> = lines.collect();
    let width = header.split(';').count();
    assert!(lines.iter().all(|line| line.len() == width && !line.iter().any(|field| field.contains(['\r', '"']))));
    lines
}

/// Old number, new number, of all that the register has replaced.
pub fn replacements(out: &Path, period: &str) -> HashMap<u64, u64> {
    let header = "oud_insz;nieuw_insz;datum;geregistreerd_op";
    let lines = lines(out, "rijksregister/nummerwijziging", period, "nummerwijziging.csv", header, "\n");
    let number = |text: &String| insz::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault:?} in a number"));
    let pairs: HashMap<u64, u64> = lines.iter().map(|line| (number(&line[0]), number(&line[1]))).collect();
    assert_eq!(pairs.len(), lines.len(), "a number is replaced twice");
    pairs
}

pub fn nationalities(out: &Path, period: &str) -> Vec<Vec<String>> {
    let header = "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op";
    lines(out, "rijksregister/nationaliteit", period, "nationaliteit.csv", header, "\n")
}

pub fn filiations(out: &Path, period: &str) -> Vec<Vec<String>> {
    let header = "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op";
    lines(out, "rijksregister/afstamming", period, "afstamming.csv", header, "\n")
}

/// Everybody's history: begin, nationality, in order.
pub fn histories(out: &Path, period: &str) -> HashMap<u64, Vec<(Day, u16)>> {
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
pub fn facts_of(period: &str) -> &'static str {
    if period == "2012-01-01" { "2012-01-01" } else { "2011-01-01" }
}

pub fn on(history: &[(Day, u16)], day: Day) -> u16 {
    history.iter().rev().find(|(begin, _)| *begin <= day).unwrap().1
}

/// Statbel's table: persons by municipality, sex, nationality and age.
pub fn statbel(bytes: Vec<u8>) -> BTreeMap<(String, String, String, u32), u32> {
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
