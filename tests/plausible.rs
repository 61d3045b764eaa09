//! Figures that contradict each other are told, and where; figures that are plausible pass.

use catalog::cell::{AreaLevel, Cell, CellKey, Counts, ShareOf, TOTAL};
use catalog::contract::ExtractId;
use catalog::plausibility::Rule;
use indicators::implausible;

fn cell(indicator: &str, area: &str, sex: &str, numerator: i64, base: Option<i64>) -> Cell {
    let region = area == "02000";
    Cell {
        key: CellKey {
            indicator: indicator.into(),
            ref_area: area.into(),
            ref_area_class: "NIS5-2011".into(),
            area_level: if region { AreaLevel::Region } else { AreaLevel::Municipality },
            time_period: "2011-01-01".parse().unwrap(),
            sex: sex.into(),
            age_group: TOTAL.into(),
            group_scheme: "none".into(),
            group: TOTAL.into(),
            detail: TOTAL.into(),
            detail_2: TOTAL.into(),
            share_of: if base.is_some() { ShareOf::Total } else { ShareOf::None },
        },
        counts: Ok(Counts { numerator, divisor: 1, denominator: base, contributors: numerator }),
        source: ExtractId::read("a/b").unwrap(),
    }
}

fn rules() -> Vec<Rule> {
    let text = "rules:\n  - at_most: { part: d1, whole: d2 }\n    why: x\n  - ratio: { of: d2, to: d1, percent: [110, 450], from_count: 10 }\n    why: y\n  \
                - areas: { indicator: d1, period: \"2011-01-01\", areas: [\"11002\"], per_mille: [300, 500] }\n    why: z\n";
    let (rules, faults) = Rule::read("plausibility.yaml", text);
    assert!(faults.is_empty(), "{faults:?}");
    rules
}

/// Of 100 foreigners 40 live in 11002; everywhere twice as many are of foreign origin.
fn sound() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (area, count) in [("11002", 40), ("44021", 60), ("02000", 100)] {
        cells.push(cell("d1", area, TOTAL, count, Some(1_000)));
        cells.push(cell("d1", area, "F", count / 2, Some(500)));
        cells.push(cell("d1", area, "M", count - count / 2, Some(500)));
        cells.push(cell("d2", area, TOTAL, 2 * count, None));
        // A group is part of its total and counts no second time: all of this one live in 44021.
        let mut group = cell("d1", area, TOTAL, if area == "11002" { 0 } else { 60 }, Some(1_000));
        group.key.group = "EU".into();
        cells.push(group);
    }
    cells
}

#[test]
fn what_is_plausible_passes_and_each_rule_is_told_where_it_is_broken() {
    assert_eq!(implausible(&rules(), &sound()), Vec::<String>::new());
    let broken = |change: &dyn Fn(&mut Cell)| {
        let mut cells = sound();
        cells.iter_mut().for_each(change);
        implausible(&rules(), &cells)
    };
    let set = |cell: &mut Cell, indicator: &str, area: &str, sex: &str, numerator: i64| {
        if (cell.key.indicator.as_str(), cell.key.ref_area.as_str(), cell.key.sex.as_str()) == (indicator, area, sex) {
            cell.counts.as_mut().unwrap().numerator = numerator;
        }
    };
    assert_eq!(
        broken(&|cell| set(cell, "d2", "44021", TOTAL, 59)),
        [
            "d1 2011-01-01: more than d2 in 1 areas is not plausible (44021); expected: x",
            "d2 2011-01-01: the ratio to d1 in 1 areas is not plausible (44021); expected: y",
        ]
    );
    assert_eq!(
        broken(&|cell| set(cell, "d1", "11002", "F", 21)),
        ["d1 2011-01-01: the sum of the sexes in 1 areas is not plausible (11002)"]
    );
    assert_eq!(
        broken(&|cell| if cell.key.sex == "M" {
            cell.counts.as_mut().unwrap().denominator = Some(20)
        }),
        ["d1 2011-01-01: a part above its base in 2 areas is not plausible"]
    );
    let fewer = broken(&|cell| {
        set(cell, "d1", "02000", TOTAL, 200);
        set(cell, "d1", "02000", "F", 100);
        set(cell, "d1", "02000", "M", 100);
        set(cell, "d2", "02000", TOTAL, 400);
    });
    assert_eq!(fewer, ["d1 2011-01-01: the share of 1 areas is not plausible (11002); expected: z"]);
}

#[test]
fn a_rule_about_no_indicator_is_a_fault_with_its_line() {
    let folder = crate::project::project("plausible");
    folder.replace("indicators/plausibility.yaml", "part: wachttijd", "part: wachtijd");
    let output = crate::project::liim(&folder, &["check"]);
    let told = crate::project::err(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for word in ["error[I09]", "`wachtijd`", "indicators/plausibility.yaml, line", "did you mean `wachttijd`?"] {
        assert!(told.contains(word), "{told}");
    }
}
