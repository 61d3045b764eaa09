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
fn groups_add_up_to_all_and_municipalities_to_the_region() {
    let text = "rules:\n  - groups: { indicator: e1, add_up: [IN, OUT], composition: true }\n    why: x\n  \
                - region: { indicator: d3, detail: net }\n    why: y\n";
    let (rules, faults) = Rule::read("plausibility.yaml", text);
    assert!(faults.is_empty(), "{faults:?}");
    // Of 11002's 30 there are 10 in; with 20 of unknown place and 50 in 44021 the region has 100, of whom 40 in.
    let mut cells = Vec::new();
    for (area, all, own) in [("11002", 30, 10), ("44021", 50, 25), ("99991", 20, 5), ("02000", 100, 40)] {
        for (group, count) in [(TOTAL, all), ("IN", own), ("OUT", all - own)] {
            let mut part = cell("e1", area, TOTAL, count, Some(all));
            part.key.group = group.into();
            // The scheme of a total is none, in a card without one for it; it is the same count.
            part.key.group_scheme = if group == TOTAL { "none".into() } else { "s".into() };
            cells.push(part);
        }
        let mut net = cell("d3", area, TOTAL, all - 60, None);
        net.key.detail = "net".into();
        if area == "99991" {
            (net.key.area_level, net.counts.as_mut().unwrap().numerator) = (AreaLevel::Unlocated, 80);
        }
        cells.push(net);
    }
    assert_eq!(implausible(&rules, &cells), Vec::<String>::new());
    let broken = |indicator: &str, area: &str, group: &str, change: &dyn Fn(&mut Counts)| {
        let mut cells = cells.clone();
        for Cell { key, counts, .. } in &mut cells {
            if (key.indicator.as_str(), key.ref_area.as_str(), key.group.as_str()) == (indicator, area, group) {
                change(counts.as_mut().unwrap());
            }
        }
        implausible(&rules, &cells)
    };
    let groups = ["e1 2011-01-01: the sum of 2 groups in 1 areas is not plausible (44021); expected: x"];
    assert_eq!(broken("e1", "44021", "OUT", &|counts| counts.numerator += 1), groups);
    // All are what the shares are of.
    assert_eq!(broken("e1", "44021", TOTAL, &|counts| counts.denominator = Some(60)), groups);
    assert_eq!(
        broken("d3", "99991", TOTAL, &|counts| counts.numerator -= 1),
        ["d3 2011-01-01: the sum of the municipalities of 1 areas is not plausible (02000); expected: y"]
    );
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
    // A code that the card does not have would leave the rule without a figure to look at.
    let folder = crate::project::project("plausible-codes");
    folder.replace("indicators/plausibility.yaml", "detail: saldo", "detail: sald");
    let told = crate::project::err(&crate::project::liim(&folder, &["check"]));
    for word in ["error[I09]: the card `migraties` does not have `sald`", "did you mean `saldo`?"] {
        assert!(told.contains(word), "{told}");
    }
}
