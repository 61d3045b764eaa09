//! Where series break: groups whose countries change between two periods, by the real reference tables.
//!
//! Iceland became a candidate for the European Union on 17 June 2010, Montenegro on 17 December 2010, Serbia on 1 March 2012.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use catalog::cell::{AreaLevel, Cell, CellKey, Counts, ShareOf, Wording};
use catalog::contract::ExtractId;
use catalog::project::Project;
use protect::{Setting, Stamp, protect};

/// The status of each period's row of a group, as published; `contributors` are behind each count.
fn statuses(group: &str, periods: &[&str], contributors: i64) -> Vec<&'static str> {
    let project = Project::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let cell = |period: &&str| Cell {
        key: CellKey {
            indicator: "i".into(),
            ref_area: "02000".into(),
            ref_area_class: "NIS5-2011".into(),
            area_level: AreaLevel::Region,
            time_period: period.parse().unwrap(),
            sex: "_T".into(),
            age_group: "_T".into(),
            group_scheme: "liim-2011".into(),
            group: group.into(),
            detail: "_T".into(),
            detail_2: "_T".into(),
            share_of: ShareOf::Total,
        },
        counts: Ok(Counts { numerator: contributors, divisor: 1, denominator: Some(1_000), contributors }),
        source: ExtractId::read("rijksregister/personen").unwrap(),
    };
    let cells: Vec<Cell> = periods.iter().map(cell).collect();
    let wording = Wording {
        theme: "t".into(),
        unit: "person".into(),
        detail_units: Default::default(),
        value_decimals: 0,
        share_decimals: 1,
        method: "1".into(),
        level: "L1".into(),
    };
    let setting = Setting {
        rules: &project.pipeline.protection,
        balances: &BTreeMap::new(),
        reference: &project.reference,
        words: &BTreeMap::from([("i".to_string(), wording)]),
        earlier: &[],
        key: &[7; 32],
        threads: 1,
    };
    let stamp = Stamp { edition_id: "e".into(), monitor: "m".into() };
    let mut rows = protect(&cells, Vec::new(), &setting, &stamp).unwrap().protected.observations().to_vec();
    rows.sort_by_key(|row| row.key.time_period.start());
    rows.iter().map(|row| row.obs_status()).collect()
}

#[test]
fn a_group_breaks_where_a_country_joins_it() {
    let days = ["2009-01-01", "2010-01-01", "2011-01-01", "2012-01-01"];
    assert_eq!(statuses("KANDIDAAT", &days, 500), ["A", "A", "B", "A"]);
    // The countries left the rest of the world for the candidates; the groups above both are the same.
    assert_eq!(statuses("ANDER", &days, 500), ["A", "A", "B", "A"]);
    assert_eq!(statuses("NIET-EU", &days, 500), ["A", "A", "A", "A"]);
    assert_eq!(statuses("EU", &days, 500), ["A", "A", "A", "A"]);
    assert_eq!(statuses("_T", &days, 500), ["A", "A", "A", "A"]);
}

#[test]
fn each_kind_of_period_looks_at_its_own_days() {
    let quarters = ["2010-Q1", "2010-Q2", "2010-Q3", "2010-Q4", "2011-Q1"];
    assert_eq!(statuses("KANDIDAAT", &quarters, 500), ["A", "B", "A", "B", "A"]);
    // Pupils are looked at on the first of February: Serbia comes too late for 2011-2012.
    let school_years = ["2009-2010", "2010-2011", "2011-2012"];
    assert_eq!(statuses("KANDIDAAT", &school_years, 500), ["A", "B", "A"]);
    // Of a year all days count: the year of the change breaks, and so does the first that has it whole.
    assert_eq!(statuses("KANDIDAAT", &["2008", "2009", "2010", "2011"], 500), ["A", "A", "B", "B"]);
}

#[test]
fn what_is_withheld_says_no_more_than_that() {
    assert_eq!(statuses("KANDIDAAT", &["2010-01-01", "2011-01-01"], 3), ["Q", "Q"]);
}
