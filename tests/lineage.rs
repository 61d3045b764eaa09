//! Columns that a query depends on: values that reach the answer, and values that decide which rows do.

use catalog::schema::{Field, Type};
use warehouse::session::{Limits, Session};

fn reads(sql: &str) -> Vec<String> {
    let session = Session::new(&Limits { threads: 1, memory: None, spill: None }).unwrap();
    let text = |name: &str| Field { name: name.into(), kind: Type::Text, nullable: true };
    session.register_empty("a", &[text("id"), text("x"), text("y"), text("z")]).unwrap();
    session.register_empty("b", &[text("id"), text("w")]).unwrap();
    let planned = session.plan(sql).unwrap();
    planned
        .reads
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(move |column| format!("{table}.{column}")))
        .collect()
}

#[test]
fn filters_joins_groupings_and_subqueries_count() {
    assert_eq!(reads("SELECT x FROM a WHERE y = '1'"), ["a.x", "a.y"]);
    assert_eq!(reads("SELECT COUNT(*) FROM a JOIN b ON a.id = b.id"), ["a.id", "b.id"]);
    assert_eq!(reads("SELECT COUNT(*) FROM a GROUP BY z"), ["a.z"]);
    assert_eq!(reads("SELECT x FROM a WHERE id IN (SELECT id FROM b WHERE w = '1')"), ["a.id", "a.x", "b.id", "b.w"]);
    // Which rows are one depends on all that is held against each other.
    assert_eq!(reads("SELECT x FROM (SELECT DISTINCT x, y FROM a)"), ["a.x", "a.y"]);
    assert_eq!(reads("SELECT x FROM a UNION ALL SELECT w FROM b"), ["a.x", "b.w"]);
    assert_eq!(reads("SELECT b.w FROM a LEFT JOIN b ON a.id = b.id AND a.y = 'q'"), ["a.id", "a.y", "b.id", "b.w"]);
}

#[test]
fn what_is_only_passed_along_does_not_count() {
    assert_eq!(reads("WITH all_of_it AS (SELECT * FROM a) SELECT x FROM all_of_it"), ["a.x"]);
    assert_eq!(reads("SELECT n FROM (SELECT x || y AS n, z FROM a)"), ["a.x", "a.y"]);
}
