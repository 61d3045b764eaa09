//! Stories: a village of a few persons written out, and the cells that a statistician works out by hand.

use std::io::Write;

use catalog::cell::Observation;

use crate::project::{Folder, done, insz, observations, project, without_floors};

/// A BIS number of a person whose sex was known at issue: the month and 40.
fn bis(birth: u64, serial: u64) -> String {
    insz(birth + 4_000, serial)
}

const NONE_REPLACED: &str = "oud_insz;nieuw_insz;datum;geregistreerd_op\n";

/// A line of rijksregister/personen.
fn person(insz: &str, birth: u64, sex: u8, register: char, area: &str) -> String {
    format!("{insz}{birth}{sex}{register}{area:<5}{:<30}{:<8}\r\n", "Herstappe", "")
}

const PIPELINE: &str = r#"
title: Verhaal
publisher: Test
licence: Test
contact: test
key_file: keys/person-numbers.key
clusters: facility-2019
protection: { threshold: 1, zeros: shown, why: Een verhaal toont alles. }
editions:
  verhaal:
    monitor: verhaal
    kind: first
    title: Verhaal
    cut_off: "2011-12-15"
    why: Verhaal.
    indicators:
"#;

fn tell(name: &str, indicators: &str, deliveries: &[(&str, &str, &str, &str)]) -> Vec<Observation> {
    let folder: Folder = project(name);
    without_floors(&folder);
    folder.write("pipeline.yaml", format!("{PIPELINE}{indicators}"));
    for (extract, period, file, text) in deliveries {
        let name = format!("in/{file}");
        let path = if file.ends_with(".zip") { folder.write(&name, zipped(text)) } else { folder.write(&name, text) };
        done(
            &folder,
            &["-q", "receive", extract, path.to_str().unwrap(), "--period", period, "--delivered-on", "2011-07-15"],
        );
    }
    done(&folder, &["-q", "run", "--all"]);
    observations(&folder, "verhaal")
}

/// The first line of statbel/bevolking.
const BEVOLKING: &str = "CD_MUNTY_REFNIS|TX_MUNTY_DESCR_NL|TX_MUNTY_DESCR_FR|CD_DSTR_REFNIS|TX_ADM_DSTR_DESCR_NL|TX_ADM_DSTR_DESCR_FR|CD_PROV_REFNIS|TX_PROV_DESCR_NL|TX_PROV_DESCR_FR|CD_RGN_REFNIS|TX_RGN_DESCR_NL|TX_RGN_DESCR_FR|CD_SEX|CD_NATLTY|TX_NATLTY_FR|TX_NATLTY_NL|CD_CIV_STS|TX_CIV_STS_FR|TX_CIV_STS_NL|CD_AGE|MS_POPULATION|CD_YEAR\n";

/// A file as Statbel packs it.
fn zipped(text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("bevolking.txt", zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

fn cell<'o>(rows: &'o [Observation], area: &str, sex: &str, group: &str) -> &'o Observation {
    rows.iter()
        .find(|row| {
            let key = &row.key;
            (key.ref_area.as_str(), key.sex.as_str(), key.group.as_str()) == (area, sex, group) && key.age_group == "_T"
        })
        .unwrap_or_else(|| panic!("no cell {area} {sex} {group}"))
}

/// Herstappe on 1 January 2011: six inhabitants and a parent who lives in Liège.
///
/// | who | born | first nationality | now | parents |
/// |---|---|---|---|---|
/// | Anna | 1960 | Belgian | Belgian | unknown |
/// | Bilal | 1965 | Moroccan | Belgian since 1995 | unknown |
/// | Chris | 1990 | Belgian | Belgian | Bilal, Anna |
/// | Dirk | 1970 | Dutch | Dutch | unknown |
/// | Eva | 2005 | Belgian | Belgian | Pavel (in Liège, Polish first), Anna |
/// | Farid | 1980 | asylum seeker, waiting register | Iraqi | unknown |
#[test]
fn a_village_by_own_history_and_by_four_criteria() {
    let anna = insz(19_600_501, 2);
    let bilal = insz(19_650_612, 3);
    let chris = insz(19_900_713, 5);
    let dirk = insz(19_700_814, 7);
    let eva = insz(20_050_915, 8);
    let farid = insz(19_801_016, 9);
    let pavel = insz(19_621_117, 11);
    let personen = [
        person(&anna, 19_600_501, 2, 'B', "73028"),
        person(&bilal, 19_650_612, 1, 'B', "73028"),
        person(&chris, 19_900_713, 1, 'B', "73028"),
        person(&dirk, 19_700_814, 1, 'V', "73028"),
        person(&eva, 20_050_915, 2, 'B', "73028"),
        person(&farid, 19_801_016, 1, 'W', "73028"),
        person(&pavel, 19_621_117, 1, 'B', "62063"),
    ]
    .concat();
    let history = |who: &str, number: u8, from: &str, until: &str, code: &str| {
        format!("{who};{number};{from};{until};{code};;{from}\n")
    };
    let nationaliteit = [
        "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n".to_string(),
        history(&anna, 1, "1960-05-01", "", "150"),
        history(&bilal, 2, "1995-03-01", "", "150"),
        history(&bilal, 1, "1970-01-01", "1995-03-01", "354"),
        history(&chris, 1, "1990-07-13", "", "150"),
        history(&dirk, 1, "2001-01-01", "", "129"),
        history(&eva, 1, "2005-09-15", "", "150"),
        history(&farid, 1, "2010-01-01", "", "254"),
        history(&pavel, 1, "1985-01-01", "2005-01-01", "139"),
        history(&pavel, 2, "2005-01-01", "", "150"),
    ]
    .concat();
    let tie = |child: &str, number: u8, parent: &str, sex: u8| {
        format!("{child};{number};{parent};{sex};geboorte;1990-01-01;;1990-01-01\n")
    };
    let afstamming = [
        "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op\n".to_string(),
        tie(&chris, 1, &bilal, 1),
        tie(&chris, 2, &anna, 2),
        tie(&eva, 1, &pavel, 1),
        tie(&eva, 2, &anna, 2),
    ]
    .concat();
    let deliveries = [
        ("rijksregister/personen", "2011-01-01", "personen.txt", personen.as_str()),
        ("rijksregister/nationaliteit", "2011-01-01", "nationaliteit.csv", &nationaliteit),
        ("rijksregister/afstamming", "2011-01-01", "afstamming.csv", &afstamming),
        ("rijksregister/nummerwijziging", "2011-01-01", "nummerwijziging.csv", NONE_REPLACED),
    ];

    // Own history: Bilal was Moroccan first, Dirk is Dutch. Farid is in the waiting register and Pavel lives elsewhere.
    let own = tell(
        "own",
        "      vreemde-herkomst: { periods: [\"2011-01-01\"], origin: eigen-historiek-2011 }\n",
        &deliveries,
    );
    for (sex, group, foreign, all) in [
        ("_T", "_T", 2, 5),
        ("M", "_T", 2, 3),
        ("F", "_T", 0, 2),
        ("_T", "MAGHREB", 1, 5),
        ("_T", "EU-BUUR", 1, 5),
        ("_T", "EU", 1, 5),
        ("_T", "EU-ANDER", 0, 5),
    ] {
        let row = cell(&own, "73028", sex, group);
        assert_eq!((row.numerator, row.denominator), (Some(foreign), Some(all)), "own history, {sex} {group}");
    }
    assert_eq!(cell(&own, "02000", "_T", "_T").share, Some(40.0));
    assert_eq!(cell(&own, "70000", "_T", "_T").numerator, Some(2));
    assert_eq!(cell(&own, "71016", "_T", "_T").numerator, Some(0), "nobody lives there, and zero is a value");

    // Four criteria: Chris by the father, who was Moroccan first; Eva by hers, who was Polish first.
    let four = tell(
        "four",
        "      vreemde-herkomst: { periods: [\"2011-01-01\"], origin: vier-criteria-2013 }\n",
        &deliveries,
    );
    for (sex, group, foreign) in [
        ("_T", "_T", 4),
        ("M", "_T", 3),
        ("F", "_T", 1),
        ("_T", "MAGHREB", 2),
        ("_T", "EU-BUUR", 1),
        ("F", "EU-ANDER", 1),
        ("_T", "NIET-EU", 2),
    ] {
        assert_eq!(cell(&four, "73028", sex, group).numerator, Some(foreign), "four criteria, {sex} {group}");
    }
}

/// Two persons with a living wage in 2010. Gulsen was Turkish and became Belgian on 1 July: each month counts in the
/// group of that month's end. Her December stands in the files of two years and counts once. Hugo had six months.
#[test]
fn a_fact_has_the_attributes_of_its_own_day() {
    let gulsen = insz(19_850_302, 4);
    let hugo = insz(19_750_403, 5);
    let personen = [person(&gulsen, 19_850_302, 2, 'B', "71016"), person(&hugo, 19_750_403, 1, 'B', "71016")].concat();
    let nationaliteit = format!(
        "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n\
         {gulsen};1;1985-03-02;2010-07-01;262;;1985-03-02\n{gulsen};2;2010-07-01;;150;;2010-07-20\n{hugo};1;1975-04-03;;150;;1975-04-03\n"
    );
    let afstamming = format!(
        "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op\n\
         {gulsen};1;{hugo};1;geboorte;1985-03-02;1985-03-03;1985-03-02\n"
    );
    // Hugo came under a BIS number, then another, and has had a national number since 2009; the key has his first.
    let (first, second) = (bis(19_750_403, 21), bis(19_750_403, 23));
    let nummerwijziging = format!(
        "oud_insz;nieuw_insz;datum;geregistreerd_op\n{second};{hugo};2009-05-01;2009-05-01\n{first};{second};2008-02-01;2008-02-03\n"
    );
    let sleutel = format!("gecodeerd;insz\na1;{gulsen}\nb2;{first}\n");
    let mut leefloon = String::from("maand;gecodeerd;stelsel;categorie;gemeente;bron_jaar\n");
    for month in 1..=12 {
        leefloon.push_str(&format!("2010-{month:02};a1;LL;1;71016;2010\n"));
    }
    leefloon.push_str("2010-12;a1;LL;1;71016;2011\n");
    for month in 1..=6 {
        leefloon.push_str(&format!("2010-{month:02};b2;LL;1;71016;2010\n"));
    }
    let rows = tell(
        "leefloon",
        "      leefloon: { periods: [\"2010-01-01/P1Y\"], origin: vreemde-nationaliteit }\n",
        &[
            ("rijksregister/personen", "2010-01-01", "personen.txt", personen.as_str()),
            ("rijksregister/nationaliteit", "2011-01-01", "nationaliteit.csv", &nationaliteit),
            ("rijksregister/afstamming", "2011-01-01", "afstamming.csv", &afstamming),
            ("rijksregister/nummerwijziging", "2011-01-01", "nummerwijziging.csv", &nummerwijziging),
            ("ksz/sleutel", "2010", "sleutel.csv", &sleutel),
            ("ksz/leefloon", "2010", "leefloon.csv", &leefloon),
        ],
    );
    for (group, months, base) in [("_T", 18, 24), ("BE", 12, 12), ("KANDIDAAT", 6, 12), ("VREEMD", 6, 12), ("EU", 0, 0)]
    {
        let row = cell(&rows, "71016", "_T", group);
        assert_eq!((row.numerator, row.denominator, row.divisor), (Some(months), Some(base), Some(12)), "{group}");
    }
    assert_eq!(cell(&rows, "71016", "_T", "_T").value, Some(1.5));
    assert_eq!(cell(&rows, "71016", "_T", "KANDIDAAT").share, Some(50.0));
    assert_eq!(cell(&rows, "71016", "_T", "EU").share, None, "a share of nobody is no share");
}

/// Three persons whom the register does not know had a living wage in Genk for two months each, and somebody in Brussels.
#[test]
fn persons_whom_the_register_does_not_know_are_counted_each_for_one() {
    let known = insz(19_750_403, 5);
    let personen = person(&known, 19_750_403, 1, 'B', "71016");
    let nationaliteit = format!(
        "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n{known};1;1975-04-03;;150;;1975-04-03\n"
    );
    let afstamming = format!(
        "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op\n\
         {known};1;{};1;geboorte;1975-04-03;;1975-04-03\n",
        insz(19_500_101, 1)
    );
    let sleutel = format!("gecodeerd;insz\na1;{known}\n");
    let mut leefloon = String::from("maand;gecodeerd;stelsel;categorie;gemeente;bron_jaar\n");
    for month in ["2010-03", "2010-04"] {
        for stranger in ["x1", "x2", "x3"] {
            leefloon.push_str(&format!("{month};{stranger};ELL;1;71016;2010\n"));
        }
        leefloon.push_str(&format!("{month};a1;LL;1;21004;2010\n"));
    }
    let folder: Folder = project("strangers");
    without_floors(&folder);
    folder.write("pipeline.yaml", format!("{PIPELINE}      leefloon: {{ periods: [\"2010-01-01/P1Y\"] }}\n"));
    for (extract, period, file, text) in [
        ("rijksregister/personen", "2010-01-01", "personen.txt", &personen),
        ("rijksregister/nationaliteit", "2011-01-01", "nationaliteit.csv", &nationaliteit),
        ("rijksregister/afstamming", "2011-01-01", "afstamming.csv", &afstamming),
        ("rijksregister/nummerwijziging", "2011-01-01", "nummerwijziging.csv", &NONE_REPLACED.to_string()),
        ("ksz/sleutel", "2010", "sleutel.csv", &sleutel),
        ("ksz/leefloon", "2010", "leefloon.csv", &leefloon),
    ] {
        let path = folder.write(&format!("in/{file}"), text);
        done(
            &folder,
            &["-q", "receive", extract, path.to_str().unwrap(), "--period", period, "--delivered-on", "2011-07-15"],
        );
    }
    done(&folder, &["-q", "run", "--all"]);
    let rows = observations(&folder, "verhaal");
    assert_eq!(cell(&rows, "71016", "_T", "_T").numerator, Some(6), "three strangers, two months each");
    assert_eq!(cell(&rows, "02000", "_T", "_T").numerator, Some(6), "who lives in Brussels is not of Flanders");
    let quality = folder.path().join("warehouse/published/edition=verhaal/quality.parquet");
    let quality = warehouse::tables::read_texts(&quality).unwrap();
    let outside = quality.iter().find(|row| row["measure"].as_deref() == Some("outside-flanders")).unwrap();
    assert_eq!(outside["value"].as_deref(), Some("1"));
}

/// What the Crossroads Bank and the school say of birth dates is wrong by a year; the register's word decides everywhere.
///
/// | who | register | supplier | what counts |
/// |---|---|---|---|
/// | Anna | 18 since June 2010 | a year younger | an adult: counts in each |
/// | Ben | 17 until June 2011 | a year older | a minor: counts in none |
/// | Cara | not in the register | 18 since January 2010 | the supplier's word: counts in each |
/// | Dirk | born in 1996, grade 2 year 1 | 1995 | the register's word: no delay |
/// | Emma | born in 1995, grade 2 year 1 | 1996 | the register's word: one year behind |
#[test]
fn the_birth_date_of_the_register_decides_in_every_indicator() {
    let (anna, ben, cara) = (insz(19_920_601, 2), insz(19_930_601, 3), insz(19_920_101, 502));
    let (dirk, emma) = (insz(19_960_301, 5), insz(19_950_301, 4));
    let personen = [
        person(&anna, 19_920_601, 2, 'B', "71016"),
        person(&ben, 19_930_601, 1, 'B', "71016"),
        person(&dirk, 19_960_301, 1, 'B', "71016"),
        person(&emma, 19_950_301, 2, 'B', "71016"),
    ]
    .concat();
    let nationaliteit = format!(
        "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n{anna};1;1992-06-01;;354;;1992-06-01\n"
    );
    let afstamming = format!(
        "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op\n{};1;{};1;geboorte;1950-01-01;;1950-01-01\n",
        insz(19_500_101, 901),
        insz(19_200_101, 903)
    );
    let course = |who: &str, sex: char, born: &str| {
        format!("{who};{sex};{born};354;1;j;2010-07-01;2010-07-02;2010-07-03;2010-08-01;ziekte;2010-12-01;71016\n")
    };
    let trajecten = [
        "insz;geslacht;geboortedatum;nationaliteit;doelgroep;verplicht;nieuwkomer_sinds;aanmelding;contract;opschorting;\
         reden_opschorting;attest;gemeente\n"
            .to_string(),
        course(&anna, 'V', "1993-06-01"),
        course(&ben, 'M', "1992-06-01"),
        course(&cara, 'V', "1992-01-01"),
    ]
    .concat();
    let secundair = format!(
        "schooljaar;insz;vorm;graad;leerjaar;stelsel;geboortejaar;gemeente_woon\r\n\
         2010-2011;{dirk};ASO;2;1;lineair;1995;71016\r\n2010-2011;{emma};ASO;2;1;lineair;1996;71016\r\n"
    );
    let deliveries = [
        ("rijksregister/personen", "2011-01-01", "personen.txt", personen.as_str()),
        ("rijksregister/nationaliteit", "2011-01-01", "nationaliteit.csv", &nationaliteit),
        ("rijksregister/afstamming", "2011-01-01", "afstamming.csv", &afstamming),
        ("rijksregister/nummerwijziging", "2011-01-01", "nummerwijziging.csv", NONE_REPLACED),
        ("inburgering/trajecten", "2010-12-31", "trajecten.csv", &trajecten),
        ("onderwijs/secundair", "2010-2011", "secundair.csv", &secundair),
    ];
    // The inhabitants that the steps are shared by, which the story does not ask about.
    let inhabitants = format!(
        "{BEVOLKING}71016|Genk|Genk|71000|Arrondissement Hasselt|Arrondissement de Hasselt|70000|\
        Provincie Limburg|Province de Limbourg|02000|Vlaams Gewest|Région flamande|F|BEL|Belges|Belgen|1|Célibataire|\
        Ongehuwd|17|500|2010\n"
    );
    let deliveries = [&deliveries[..], &[("statbel/bevolking", "2010-01-01", "bevolking.zip", &inhabitants)]].concat();
    let steps = ["nieuwkomers", "aanmeldingen", "contracten", "attesten", "trajecten-geslacht"];
    let wanted: String = steps.iter().map(|id| format!("      {id}: {{ periods: [\"2010\"] }}\n")).collect();
    let wanted = wanted + "      schoolse-achterstand: { periods: [\"2010-2011\"] }\n";
    let rows = tell("born", &wanted, &deliveries);
    let number = |indicator: &str, area: &str, detail: &str| {
        let own = rows.iter().filter(|row| {
            let key = &row.key;
            key.indicator == indicator
                && (key.ref_area.as_str(), key.detail.as_str(), key.sex.as_str()) == (area, detail, "_T")
                && (key.age_group.as_str(), key.group.as_str()) == ("_T", "_T")
        });
        own.map(|row| row.numerator).next().unwrap_or_else(|| panic!("no cell of {indicator}"))
    };
    for step in &steps[..4] {
        assert_eq!(number(step, "71016", "_T"), Some(2), "{step}: Anna and Cara");
    }
    for detail in ["instroom", "contract", "opschorting"] {
        assert_eq!(number("trajecten-geslacht", "02000", detail), Some(2), "{detail}: Anna and Cara");
    }
    assert_eq!(number("schoolse-achterstand", "71016", "1"), Some(1), "Emma");
    assert_eq!(number("schoolse-achterstand", "71016", "_T"), Some(1), "Emma");
}
