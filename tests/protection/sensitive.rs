//! The audit's own rule of what is sensitive, against records written by hand.

use std::collections::BTreeMap;

use audit::{Rules, exposed};
use catalog::card::Balance;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Reason, Recorded, ShareOf};
use catalog::contract::ExtractId;
use catalog::pipeline::{KnownElsewhere, Protection, Same, SourceRule};

fn protection() -> Protection {
    let usual = SourceRule { public: false, threshold: 5, zeros_shown: true, all_protected: false, why: String::new() };
    Protection {
        usual,
        sources: BTreeMap::new(),
        known: Vec::new(),
        same: Vec::new(),
        small_areas: Vec::new(),
        linked: true,
        equalities_known: true,
    }
}

fn row(indicator: &str, numerator: i64, contributors: i64) -> Recorded {
    Recorded {
        cell: Cell {
            key: CellKey {
                indicator: indicator.into(),
                ref_area: "71016".into(),
                ref_area_class: "NIS5-2011".into(),
                area_level: AreaLevel::Municipality,
                time_period: "2010".parse().unwrap(),
                sex: "_T".into(),
                age_group: "_T".into(),
                group_scheme: "none".into(),
                group: "_T".into(),
                detail: "_T".into(),
                detail_2: "_T".into(),
                share_of: ShareOf::None,
            },
            counts: Ok(Counts { numerator, divisor: 1, denominator: None, contributors }),
            source: ExtractId::read("a/b").unwrap(),
        },
        method: "1".into(),
        reason: Reason::Shown,
        rounded_share: None,
    }
}

fn of(mut row: Recorded, share_of: ShareOf, divisor: i64, base: i64) -> Recorded {
    row.cell.key.share_of = share_of;
    row.cell.counts = row.cell.counts.map(|counts| Counts { denominator: Some(base), divisor, ..counts });
    row
}

fn women(mut row: Recorded) -> Recorded {
    row.cell.key.sex = "F".into();
    row
}

/// How many rows the audit refuses where all of a record is shown.
fn refused(protection: &Protection, record: &[Recorded], earlier: &[Vec<Recorded>]) -> usize {
    let balances = BTreeMap::new();
    exposed(Rules { protection, balances: &balances }, record, earlier, |_| true).values().sum()
}

#[test]
fn a_count_of_one_to_four_persons_is_refused_and_a_true_zero_is_not() {
    let rules = protection();
    for contributors in 0..=6 {
        let expected = usize::from((1..=4).contains(&contributors));
        assert_eq!(refused(&rules, &[row("i", contributors, contributors)], &[]), expected, "{contributors}");
        // Sixty person-months of one to four persons are a count of one to four persons.
        let expected = usize::from(contributors < 5);
        let mean = of(row("i", 60, contributors), ShareOf::None, 12, 9_000);
        assert_eq!(refused(&rules, &[mean], &[]), expected, "{contributors} persons behind 60 months");
    }
    let mut zeros = protection();
    zeros.usual.zeros_shown = false;
    assert_eq!(refused(&zeros, &[row("i", 0, 0)], &[]), 1);
    let record = [row("i", 3, 3)];
    let rules = protection();
    let balances = BTreeMap::new();
    let rules = Rules { protection: &rules, balances: &balances };
    assert!(exposed(rules, &record, &[], |_| false).is_empty(), "what is suppressed is not refused");
    let balance = Balance { is: "_T".into(), inflow: "in".into(), outflow: "uit".into() };
    let balances = BTreeMap::from([("i".to_string(), balance)]);
    assert!(
        exposed(Rules { balances: &balances, ..rules }, &record, &[], |_| true).is_empty(),
        "a difference of flows"
    );
}

#[test]
fn the_threshold_is_that_of_the_source() {
    let mut rules = protection();
    let of_source = SourceRule { threshold: 10, ..rules.usual.clone() };
    rules.sources.insert(ExtractId::read("a/b").unwrap(), of_source);
    assert_eq!(refused(&rules, &[row("i", 9, 9), row("j", 10, 10)], &[]), 1);
}

#[test]
fn all_of_a_group_are_refused_where_the_rule_says_so() {
    let all = [of(row("i", 40, 40), ShareOf::Group, 1, 40)];
    let mut rules = protection();
    assert_eq!(refused(&rules, &all, &[]), 0);
    rules.usual.all_protected = true;
    assert_eq!(refused(&rules, &all, &[]), 1);
    assert_eq!(refused(&rules, &[of(row("i", 39, 39), ShareOf::Group, 1, 40)], &[]), 0);
    assert_eq!(refused(&rules, &[of(row("i", 40, 40), ShareOf::Total, 1, 40)], &[]), 0, "a composition");
}

#[test]
fn a_base_of_one_to_four_persons_is_refused() {
    let rules = protection();
    for base in 0..=6 {
        let expected = usize::from((1..=4).contains(&base));
        assert_eq!(refused(&rules, &[of(row("i", 0, 0), ShareOf::Group, 1, base)], &[]), expected, "{base}");
        let months = of(row("i", 0, 0), ShareOf::Group, 12, base * 12);
        assert_eq!(refused(&rules, &[months], &[]), expected, "{base} persons in each of twelve months");
    }
    // Fifty months of six persons: the row that has them as its own count says that they are six.
    let months = [of(row("i", 50, 6), ShareOf::Total, 12, 50), women(of(row("i", 0, 0), ShareOf::Total, 12, 50))];
    assert_eq!(refused(&rules, &months, &[]), 0);
    let few = [of(row("i", 50, 4), ShareOf::Total, 12, 50), women(of(row("i", 0, 0), ShareOf::Total, 12, 50))];
    assert_eq!(refused(&rules, &few, &[]), 2);
}

#[test]
fn what_everybody_knows_is_not_refused_and_nothing_else_is_let_through_with_it() {
    let mut rules = protection();
    let record = [row("i", 3, 3), row("j", 3, 3), row("k", 2, 2)];
    assert_eq!(refused(&rules, &record, &[]), 3);
    rules.known =
        vec![KnownElsewhere { indicator: "i".into(), base: false, detail: None, group: None, why: String::new() }];
    assert_eq!(refused(&rules, &record, &[]), 2);
    let same = |indicator: &str| Same { indicator: indicator.into(), detail: None, is: "i".into(), method: None };
    rules.same = vec![same("j"), same("k")];
    assert_eq!(refused(&rules, &record, &[]), 1, "j has the known count, k another");
    // What an earlier edition showed is known; what it suppressed is not.
    let rules = protection();
    assert_eq!(refused(&rules, &record, &[record.to_vec()]), 0);
    let suppressed = record.clone().map(|row| Recorded { reason: Reason::Withheld, ..row });
    assert_eq!(refused(&rules, &record, &[suppressed.to_vec()]), 3);
}
