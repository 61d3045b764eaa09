//! What everybody knows is taken back from what a reader must be left with, and no more than that.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use protect::certificate::{self, Checker, Constraint, Flaw, Knowledge, Proofs, Statement};
use protect::secondary::{Demand, Effort, End, Need, Withheld, protect};
use protect::system::{Figure, System};

fn cell(value: i64, public: bool) -> Figure {
    Figure { value, least: 0, most: None, cost: (!public).then_some(100) }
}

/// What a count of few persons needs: two less and two more, and five at least.
fn need(value: i64) -> Need {
    Need::Reach { low: (value - 2).max(0), high: (value + 2).max(5) }
}

/// What the check by addition alone says of an outcome, where the rules ask for everything that is asked of the search.
fn flaws(system: &System, demand: &Demand, found: &Withheld) -> BTreeSet<(u32, Flaw)> {
    let figure = |cell: u32| {
        let figure = system.figure(cell);
        let knowledge = if demand.public.contains(&cell) { Knowledge::Public } else { Knowledge::New };
        let is_singleton = demand.alone.contains_key(&cell);
        certificate::Figure {
            value: figure.value,
            lower: Some(figure.least),
            upper: figure.most,
            rounded: None,
            knowledge,
            is_singleton,
        }
    };
    let figures = (0..system.len() as u32).map(figure).collect();
    let sums = system.sums().iter().enumerate();
    let constraints = sums.map(|(at, terms)| Constraint { terms: terms.clone(), total: system.rest(at) }).collect();
    let statement = Statement::new(figures, constraints);
    let shown = (0..system.len() as u32).filter(|cell| !found.cells.contains(cell)).collect();
    let proofs = Proofs { witnesses: &found.moves, relaxations: &found.relaxations };
    Checker::new(&statement, proofs, demand.primary.clone(), shown).flaws()
}

/// A whole, which is public, of one person in cell 1 and three in cell 2.
fn of_four(yields: bool, is_alone: bool) -> (Withheld, BTreeSet<(u32, Flaw)>) {
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
    let found = protect(&system, &demand, Effort::BRIEF, 1).unwrap();
    let flaws = flaws(&system, &demand, &found);
    (found, flaws)
}

#[test]
fn of_four_persons_nobody_is_led_to_believe_that_they_are_five() {
    let (found, flaws) = of_four(true, false);
    assert_eq!(flaws, BTreeSet::new());
    assert_eq!(found.needs, [(1, Need::Reach { low: 0, high: 4 }), (2, Need::Reach { low: 1, high: 4 })].into());
    assert_eq!((found.told, found.exposed), ([1, 2].into(), Vec::new()));
}

#[test]
fn who_is_one_of_four_knows_the_three_others() {
    let (found, flaws) = of_four(true, true);
    assert_eq!(flaws, BTreeSet::new());
    assert_eq!(found.needs, [(1, Need::Reach { low: 0, high: 4 }), (2, Need::Reach { low: 3, high: 3 })].into());
    assert!(found.exposed.is_empty());
}

#[test]
fn where_nothing_is_taken_back_it_is_exposed() {
    let (found, flaws) = of_four(false, false);
    assert_eq!(flaws, [(1, Flaw::Missing), (2, Flaw::Missing)].into());
    assert_eq!(found.exposed, [(1, End::Above), (2, End::Above)]);
    assert!(found.told.is_empty());
}

/// A relaxation is believed as far as its arithmetic goes, and no further.
#[test]
fn a_relaxation_that_proves_less_than_it_is_used_for_does_not_pass() {
    let (system, demand) = two_by_two();
    let found = protect(&system, &demand, Effort::BRIEF, 1).unwrap();
    assert_eq!(flaws(&system, &demand, &found), BTreeSet::new());
    assert!(!found.relaxations.is_empty());
    for end in found.relaxations.keys() {
        // Without it the rule asks for more than any witness gives.
        let mut without = found.clone();
        without.relaxations.remove(end);
        assert!(!flaws(&system, &demand, &without).is_empty(), "{end:?}");
        // A constraint that it does not rest on proves nothing, and nor does one taken no times.
        for change in
            [|(sum, times): &mut (u32, i64)| (*sum, *times) = (99, 1), |(_, times): &mut (u32, i64)| *times = 0]
        {
            let mut other = found.clone();
            other.relaxations.get_mut(end).unwrap().steps.iter_mut().for_each(|step| {
                step.constraints.iter_mut().for_each(change);
            });
            assert!(flaws(&system, &demand, &other).contains(&(end.0, Flaw::TakenBack)), "{end:?}");
        }
        // Nobody is alone in a figure here.
        let mut of_somebody = found.clone();
        of_somebody.relaxations.get_mut(end).unwrap().singleton = Some(0);
        assert!(flaws(&system, &demand, &of_somebody).contains(&(end.0, Flaw::TakenBack)), "{end:?}");
    }
    // What the public margins leave is a proof only as long as they are public.
    let ours = Demand { public: BTreeSet::new(), ..demand };
    assert!(!flaws(&system, &ours, &found).is_empty());
}

/// Two rows of two cells, 1 and 3, 2 and 6, of which everybody knows the margins.
fn two_by_two() -> (System, Demand) {
    let inner = [1, 3, 2, 6];
    let margins = [4, 8, 3, 9];
    let figures = inner.iter().map(|value| cell(*value, false)).chain(margins.iter().map(|value| cell(*value, true)));
    let mut system = System::new(figures.collect());
    for (whole, parts) in [(4, [0, 1]), (5, [2, 3]), (6, [0, 2]), (7, [1, 3])] {
        assert!(system.add_sum(whole, &parts));
    }
    let primary = (0..3).map(|at| (at, need(inner[at as usize]))).collect();
    (system, Demand { primary, public: (4..8).collect(), yields: true, ..Demand::default() })
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
        let found = protect(&system, &demand, Effort::BRIEF, 1).unwrap();
        assert_eq!(flaws(&system, &demand, &found), BTreeSet::new(), "{table:?}");
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
