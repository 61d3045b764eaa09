//! Which row a question of `liim trace` is about, of the editions that another test has made.

use std::collections::BTreeMap;

use audit::{CellQuery, QueryError, find};
use catalog::cell::{AreaLevel, CellKey, Observation, TOTAL};

use crate::project::{Folder, done, err, liim, observations, out};

/// The question that gives every code of a key.
fn all_of(row: &Observation) -> CellQuery {
    let key = &row.key;
    CellQuery {
        edition: row.edition_id.clone(),
        indicator: key.indicator.clone(),
        area: key.ref_area.clone(),
        area_class: Some(key.ref_area_class.clone()),
        period: Some(key.time_period),
        sex: Some(key.sex.clone()),
        age: Some(key.age_group.clone()),
        scheme: Some(key.group_scheme.clone()),
        group: Some(key.group.clone()),
        detail: Some(key.detail.clone()),
        detail_2: Some(key.detail_2.clone()),
        share_of: Some(key.share_of.word().into()),
    }
}

/// The same, without the totals and the schemes.
fn short(row: &Observation) -> CellQuery {
    let all = all_of(row);
    let part = |code: Option<String>| code.filter(|code| code != TOTAL);
    CellQuery {
        area_class: None,
        sex: part(all.sex),
        age: part(all.age),
        scheme: None,
        group: part(all.group),
        detail: part(all.detail),
        detail_2: part(all.detail_2),
        share_of: None,
        ..all
    }
}

/// Questions of each indicator for whose answers rows are looked through.
const QUESTIONS: usize = 150;

/// Walks keys of a few areas of each level, spread over all rows of each indicator: each question has its own row for an
/// answer, and one that leaves codes out has that row or none.
pub fn every_row_answers_to_its_own_key(folder: &Folder) {
    for edition in ["2011-12-21", "2012-03-15", "2013-03-15", "2013-03-29"] {
        let mut by_indicator: BTreeMap<String, Vec<Observation>> = BTreeMap::new();
        for row in observations(folder, edition) {
            let few = !matches!(row.key.area_level, AreaLevel::Municipality | AreaLevel::Arrondissement)
                || ["71016", "73028", "71000"].contains(&row.key.ref_area.as_str());
            if few {
                by_indicator.entry(row.key.indicator.clone()).or_default().push(row);
            }
        }
        for rows in by_indicator.values() {
            // An odd step does not fall on the same code of a breakdown each time.
            for row in rows.iter().step_by((rows.len() / QUESTIONS) | 1) {
                assert_eq!(find(rows, &all_of(row)).map(|found| &found.key), Ok(&row.key));
                match find(rows, &short(row)) {
                    Ok(found) => assert_eq!(found.key, row.key),
                    Err(QueryError::Ambiguous(text)) => assert!(text.contains("--"), "{text}"),
                    Err(QueryError::NoCell(text)) => panic!("{text}: {:?}", row.key),
                }
            }
        }
    }
}

/// The options reach the question, and what fits more than one cell is refused with what would tell them apart.
pub fn the_command_answers_for_the_cell_that_was_given_or_for_none(folder: &Folder) {
    let moves = ["trace", "migraties", "--area", "71016", "--edition", "2011-12-21"];
    let refused = liim(folder, &moves);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("--detail (in, saldo, uit)"), "{}", err(&refused));
    let given = [&moves[..], &["--detail", "saldo", "--detail-2", "buitenland", "--json"]].concat();
    let proof: serde_json::Value = serde_json::from_str(&out(&done(folder, &given))).unwrap();
    assert_eq!((&proof["cell"]["detail"], &proof["cell"]["detail_2"]), (&"saldo".into(), &"buitenland".into()));
    let births = ["trace", "kansarme-geboorten", "--area", "02000", "--edition", "2011-12-21", "--group", "MAGHREB"];
    assert!(err(&liim(folder, &births)).contains("--share-of (group, total)"));
    let given = [&births[..], &["--share-of", "total", "--json"]].concat();
    let proof: serde_json::Value = serde_json::from_str(&out(&done(folder, &given))).unwrap();
    assert_eq!(proof["cell"]["share_of"], "total");
    for (option, code) in
        [("--detail-2", "maan"), ("--age", "18-24"), ("--scheme", "vdab-2011"), ("--area-class", "vrind")]
    {
        let other = liim(folder, &[&moves[..], &["--detail", "in", option, code]].concat());
        assert_eq!(other.status.code(), Some(2), "{option}");
        assert!(err(&other).contains(&format!("{code};")), "{}", err(&other));
    }
    let aged = [
        "trace",
        "vreemde-herkomst",
        "--area",
        "02000",
        "--edition",
        "2013-03-15",
        "--age",
        "65+",
        "--sex",
        "F",
        "--json",
    ];
    let proof: serde_json::Value = serde_json::from_str(&out(&done(folder, &aged))).unwrap();
    assert_eq!((&proof["cell"]["age_group"], &proof["cell"]["time_period"]), (&"65+".into(), &"2012-01-01".into()));
}

/// The newest period is that of the indicator, and not of the rows that happen to have the codes: an older row is no answer.
#[test]
fn a_code_that_only_an_older_period_has_is_not_answered_with_the_older_row() {
    let key = |period: &str, group: &str| CellKey {
        indicator: "i".into(),
        ref_area: "71016".into(),
        ref_area_class: "NIS5-2011".into(),
        area_level: AreaLevel::Municipality,
        time_period: period.parse().unwrap(),
        sex: TOTAL.into(),
        age_group: TOTAL.into(),
        group_scheme: "s".into(),
        group: group.into(),
        detail: TOTAL.into(),
        detail_2: TOTAL.into(),
        share_of: catalog::cell::ShareOf::None,
    };
    let rows: Vec<Observation> =
        [("2010", "A"), ("2010", "B"), ("2011", "A")].map(|(period, group)| row(key(period, group))).into();
    let asked = |group: &str, period: Option<&str>| CellQuery {
        edition: "e".into(),
        indicator: "i".into(),
        area: "71016".into(),
        group: Some(group.into()),
        period: period.map(|period| period.parse().unwrap()),
        ..CellQuery::default()
    };
    assert_eq!(find(&rows, &asked("A", None)).unwrap().key.time_period.to_string(), "2011");
    assert!(matches!(find(&rows, &asked("B", None)), Err(QueryError::NoCell(_))));
    assert_eq!(find(&rows, &asked("B", Some("2010"))).unwrap().key.time_period.to_string(), "2010");
}

fn row(key: CellKey) -> Observation {
    Observation {
        edition_id: "e".into(),
        monitor: "m".into(),
        theme: "t".into(),
        key,
        unit: "person".into(),
        numerator: Some(1),
        divisor: Some(1),
        denominator: None,
        value: Some(1.0),
        share: None,
        mean_of_scores: None,
        members: None,
        members_with_data: None,
        reason: catalog::cell::Reason::Shown,
        is_break: false,
        method: "m".into(),
        level: "none".into(),
        changed: String::new(),
    }
}
