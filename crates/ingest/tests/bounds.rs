//! Memory and time are bounded whatever a file holds: each file is landed by a process of its own, whose peak is measured.
//!
//! The limits are those of docs/deliveries.md. Every file here is small as it is delivered, or costs nothing on disk.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code)]

use std::fs::{self, File};
use std::io::{BufWriter, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, iter};

use catalog::contract::{Container, Extract};
use ingest::{LandError, Source, land, within_tolerance};
use zip::write::SimpleFileOptions;

#[path = "hostile/samples.rs"]
mod samples;

use samples::{contracts, first_sheet, period_of, sound, with_first_sheet, wrapped};

/// What a process may take over what it takes for nothing.
const MOST_MIB: u64 = 512;
const MOST_TIME: Duration = Duration::from_secs(120);
const ASKED: &str = "LIIM_BOUNDS_ASKED";

fn extracts() -> (Vec<Extract>, catalog::reference::Reference) {
    contracts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources"))
}

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// Lands the file that the environment names, and says what came of it and how much memory it took.
#[test]
fn asked_by_the_other_test() {
    let Ok(asked) = env::var(ASKED) else { return };
    let (id, path) = asked.split_once('|').unwrap();
    let (extracts, reference) = extracts();
    let extract = extracts.iter().find(|extract| extract.id.to_string() == id).unwrap();
    let base = peak_kib();
    let source = Source { path: Path::new(path), shown: "file" };
    let shown = ["file".to_string()];
    let outcome = land(extract, &reference, period_of(extract), &[source], 2, &mut |_| Ok(()))
        .and_then(|landed| within_tolerance(extract, &landed, &shown).map(|()| landed));
    let came = match outcome {
        Ok(landed) => format!("landed {}", landed.accepted),
        Err(LandError::Faults(faults)) => format!("{} of {}", faults[0].code, faults.len()),
        Err(other) => format!("{other}"),
    };
    println!("CAME {came}\nPEAK {}", (peak_kib() - base) / 1024);
}

/// What came of a file, with its peak in MiB.
fn came_of(id: &str, path: &Path) -> (String, u64) {
    let began = Instant::now();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "asked_by_the_other_test", "--nocapture"])
        .env(ASKED, format!("{id}|{}", path.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).to_string();
    let line = |word: &str| text.lines().find_map(|line| line.split(word).nth(1)).map(str::to_string);
    assert!(began.elapsed() < MOST_TIME, "{} took {:?}", path.display(), began.elapsed());
    let came = line("CAME ").unwrap_or_else(|| panic!("{}: {text}", path.display()));
    (came, line("PEAK ").unwrap().parse().unwrap())
}

fn zipped(name: &str, pieces: impl Iterator<Item = Vec<u8>>, path: &Path) {
    let mut archive = zip::ZipWriter::new(BufWriter::new(File::create(path).unwrap()));
    archive.start_file(name, SimpleFileOptions::default()).unwrap();
    pieces.for_each(|piece| archive.write_all(&piece).unwrap());
    archive.finish().unwrap();
}

/// The size that a zip of one member declares in its directory, changed.
fn with_declared_size(path: &Path, size: u32) {
    let mut bytes = fs::read(path).unwrap();
    let directory = bytes.windows(4).rposition(|found| found == b"PK\x01\x02").unwrap();
    bytes[directory + 24..directory + 28].copy_from_slice(&size.to_le_bytes());
    fs::write(path, bytes).unwrap();
}

fn folder() -> PathBuf {
    let folder = env::temp_dir().join(format!("liim-bounds-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A workbook whose named part is replaced; strings come with it.
fn with_part(book: &[u8], part: &str, pieces: impl Iterator<Item = Vec<u8>>, path: &Path) {
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut changed = zip::ZipWriter::new(BufWriter::new(File::create(path).unwrap()));
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let name = member.name().unwrap().to_string();
        if name != part {
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            changed.start_file(&name, SimpleFileOptions::default()).unwrap();
            changed.write_all(&bytes).unwrap();
        }
    }
    changed.start_file(part, SimpleFileOptions::default()).unwrap();
    pieces.for_each(|piece| changed.write_all(&piece).unwrap());
    changed.finish().unwrap();
}

fn texts(folder: &Path) -> Vec<(&'static str, PathBuf, &'static str)> {
    let header = b"maand;insz;categorie;gemeente\n".to_vec();
    let file = |name: &str, bytes: &[&[u8]]| {
        let path = folder.join(name);
        fs::write(&path, bytes.concat()).unwrap();
        path
    };
    let many = |text: &str, length: usize| text.repeat(length / text.len());
    let nwwz = "vdab/nwwz";
    let mut found = vec![
        (nwwz, file("newlines", &[&header, many("\n", 10 << 20).as_bytes()]), "S80"),
        (nwwz, file("carriage-returns", &[&header[..29], many("\r", 10 << 20).as_bytes()]), "S85"),
        (nwwz, file("delimiters", &[&header, many(";;;\n", 10 << 20).as_bytes()]), "S80"),
        (nwwz, file("quotes", &[&header, many("\"\n", 10 << 20).as_bytes()]), "S80"),
        (nwwz, file("unknown", &[&header, many("2010-01;70010100188;zz;zz\n", 10 << 20).as_bytes()]), "S80"),
        (nwwz, file("same", &[&header, many("2010-01;70010100188;00;11002\n", 40 << 20).as_bytes()]), "S80"),
        (nwwz, file("zeros", &[&header, &[0; 10 << 20]]), "S30"),
    ];
    // A line of more than a gigabyte: a hole in the file, which is zeros without taking place.
    let long = folder.join("long-line");
    let mut written = File::create(&long).unwrap();
    written.write_all(&header).unwrap();
    written.seek(SeekFrom::Start(1_500 << 20)).unwrap();
    written.write_all(b"\n2010-01;70010100188;00;11002\n").unwrap();
    drop(written);
    found.push((nwwz, long, "S40"));
    let no_header = folder.join("no-header");
    File::create(&no_header).unwrap().set_len(1_500 << 20).unwrap();
    found.push((nwwz, no_header, "S26"));
    // A packed file that gives far more than it is packed in, and one that says that it gives little.
    let (extracts, reference) = extracts();
    let same_row = |id: &str| {
        let extract = extracts.iter().find(|extract| extract.id.to_string() == id).unwrap();
        let text = sound(extract, 1, &reference);
        let end = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let row = text[end..].repeat((1 << 20) / (text.len() - end));
        iter::once(text[..end].to_vec()).chain(iter::repeat_n(row, 250))
    };
    let (moves, population) = ("rijksregister/verhuizingen", "statbel/bevolking");
    let far = folder.join("far.gz");
    fs::write(&far, wrapped(&same_row(moves).collect::<Vec<_>>().concat(), Container::Gzip)).unwrap();
    found.push((moves, far, "S80"));
    let (bomb, lies) = (folder.join("bomb.zip"), folder.join("lies.zip"));
    zipped("x.txt", same_row(population), &bomb);
    zipped("x.txt", same_row(population), &lies);
    with_declared_size(&lies, 1_000);
    found.push((population, bomb, "S80"));
    found.push((population, lies, "S21"));
    found
}

fn workbooks(folder: &Path) -> Vec<(&'static str, PathBuf, &'static str)> {
    let (extracts, reference) = extracts();
    let extract = extracts.iter().find(|extract| extract.id.to_string() == "wonen/sociale-huur").unwrap();
    let book = sound(extract, 3, &reference);
    let sheet = String::from_utf8(first_sheet(&book)).unwrap();
    let (before, after) = sheet.split_once("</sheetData>").unwrap();
    let mut found = Vec::new();
    let mut add = |name: &str, part: &str, pieces: &mut dyn Iterator<Item = Vec<u8>>, code: &'static str| {
        let path = folder.join(name);
        with_part(&book, part, pieces, &path);
        found.push(("wonen/sociale-huur", path, code));
    };
    let framed = |start: String, piece: String, times: usize, end: String| {
        iter::once(start.into_bytes()).chain(iter::repeat_n(piece.into_bytes(), times)).chain([end.into_bytes()])
    };
    let strings = "xl/sharedStrings.xml";
    let head =
        "<?xml version=\"1.0\"?><sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">".to_string();
    let sheet1 = "xl/worksheets/sheet1.xml";
    // Many empty strings; one without end; a row without end; a cell without end; a comment; deep elements.
    add(
        "strings",
        strings,
        &mut framed(head.clone(), "<si><t/></si>".repeat(1 << 16), 400, "</sst>".into()),
        "S37/S88",
    );
    add(
        "string",
        strings,
        &mut framed(head + "<si><t>", "x".repeat(1 << 20), 300, "</t></si></sst>".into()),
        "S37/S88",
    );
    let cell = "<row r=\"5\"><c r=\"A5\" t=\"inlineStr\"><is><t>".to_string();
    let start = format!("{before}{cell}");
    add(
        "cell",
        sheet1,
        &mut framed(start, "x".repeat(1 << 20), 300, format!("</t></is></c></row></sheetData>{after}")),
        "S88",
    );
    let empty = "<row/>".repeat(1 << 16);
    add("rows", sheet1, &mut framed(before.into(), empty, 400, format!("</sheetData>{after}")), "S37/S88");
    add("deep", sheet1, &mut framed(before.into(), "<a>".repeat(1 << 16), 1_000, String::new()), "S21");
    add("comment", sheet1, &mut framed(format!("{before}<!--"), "x".repeat(1 << 20), 300, "-->".into()), "S37/S88");
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    add("far", sheet1, &mut framed(before.into(), far.into(), 1, format!("</sheetData>{after}")), "S43");
    // Rows that each hold a text of the longest length, by reference; the strings of the second sheet are not there.
    let long = framed(sst(), format!("<si><t>{}</t></si>", "x".repeat(32_767)), 1, "</sst>".into());
    let with_long = folder.join("with-long");
    with_part(&book, strings, long, &with_long);
    let text = |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let names = ["A", "B", "C", "D", "E"].iter().zip(&extract.columns);
    let header: String = names.map(|(letter, column)| text(&format!("{letter}1"), &column.header)).collect();
    let row = |row: u32| {
        let (area, day) = (text(&format!("B{row}"), "11002"), text(&format!("D{row}"), "2010-12-31"));
        format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c>{area}{day}</row>")
    };
    let rows: String = (2..60_000).map(row).collect();
    let start = sheet.split_once("<sheetData>").unwrap().0;
    let rows = format!("{start}<sheetData><row r=\"1\">{header}</row>{rows}</sheetData>{after}");
    let path = folder.join("references");
    fs::write(&path, with_first_sheet(&fs::read(&with_long).unwrap(), rows.as_bytes())).unwrap();
    found.push(("wonen/sociale-huur", path, "S21"));
    found
}

fn sst() -> String {
    "<?xml version=\"1.0\"?><sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">".into()
}

#[test]
fn memory_and_time_are_bounded_whatever_the_bytes() {
    let folder = folder();
    for (id, path, code) in texts(&folder).into_iter().chain(workbooks(&folder)) {
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        let delivered = fs::metadata(&path).unwrap().len();
        let (came, peak) = came_of(id, &path);
        println!("{name}: {} KiB delivered, {came}, {peak} MiB", delivered / 1024);
        assert!(code.split('/').any(|code| came.starts_with(code)), "{name}: {came}, not {code}");
        assert!(peak < MOST_MIB, "{name}: {peak} MiB");
        fs::remove_file(&path).unwrap();
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let (extracts, reference) = extracts();
    let folder = env::temp_dir().join(format!("liim-pipe-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for extract in &extracts {
        for path in [&pipe, &folder, Path::new("/dev/zero")] {
            let source = Source { path, shown: "file" };
            match land(extract, &reference, period_of(extract), &[source], 1, &mut |_| Ok(())) {
                Err(LandError::Faults(faults)) => assert_eq!(faults[0].code, "S81", "{}", extract.id),
                other => panic!("{}: {other:?}", path.display()),
            }
            assert!(ingest::delivery::digest(path).is_err(), "{}", path.display());
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
