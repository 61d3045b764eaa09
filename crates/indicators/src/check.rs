//! Checking cards without data: each query is planned against empty tables of the right schemas.

use std::collections::{BTreeMap, BTreeSet};

use catalog::card::{Card, Dimension};
use catalog::fault::did_you_mean;
use catalog::project::Project;
use catalog::schema::{Field, Type, area_members, counted, group_members, period_days, query_table};
use catalog::{Fault, Place};
use warehouse::session::Session;

/// Types every card's query and holds it to its card; all faults of all cards.
pub fn check(project: &Project, session: &Session) -> Vec<Fault> {
    let mut faults: Vec<Fault> = project.cards.values().flat_map(|card| card_faults(project, card, session)).collect();
    faults.sort();
    faults
}

fn card_faults(project: &Project, card: &Card, session: &Session) -> Vec<Fault> {
    let mut tables: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    for read in &card.reads {
        if let Some(extract) = project.extract(&read.extract) {
            let fields = query_table(extract, card, card.origin.as_deref());
            tables.insert(read.extract.table(), fields.into_iter().map(|attribute| attribute.field).collect());
        }
    }
    tables.insert("area_members".into(), area_members());
    tables.insert("group_members".into(), group_members());
    tables.insert("period".into(), period_days());
    let registered = tables.iter().try_for_each(|(table, fields)| session.register_empty(table, fields));
    let planned = registered.and_then(|()| session.plan(&card.sql));
    for table in tables.keys() {
        // Another card must not see this card's tables; forgetting one that is there cannot fail.
        let _ = session.forget(table);
    }
    let sql = || Place::file(&card.sql_file);
    let planned = match planned {
        Ok(planned) => planned,
        Err(error) => {
            let known: Vec<&str> = tables.keys().map(String::as_str).collect();
            let hint = format!("the card reads: {}", known.join(", "));
            return vec![
                Fault::new("I20", place_of(card, &error.to_string()), format!("the query cannot be planned: {error}"))
                    .hint(hint),
            ];
        }
    };
    let mut faults = Vec::new();
    for function in &planned.changing {
        let message = format!("`{function}` does not give the same answer at each run");
        faults
            .push(Fault::new("I27", place_of_word(card, function), message).hint(
                "a figure follows from the deliveries alone; the days of the period stand in the table `period`",
            ));
    }
    let allowed = counted();
    for (name, kind) in &planned.columns {
        match allowed.iter().find(|(field, _)| field.name == *name) {
            None => {
                let hint = match did_you_mean(name, allowed.iter().map(|(field, _)| field.name.as_str())) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "a query may return: {}",
                        allowed.iter().map(|(field, _)| field.name.as_str()).collect::<Vec<_>>().join(", ")
                    ),
                };
                faults.push(
                    Fault::new("I21", sql(), format!("the query returns a column `{name}` that no cell has"))
                        .hint(hint),
                );
            }
            Some((field, _)) if *kind != Some(field.kind) => {
                let wanted = if field.kind == Type::Text { "text" } else { "a 64-bit integer" };
                faults.push(
                    Fault::new("I22", sql(), format!("column `{name}` of the query must be {wanted}")).hint("use CAST"),
                );
            }
            Some(_) => {}
        }
    }
    let returns = |name: &str| planned.columns.iter().any(|(column, _)| column == name);
    for (field, required) in &allowed {
        if *required && !returns(&field.name) {
            faults.push(Fault::new("I23", sql(), format!("the query does not return `{}`", field.name)));
        }
    }
    if card.has_share() && !returns("denominator") {
        faults.push(Fault::new("I23", sql(), "the card has a share, but the query does not return `denominator`"));
    }
    let sex = Place::file(&card.file);
    if card.sex && !returns("sex") {
        faults.push(Fault::new("I24", sex, "sex is available by the card, but the query does not return it"));
    } else if !card.sex && returns("sex") {
        faults.push(Fault::new("I24", sex, "sex is not available by the card, but the query returns it"));
    }
    let others = [
        (Dimension::Age, "ages"),
        (Dimension::Group, "groups"),
        (Dimension::Detail, "details"),
        (Dimension::Detail2, "details_2"),
    ];
    for (dimension, word) in others {
        if card.has(dimension) != returns(dimension.column()) {
            let message =
                format!("the card's `{word}` and the query's column `{}` must come together", dimension.column());
            faults.push(Fault::new("I24", Place::file(&card.file), message));
        }
    }
    for read in &card.reads {
        let said: BTreeSet<&str> = read.columns.iter().map(String::as_str).collect();
        let nothing = BTreeSet::new();
        let found = planned.reads.get(&read.extract.table()).unwrap_or(&nothing);
        for column in found.iter().filter(|column| !said.contains(column.as_str())) {
            faults.push(
                Fault::new(
                    "I25",
                    Place::file(&card.file),
                    format!("the query depends on `{column}` of {}, the card does not say so", read.extract),
                )
                .hint(format!("add it under reads: {}", read.extract)),
            );
        }
        for column in said.iter().filter(|column| !found.contains(**column)) {
            faults.push(
                Fault::new(
                    "I26",
                    Place::file(&card.file),
                    format!("the card says that the query depends on `{column}` of {}, it does not", read.extract),
                )
                .hint(format!("take it away under reads: {}", read.extract)),
            );
        }
    }
    faults
}

/// The line of the query that holds the word the engine complains about, where it names one.
fn place_of(card: &Card, message: &str) -> Place {
    let mut place = Place::file(&card.sql_file);
    if let Some(line) = message.split("Line: ").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok()) {
        place.line = Some(line);
        return place;
    }
    let words = message.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| word.len() > 2);
    let after = words.skip_while(|word| !matches!(*word, "named" | "table" | "function")).nth(1);
    let word = after.map(|word| word.rsplit('.').next().unwrap_or(word));
    word.map_or(place, |word| place_of_word(card, word))
}

/// The line of the query that holds a word, in capitals or not.
fn place_of_word(card: &Card, word: &str) -> Place {
    let mut place = Place::file(&card.sql_file);
    let word = word.to_lowercase();
    let line = card.sql.lines().position(|line| line.to_lowercase().contains(&word));
    place.line = line.map(|at| at as u64 + 1);
    place
}
