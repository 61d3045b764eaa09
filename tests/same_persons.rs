//! What changes nothing: everything under pseudonyms, a delivery in two files, facts that were not known at the cut-off.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use catalog::cell::Observation;
use catalog::digest::sha256;

use crate::project::{Folder, done, observations, synthetic};
use crate::reproducible::twin;

const EDITIONS: [&str; 3] = ["2011-12-21", "2012-03-15", "2013-03-15"];

fn run(folder: &Folder) -> Vec<Vec<Observation>> {
    done(folder, &["-q", "run", "--all"]);
    EDITIONS.iter().map(|edition| observations(folder, edition)).collect()
}

/// Changes a delivered file, and its receipt with it.
pub fn rewrite(folder: &Folder, name: &str, change: impl Fn(&str) -> String) {
    let path = folder.path().join("sources").join(name);
    let bytes = std::fs::read(&path).unwrap();
    let packed = name.ends_with(".gz");
    let text = if packed {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        text
    } else {
        // Latin-1 is read byte by byte, and written so again.
        bytes.iter().map(|byte| char::from(*byte)).collect()
    };
    let changed = change(&text);
    let out = if packed {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(changed.as_bytes()).unwrap();
        writer.finish().unwrap()
    } else {
        changed.chars().map(|letter| letter as u8).collect()
    };
    std::fs::write(&path, &out).unwrap();
    receipt(path.parent().unwrap(), |text| {
        text.replace(&sha256(&bytes), &sha256(&out))
            .replace(&format!("bytes: {}", bytes.len()), &format!("bytes: {}", out.len()))
    });
}

/// All rows of all editions alike; the first that differ are told.
fn same(one: Vec<Vec<Observation>>, two: Vec<Vec<Observation>>) {
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(one.len(), two.len());
        let differing: Vec<_> = one.iter().zip(two).filter(|(one, two)| one != two).collect();
        assert!(differing.is_empty(), "{} rows differ, the first: {:#?}", differing.len(), differing[0]);
    }
}

fn receipt(folder: &Path, change: impl Fn(&str) -> String) {
    let path = folder.join("receipt.yaml");
    let before = std::fs::read_to_string(&path).unwrap();
    let after = change(&before);
    assert_ne!(before, after);
    std::fs::write(path, catalog::receipt::sealed(&after)).unwrap();
}

/// Another name for a number: sixteen hexadecimal digits, one for one, in no order.
fn pseudonym(number: &str) -> String {
    let mixed = number.parse::<u64>().unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:016x}", mixed ^ (mixed >> 29))
}

/// Fields of a line that are replaced, in a file with a header.
fn coded_fields(text: &str, columns: &[usize], name: &dyn Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for (number, line) in text.lines().enumerate() {
        if number == 0 {
            out.push_str(line);
        } else {
            let fields = line
                .split(';')
                .enumerate()
                .map(|(at, field)| if columns.contains(&at) { name(field) } else { field.to_string() });
            out.push_str(&fields.collect::<Vec<_>>().join(";"));
        }
        out.push('\n');
    }
    out
}

#[test]
fn with_everything_coded_and_no_key_the_figures_are_the_same() {
    let numbered = synthetic("numbered", "0.01");
    let coded = twin(&numbered, "coded");
    let sleutel = numbered.read("sources/ksz/deliveries/2010/sleutel/0001/sleutel.csv");
    let of_ksz: HashMap<String, String> = sleutel
        .lines()
        .skip(1)
        .map(|line| line.split_once(';').unwrap())
        .map(|(coded, number)| (coded.to_string(), pseudonym(number)))
        .collect();
    let from_ksz = |coded: &str| of_ksz.get(coded).cloned().unwrap_or_else(|| format!("{coded}0"));
    let mut changed = 0;
    for path in crate::project::files_below(&coded.path().join("sources")) {
        let name = path.display().to_string();
        let file = path.file_name().unwrap().to_string_lossy().to_string();
        if !name.contains("deliveries") {
            continue;
        }
        let fields: &[usize] = match file.as_str() {
            "personen.txt" => {
                rewrite(&coded, &name, |text| {
                    let line = |line: &str| format!("{}{}", pseudonym(&line[..11]), &line[11..]);
                    text.split_inclusive("\r\n").map(line).collect()
                });
                changed += 1;
                continue;
            }
            "nationaliteit.csv" => &[0],
            "afstamming.csv" => &[0, 2],
            "nummerwijziging.csv" => &[0, 1],
            "nwwz.csv" => &[1],
            "secundair.csv" | "volwassenen.csv" => &[1],
            "trajecten.csv" | "verhuizingen.csv.gz" => &[0],
            "leefloon.csv" | "posities.csv.gz" => {
                rewrite(&coded, &name, |text| coded_fields(text, &[1], &from_ksz));
                changed += 1;
                continue;
            }
            _ => continue,
        };
        rewrite(&coded, &name, |text| coded_fields(text, fields, &pseudonym));
        changed += 1;
    }
    assert!(changed >= 12, "{changed} files");
    std::fs::remove_dir_all(coded.path().join("sources/ksz/deliveries/2010/sleutel")).unwrap();
    for (contract, from, to) in [
        ("rijksregister", "type: insz, width: 11", "type: coded, width: 16"),
        ("rijksregister", "record: 64", "record: 69"),
        ("rijksregister", "type: insz", "type: coded"),
        ("vdab", "type: insz", "type: coded"),
        ("onderwijs", "type: insz", "type: coded"),
        ("inburgering", "type: insz", "type: coded"),
        ("ksz", "      key: ksz/sleutel\n", ""),
    ] {
        let file = format!("sources/{contract}/contract.yaml");
        let text = coded.read(&file);
        assert!(text.contains(from), "{file}: {from}");
        coded.write(&file, text.replace(from, to));
    }
    same(run(&numbered), run(&coded));
}

#[test]
fn a_pseudonym_without_a_key_is_refused_where_the_register_has_numbers() {
    let folder = crate::project::project("keyless");
    let contract = folder.read("sources/ksz/contract.yaml");
    folder.write("sources/ksz/contract.yaml", contract.replace("      key: ksz/sleutel\n", ""));
    let output = crate::project::liim(&folder, &["check"]);
    assert_eq!(output.status.code(), Some(3));
    let words = crate::project::err(&output);
    assert!(
        words.contains("error[S13]: `gecodeerd` is a pseudonym, and the register's persons have numbers"),
        "{words}"
    );
}

#[test]
fn a_key_is_refused_where_the_register_has_pseudonyms() {
    let folder = crate::project::project("keyed");
    let contract = folder.read("sources/rijksregister/contract.yaml");
    let coded = contract
        .replace("type: insz, width: 11", "type: coded, width: 16")
        .replace("record: 64", "record: 69")
        .replace("type: insz", "type: coded");
    folder.write("sources/rijksregister/contract.yaml", coded);
    let output = crate::project::liim(&folder, &["check"]);
    assert_eq!(output.status.code(), Some(3));
    let words = crate::project::err(&output);
    assert!(
        words.contains(
            "error[S13]: `ksz/sleutel` turns pseudonyms into numbers, and the register's persons have pseudonyms"
        ),
        "{words}"
    );
}

#[test]
fn a_delivery_in_two_files_and_facts_known_too_late_change_nothing() {
    let one = synthetic("whole", "0.01");
    let two = twin(&one, "split");
    let delivery = |period: &str, extract: &str| format!("sources/rijksregister/deliveries/{period}/{extract}/0001");
    // The histories that the first edition uses come in two files, in the reverse order of their rows.
    for extract in ["nationaliteit", "afstamming"] {
        let folder = two.path().join(delivery("2011-01-01", extract));
        let text = std::fs::read_to_string(folder.join(format!("{extract}.csv"))).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let mut lines: Vec<&str> = rows.lines().collect();
        lines.reverse();
        let (first, second) = lines.split_at(lines.len() / 3);
        let mut files = Vec::new();
        for (number, part) in [first, second].into_iter().enumerate() {
            let file = two.write(&format!("part-{extract}-{number}.csv"), format!("{header}\n{}\n", part.join("\n")));
            files.push(file.display().to_string());
        }
        std::fs::remove_dir_all(folder).unwrap();
        let extract = format!("rijksregister/{extract}");
        let mut arguments = vec!["-q", "receive", &extract];
        arguments.extend(files.iter().map(String::as_str));
        arguments.extend(["--period", "2011-01-01", "--delivered-on", "2011-10-01"]);
        done(&two, &arguments);
    }
    // And they know of facts that the register learned after the cut-off: everybody has become Moroccan, and nobody's child.
    for (period, learned) in [("2011-01-01", "2012-05-01"), ("2012-01-01", "2013-06-01")] {
        let folder = two.path().join(delivery(period, "nationaliteit")).parent().unwrap().to_path_buf();
        let newest = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).max().unwrap();
        let texts: Vec<String> = std::fs::read_dir(&newest)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let header = texts[0].lines().next().unwrap().to_string();
        let rows: Vec<&str> = texts.iter().flat_map(|text| text.lines().skip(1)).collect();
        let mut persons: Vec<&str> = rows.iter().map(|row| &row[..11]).collect();
        persons.sort_unstable();
        persons.dedup();
        let later: Vec<String> =
            persons.iter().map(|person| format!("{person};900;1950-01-01;;354;;{learned}")).collect();
        let file = two.write("later.csv", format!("{header}\n{}\n{}\n", rows.join("\n"), later.join("\n")));
        let path = file.display().to_string();
        let delivered = if period == "2011-01-01" { "2011-12-01" } else { "2012-12-01" };
        folder_is_tolerant(&two);
        done(
            &two,
            &["-q", "receive", "rijksregister/nationaliteit", &path, "--period", period, "--delivered-on", delivered],
        );
    }
    same(run(&one), run(&two));
}

/// A delivery that doubles is right here.
fn folder_is_tolerant(folder: &Folder) {
    let contract = folder.read("sources/rijksregister/contract.yaml");
    folder.write("sources/rijksregister/contract.yaml", contract.replace("volume_change: 0.5", "volume_change: 5"));
}
