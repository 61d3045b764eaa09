//! Inputs that went wrong for others: each file of the shared `cases` folder is given to what reads it, and comes to what
//! the folder's README says is right. The README's table says which files there are; this says what they come to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use arrow::array::{Array, Int64Array};
use arrow::record_batch::RecordBatch;
use catalog::contract::{Extract, ExtractId};
use catalog::project::Project;
use ingest::{LandError, Source, land, within_tolerance};

use crate::project::{project, shared_data};

/// What a delivery must come to.
enum Comes {
    /// It lands: accepted rows, and rejected rows by reason.
    Lands(u64, &'static [(&'static str, usize)]),
    /// It is refused as a whole with a code, and says these words.
    Refused(&'static str, &'static [&'static str]),
}

use Comes::{Lands, Refused};

const SOCIAL_HOUSING: (&str, &str) = ("wonen/sociale-huur", "2010-12-31");
const JOB_SEEKERS: (&str, &str) = ("vdab/nwwz", "2010");

/// Each file that is a delivery: extract, period, what is right.
const DELIVERIES: [(&str, (&str, &str), Comes); 16] = [
    (
        "sh_openpyxl_formula_nat.xlsx",
        SOCIAL_HOUSING,
        Refused("S87", &["a formula without a result", "sheet huurders, cell C2", "column nationaliteit"]),
    ),
    (
        "sh_formula_nat_no_cache.xlsx",
        SOCIAL_HOUSING,
        Refused("S40", &["a formula without a result", "sheet huurders, cell C2", "60 of 120 rows"]),
    ),
    (
        "sh_formula_gem_error.xlsx",
        SOCIAL_HOUSING,
        Refused("S40", &["the cell holds an error", "sheet huurders, cell B2", "60 of 120 rows"]),
    ),
    ("nwwz_text_quoted.csv", JOB_SEEKERS, Refused("S86", &["fields stand in quotes; set `quoted: true`"])),
    ("nwwz_all_quoted.csv", JOB_SEEKERS, Refused("S86", &["fields stand in quotes; set `quoted: true`", "line 1"])),
    ("insz_special.csv", JOB_SEEKERS, Lands(424, &[])),
    ("fw_unknown_dates.txt", ("rijksregister/personen", "2011-01-01"), Lands(306, &[])),
    ("sh_rent_number.xlsx", SOCIAL_HOUSING, Lands(120, &[])),
    ("nwwz_cr_only.csv", JOB_SEEKERS, Refused("S85", &["the lines end with CR alone"])),
    ("nwwz_ctrl_z.csv", JOB_SEEKERS, Lands(100, &[])),
    ("nwwz_footer_sql_no_newline.csv", JOB_SEEKERS, Lands(100, &[("blank-line", 1), ("footer", 1)])),
    ("sh_encrypted_ole.xlsx", SOCIAL_HOUSING, Refused("S83", &["protected by a password"])),
    (
        "sb_deflate64.zip",
        ("statbel/bevolking", "2011-01-01"),
        Refused("S84", &["packed in a way that is not read (Deflate64)"]),
    ),
    ("verh_zero_pad.csv.gz", ("rijksregister/verhuizingen", "2010"), Lands(200, &[])),
    ("nwwz_padded_codes.csv", JOB_SEEKERS, Refused("S87", &["blanks around it", "column gemeente"])),
    ("nwwz_insz_dotted.csv", JOB_SEEKERS, Refused("S87", &["points in it", "column insz"])),
];

/// Files of the table whose test is elsewhere.
const ELSEWHERE: [&str; 10] = [
    "insz_special.json",
    "sb_2011_new_codes.zip",
    "sb_layout_2026.zip",
    "protect/one.csv",
    "protect/geo_codes.csv",
    "protect/with_share.csv",
    "two_headers_same.csv",
    "protect/huge_sum.csv",
    "protect/yaml_bom.yaml",
    "(any)",
];

/// The inputs that the table names in its first column.
fn named(readme: &str) -> BTreeSet<String> {
    let rows = readme.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| file "));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells
        // What follows a plus sign is a description that comes with the input.
        .flat_map(|cell| cell.split(" + ").next().unwrap_or_default().split(", ").map(str::trim).collect::<Vec<_>>())
        .map(
            |name| {
                if let Some(ending) = name.strip_prefix('.') { format!("insz_special.{ending}") } else { name.into() }
            },
        )
        .collect()
}

/// What landing a file came to: rows by batch and what was refused, as `receive` and `run` see it.
fn landed(project: &Project, extract: &Extract, period: &str, path: &Path) -> (Vec<RecordBatch>, Outcome) {
    let shown = [path.file_name().unwrap().to_string_lossy().to_string()];
    let source = Source { path, shown: &shown[0] };
    let mut batches = Vec::new();
    let outcome = land(extract, &project.reference, period.parse().unwrap(), &[source], 2, &mut |batch| {
        batches.push(batch);
        Ok(())
    })
    .and_then(|landed| within_tolerance(extract, &landed, &shown).map(|()| landed));
    (batches, outcome)
}

type Outcome = Result<ingest::Landed, LandError>;

fn extract_of<'p>(project: &'p Project, id: &str) -> &'p Extract {
    project.extract(&ExtractId::read(id).unwrap()).unwrap()
}

#[test]
fn every_case_comes_to_what_is_right() {
    let Some(data) = shared_data("every_case_comes_to_what_is_right") else { return };
    let cases = data.join("cases");
    let readme = fs::read_to_string(cases.join("README.md")).unwrap();
    let known: BTreeSet<String> =
        DELIVERIES.iter().map(|(name, ..)| *name).chain(ELSEWHERE).map(str::to_string).collect();
    assert_eq!(named(&readme), known, "the README's table and this test name other files");
    let folder = project("cases");
    let project = Project::load(folder.path()).unwrap();
    for (name, (extract, period), comes) in &DELIVERIES {
        let extract = extract_of(&project, extract);
        let (_, outcome) = landed(&project, extract, period, &cases.join(name));
        match (comes, outcome) {
            (Lands(accepted, reasons), Ok(landed)) => {
                assert_eq!(landed.rows, landed.accepted + landed.rejections.len() as u64, "{name}");
                assert_eq!(landed.accepted, *accepted, "{name}");
                let found: Vec<&str> = landed.rejections.iter().map(|own| own.reason.words().0).collect();
                let expected = reasons.iter().flat_map(|(reason, count)| std::iter::repeat_n(*reason, *count));
                assert_eq!(found, expected.collect::<Vec<_>>(), "{name}");
            }
            (Refused(code, words), Err(LandError::Faults(faults))) => {
                let text: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
                assert!(faults.len() <= 3, "{name}: {text}");
                assert!(faults.iter().all(|fault| fault.code == *code), "{name}: {text}");
                for words in *words {
                    assert!(text.contains(words), "{name} does not say {words:?}: {text}");
                }
                let digits = text.split(|letter: char| !letter.is_ascii_digit()).map(str::len).max();
                assert!(digits.is_some_and(|digits| digits < 5), "{name} shows a value: {text}");
            }
            (_, Ok(landed)) => panic!("{name} landed with {} rows", landed.accepted),
            (_, Err(LandError::Faults(faults))) => panic!("{name} is refused: {faults:?}"),
            (_, Err(other)) => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn values_of_the_cases_are_read_as_they_are() {
    let Some(data) = shared_data("values_of_the_cases_are_read_as_they_are") else { return };
    let folder = project("case-values");
    let project = Project::load(folder.path()).unwrap();
    let read = |name: &str, (extract, period): (&str, &str)| {
        let (batches, outcome) =
            landed(&project, extract_of(&project, extract), period, &data.join("cases").join(name));
        assert!(outcome.is_ok(), "{name}");
        batches
    };
    // Rents of 300,50 to 359,50 in both sheets, in cents.
    let rents: Vec<i64> = read("sh_rent_number.xlsx", SOCIAL_HOUSING)
        .iter()
        .flat_map(|batch| {
            let column = batch.column_by_name("huurprijs").unwrap();
            column.as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()
        })
        .collect();
    let expected: Vec<i64> = (0..120).map(|row| 30_050 + row % 60 * 100).collect();
    assert_eq!(rents, expected);
    // Of six persons nothing is known of the birth date.
    let persons = read("fw_unknown_dates.txt", ("rijksregister/personen", "2011-01-01"));
    let unknown: usize = persons.iter().map(|batch| batch.column_by_name("geboortedatum").unwrap().null_count()).sum();
    assert_eq!(unknown, 6);
}
