//! The truth: it fits what the register's extracts say, and comes near the published figures.

#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use synth::Options;

const HEADER: &str = "insz;municipality;sex;age;register;nationality;\
    vreemde-nationaliteit.class;vreemde-nationaliteit.group;vreemde-nationaliteit.decided_by;\
    eigen-historiek-2011.class;eigen-historiek-2011.group;eigen-historiek-2011.decided_by;\
    vier-criteria-2013.class;vier-criteria-2013.group;vier-criteria-2013.decided_by;\
    sem-waso.class;sem-waso.group;sem-waso.decided_by;\
    statbel-herkomst.class;statbel-herkomst.group;statbel-herkomst.decided_by;\
    vdab-2011.class;vdab-2011.group;vdab-2011.decided_by";
/// Belgium, the other 26 member states of 2010 to 2012, Czechoslovakia and East Germany, and the four of the European Free
/// Trade Association.
const INSIDE: [&str; 35] = [
    "150", "103", "105", "108", "109", "110", "111", "112", "113", "114", "116", "123", "126", "128", "129", "106",
    "107", "115", "119", "122", "124", "135", "136", "137", "139", "140", "141", "147", "130", "171", "104", "117",
    "118", "121", "127",
];

/// A population made for one test, in a folder of its own.
fn make(name: &str, scale: f64) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("truth-{name}"));
    let _ = fs::remove_dir_all(&out);
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference");
    let options = Options { out: out.clone(), reference, scale, seed: 11, threads: 2, ..Options::default() };
    synth::write(&options, &|_| {}).unwrap();
    out
}

fn rows(file: &Path, header: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(header));
    lines.map(|line| line.split(';').map(str::to_string).collect()).collect()
}

/// What decides about somebody's origin on a day.
struct Facts<'f> {
    /// First nationalities.
    father: Option<&'f str>,
    mother: Option<&'f str>,
    /// Both parents' are known.
    complete: bool,
    first: &'f str,
    /// Nationalities up to the day, the one in force first.
    begun: Vec<&'f str>,
}

/// Nationality, then class, group and deciding fact by each definition: once more, on strings.
fn classified(facts: &Facts<'_>) -> Vec<String> {
    let current = facts.begun[0];
    let criteria = [
        ("father", facts.father),
        ("mother", facts.mother),
        ("own-first", Some(facts.first)),
        ("own-current", Some(current)),
    ];
    let foreign = |facts: &[(&'static str, Option<&str>)]| {
        facts.iter().find_map(|(name, fact)| fact.filter(|code| *code != "150").map(|code| (code.to_string(), *name)))
    };
    let belgian = |decided: &'static str| ("150".to_string(), decided);
    let nothing = belgian(if facts.complete { "all-belgian" } else { "known-belgian" });
    let classed = |(group, decided): (String, &'static str), words: [&'static str; 3]| {
        let class = match (group.as_str(), decided) {
            ("150", "known-belgian") => words[1],
            ("150", _) => words[0],
            _ => words[2],
        };
        (class, group, decided)
    };
    let plain = ["belgian", "belgian", "foreign"];
    let single = |at: usize| foreign(&criteria[at..=at]);
    let statbel = match (single(3), single(2), single(0), single(1)) {
        (Some(now), ..) => ("non-belgian", now.0, "own-current"),
        (_, Some(first), ..) => ("belgian-foreign-background", first.0, "own-first"),
        (_, _, Some(father), Some(_)) => ("belgian-foreign-background", father.0, "both-parents"),
        (_, _, Some(one), None) | (_, _, None, Some(one)) => ("belgian-foreign-background", one.0, one.1),
        _ => ("belgian-belgian-background", nothing.0.clone(), nothing.1),
    };
    let mut outside = facts.begun.iter().enumerate().filter(|(_, code)| !INSIDE.contains(code));
    let vdab = match outside.next() {
        Some((0, code)) => ("allochtoon", code.to_string(), "own-current"),
        Some((_, code)) => ("allochtoon", code.to_string(), "own-earlier"),
        None => ("autochtoon", current.to_string(), "all-belgian"),
    };
    let all = [
        classed(foreign(&criteria[3..]).unwrap_or(belgian("all-belgian")), plain),
        classed(foreign(&criteria[2..]).unwrap_or(belgian("all-belgian")), plain),
        classed(foreign(&criteria).unwrap_or(nothing.clone()), plain),
        classed(foreign(&criteria).unwrap_or(nothing), ["belgian", "belgian-not-attributed", "foreign"]),
        statbel,
        vdab,
    ];
    let texts = all.into_iter().flat_map(|(class, group, decided)| [class.to_string(), group, decided.to_string()]);
    [current.to_string()].into_iter().chain(texts).collect()
}

/// The definitions once more, from the written files: a second way to the same answer.
#[test]
fn the_truth_fits_the_written_files() {
    let out = make("fits", 0.01);
    for period in ["2008-01-01", "2009-01-01", "2010-01-01", "2011-01-01", "2012-01-01"] {
        let facts = if period == "2012-01-01" { period } else { "2011-01-01" };
        let register = out.join("sources/rijksregister/deliveries").join(facts);
        let mut histories: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        let header = "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op";
        for row in rows(&register.join("nationaliteit/0001/nationaliteit.csv"), header) {
            histories.entry(row[0].clone()).or_default().push(row);
        }
        let first = |person: &String| histories.get(person).map(|history| history[0][4].as_str());
        let mut parents: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        let header = "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op";
        for row in rows(&register.join("afstamming/0001/afstamming.csv"), header) {
            parents.entry(row[0].clone()).or_default().push(row);
        }
        let truth = rows(&out.join(format!("truth/origin_{period}.csv")), HEADER);
        for row in &truth {
            let mut known = parents.get(&row[0]).cloned().unwrap_or_default();
            // Somebody recognised or adopted after the day is no parent on it.
            known.retain(|parent| parent[5].as_str() <= period);
            known.sort_by_key(|parent| (parent[3].clone(), parent[1].clone()));
            let nationality =
                |sex: &str| known.iter().find(|parent| parent[3] == sex).and_then(|parent| first(&parent[2]));
            let begun = histories[&row[0]].iter().rev().filter(|event| event[2].as_str() <= period);
            let expected = classified(&Facts {
                father: nationality("1"),
                mother: nationality("2"),
                // Two mothers are both Belgian, so that only whether both are known is left to ask.
                complete: known.len() == 2 && known.iter().all(|parent| first(&parent[2]).is_some()),
                first: first(&row[0]).unwrap(),
                begun: begun.map(|event| event[4].as_str()).collect(),
            });
            assert_eq!(row[5..], expected);
        }
        assert!(truth.len() > 60_000);
    }
    fs::remove_dir_all(out).unwrap();
}

const EVERYBODY: &str = "insz;coded;sex;birth;death;waiting;established;first;\
    change_1_day;change_1_code;change_2_day;change_2_code;\
    father_first;father_from;father_known_from;mother_first;mother_from;mother_known_from;\
    known_from;place_2008;place_2009;place_2010;place_2011;place_2012;without_history";

/// Everybody's row tells the origin of all inhabitants, without anything else.
#[test]
fn the_rows_of_everybody_tell_the_origin() {
    let out = make("everybody", 0.01);
    let flemish: HashSet<String> =
        rows(&out.join("truth/origin_2011-01-01.csv"), HEADER).into_iter().map(|row| row[1].clone()).collect();
    let everybody = rows(&out.join("truth/persons.csv"), EVERYBODY);
    let column = |name: &str| EVERYBODY.split(';').position(|column| column == name).unwrap();
    for year in 2008..2013 {
        let day = format!("{year}-01-01");
        let known_by = day.as_str().max("2011-01-01");
        let mut derived = Vec::new();
        for person in &everybody {
            let of = |name: &str| person[column(name)].as_str();
            let place = of(&format!("place_{year}"));
            if of("waiting") == "1" || !flemish.contains(place) {
                continue;
            }
            let parent = |which: &str| {
                let [first, from, known] =
                    ["first", "from", "known_from"].map(|what| of(&format!("{which}_{what}")).to_string());
                let counts = !from.is_empty() && from <= day && known.as_str() <= known_by;
                Some(first).filter(|first| counts && !first.is_empty())
            };
            let (father, mother) = (parent("father"), parent("mother"));
            let changes = [("change_2_day", "change_2_code"), ("change_1_day", "change_1_code")];
            let begun = changes.iter().filter(|(begin, _)| !of(begin).is_empty() && of(begin) <= day.as_str());
            let begun: Vec<&str> = begun.map(|(_, code)| of(code)).chain([of("first")]).collect();
            let letter = match (begun[0], of("established")) {
                ("150", _) | (_, "1") => "B",
                _ => "V",
            };
            let birthday = usize::from(of("birth")[5..] > *"01-01");
            let age = year - of("birth")[..4].parse::<usize>().unwrap() - birthday;
            let facts = Facts {
                father: father.as_deref(),
                mother: mother.as_deref(),
                complete: father.is_some() && mother.is_some(),
                first: of("first"),
                begun,
            };
            let start = [of("insz"), place, of("sex"), &age.to_string(), letter].map(str::to_string);
            derived.push([start.to_vec(), classified(&facts)].concat());
        }
        assert!(derived == rows(&out.join(format!("truth/origin_{day}.csv")), HEADER), "{day}");
    }
    // The key and the replaced numbers lead to these persons.
    let number: HashMap<&str, &str> = everybody.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
    assert_eq!(number.len(), everybody.len());
    let key = rows(&out.join("sources/ksz/deliveries/2010/sleutel/0001/sleutel.csv"), "gecodeerd;insz");
    assert!(key.iter().all(|row| number[row[1].as_str()] == row[0]));
    assert_eq!(key.len(), number.values().filter(|coded| !coded.is_empty()).count());
    let replaced = rows(&out.join("truth/numbers.csv"), "old_insz;insz");
    assert!(replaced.len() > 90 && replaced.iter().all(|row| number.contains_key(row[1].as_str())));
    assert!(replaced.iter().all(|row| !number.contains_key(row[0].as_str())));
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn totals_come_near_the_published_figures() {
    const SCALE: f64 = 0.05;
    let out = make("totals", SCALE);
    let near = |what: &str, found: f64, wanted: f64, within: f64| {
        assert!((found / wanted - 1.0).abs() < within, "{what}: {found} instead of {wanted}");
    };
    for (period, persons, foreign, within) in [
        // The foreign nationals of 2008 and 2009 are our own estimates.
        ("2008-01-01", 6_161_600.0, 354_000.0, 0.03),
        ("2009-01-01", 6_208_877.0, 375_000.0, 0.03),
        ("2010-01-01", 6_251_983.0, 399_433.0, 0.02),
        ("2011-01-01", 6_306_638.0, 427_986.0, 0.02),
        ("2012-01-01", 6_350_765.0, 453_399.0, 0.02),
    ] {
        let truth = rows(&out.join(format!("truth/origin_{period}.csv")), HEADER);
        let count =
            |wanted: &dyn Fn(&Vec<String>) -> bool| truth.iter().filter(|row| wanted(row)).count() as f64 / SCALE;
        near("inhabitants", truth.len() as f64 / SCALE, persons, 0.005);
        near("foreign nationals", count(&|row| row[5] != "150"), foreign, within);
        if period == "2011-01-01" {
            let origin = count(&|row| row[12] == "foreign");
            near("persons of foreign origin", origin, 1_060_000.0, 0.02);
            let belgians = count(&|row| row[12] == "foreign" && row[5] == "150");
            let own = count(&|row| row[9] == "foreign" && row[5] == "150");
            near("own first nationality foreign", own / belgians, 0.5, 0.06);
            // Genk, Gent and Antwerpen: persons of foreign origin for each foreign national.
            for (municipality, ratio) in [("71016", 4.4), ("44021", 2.4), ("11002", 2.32)] {
                let origin = count(&|row| row[1] == municipality && row[12] == "foreign");
                near(municipality, origin / count(&|row| row[1] == municipality && row[5] != "150"), ratio, 0.1);
            }
        }
    }
    fs::remove_dir_all(out).unwrap();
}
