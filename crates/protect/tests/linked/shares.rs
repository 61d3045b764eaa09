//! Shares of greater areas that are published without their counts.

use std::collections::BTreeMap;

use catalog::cell::{Reason, Recorded, ShareOf};
use protect::secondary::{Demand, Effort, End, Need, Rings, protect};
use protect::system::{Figure, System};

use super::{cell, with_base, world};

/// The foreigners of a cluster are 403 of 3,900 inhabitants: 10.33 per cent, in steps of 1 per cent from 2,500 inhabitants on.
/// Three of them, of C, are suppressed, and nothing else has to be: what a step leaves open is enough.
#[test]
fn of_a_cluster_the_share_is_published_and_not_the_count() {
    let world = world();
    let row = |code: &str, count: i64, of: i64| with_base(cell("i", "2010", code, count, &[]), ShareOf::Total, of);
    let cells = [row("A", 150, 1_300), row("B", 250, 1_300), row("C", 3, 1_300), row("k1", 403, 3_900)];
    let guarded = world.guarded(&cells, &[]);
    let own = guarded.recorded.iter().find(|row| row.cell.key.ref_area == "k1").unwrap();
    assert_eq!(own.reason, Reason::ShareOnly);
    let tenths = own.rounded_share.unwrap();
    assert!([100, 110].contains(&tenths), "{tenths}");
    let observations = guarded.protected.observations();
    let published = observations.iter().find(|row| row.key.ref_area == "k1").unwrap();
    assert_eq!(published.share, Some(tenths as f64 / 10.0));
    assert_eq!((published.numerator, published.denominator, published.value), (None, None, None));
    let reason = |area: &str| observations.iter().find(|row| row.key.ref_area == area).unwrap().reason;
    assert_eq!(["A", "B", "C"].map(reason), [Reason::Shown, Reason::Shown, Reason::Withheld]);
    // A later edition publishes the same share.
    let earlier = [guarded.recorded.clone()];
    let later = world.guarded(&cells, &earlier);
    assert_eq!(later.recorded.iter().map(|row| row.rounded_share).collect::<Vec<_>>(), {
        earlier[0].iter().map(|row: &Recorded| row.rounded_share).collect::<Vec<_>>()
    });
}

/// Cell 0 is 3 persons, and cell 1, of which a share leaves 2 to 4 open, is the same persons: up to 5 it cannot be.
fn of_three(is_kept: bool) -> protect::secondary::Withheld {
    let figure = Figure { value: 3, least: 0, most: None, cost: Some(100) };
    let mut system = System::new(vec![figure; 2]);
    system.add_sum(1, &[0]);
    let demand = Demand {
        primary: BTreeMap::from([(0, Need::Reach { low: 2, high: 5 })]),
        hidden: [1].into(),
        rounded: BTreeMap::from([(1, (2, 4))]),
        kept: is_kept.then_some(1).into_iter().collect(),
        homes: vec![Some(0); 2],
        levels: vec![0; 2],
        neighbourhoods: vec![1; 2],
        rings: vec![Rings { own: 1, near: 1, province: 1, greatest: 1 }],
        ..Demand::default()
    };
    protect(&system, &demand, Effort::BRIEF, 1).unwrap()
}

#[test]
fn a_share_that_stands_in_the_way_is_let_go_and_one_that_was_published_never() {
    let found = of_three(false);
    assert_eq!((found.exposed, found.let_go), (vec![], [1].into()));
    let found = of_three(true);
    assert_eq!((found.exposed, found.let_go), (vec![(0, End::Above)], [].into()));
}
