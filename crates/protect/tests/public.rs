//! What everybody knows is taken back from what a reader must be left with, and no more than that.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use protect::secondary::{Demand, Effort, End, Need, Withheld, protect};
use protect::system::{Figure, System};

fn cell(value: i64, public: bool) -> Figure {
    Figure { value, least: 0, most: None, cost: (!public).then_some(100) }
}

/// What a count of few persons needs: two less and two more, and five at least.
fn need(value: i64) -> Need {
    Need::Reach { low: (value - 2).max(0), high: (value + 2).max(5) }
}

/// A whole, which is public, of one person in cell 1 and three in cell 2.
fn of_four(yields: bool, is_alone: bool) -> Withheld {
    let mut system = System::new(vec![cell(4, true), cell(1, false), cell(3, false)]);
    assert!(system.add_sum(0, &[1, 2]));
    let mut demand = Demand {
        primary: [(1, need(1)), (2, need(3))].into(),
        public: BTreeSet::from([0]),
        yields,
        ..Demand::default()
    };
    if is_alone {
        demand.alone.insert(1, 1);
        demand.name_persons(&system);
    }
    protect(&system, &demand, Effort::BRIEF, 1)
}

#[test]
fn of_four_persons_nobody_is_led_to_believe_that_they_are_five() {
    let found = of_four(true, false);
    assert_eq!(found.needs, [(1, Need::Reach { low: 0, high: 4 }), (2, Need::Reach { low: 1, high: 4 })].into());
    assert_eq!((found.told, found.exposed), ([1, 2].into(), Vec::new()));
}

#[test]
fn who_is_one_of_four_knows_the_three_others() {
    let found = of_four(true, true);
    assert_eq!(found.needs, [(1, Need::Reach { low: 0, high: 4 }), (2, Need::Reach { low: 3, high: 3 })].into());
    assert!(found.exposed.is_empty());
}

#[test]
fn where_nothing_is_taken_back_it_is_exposed() {
    let found = of_four(false, false);
    assert_eq!(found.exposed, [(1, End::Above), (2, End::Above)]);
    assert!(found.told.is_empty());
}

/// All tables of two rows and three columns with the margins of one.
fn tables(of: [[i64; 3]; 2]) -> Vec<[[i64; 3]; 2]> {
    let columns = [0, 1, 2].map(|at| of[0][at] + of[1][at]);
    let row: i64 = of[0].iter().sum();
    let mut found = Vec::new();
    for a in 0..=columns[0] {
        for b in 0..=columns[1] {
            let c = row - a - b;
            if (0..=columns[2]).contains(&c) {
                found.push([[a, b, c], [columns[0] - a, columns[1] - b, columns[2] - c]]);
            }
        }
    }
    found
}

#[test]
fn with_public_margins_the_needs_are_what_all_tables_with_those_margins_leave() {
    const COUNTS: [i64; 4] = [0, 1, 3, 6];
    let mut clipped = 0;
    for number in 0..COUNTS.len().pow(6) {
        let count = |at: usize| COUNTS[number / COUNTS.len().pow(at as u32) % COUNTS.len()];
        let table: [[i64; 3]; 2] = std::array::from_fn(|row| std::array::from_fn(|column| count(row * 3 + column)));
        let inner: Vec<i64> = table.iter().flatten().copied().collect();
        let columns = (0..3).map(|at| inner[at] + inner[at + 3]);
        let margins: Vec<i64> = [inner[..3].iter().sum(), inner[3..].iter().sum()].into_iter().chain(columns).collect();
        let figures =
            inner.iter().map(|value| cell(*value, false)).chain(margins.iter().map(|value| cell(*value, true)));
        let mut system = System::new(figures.collect());
        system.add_sum(6, &[0, 1, 2]);
        system.add_sum(7, &[3, 4, 5]);
        (0..3).for_each(|at| assert!(system.add_sum(8 + at, &[at, at + 3])));
        let primary =
            (0..6).filter(|at| (1..5).contains(&inner[*at as usize])).map(|at| (at, need(inner[at as usize])));
        let demand =
            Demand { primary: primary.collect(), public: (6..11).collect(), yields: true, ..Demand::default() };
        let found = protect(&system, &demand, Effort::BRIEF, 1);
        let all = tables(table);
        for (at, asked) in &demand.primary {
            let values = || all.iter().map(|table| table[*at as usize / 3][*at as usize % 3]);
            let (least, most) = (values().min().unwrap(), values().max().unwrap());
            let Need::Reach { low, high } = *asked else { unreachable!() };
            assert_eq!(found.needs[at], Need::Reach { low: low.max(least), high: high.min(most) }, "{table:?} {at}");
            clipped += usize::from(found.needs[at] != *asked);
        }
        assert!(found.exposed.is_empty(), "{table:?}");
    }
    assert!(clipped > 1_000, "{clipped}");
}
