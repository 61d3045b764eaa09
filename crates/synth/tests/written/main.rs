//! What is written: the suppliers' shapes, one population behind all files, and nothing lost between them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod extracts;
mod files;
mod numbers;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use catalog::Day;
use catalog::receipt::Receipt;
use files::{
    Scratch, delivery, facts_of, filiations, hashes, histories, lines, make, nationalities, on, options, persons,
    shared, statbel,
};
use sha2::{Digest, Sha256};
use synth::{Options, SynthError};

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
    assert_eq!(deliveries.len(), 56);
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
    // The key is that of the positions up to 2011 too.
    let persons = files::persons(out, "2012-01-01");
    let known = |number: &String| persons.contains_key(&number.parse().unwrap());
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
    let written = summary.files.iter().find(|file| file.name == "sociale-huur.xlsx" && file.period == "2010-12-31");
    assert_eq!(rows as u64, written.unwrap().lines);
}

#[test]
fn some_places_are_unknown_when_that_is_asked_for() {
    let (plain, _) = make("located", 0.02, 5, 2);
    let some = Scratch::new("unlocated");
    let options = Options { unlocated: true, ..options(&some.0, 0.02, 5, 2) };
    synth::write(&options, &|_| {}).unwrap();
    let newcomers = "insz;geslacht;geboortedatum;nationaliteit;doelgroep;verplicht;nieuwkomer_sinds;aanmelding;contract;\
        opschorting;reden_opschorting;attest;gemeente";
    for (extract, period, name, header) in [
        ("vdab/nwwz", "2010", "nwwz.csv", "maand;insz;categorie;gemeente"),
        ("inburgering/trajecten", "2010-12-31", "trajecten.csv", newcomers),
    ] {
        let [known, told] = [&plain, &some].map(|out| lines(&out.0, extract, period, name, header, "\n"));
        let mut unknown = 0;
        assert_eq!(known.len(), told.len());
        for (known, told) in known.iter().zip(&told).filter(|(known, told)| known != told) {
            let place = known.len() - 1;
            assert!(known[..place] == told[..place] && told[place] == "99991");
            unknown += 1;
        }
        let share = f64::from(unknown) / known.len() as f64;
        assert!(unknown > 0 && share < 0.003 && known.iter().flatten().all(|field| field != "99991"), "{share}");
    }
    let (known, told) = (hashes(&plain.0), hashes(&some.0));
    assert_eq!(known.iter().filter(|(path, hash)| told[*path] != **hash).count(), 4, "two files, their receipts");
}

#[test]
fn tenants_mostly_stay_and_candidates_less() {
    use calamine::Reader;
    let (scratch, _) = shared();
    for (sheet, least, most) in [("huurders", 0.90, 0.96), ("kandidaten", 0.65, 0.80)] {
        let mut before: HashMap<String, (String, String)> = HashMap::new();
        for year in 2008..2012 {
            let path = delivery(&scratch.0, "wonen/sociale-huur", &format!("{year}-12-31")).join("sociale-huur.xlsx");
            let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
            let range = book.worksheet_range(sheet).unwrap();
            let rows = range.rows().skip(1).map(|row| [0, 1, 2, 3].map(|at| row[at].to_string()));
            let day = format!("{year}-12-31");
            let now: HashMap<String, (String, String)> = rows
                .map(|[number, municipality, nationality, on]| {
                    assert_eq!(on, day);
                    (number, (municipality, nationality))
                })
                .collect();
            if year > 2008 {
                assert!(now.len() > before.len(), "{sheet} {year}");
                let stayed = before.iter().filter(|(number, _)| now.contains_key(*number)).count();
                let stayed = stayed as f64 / before.len() as f64;
                assert!((least..most).contains(&stayed), "{sheet} {year} {stayed}");
                assert!(before.iter().all(|(number, household)| now.get(number).is_none_or(|now| now == household)));
            }
            before = now;
        }
    }
}
