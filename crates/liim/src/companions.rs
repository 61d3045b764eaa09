//! The tables of words and of provenance that stand beside the observations.

use std::collections::{BTreeMap, BTreeSet};

use catalog::card::{Card, THEMES};
use catalog::cell::{AreaLevel, Cell, Reason, TOTAL};
use catalog::contract::ExtractId;
use catalog::pipeline::{Choice, Edition};
use catalog::project::Project;
use ingest::delivery::Delivery;
use warehouse::edition::open;
use warehouse::store::Warehouse;
use warehouse::tables::{TextRows, read_texts};

use crate::deliveries::{Chosen, commitment_to};
use crate::failure::Failure;
use crate::stages::wording;

/// All companion tables of an edition but quality, which is made of counts.
pub fn words(
    project: &Project,
    warehouse: &Warehouse,
    edition: &Edition,
    (chosen, salt): (&Chosen, &str),
    cells: &[Cell],
) -> Result<BTreeMap<&'static str, TextRows>, Failure> {
    let counted: BTreeSet<&str> = edition.indicators.iter().map(|choice| choice.indicator.as_str()).collect();
    let mut found = BTreeMap::from([
        ("indicators", indicators(project, edition, cells)),
        ("areas", areas(project)),
        ("area_members", members(project)),
        ("codes", codes(project)),
        ("sources", sources(project, edition, (chosen, salt))),
        ("lineage", lineage(project, edition, (chosen, salt))),
    ]);
    if let Some(followed) = &edition.follows {
        // What is carried keeps its words; only the edition it stands in is another.
        let earlier = open(warehouse, followed)?;
        for (table, columns) in carried_columns() {
            for row in read_texts(&earlier.verified(&format!("{table}.parquet"))?)? {
                let indicator = row.get("indicator").cloned().flatten().unwrap_or_default();
                if counted.contains(indicator.as_str()) {
                    continue;
                }
                let cells = columns.iter().map(|column| match column.as_str() {
                    "edition_id" => Some(edition.id.clone()),
                    _ => row.get(column).cloned().flatten(),
                });
                found.entry(table).or_default().push(cells.collect());
            }
        }
        // The codes of carried indicators are still needed to read their rows.
        let known: BTreeSet<(Option<String>, Option<String>)> =
            found.get("codes").into_iter().flatten().map(|row| (row[0].clone(), row[1].clone())).collect();
        for row in read_texts(&earlier.verified("codes.parquet")?)? {
            let cell = |name: &str| row.get(name).cloned().flatten();
            if !known.contains(&(cell("list"), cell("code"))) {
                let row = ["list", "code", "parent", "title", "position"].map(cell);
                found.entry("codes").or_default().push(row.to_vec());
            }
        }
    }
    Ok(found)
}

fn carried_columns() -> Vec<(&'static str, Vec<String>)> {
    catalog::schema::companions()
        .into_iter()
        .filter(|table| matches!(table.name, "indicators" | "lineage"))
        .map(|table| (table.name, table.fields.into_iter().map(|field| field.name).collect()))
        .collect()
}

fn some(text: impl Into<String>) -> Option<String> {
    Some(text.into())
}

/// A place in the order in which a reader is shown things, as text that sorts like the number.
fn position(at: usize) -> Option<String> {
    some(format!("{at:03}"))
}

/// The caveats that hold for the periods of an edition; those of some periods begin with them.
fn caveats(card: &Card, choice: &Choice) -> String {
    let caveats = card.caveats.iter().filter_map(|caveat| {
        let about: Vec<String> = choice
            .periods
            .iter()
            .filter(|period| caveat.periods.contains(period))
            .map(|period| report::number::period(*period))
            .collect();
        match (caveat.periods.is_empty(), about.is_empty()) {
            (true, _) => Some(caveat.text.clone()),
            (false, true) => None,
            (false, false) => Some(format!("Over {}: {}", about.join(" en "), caveat.text)),
        }
    });
    caveats.collect::<Vec<_>>().join(" ")
}

/// Why small counts of an indicator are shown: sentences that say where everybody can read them, none where nobody can.
fn public_elsewhere(project: &Project, card: &Card, cells: &[Cell]) -> Option<String> {
    let rules = &project.pipeline.protection;
    let own = cells.iter().filter(|cell| cell.key.indicator == card.id);
    let sources: BTreeSet<&ExtractId> = own.map(|cell| &cell.source).collect();
    let by_source = sources.into_iter().map(|source| rules.of(source)).filter(|rule| rule.public);
    let by_figure = rules.known.iter().filter(|known| known.indicator == card.id && !known.base);
    let why = by_source.map(|rule| rule.why.as_str()).chain(by_figure.map(|known| known.why.as_str()));
    let why: Vec<&str> = why.collect();
    (!why.is_empty()).then(|| why.join(" "))
}

fn indicators(project: &Project, edition: &Edition, cells: &[Cell]) -> TextRows {
    let row = |(at, choice)| {
        let card = project.card(choice)?;
        let wording = wording(project, choice)?;
        Some(vec![
            some(&edition.id),
            some(&card.id),
            some(&card.theme),
            some(&card.title),
            some(card.definition.trim()),
            some(&card.numerator),
            card.denominator.clone(),
            card.denominator_source.clone(),
            some(&wording.unit),
            some(card.shares_of.iter().map(|share_of| share_of.word()).collect::<Vec<_>>().join(" ")),
            some(card.shares_of.iter().map(|share_of| share_of.per().to_string()).collect::<Vec<_>>().join(" ")),
            some(wording.share_decimals.to_string()),
            some(if card.sex { "yes" } else { "no" }),
            some(card.groups.as_ref().map_or("none", |groups| groups.scheme.as_str())),
            project.origin_of(choice).map(|origin| origin.id.clone()),
            some(wording.method),
            some(wording.level),
            some(card.source.to_string()),
            some(&card.source_line),
            some(caveats(card, choice)),
            public_elsewhere(project, card, cells),
            some(&edition.id),
            position(at),
        ])
    };
    edition.indicators.iter().enumerate().filter_map(row).collect()
}

fn areas(project: &Project) -> TextRows {
    project
        .reference
        .areas
        .iter()
        .map(|area| {
            let [from, to] = area.validity().map(|day| day.map(|day| day.to_string()));
            vec![some(&area.code), some(&area.class), some(area.level.word()), some(&area.name), from, to]
        })
        .collect()
}

fn members(project: &Project) -> TextRows {
    project
        .reference
        .areas
        .iter()
        .filter(|area| !matches!(area.level, AreaLevel::Municipality | AreaLevel::Unlocated))
        .flat_map(|area| area.parts().map(|member| vec![some(&area.code), some(&area.class), some(member)]))
        .collect()
}

fn codes(project: &Project) -> TextRows {
    let mut rows: TextRows = Vec::new();
    let mut add = |list: &str, code: &str, parent: Option<&str>, title: &str| {
        let before = rows.iter().rev().take_while(|row: &&Vec<Option<String>>| row[0].as_deref() == Some(list)).count();
        rows.push(vec![some(list), some(code), parent.map(str::to_string), some(title), position(before)]);
    };
    for (code, title) in [(TOTAL, "Totaal"), ("F", "Vrouwen"), ("M", "Mannen")] {
        add("sex", code, None, title);
    }
    for (name, scheme) in &project.reference.schemes {
        add(name, TOTAL, None, "Totaal");
        for group in &scheme.groups {
            add(name, &group.code, group.parent.as_deref(), &group.title);
        }
    }
    add("none", TOTAL, None, "Totaal");
    for (theme, title) in THEMES {
        add("theme", theme, None, title);
    }
    add("age", TOTAL, None, "Totaal");
    let first_age = |code: &str| code.split(|letter: char| !letter.is_ascii_digit()).next()?.parse::<u32>().ok();
    let ages: BTreeMap<(Option<u32>, &str), &str> = project
        .cards
        .values()
        .flat_map(|card| card.ages.iter().map(|(code, title)| ((first_age(code), code.as_str()), title.as_str())))
        .collect();
    for ((_, code), title) in ages {
        add("age", code, None, title);
    }
    for card in project.cards.values() {
        for (list, titles) in [(card.id.clone(), &card.details), (format!("{}/2", card.id), &card.details_2)] {
            add(&list, TOTAL, None, "Totaal");
            for (code, title) in titles {
                add(&list, code, None, title);
            }
        }
    }
    for (reason, title) in Reason::ALL.iter().zip([
        "Getoond",
        "Niet getoond, zodat niemand herkenbaar is",
        "Enkel het afgeronde aandeel, zodat niemand herkenbaar is",
        "Door de leverancier niet vrijgegeven",
        "Niet in de bron",
        "Niet geleverd op de datum van afsluiting",
        "Het gebied bestond niet in de periode",
        "Niet van toepassing",
    ]) {
        add("reason", reason.word(), None, title);
    }
    for (code, title) in
        [("", "Ongewijzigd"), ("n", "Nieuw"), ("r", "Herzien"), ("b", "Breuk door een andere definitie")]
    {
        add("changed", code, None, title);
    }
    for (code, title) in [
        ("none", "Zonder nationaliteit of herkomst"),
        ("L1", "Huidige nationaliteit"),
        ("L2", "Eigen nationaliteitshistoriek"),
        ("L3", "Ook de nationaliteitshistoriek van de ouders"),
    ] {
        add("level", code, None, title);
    }
    for origin in project.origins.values() {
        add("origin_definition", &origin.id, None, &origin.title);
    }
    rows
}

fn sources(project: &Project, edition: &Edition, (chosen, salt): (&Chosen, &str)) -> TextRows {
    let mut rows = Vec::new();
    for delivery in chosen.all() {
        let contract = project.contracts.get(&delivery.extract.supplier);
        let title = project.extract(&delivery.extract).map(|extract| extract.title.clone()).unwrap_or_default();
        let of =
            |part: fn(&catalog::contract::Contract) -> &String| some(contract.map(part).cloned().unwrap_or_default());
        for file in &delivery.receipt.files {
            rows.push(vec![
                some(&edition.id),
                some(delivery.extract.to_string()),
                some(delivery.period.to_string()),
                some(delivery.receipt.sequence.to_string()),
                some(&file.name),
                some(commitment_to(salt, delivery, file)),
                some(delivery.delivered_on.to_string()),
                some(&delivery.receipt.delivered_by),
                delivery.receipt.extracted_on.clone(),
                some(&title),
                of(|contract| &contract.legal_basis),
                of(|contract| &contract.licence),
                of(|contract| &contract.contact),
            ]);
        }
    }
    rows
}

fn lineage(project: &Project, edition: &Edition, (chosen, salt): (&Chosen, &str)) -> TextRows {
    let mut rows = Vec::new();
    for choice in &edition.indicators {
        let Some(card) = project.card(choice) else { continue };
        for period in &choice.periods {
            let mut add = |source: &str, of: &str, column: &str, digest: String| {
                rows.push(vec![
                    some(&edition.id),
                    some(&card.id),
                    some(period.to_string()),
                    some(source),
                    some(of),
                    some(column),
                    some(digest),
                ]);
            };
            let mut personal = false;
            for read in &card.reads {
                personal |= project.extract(&read.extract).is_some_and(|extract| extract.is_personal());
                for of in chosen.periods(read, *period) {
                    let Some(delivery) = chosen.by_period.get(&(read.extract.clone(), of)) else { continue };
                    for column in &read.columns {
                        add(&read.extract.to_string(), &of.to_string(), column, commitments_to(salt, delivery));
                    }
                }
            }
            for delivery in chosen.register.iter().filter(|_| personal) {
                let read = card.reads.iter().any(|read| {
                    read.extract == delivery.extract && chosen.periods(read, *period).contains(&delivery.period)
                });
                if !read {
                    add(
                        &delivery.extract.to_string(),
                        &delivery.period.to_string(),
                        "(linking)",
                        commitments_to(salt, delivery),
                    );
                }
            }
        }
    }
    rows
}

fn commitments_to(salt: &str, delivery: &Delivery) -> String {
    let files = delivery.receipt.files.iter().map(|file| commitment_to(salt, delivery, file));
    files.collect::<Vec<_>>().join(" ")
}
