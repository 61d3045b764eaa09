//! The audit is shown to work: of the system of all editions one withheld figure after another is shown after all, at random,
//! and what the audit says is held against a search that knows nothing of the proofs.

use std::collections::BTreeMap;
use std::path::Path;

use catalog::cell::{Cell, Reason, Recorded, Wording};
use catalog::project::Project;
use protect::certificate::Checker;
use protect::linked::Standing;
use protect::search::Search;
use protect::{Guarded, Setting, Stamp, protect};
use rand::{RngExt, SeedableRng};

/// Figures of few persons that are asked of the search for each figure that is shown.
const ASKED: usize = 3;

/// Protects the newest editions of a warehouse again from the records, so many of them, each beside what was published before
/// it, and shows rows at random that are withheld for others, `times` in all. Tells how often it mattered, how often the audit
/// said so, and how often it said so when a search found the persons protected all the same.
pub fn dropping(folder: &Path, editions: usize, times: usize) -> (usize, usize, usize) {
    let project = Project::load(folder).unwrap();
    let warehouse = warehouse::store::Warehouse::reading(&folder.join("warehouse"));
    let ledger = warehouse::edition::read_ledger(&warehouse).unwrap();
    let records: Vec<Vec<Recorded>> = ledger
        .iter()
        .map(|(line, _)| {
            let folder = warehouse::confidential::folder(&warehouse, &line.edition);
            warehouse::confidential::read_record(&folder).unwrap()
        })
        .collect();
    let balances = project.cards.values().filter_map(|card| Some((card.id.clone(), card.balance.clone()?))).collect();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(20_111_221);
    let (mut mattered, mut flagged, mut needlessly) = (0, 0, 0);
    let editions = editions.min(ledger.len());
    for (at, (line, _)) in ledger.iter().enumerate().skip(ledger.len() - editions) {
        let wording = |method: &str| Wording {
            theme: String::new(),
            detail_units: Default::default(),
            unit: String::new(),
            value_decimals: 0,
            share_decimals: 1,
            method: method.into(),
            level: "none".into(),
        };
        let words: BTreeMap<String, Wording> =
            records[at].iter().map(|row| (row.cell.key.indicator.clone(), wording(&row.method))).collect();
        let setting = Setting {
            rules: &project.pipeline.protection,
            balances: &balances,
            reference: &project.reference,
            words: &words,
            earlier: &records[..at],
            key: &[7; 32],
            threads: 2,
        };
        let cells: Vec<Cell> = records[at].iter().map(|row| row.cell.clone()).collect();
        let stamp = Stamp { edition_id: line.edition.clone(), monitor: line.monitor.clone() };
        let guarded: Guarded<'_> = protect(&cells, Vec::new(), &setting, &stamp).unwrap();
        // Who shows a small count itself is stopped before any proof is looked at.
        let is_few =
            |row: usize| guarded.linked.of_row(row).is_none_or(|(count, _)| guarded.outcome.needs.contains_key(&count));
        let hidden: Vec<usize> =
            (0..cells.len()).filter(|row| guarded.recorded[*row].reason == Reason::Withheld && !is_few(*row)).collect();
        let shown = |row: usize| guarded.recorded[row].reason == Reason::Shown;
        assert_eq!(guarded.check(shown).len(), 0, "{}: as it is", line.edition);
        let statement = guarded.linked.statement(&guarded.outcome);
        let levels = guarded.outcome.needs.clone();
        let proofs = guarded.outcome.as_proofs();
        let known = guarded.shown(shown);
        let checker = Checker::new(&statement, proofs, levels, known.clone());
        let system = guarded.linked.system();
        let mut search = Search::new(&system);
        for figure in 0..system.len() as u32 {
            let is_certain = matches!(guarded.linked.standing(figure), Standing::Public | Standing::Known);
            search.set_free(figure, !is_certain && !known.contains(&figure));
        }
        // Whether a figure of few persons would be told, or nearly, if some more were shown.
        let mut is_told_with = |cell: u32, more: &[u32]| {
            more.iter().for_each(|figure| search.set_free(*figure, false));
            let ends = checker.ends(cell);
            let told = ends.into_iter().any(|(_, ways)| ways.iter().all(|by| search.find(cell, *by).is_none()));
            more.iter().for_each(|figure| search.set_free(*figure, true));
            told
        };
        for _ in 0..times / editions {
            let row = hidden[random.random_range(0..hidden.len())];
            let Some((count, base)) = guarded.linked.of_row(row) else { continue };
            let more: Vec<u32> = [Some(count), base].into_iter().flatten().collect();
            let flaws = checker.flaws_with(&more);
            let told = flaws.iter().take(ASKED).any(|(cell, _)| is_told_with(*cell, &more));
            flagged += usize::from(!flaws.is_empty());
            mattered += usize::from(told);
            needlessly += usize::from(!flaws.is_empty() && !told);
            if flaws.is_empty() {
                // Nothing leans on it: what stands beside it in a sum is safe for the search too.
                let beside = guarded.linked.beside(count);
                let few = beside.into_iter().filter(|other| guarded.outcome.needs.contains_key(other)).take(ASKED);
                for other in few {
                    assert!(!is_told_with(other, &more), "{}: not noticed", line.edition);
                }
            }
        }
    }
    (mattered, flagged, needlessly)
}

/// The same at full size, on a project that was run: `LIIM_DROPPING_PROJECT` names its folder.
#[test]
fn a_withheld_figure_that_is_shown_after_all_is_noticed_at_full_size() {
    let Some(folder) = std::env::var_os("LIIM_DROPPING_PROJECT") else {
        println!("NOT RUN: LIIM_DROPPING_PROJECT names no project");
        return;
    };
    let (mattered, flagged, needlessly) = dropping(Path::new(&folder), usize::MAX, 1_000);
    println!("mattered {mattered}, flagged {flagged}, of these needlessly {needlessly}");
    assert!(mattered > 0);
}
