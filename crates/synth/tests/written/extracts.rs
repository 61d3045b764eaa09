//! The suppliers beside the register: their rows fit what the register says, and come near the published figures.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use catalog::Day;

use crate::files::{delivery, facts_of, histories, lines, make, on, persons, shared, statbel};

/// Codes of the Flemish municipalities.
fn flemish(out: &Path) -> HashSet<String> {
    let zip = delivery(out, "statbel/bevolking", "2011-01-01").join("TF_SOC_POP_STRUCT_2011.zip");
    statbel(fs::read(zip).unwrap()).into_keys().map(|key| key.0).collect()
}

#[test]
fn moves_lead_from_one_new_year_to_the_next() {
    let (scratch, _) = shared();
    let out = &scratch.0;
    let flemish = flemish(out);
    for (year, before, after) in [
        ("2008", "2008-01-01", "2009-01-01"),
        ("2009", "2009-01-01", "2010-01-01"),
        ("2010", "2010-01-01", "2011-01-01"),
        ("2011", "2011-01-01", "2012-01-01"),
    ] {
        let header = "insz;datum;van;naar;soort";
        let lines = lines(out, "rijksregister/verhuizingen", year, "verhuizingen.csv.gz", header, "\n");
        let (before, after) = (persons(out, before), persons(out, after));
        let place = |persons: &HashMap<u64, crate::files::Person>, number: u64| {
            persons.get(&number).map(|person| person.municipality.clone()).unwrap_or_default()
        };
        let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
        let mut moved = HashSet::new();
        for line in &lines {
            let number: u64 = line[0].parse().unwrap();
            let (from, to) = (line[2].as_str(), line[3].as_str());
            assert!(line[1].starts_with(year) && (flemish.contains(from) || flemish.contains(to)));
            if line[4] == "registerwissel" {
                assert_eq!(from, to);
            } else {
                moved.insert(number);
                let abroad = |code: &str| code.len() == 3 && code != "150";
                assert!(from == place(&before, number) || place(&before, number).is_empty() && abroad(from));
                let gone = if line[4] == "afvoering" { to == "00992" } else { abroad(to) };
                assert!(to == place(&after, number) || place(&after, number).is_empty() && gone);
            }
            if line[4] == "geboorte" {
                assert_eq!((from, after[&number].birth), ("", line[1].replace('-', "").parse().unwrap()));
            }
            *kinds.entry(&line[4]).or_default() += 1;
        }
        assert_eq!(kinds.len(), 5);
        // Nobody is elsewhere without a move; whoever dies is not moved, and the waiting register is another matter.
        for (number, person) in &after {
            let lives = |municipality: &String| flemish.contains(municipality);
            let was = place(&before, *number);
            if person.register != 'W' && person.municipality != was && (lives(&person.municipality) || lives(&was)) {
                let waiting = before.get(number).is_some_and(|person| person.register == 'W');
                assert!(moved.contains(number) || person.death.is_some() || waiting, "{year}");
            }
        }
    }
}

#[test]
fn positions_are_of_everybody_of_working_age() {
    let (scratch, _) = shared();
    let out = &scratch.0;
    let key = lines(out, "ksz/sleutel", "2010", "sleutel.csv", "gecodeerd;insz", "\n");
    let key: HashMap<&str, u64> = key.iter().map(|line| (line[0].as_str(), line[1].parse().unwrap())).collect();
    let flemish = flemish(out);
    let (mut seeking, mut before): (Vec<f64>, HashMap<String, char>) = (Vec::new(), HashMap::new());
    for (year, quarter) in (2008..2012).flat_map(|year| (1..5).map(move |quarter| (year, quarter))) {
        let period = format!("{year}-Q{quarter}");
        let rows = lines(out, "ksz/posities", &period, "posities.csv.gz", "kwartaal;gecodeerd;positie", "\n");
        assert!(rows.windows(2).all(|pair| pair[0][1] < pair[1][1]), "in the order of the codes, once each");
        let share =
            |first: char| rows.iter().filter(|row| row[2].starts_with(first)).count() as f64 / rows.len() as f64;
        assert!((0.55..0.72).contains(&share('1')) && (0.03..0.08).contains(&share('2')), "{}", share('1'));
        assert!((0.2..0.35).contains(&share('3')) && (0.005..0.04).contains(&share('4')));
        assert!(rows.iter().all(|row| row[0] == period && row[2].len() == 3));
        seeking.push(share('2'));
        // Most stay where they were, and some change.
        let now: HashMap<String, char> =
            rows.iter().map(|row| (row[1].clone(), row[2].chars().next().unwrap())).collect();
        let both: Vec<bool> = now.iter().filter_map(|(code, first)| Some(before.get(code)? == first)).collect();
        let stayed = both.iter().filter(|stayed| **stayed).count() as f64 / both.len().max(1) as f64;
        assert!(both.is_empty() && before.is_empty() || (0.93..0.98).contains(&stayed), "{period} {stayed}");
        before = now;
        if quarter == 4 {
            let named: HashSet<u64> = rows.iter().map(|row| key[row[1].as_str()]).collect();
            let day = format!("{year}-12-31").parse::<Day>().unwrap();
            let of_age = |birth: u32| (18..65).contains(&day.age_of(Day::from_number(birth).unwrap()));
            let residents = persons(out, &format!("{}-01-01", year + 1)).into_iter().filter(|(_, person)| {
                matches!(person.register, 'B' | 'V') && flemish.contains(&person.municipality) && of_age(person.birth)
            });
            assert_eq!(residents.map(|(number, _)| number).collect::<HashSet<_>>(), named);
        }
    }
    let year = |at: usize| seeking[at * 4..at * 4 + 4].iter().sum::<f64>();
    assert!(year(0) * 1.1 < year(1) && year(1) < year(2) && year(3) < year(2), "{seeking:?}");
}

#[test]
fn enrolments_of_adults_name_residents() {
    let (scratch, _) = shared();
    let header = "schooljaar;insz;centrum;opleiding;nt2;gemeente_woon";
    let rows = lines(&scratch.0, "onderwijs/volwassenen", "2010-2011", "volwassenen.csv", header, "\n");
    assert!((3_100..3_900).contains(&rows.len()), "{}", rows.len());
    let persons = persons(&scratch.0, "2011-01-01");
    let histories = histories(&scratch.0, facts_of("2011-01-01"));
    let students: HashSet<u64> = rows.iter().map(|row| row[1].parse().unwrap()).collect();
    assert!(students.len() < rows.len() && students.iter().all(|number| persons[number].birth < 19_930_201));
    let day = "2011-02-01".parse().unwrap();
    let foreign = |dutch: &str| {
        let rows = rows.iter().filter(|row| row[4] == dutch);
        let (all, foreign) = rows.fold((0, 0), |(all, foreign), row| {
            (all + 1, foreign + u32::from(on(&histories[&row[1].parse().unwrap()], day) != 150))
        });
        f64::from(foreign) / f64::from(all)
    };
    assert!(foreign("j") > 0.6 && foreign("n") < 0.2, "{} {}", foreign("j"), foreign("n"));
    assert!(
        rows.iter().all(|row| (row[4] == "j") == row[3].starts_with("NT2") && matches!(row[2].as_str(), "CBE" | "CVO"))
    );
}

#[test]
fn newcomers_come_near_the_published_figures() {
    let (scratch, _) = make("newcomers", 0.05, 12, 2);
    let header = "insz;geslacht;geboortedatum;nationaliteit;doelgroep;verplicht;nieuwkomer_sinds;aanmelding;contract;\
        opschorting;reden_opschorting;attest;gemeente";
    let rows = lines(&scratch.0, "inburgering/trajecten", "2010-12-31", "trajecten.csv", header, "\n");
    let persons = persons(&scratch.0, "2011-01-01");
    for row in &rows {
        let person = &persons[&row[0].parse().unwrap()];
        assert_eq!((row[1] == "V", row[2].replace('-', "")), (person.sex == '2', person.birth.to_string()));
        let days = [&row[6], &row[7], &row[8]];
        assert!(row[6].as_str() >= "2004-01-01" && days.iter().all(|day| day.as_str() <= "2010-12-31"));
        assert!(row[8].is_empty() || !row[7].is_empty() && row[7] <= row[8]);
        assert!([&row[9], &row[11]].iter().all(|later| later.is_empty() || !row[8].is_empty() && *later > &row[8]));
        assert_eq!(row[9].is_empty(), row[10].is_empty());
    }
    let of = |column: usize, year: &str| -> (f64, f64) {
        let chosen: Vec<_> = rows.iter().filter(|row| row[column].starts_with(year)).collect();
        let women = chosen.iter().filter(|row| row[1] == "V").count();
        (chosen.len() as f64, women as f64 / chosen.len() as f64)
    };
    let (newcomers, women) = of(6, "2010");
    assert!((1_375.0..1_525.0).contains(&newcomers) && (women - 0.48).abs() < 0.04, "{newcomers} {women}");
    // Nearly 28,000 in 2009, at a scale of 5 in a hundred.
    let (newcomers, women) = of(6, "2009");
    assert!((1_325.0..1_475.0).contains(&newcomers) && (women - 0.48).abs() < 0.04, "{newcomers} {women}");
    assert!(
        (of(8, "20").1 - 0.5).abs() < 0.04 && (of(9, "20").1 - 0.79).abs() < 0.1,
        "{:?} {:?}",
        of(8, "20"),
        of(9, "20")
    );
    assert_eq!(rows.iter().map(|row| row[4].as_str()).collect::<HashSet<_>>(), HashSet::from(["1", "2", "3", "4"]));
}

#[test]
fn births_are_those_of_three_years() {
    let (scratch, _) = shared();
    let flemish = flemish(&scratch.0);
    let (mut children, mut deprived) = (HashSet::new(), [[0.0; 2]; 2]);
    for year in ["2008", "2009", "2010"] {
        let header = "kind;geboortedatum;gemeente_3112;inkomen;opleiding;arbeid;stimulatie;huisvesting;gezondheid;\
            nationaliteit_moeder_bij_haar_geboorte";
        let rows = lines(&scratch.0, "kindengezin/geboorten", year, "geboorten.csv", header, "\n");
        assert!((550..800).contains(&rows.len()));
        for row in rows {
            assert!(row[1].starts_with(year) && flemish.contains(&row[2]));
            assert!(row[3..9].iter().all(|weak| matches!(weak.as_str(), "0" | "1" | "")));
            let weak = row[3..9].iter().filter(|weak| *weak == "1").count() >= 3;
            deprived[usize::from(row[9] != "150")][usize::from(weak)] += 1.0;
            assert!(children.insert(row[0].clone()), "a child's number comes once");
        }
    }
    let share = |[not, weak]: [f64; 2]| weak / (not + weak);
    let [belgian, foreign] = deprived.map(share);
    let all = share([deprived[0][0] + deprived[1][0], deprived[0][1] + deprived[1][1]]);
    assert!(foreign > 2.5 * belgian && (0.055..0.095).contains(&all), "{belgian} {foreign} {all}");
}

#[test]
fn counts_of_municipalities_add_up_to_the_region() {
    let (scratch, _) = shared();
    let header = "verkiezing;gemeente;groep;ingeschreven;potentieel";
    let voters = lines(&scratch.0, "verkiezingen/kiezers", "2006-10-08", "kiezers.csv", header, "\n");
    assert_eq!(voters.len(), 2 * 308 + 2);
    for (group, totals) in [("EU", [28_713, 170_040]), ("NIET-EU", [5_352, 42_473])] {
        let mut sums = [0, 0];
        for row in voters.iter().filter(|row| row[2] == group) {
            let [did, could]: [u32; 2] = [row[3].parse().unwrap(), row[4].parse().unwrap()];
            assert!(did <= could);
            if row[1] == "02000" {
                assert_eq!([did, could], totals);
            } else {
                sums = [sums[0] + did, sums[1] + could];
            }
        }
        assert_eq!(sums, totals);
    }
    for (year, families) in [("2003", 880), ("2011", 970)] {
        let folder = delivery(&scratch.0, "wonen/woonwagens", year);
        let text = fs::read_to_string(folder.join("woonwagens.csv")).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows[0], ["gemeente", "jaar", "gezinnen", "bewoners"]);
        assert!((55..65).contains(&(rows.len() - 2)) && rows[1..].iter().all(|row| row[1] == year));
        let sum = |column: usize| -> u32 {
            rows[1..rows.len() - 1].iter().map(|row| row[column].parse::<u32>().unwrap()).sum()
        };
        let last = &rows[rows.len() - 1];
        assert_eq!((last[0], last[2].parse(), last[3].parse()), ("02000", Ok(families), Ok(sum(3))));
        assert_eq!(sum(2), families);
    }
}

#[test]
fn files_about_children_have_their_families() {
    use calamine::Reader;
    let (scratch, _) = shared();
    let mut ages: HashMap<String, (u32, u32)> = HashMap::new();
    for year in [2008, 2009, 2010] {
        let path = delivery(&scratch.0, "jongerenwelzijn/pos", &year.to_string()).join("pos.xlsx");
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
        let range = book.worksheet_range("dossiers").unwrap();
        let rows: Vec<Vec<String>> =
            range.rows().map(|row| row.iter().map(|cell| cell.to_string()).collect()).collect();
        assert_eq!(rows[0], ["jaar", "dossier", "kind", "gemeente", "leeftijd"]);
        assert!(rows[1..].iter().all(|row| row[0] == year.to_string()));
        let files: HashSet<&str> = rows[1..].iter().map(|row| row[1].as_str()).collect();
        assert!((55..110).contains(&(rows.len() - 1)) && files.len() < rows.len() - 1);
        for row in &rows[1..] {
            // A child keeps its number, and is a year older a year later.
            let age: u32 = row[4].parse().unwrap();
            let (then, before) = *ages.entry(row[2].clone()).or_insert((year, age));
            assert_eq!(age - before, year - then);
        }
    }
}

#[test]
fn pupils_go_on_from_year_to_year() {
    let (scratch, _) = shared();
    let header = "schooljaar;insz;vorm;graad;leerjaar;stelsel;geboortejaar;gemeente_woon";
    let mut before: HashMap<String, Vec<String>> = HashMap::new();
    for year in 2008..2012 {
        let period = format!("{year}-{}", year + 1);
        let rows = lines(&scratch.0, "onderwijs/secundair", &period, "secundair.csv", header, "\r\n");
        assert!((4_000..4_800).contains(&rows.len()), "{}", rows.len());
        let persons = persons(&scratch.0, &format!("{}-01-01", year + 1));
        assert!(rows.iter().all(|row| row[0] == period && persons.contains_key(&row[1].parse().unwrap())));
        let now: HashMap<String, Vec<String>> = rows.into_iter().map(|row| (row[1].clone(), row)).collect();
        // The year of secondary education, 0 for the forms that have none.
        let reached = |row: &[String]| -> i32 {
            let (grade, year) = (row[3].parse().unwrap_or(0), row[4].parse().unwrap_or(0));
            (grade - 1) * 2 + year
        };
        let (mut up, mut again, mut kept) = (0.0, 0.0, 0.0);
        for (number, row) in &now {
            let Some(then) = before.get(number).filter(|then| !then[3].is_empty() && !row[3].is_empty()) else {
                continue;
            };
            match reached(row) - reached(then) {
                1 => up += 1.0,
                0 => again += 1.0,
                years => panic!("{years} years further"),
            }
            kept += f64::from(u8::from(then[2] == row[2] || then[2] == "1STE"));
        }
        if year > 2008 {
            assert!(up > 15.0 * again && kept / (up + again) > 0.93, "{up} {again} {kept}");
        }
        before = now;
    }
}
