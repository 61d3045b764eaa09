//! Failures on demand at every point of protection: what comes of it is an error, or what comes of it undisturbed.
//!
//! A test binary of its own, for what is asked of a point is asked of the whole process.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Observation, ShareOf, Wording};
use catalog::contract::ExtractId;
use catalog::injection::{self, Kind};
use catalog::pipeline::{Protection, SourceRule};
use catalog::reference::Reference;
use protect::attack::intervals;
use protect::secondary::{self, Effort};
use protect::table::{Dimension, Row, Rule, Table};
use protect::{ProtectError, Setting, Stamp, protect};

/// Injections of each kind at each point, spread over its passages.
const EACH: usize = 25;

fn cell(indicator: usize, area: usize, sex: &str, numerator: i64) -> Cell {
    Cell {
        key: CellKey {
            indicator: format!("i{indicator}"),
            ref_area: format!("{}", 11_001 + area),
            ref_area_class: "NIS5-2011".into(),
            area_level: AreaLevel::Municipality,
            time_period: "2010".parse().unwrap(),
            sex: sex.into(),
            age_group: "_T".into(),
            group_scheme: "none".into(),
            group: "_T".into(),
            detail: "_T".into(),
            detail_2: "_T".into(),
            share_of: ShareOf::None,
        },
        counts: Ok(Counts { numerator, divisor: 1, denominator: None, contributors: numerator }),
        source: ExtractId::read("a/b").unwrap(),
    }
}

/// Thirty indicators, of which nothing links one with another, each with women and men in two areas.
fn cells() -> Vec<Cell> {
    let table = |indicator: usize| {
        (0..2).flat_map(move |area| {
            let (women, men) = ((indicator % 4 + 1) as i64, (20 + indicator + area) as i64);
            [("F", women), ("M", men), ("_T", women + men)].map(|(sex, count)| cell(indicator, area, sex, count))
        })
    };
    (0..30).flat_map(table).collect()
}

type Published = (Vec<Observation>, Vec<String>);

fn published(cells: &[Cell]) -> Result<Published, ProtectError> {
    let usual = SourceRule { public: false, threshold: 5, zeros_shown: true, all_protected: false, why: String::new() };
    let rules = Protection {
        usual,
        sources: BTreeMap::new(),
        known: Vec::new(),
        same: Vec::new(),
        small_areas: Vec::new(),
        linked: true,
        equalities_known: true,
    };
    let wording = Wording {
        theme: "t".into(),
        unit: "person".into(),
        detail_units: BTreeMap::new(),
        value_decimals: 0,
        share_decimals: 1,
        method: String::new(),
        level: "none".into(),
    };
    let words = (0..30).map(|indicator| (format!("i{indicator}"), wording.clone())).collect();
    let (balances, reference) = (BTreeMap::new(), Reference::default());
    let setting = Setting {
        rules: &rules,
        balances: &balances,
        reference: &reference,
        words: &words,
        earlier: &[],
        key: &[7; 32],
        threads: 3,
    };
    let guarded = protect(cells, Vec::new(), &setting, &Stamp { edition_id: "e".into(), monitor: "m".into() })?;
    let flaws = guarded.check(|row| guarded.recorded[row].reason == catalog::cell::Reason::Shown);
    assert!(flaws.is_empty(), "{flaws:?}");
    Ok((guarded.protected.observations().to_vec(), Vec::new()))
}

/// A table of its own, with the interval of each sensitive cell.
fn table() -> Result<Published, ProtectError> {
    let row = |a: &str, b: &str, count| Row { codes: vec![a.into(), b.into()], count };
    let rows = [
        row("a", "x", 3),
        row("a", "y", 40),
        row("a", "T", 43),
        row("b", "x", 20),
        row("b", "y", 30),
        row("b", "T", 50),
        row("T", "x", 23),
        row("T", "y", 70),
        row("T", "T", 93),
    ];
    let dimension = Dimension { total: Some("T".into()), schemes: Vec::new() };
    let rule = Rule { threshold: 5, zeros_withheld: false, zeros_known: false, margin: 0, add_margins: false };
    let table = Table::of(&[dimension.clone(), dimension], &rows, &rule).unwrap();
    let withheld = secondary::protect(&table.system, &table.demand(), Effort::THOROUGH, 2)?;
    let asked: Vec<u32> = withheld.cells.iter().copied().collect();
    let found = intervals(&table.system, &withheld.cells, &asked, [], 2)?;
    Ok((Vec::new(), vec![format!("{:?} {found:?}", withheld.cells)]))
}

/// Something that protects.
type Work<'w> = dyn Fn() -> Result<Published, ProtectError> + 'w;

#[test]
fn a_failure_at_any_point_is_an_error_and_never_another_result() {
    std::panic::set_hook(Box::new(|_| ()));
    let cells = cells();
    let mut injections = 0;
    let mut points = BTreeSet::new();
    let of_cells = || published(&cells);
    let works: [(&str, &Work<'_>); 2] = [("cells", &of_cells), ("table", &table)];
    for (work, run) in works {
        injection::clear();
        let undisturbed = run().unwrap();
        let passed = injection::passed();
        points.extend(passed.keys().copied());
        for (point, times) in &passed {
            for at in 0..EACH.min(*times) {
                let occurrence = at * times / EACH.min(*times);
                for kind in [Kind::Panic, Kind::Error] {
                    injection::ask(point, occurrence, kind);
                    // A panic of the calling thread itself stops the command; in a worker it must come back as an error.
                    let found = catalog::workers::caught(run);
                    assert!(
                        !matches!(found, Ok(Ok(_))),
                        "{work}: {kind:?} at passage {occurrence} of {point} is not noticed"
                    );
                    if let (Kind::Error, Ok(Err(error))) = (kind, found) {
                        assert!(matches!(error, ProtectError::Injected(_)), "{error}");
                    }
                    injections += 1;
                }
            }
        }
        injection::clear();
        assert!(run().unwrap() == undisturbed, "{work}: undisturbed again");
    }
    let expected = ["attack", "attack.worker", "plan.part", "secondary.round", "secondary.worker"];
    assert!(expected.iter().all(|point| points.contains(point)), "{points:?}");
    assert!(injections >= 200, "{injections} injections");
}
