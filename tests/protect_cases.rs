//! `liim protect` on tables and descriptions that do not say what they seem to: each is refused, or read as it is meant.

use std::collections::BTreeSet;
use std::path::Path;

use crate::project::{Folder, err, liim, shared_data};

/// A table and its description; what is on standard error when it is refused, or the rows written.
enum Right {
    /// Exit code 4, or 3 for a description, 2 for wrong use; these words are said, and nothing is written.
    Refused(i32, &'static [&'static str]),
    /// Exit code 0; of the rows written those that are named are suppressed, and no count stands on them.
    Suppressed(&'static [&'static str]),
}

use Right::{Refused, Suppressed};

/// The cases of the README's rows for `liim protect`: table, description, what is right.
const CASES: &[(&str, &str, Right)] = &[
    (
        "one.csv",
        "one_misspelt.yaml",
        Refused(4, &["no row has the code of the total, `Total`", "did you mean `Totaal`?"]),
    ),
    ("one.csv", "one.yaml", Suppressed(&["0-17"])),
    (
        "geo_codes.csv",
        "geo_lost.yaml",
        Refused(
            4,
            &["2 of 2 codes of the scheme `provincie` are in no row, and 3 of 4 codes", "did you mean `01001`?"],
        ),
    ),
    ("geo_codes.csv", "geo_ok.yaml", Suppressed(&["01001,F"])),
    ("with_share.csv", "doc.yaml", Refused(4, &["line 1", "column `procent` has figures", "procent: emptied"])),
    ("two_headers_same.csv", "doc.yaml", Refused(4, &["line 1", "two columns are called `aantal`"])),
    ("doc.csv", "doc.yaml", Suppressed(&["A,M"])),
    ("huge_sum.csv", "huge_sum.yaml", Refused(4, &["huge_sum.csv, line 3", "is more than 9007199254740992"])),
    ("doc.csv", "yaml_bom.yaml", Suppressed(&["A,M"])),
];

/// Protects a table; the exit code, what was said, and what was written.
fn protect(folder: &Folder, table: &str, spec: &str) -> (Option<i32>, String, Option<String>) {
    let at = |name: &str| folder.path().join(name).display().to_string();
    let out = folder.path().join("out.csv");
    let _ = std::fs::remove_file(&out);
    let output = liim(folder, &["protect", &at(table), "--spec", &at(spec), "--out", &at("out.csv")]);
    (output.status.code(), err(&output), std::fs::read_to_string(out).ok())
}

fn is_right(folder: &Folder, (table, spec, right): (&str, &str, &Right)) {
    let (code, told, written) = protect(folder, table, spec);
    match right {
        Refused(expected, words) => {
            assert_eq!(code, Some(*expected), "{table}, {spec}: {told}");
            for word in *words {
                assert!(told.contains(word), "{table}, {spec}: {word}: {told}");
            }
            assert_eq!(written, None, "{table}, {spec}: it was written");
        }
        Suppressed(rows) => {
            assert_eq!(code, Some(0), "{table}, {spec}: {told}");
            let written = written.unwrap();
            for row in *rows {
                let line = written.lines().find(|line| line.starts_with(&format!("{row},"))).unwrap();
                assert_eq!(line, format!("{row},,true"), "{table}, {spec}");
            }
        }
    }
}

#[test]
fn the_cases_of_tables_to_be_protected_are_refused_or_read() {
    let Some(data) = shared_data("the cases of tables to be protected") else { return };
    let cases = data.join("cases");
    let readme = std::fs::read_to_string(cases.join("README.md")).unwrap();
    let named: BTreeSet<String> = readme
        .lines()
        .filter(|line| line.split('|').nth(2).is_some_and(|verb| verb.contains("liim protect")))
        .flat_map(|line| line.split('|').nth(1).unwrap_or_default().split([' ', ',', '(', ')', '/']))
        .filter(|word| word.ends_with(".csv") || word.ends_with(".yaml"))
        .map(String::from)
        .collect();
    let run: BTreeSet<String> =
        CASES.iter().flat_map(|(table, spec, _)| [table.to_string(), spec.to_string()]).collect();
    assert!(named.len() > 6 && named.is_subset(&run), "cases that no test runs: {:?}", named.difference(&run));
    let folder = Folder::new("protect-cases");
    copy(&cases.join("protect"), &folder);
    for (table, spec, right) in CASES {
        is_right(&folder, (table, spec, right));
    }
}

fn copy(from: &Path, folder: &Folder) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        folder.write(path.file_name().unwrap().to_str().unwrap(), std::fs::read(&path).unwrap());
    }
}

const TABLE: &str = "gemeente,geslacht,aantal\nA,M,3\nA,V,40\nA,T,43\nB,M,20\nB,V,30\nB,T,50\nC,M,25\nC,V,28\nC,T,53\n\
                     Noord,M,23\nNoord,V,70\nNoord,T,93\nVlaanderen,M,48\nVlaanderen,V,98\nVlaanderen,T,146\n";
const SPEC: &str = "count: aantal\nthreshold: 5\ndimensions:\n  gemeente:\n    total: Vlaanderen\n    parents:\n      \
                    streek: { A: Noord, B: Noord }\n  geslacht:\n    total: T\n";

/// What is replaced by what in a text.
type Changes = &'static [(&'static str, &'static str)];

/// Others of the same kinds: what is changed in the table, what in the description, what is right.
const KINDS: &[(Changes, Changes, Right)] = &[
    // The total under another name: case, a blank behind, a no-break space, not at all.
    (&[], &[("total: T\n", "total: t\n")], Refused(4, &["error[T21]", "did you mean `T`?"])),
    (&[], &[("total: T\n", "total: 'T '\n")], Refused(4, &["error[T21]", "did you mean `T`?"])),
    (&[(",T,", ",T\u{a0},")], &[], Refused(4, &["error[T21]", "did you mean `T\\u{a0}`?"])),
    (&[("B,T,", "B,t,")], &[], Refused(4, &["error[T23]", "`T` and `t` differ"])),
    (&[], &[("\n    total: T\n", " {}\n")], Refused(4, &["error[T22]", "`T` is the sum of `M`, `V`"])),
    (&[], &[("    total: Vlaanderen\n", "")], Refused(4, &["error[T22]", "`Vlaanderen` is the sum of"])),
    // A parent that the description does not have, under no total.
    (
        &[("Vlaanderen,M,48\nVlaanderen,V,98\nVlaanderen,T,146\n", "")],
        &[(
            "    total: Vlaanderen\n    parents:\n      streek: { A: Noord, B: Noord }\n",
            "    parents:\n      x: { C: Z }\n",
        )],
        Refused(4, &["error[T22]", "`Noord` is the sum of `A`, `B`"]),
    ),
    (&[], &[("B: Noord }", "B: noord }")], Refused(4, &["error[T24]", "did you mean `Noord`?"])),
    (&[], &[("{ A: Noord, B: Noord }", "{ X: Noord, Y: Noord }")], Refused(4, &["error[T24]", "2 of 2 codes"])),
    (&[], &[("B: Noord }", "B: Noord, X: C }")], Refused(4, &["error[T24]", "`C` of `streek` is in the rows"])),
    // Counts that are none.
    (&[("A,M,3", "A,M,-3")], &[], Refused(4, &["error[T12]", "line 2"])),
    (&[("A,M,3", "A,M,3.0")], &[], Refused(4, &["error[T12]", "line 2"])),
    (&[("A,V,40", "A,V,\"4,0\"")], &[], Refused(4, &["error[T12]", "line 3"])),
    (&[("A,V,40", "A,V,4\u{a0}0")], &[], Refused(4, &["error[T12]", "line 3"])),
    (&[("A,M,3", "A,M,NaN")], &[], Refused(4, &["error[T12]", "line 2"])),
    (&[("A,M,3", "A,M,")], &[], Refused(4, &["error[T12]", "line 2"])),
    (&[("A,M,3", "A,M,92233720368547758080")], &[], Refused(4, &["error[T12]", "line 2"])),
    (&[("Vlaanderen,T,146\n", "Vlaanderen,T,146\nVlaanderen,T,146\n")], &[], Refused(4, &["error[T13]", "line 17"])),
    (&[(",", ";")], &[], Refused(4, &["error[T11]", "separated by semicolons"])),
    // Further columns.
    (
        &[
            ("aantal\n", "aantal,pct\n"),
            ("A,M,3\n", "A,M,3,\"7,0 %\"\n"),
            ("0\n", "0,\n"),
            ("5\n", "5,\n"),
            ("8\n", "8,\n"),
            ("A,T,43\n", "A,T,43,\n"),
            ("53\n", "53,\n"),
            ("23\n", "23,\n"),
            ("93\n", "93,\n"),
            ("146\n", "146,\n"),
        ],
        &[],
        Refused(4, &["error[T18]", "`pct`"]),
    ),
    (&[("aantal", "Aantal")], &[], Refused(4, &["error[T11]", "is it `Aantal`?"])),
    (&[], &[("dimensions:", "columns: { procent: emptied }\ndimensions:")], Refused(4, &["error[T11]", "`procent`"])),
    // The description.
    (&[], &[("threshold: 5", "threshold: 5\nmargin: 9223372036854775808")], Refused(3, &["error[T08]", "line 3"])),
    (&[], &[("count: aantal", "count: geslacht")], Refused(3, &["error[T08]", "`geslacht` is the column of counts"])),
    (
        &[],
        &[("{ A: Noord, B: Noord }", "{ file: geo.csv, code: gem, parent: prov }")],
        Refused(3, &["error[T09]", "no column `prov`"]),
    ),
    (
        &[],
        &[("{ A: Noord, B: Noord }", "{ file: geo.csv, code: gem, parent: streek }")],
        Refused(3, &["error[T09]", "line 4", "another parent"]),
    ),
];

#[test]
fn others_of_the_same_kinds_are_refused() {
    let folder = Folder::new("protect-kinds");
    folder.write("geo.csv", "gem,streek\nA,Noord\nB,Noord\nA,Zuid\n");
    let changed = |text: &str, changes: &[(&str, &str)]| {
        changes.iter().fold(text.to_string(), |text, (from, to)| {
            assert!(text.contains(from), "{from:?} is not there");
            text.replace(from, to)
        })
    };
    for (in_table, in_spec, right) in KINDS {
        folder.write("table.csv", changed(TABLE, in_table));
        folder.write("spec.yaml", changed(SPEC, in_spec));
        is_right(&folder, ("table.csv", "spec.yaml", right));
    }
}

/// What tells of a suppressed count is emptied with it, in a table with a byte order mark too; what stays, stays.
#[test]
fn further_columns_are_emptied_or_stay_as_described() {
    let folder = Folder::new("protect-columns");
    let rows = TABLE.lines().skip(1).map(|row| format!("{row},7.5,2011,tekst\n"));
    let header = "\u{feff}gemeente,geslacht,aantal,procent,jaar,naam\n".to_string();
    folder.write("table.csv", std::iter::once(header).chain(rows).collect::<String>());
    folder.write("spec.yaml", SPEC.replace("dimensions:", "columns: { procent: emptied, jaar: stays }\ndimensions:"));
    let (code, told, written) = protect(&folder, "table.csv", "spec.yaml");
    assert_eq!(code, Some(0), "{told}");
    let written = written.unwrap();
    assert!(written.contains("\nA,M,,,2011,tekst,true\n"), "{written}");
    assert!(written.contains("\nVlaanderen,T,146,7.5,2011,tekst,false\n"), "{written}");
}

/// No file that is read is written over: not the table, not under another name, not the parents' file, nor by what is
/// written before it is renamed.
#[test]
fn no_input_is_written_over() {
    let folder = Folder::new("protect-over");
    folder.write("table.csv.new", TABLE);
    folder.write("geo.csv", "gem,streek\nA,Noord\nB,Noord\n");
    folder.write("spec.yaml", SPEC.replace("{ A: Noord, B: Noord }", "{ file: geo.csv, code: gem, parent: streek }"));
    std::os::unix::fs::symlink(folder.path().join("table.csv.new"), folder.path().join("link.csv")).unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for out in ["table.csv.new", "table.csv", "geo.csv", "spec.yaml", "link.csv"] {
        let output = liim(&folder, &["protect", &at("table.csv.new"), "--spec", &at("spec.yaml"), "--out", &at(out)]);
        assert_eq!(output.status.code(), Some(2), "{out}: {}", err(&output));
        assert!(err(&output).contains("would be overwritten"), "{out}");
    }
    assert_eq!(folder.read("table.csv.new"), TABLE);
}
