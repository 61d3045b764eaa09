//! The engine behind the cards: what its errors tell, and what a query may ask of it.

use catalog::schema::{Field, Type};
use warehouse::session::{Limits, Session};

use crate::project::{Folder, done, err, liim, project};

/// A value as a column of persons could hold it.
const CANARY: &str = "K0850730 033-28";

fn session() -> Session {
    let session = Session::new(&Limits { threads: 1, memory: None, spill: None }).unwrap();
    let fields = [Field { name: "told".into(), kind: Type::Text, nullable: false }];
    let rows: Vec<Vec<String>> = ["1", CANARY].map(|text| vec![text.to_string()]).into();
    session.register_texts("rows", &fields, &rows).unwrap();
    session
}

#[test]
fn an_error_of_the_engine_tells_its_kind_and_no_value() {
    let session = session();
    for (query, kind) in [
        ("SELECT CAST(told AS BIGINT) AS n FROM rows", "a value could not be turned into the type"),
        ("SELECT CAST(told AS DATE) AS n FROM rows", "a value could not be turned into the type"),
        ("SELECT SUM(CAST(told AS DOUBLE)) AS n FROM rows", "a value could not be turned into the type"),
        ("SELECT to_timestamp(told) AS n FROM rows", ""),
        ("SELECT 1 / (character_length(told) - 1) AS n FROM rows", "a division by zero"),
        ("SELECT (SELECT told FROM rows) AS n", ""),
        ("SELECT told FROM rows WHERE told > CAST(told AS INT)", ""),
    ] {
        let words = session.query(query).unwrap_err().to_string();
        assert!(words.contains(kind), "{query}: {words}");
        for part in CANARY.split(' ') {
            assert!(!words.contains(part), "{query}: {words}");
        }
        let words = session.each(query, &mut |_| Ok(())).unwrap_err().to_string();
        assert!(!words.contains("K0850730"), "{query}: {words}");
    }
}

/// A project of one card that reads one small delivery, and its query.
fn one_card(name: &str) -> (Folder, &'static str) {
    let folder = project(name);
    folder.write(
        "pipeline.yaml",
        "title: t\npublisher: t\nlicence: t\ncontact: t\nkey_file: keys/person-numbers.key\nclusters: facility-2019\n\
         protection: { system: primary-only, threshold: 1, zeros: shown, why: t. }\neditions:\n  proef:\n    monitor: proef\n    \
         kind: first\n    title: t\n    cut_off: \"2011-12-15\"\n    why: t.\n    indicators:\n      \
         proef: { periods: [\"2011\"] }\n",
    );
    folder.write("indicators/demografie/proef.yaml", CARD);
    let sql = "indicators/demografie/proef.sql";
    folder.write(sql, with("true"));
    (folder, sql)
}

const CARD: &str = "id: proef\ntitle: Proef\ndefinition: Proef.\nnumerator: Gezinnen\nsource_line: Proef\nunit: family\n\
    period: year\nshare_of: none\nsex: not-available\nareas: [municipality, region]\nreads:\n  wonen/woonwagens:\n    \
    columns: [gemeente, gezinnen]\nsource: wonen/woonwagens\nadds: [area]\nversion: telling\nlevel: none\n";

/// The card's query under a condition.
fn with(condition: &str) -> String {
    format!(
        "SELECT gemeente AS area, gezinnen AS numerator, gezinnen AS contributors FROM wonen_woonwagens\nWHERE {condition}\n"
    )
}

#[test]
fn a_value_that_a_query_cannot_read_is_in_no_log() {
    let (folder, sql) = one_card("canary");
    let path = folder.write("w.csv", "gemeente,jaar,gezinnen,bewoners\n11002,2011,7,21\n02000,2011,7,21\n");
    let arguments = ["-q", "receive", "wonen/woonwagens", path.to_str().unwrap(), "--period", "2011"];
    done(&folder, &[&arguments[..], &["--delivered-on", "2011-07-15"]].concat());
    folder.write(sql, with("CAST(gemeente || 'K0' AS BIGINT) > 0"));
    let output = liim(&folder, &["-v", "run"]);
    let words = err(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains(&format!("{sql}: a value could not be turned into the type")), "{words}");
    assert!(!words.contains("11002K0") && !words.contains("02000K0"), "{words}");
}

#[test]
fn a_query_that_gives_another_answer_at_each_run_is_refused() {
    let (folder, sql) = one_card("volatile");
    for (added, named) in [
        ("uuid() <> ''", "`uuid`"),
        ("now() > TIMESTAMP '2011-01-01T00:00:00'", "`now`"),
        ("current_date > DATE '2011-01-01'", "`current_date`"),
        ("gemeente IN (SELECT gemeente FROM wonen_woonwagens LIMIT 3)", "`LIMIT`"),
        ("random() > 0.5", "random"),
    ] {
        folder.write(sql, with(added));
        let output = liim(&folder, &["check"]);
        let words = err(&output);
        assert_eq!(output.status.code(), Some(3), "{added}: {words}");
        assert!(words.contains(named) && words.contains(sql), "{added}: {words}");
    }
    folder.write(sql, with("true"));
    done(&folder, &["check"]);
}

#[test]
fn a_query_that_is_deep_or_huge_is_refused_at_once() {
    let (folder, sql) = one_card("deep-query");
    let nested = |open: &str, close: &str, depth: usize| format!("{}1{} > 0", open.repeat(depth), close.repeat(depth));
    for (added, words) in [
        (nested("(", ")", 30_000), "more than 40 brackets within each other"),
        (nested("abs(", ")", 12_000), "more than 40 brackets within each other"),
        (nested("(", ")", 300_000), "where it may have 65536"),
        (format!("1{} > 0", " + 1".repeat(15_000)), "more than 4000 words and signs"),
        (format!("{}true", "NOT ".repeat(15_000)), "more than 4000 words and signs"),
        (format!("true{}", " AND true".repeat(7_000)), "more than 4000 words and signs"),
        // Within the bounds, and as deep as they allow.
        (format!("{}true", "NOT ".repeat(3_000)), ""),
        (format!("{}1 > 0", "- ".repeat(3_000)), "RecursionLimitExceeded"),
        (nested("CASE WHEN ", " > 0 THEN 1 END", 600), ""),
    ] {
        folder.write(sql, with(&added));
        let begun = std::time::Instant::now();
        let output = liim(&folder, &["check"]);
        let told = err(&output);
        let shown = &added[..added.len().min(40)];
        assert_eq!(output.status.code(), Some(3), "{shown}: {:?} {told}", output.status);
        assert!(told.contains(words) && told.contains(sql), "{shown}: {told}");
        assert!(told.len() < 4_000, "{shown}: {} bytes are told", told.len());
        assert!(begun.elapsed().as_secs() < 10, "{shown}: {:?}", begun.elapsed());
    }
    // The longest chain that the bounds let through is planned and run.
    for added in [format!("1{} > 0", " + 1".repeat(1_900)), format!("true{}", " AND true".repeat(1_900))] {
        folder.write(sql, with(&added));
        let output = liim(&folder, &["check"]);
        assert!(output.status.success(), "{:?} {}", output.status, err(&output));
    }
}

#[test]
fn a_definition_that_is_deep_or_huge_is_refused_at_once() {
    let folder = project("deep-yaml");
    for (text, words) in [
        ("- ".repeat(100_000), "more than 32 mappings and lists"),
        ("[".repeat(200_000), "recursion limit exceeded"),
        (format!("a: &a [{}]\nb: [*a, *a]\n", "x, ".repeat(100)), "`&` and `*` are not used"),
        ("- 1\n".repeat(50_000), "more than 20000 keys and values"),
        ("a: b\n".repeat(100_000), "where a definition has at most"),
        ("x".repeat(2 << 20), "cannot be read: more than 1048576 bytes"),
    ] {
        folder.write("indicators/demografie/migraties.yaml", &text);
        let begun = std::time::Instant::now();
        let output = liim(&folder, &["check"]);
        assert_eq!(output.status.code(), Some(3), "{:?}", output.status);
        let told = err(&output);
        assert!(told.contains(words) && told.contains("indicators/demografie/migraties.yaml"), "{told}");
        assert!(begun.elapsed().as_secs() < 10, "{words}: {:?}", begun.elapsed());
    }
}
