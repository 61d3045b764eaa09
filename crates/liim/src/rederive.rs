//! The second derivation of the link: the SQL of [`link::sql`] over the landed rows, and the comparison with what linking
//! wrote, column by column and person by person.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringArray, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use catalog::contract::{ColumnKind, Extract, ExtractId, Linking};
use catalog::origin::OriginDefinition;
use catalog::pipeline::Edition;
use catalog::project::Project;
use catalog::schema::{
    BIRTH, Field, Type, UNREADABLE, nationality_group, origin_class, origin_decided_by, origin_group,
};
use catalog::{Day, Period};
use ingest::delivery::Delivery;
use ingest::landed_schema;
use link::{Permutation, Register, sql};
use warehouse::WarehouseError;
use warehouse::session::{Limits, Session};

use crate::deliveries::Chosen;
use crate::failure::Failure;
use crate::linking::{self, Tables};
use crate::progress;
use crate::stages::Workshop;

/// What the comparison found of the residents of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Persons that both have.
    pub persons: u64,
    /// Persons that only one of the two has.
    pub missing: u64,
    /// Columns compared.
    pub columns: u64,
    /// Values that differ, by column.
    pub differing: BTreeMap<String, u64>,
}

/// A table of the landed rows under the names that the SQL knows.
struct Role {
    table: &'static str,
    /// Column of the landed table, and its name in the SQL.
    columns: Vec<(String, String)>,
    /// What is made of columns of the landed table, and its name in the SQL.
    derived: Vec<(String, String)>,
}

/// Derives the residents of every day that an edition counts, and compares them.
pub fn compare(
    workshop: &Workshop<'_>,
    edition: &Edition,
    chosen: &Chosen,
    rows_of: &(dyn Fn(&Delivery) -> PathBuf + Sync),
    tables: &Tables,
) -> Result<BTreeMap<Period, Compared>, Failure> {
    let project = workshop.project;
    let folder = workshop.warehouse.second_derivation();
    let session = Session::new(&Limits { spill: Some(folder.join("spill")), ..workshop.limits.clone() })?;
    let (origins, schemes) = linking::needs(project, edition);
    let days: Vec<(&ExtractId, Period)> = chosen
        .by_period
        .keys()
        .filter(|(id, _)| project.extract(id).is_some_and(|extract| matches!(extract.linking, Linking::Persons { .. })))
        .map(|(id, period)| (id, *period))
        .collect();
    if days.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ranks = Arc::new(ranks(project, chosen, rows_of)?);
    let own = Arc::clone(&ranks);
    session.register_function(RANK, move |number| own.of(number));
    inputs(project, edition, chosen, rows_of, &session, &days)?;
    inside(project, &origins, &session)?;
    let ids: Vec<&str> = origins.iter().map(|origin| origin.id.as_str()).collect();
    for (step, text) in sql::STEPS.iter().filter(|(step, _)| sql::is_wanted(step, &ids)) {
        progress::doing(&format!("deriving the link again: {step}"));
        let rows = session.derive(step, text, &folder.join(format!("{step}.parquet")))?;
        tracing::debug!(stage = "verify", rows, "{step}");
    }
    let threads = workshop.limits.threads;
    let register = linking::register((project, threads), edition, chosen, rows_of, &mut BTreeMap::new())?;
    let numbers = Permutation::new(&crate::key::read(project)?, &edition.id, register.count());
    let mut found = BTreeMap::new();
    for (id, period) in days {
        let Some(linked) = tables.get(&(id.clone(), period)) else { continue };
        let mut compared = Compared::default();
        for part in parts(&origins, &schemes.iter().map(String::as_str).collect::<Vec<_>>(), period.start()) {
            part.compare(&session, linked, (&register, &numbers, &ranks), &mut compared)?;
        }
        found.insert(period, compared);
    }
    Ok(found)
}

fn role(extract: &Extract) -> Option<Role> {
    let named = |columns: &[(&String, &str)]| -> Vec<(String, String)> {
        columns.iter().map(|(stored, name)| ((*stored).clone(), (*name).to_string())).collect()
    };
    let dated = |columns: &[(&String, &str)]| -> Vec<(String, String)> {
        columns.iter().map(|(stored, name)| (written(extract, stored), (*name).to_string())).collect()
    };
    let (table, columns, derived) = match &extract.linking {
        Linking::Persons { person, birth, sex, register, area } => (
            "persons",
            named(&[(person, "person"), (birth, "birth"), (sex, "sex"), (register, "register"), (area, "area")]),
            Vec::new(),
        ),
        Linking::Nationalities { person, order, from, until, nationality, registered_on } => {
            let mut derived = dated(&[(from, "valid_from"), (until, "valid_until"), (registered_on, "registered_on")]);
            derived.push((unreadable(&[until]), "until_unreadable".into()));
            ("nationalities", named(&[(person, "person"), (order, "ord"), (nationality, "code")]), derived)
        }
        Linking::Filiations { person, parent, number, sex, from, until, registered_on } => {
            let mut derived = dated(&[(from, "valid_from"), (until, "valid_until"), (registered_on, "registered_on")]);
            let all = [person, parent, number, sex, from, until, registered_on];
            derived.push((unreadable(&all), "unreadable".into()));
            ("filiations", named(&[(person, "child"), (parent, "parent"), (number, "number"), (sex, "sex")]), derived)
        }
        Linking::Replacements { old, new, on, registered_on } => (
            "replacements",
            named(&[(old, "old_person"), (new, "new_person"), (on, "replaced_on"), (registered_on, "registered_on")]),
            Vec::new(),
        ),
        _ => return None,
    };
    Some(Role { table, columns, derived })
}

fn quoted(column: &str) -> String {
    format!("\"{column}\"")
}

/// A date of a history as `YYYYMMDD`, as the SQL reads it.
fn written(extract: &Extract, column: &str) -> String {
    let name = quoted(column);
    match extract.column(column).map(|at| &extract.columns[at].kind) {
        Some(ColumnKind::PartialDay) => name,
        _ => format!("CAST(to_char({name}, '%Y%m%d') AS INTEGER)"),
    }
}

/// Whether one of these columns of a row of a history could not be read.
fn unreadable(columns: &[&String]) -> String {
    let named: Vec<String> =
        columns.iter().map(|column| format!("strpos(\"{UNREADABLE}\", ' {column} ') > 0")).collect();
    format!("COALESCE({}, FALSE)", named.join(" OR "))
}

/// The names under which the SQL knows persons.
const IDENTIFIERS: [&str; 5] = ["person", "child", "parent", "old_person", "new_person"];
/// The function that puts its rank in the place of a number.
const RANK: &str = "rank_of_number";

/// The national numbers of all that is linked, in order. The engine is given the place of a number and not the number, so
/// that what it puts aside, and the tables between, hold none. Places are in the order of the numbers, which decides
/// between two replacements of one day.
struct Ranks(Vec<i64>);

impl Ranks {
    /// The place of a number; -1 where it is in no delivery.
    fn of(&self, number: i64) -> i64 {
        self.0.binary_search(&number).map_or(-1, |at| at as i64)
    }

    /// The number at a place.
    fn number(&self, at: i64) -> Option<i64> {
        self.0.get(usize::try_from(at).ok()?).copied()
    }
}

fn is_coded(extract: &Extract, column: &str) -> bool {
    extract.column(column).is_some_and(|at| extract.columns[at].kind == ColumnKind::Coded)
}

fn ranks(
    project: &Project,
    chosen: &Chosen,
    rows_of: &(dyn Fn(&Delivery) -> PathBuf + Sync),
) -> Result<Ranks, Failure> {
    let mut all: Vec<i64> = Vec::new();
    for delivery in &chosen.register {
        let Some(extract) = project.extract(&delivery.extract) else { continue };
        let Some(role) = role(extract) else { continue };
        let stored: Vec<&str> = (role.columns.iter())
            .filter(|(stored, name)| IDENTIFIERS.contains(&name.as_str()) && !is_coded(extract, stored))
            .map(|(stored, _)| stored.as_str())
            .collect();
        if stored.is_empty() {
            continue;
        }
        for batch in warehouse::store::rows(&rows_of(delivery), &stored)? {
            let batch = batch?;
            for name in &stored {
                let numbers: &Int64Array = array(&batch, name)?;
                all.extend(numbers.iter().flatten());
            }
        }
        all.sort_unstable();
        all.dedup();
    }
    Ok(Ranks(all))
}

/// Makes the input tables of the SQL.
fn inputs(
    project: &Project,
    edition: &Edition,
    chosen: &Chosen,
    rows_of: &(dyn Fn(&Delivery) -> PathBuf + Sync),
    session: &Session,
    days: &[(&ExtractId, Period)],
) -> Result<(), WarehouseError> {
    let mut unions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (number, delivery) in chosen.register.iter().enumerate() {
        let laid_out = |extract: &'_ Extract| extract.for_period(delivery.period).cloned();
        let Some(extract) = &project.extract(&delivery.extract).and_then(laid_out) else { continue };
        let Some(role) = role(extract) else { continue };
        let own = format!("landed_{number}");
        let schema = landed_schema(extract);
        let stored = schema.fields().iter().map(|field| (field.name().clone(), field.name().clone()));
        session.register_files(&own, &[rows_of(delivery)], &stored.collect::<Vec<_>>())?;
        let chosen = |(stored, name): &(String, String)| {
            let is_number = IDENTIFIERS.contains(&name.as_str()) && !is_coded(extract, stored);
            let column = quoted(stored);
            if is_number { format!("{RANK}({column}) AS {name}") } else { format!("{column} AS {name}") }
        };
        let derived = role.derived.iter().map(|(expression, name)| format!("{expression} AS {name}"));
        let names: Vec<String> = role.columns.iter().map(chosen).chain(derived).collect();
        let which = match role.table {
            "persons" => {
                format!("CAST({number} AS BIGINT) AS delivery, DATE '{}' AS day, ", delivery.period.start())
            }
            _ => String::new(),
        };
        unions.entry(role.table).or_default().push(format!("SELECT {which}{} FROM {own}", names.join(", ")));
    }
    for (table, selects) in &unions {
        session.register_view(table, &selects.join(" UNION ALL "))?;
    }
    session.register_view("edition", &format!("SELECT DATE '{}' AS cut_off", edition.cut_off))?;
    let days: Vec<String> = days.iter().map(|(_, period)| format!("(DATE '{}')", period.start())).collect();
    session.register_view("reference_days", &format!("SELECT column1 AS day FROM (VALUES {})", days.join(", ")))?;
    let text = |name: &str| Field { name: name.to_string(), kind: Type::Text, nullable: false };
    let fields: Vec<Field> = ["scheme", "code", "grp", "valid_from", "valid_to"].map(text).into();
    let first_and_last: (Day, Day) = (Day::new_year(1000), Day::new_year(9999));
    let rows: Vec<Vec<String>> = project
        .reference
        .group_memberships()
        .map(|(scheme, code, group, from, until)| {
            let (from, until) = (from.max(first_and_last.0), until.min(first_and_last.1));
            vec![scheme.to_string(), code.to_string(), group.to_string(), from.to_string(), until.to_string()]
        })
        .collect();
    session.register_texts("group_members_written", &fields, &rows)?;
    session.register_view(
        "group_members",
        "SELECT scheme, code, grp, CAST(valid_from AS DATE) AS valid_from, CAST(valid_to AS DATE) AS valid_to \
         FROM group_members_written",
    )
}

/// The groups that count as Belgian for VDAB's definition, by its own file.
fn inside(project: &Project, origins: &[&OriginDefinition], session: &Session) -> Result<(), WarehouseError> {
    let mut rows = Vec::new();
    for (scheme, groups) in origins.iter().filter_map(|origin| origin.counts_as_belgian.as_ref()) {
        let Some(scheme) = project.reference.schemes.get(scheme) else { continue };
        for group in &scheme.groups {
            if scheme.lineage(&group.code).iter().any(|code| groups.iter().any(|known| known == code)) {
                rows.push(vec![group.code.clone()]);
            }
        }
    }
    session.register_texts("vdab_inside", &[Field { name: "grp".into(), kind: Type::Text, nullable: false }], &rows)
}

/// Columns that are compared in one go.
struct Part {
    query: String,
    /// Columns of the linked table, in the order in which the query gives them after the person.
    columns: Vec<String>,
}

/// The queries that give each column of the residents of a day.
fn parts(origins: &[&OriginDefinition], schemes: &[&str], day: Day) -> Vec<Part> {
    // What is not known is in the group of what was never determined.
    let group = |scheme: &str, code: &str, alias: &str| {
        format!(
            " JOIN group_members AS {alias} ON {alias}.scheme = '{scheme}' AND {alias}.code = COALESCE({code}, '999') \
             AND {alias}.valid_from <= DATE '{day}' AND DATE '{day}' < {alias}.valid_to"
        )
    };
    let own = ["area", "sex", "age", BIRTH, "register", "nationality", "parents_known", "generation"];
    let mut selected: Vec<String> = own.iter().map(|name| format!("r.{name}")).collect();
    let mut columns: Vec<String> = own.map(str::to_string).to_vec();
    let mut joins = String::new();
    for (at, scheme) in schemes.iter().enumerate() {
        selected.push(format!("g{at}.grp"));
        columns.push(nationality_group(scheme));
        joins.push_str(&group(scheme, "r.nationality", &format!("g{at}")));
    }
    let numbered = |selected: Vec<String>| -> String {
        selected.iter().enumerate().map(|(at, name)| format!(", {name} AS c{at}")).collect()
    };
    let mut found = vec![Part {
        query: format!(
            "SELECT r.person{} FROM residents_linked AS r{joins} WHERE r.day = DATE '{day}'",
            numbered(selected)
        ),
        columns,
    }];
    for origin in origins {
        let Some(table) = sql::table_of(&origin.id) else { continue };
        let mut selected = vec!["o.class".to_string(), "o.decided_by".to_string()];
        let mut columns = vec![origin_class(&origin.id), origin_decided_by(&origin.id)];
        let mut joins = String::new();
        for (at, scheme) in schemes.iter().enumerate() {
            selected.push(format!("g{at}.grp"));
            columns.push(origin_group(&origin.id, scheme));
            joins.push_str(&group(scheme, "o.grp_code", &format!("g{at}")));
        }
        found.push(Part {
            query: format!("SELECT o.person{} FROM {table} AS o{joins} WHERE o.day = DATE '{day}'", numbered(selected)),
            columns,
        });
    }
    found
}

impl Part {
    fn compare(
        &self,
        session: &Session,
        linked: &Path,
        (register, numbers, ranks): (&Register, &Permutation, &Ranks),
        compared: &mut Compared,
    ) -> Result<(), Failure> {
        // By person number: a key of the values that occur, for each column.
        let mut values: Vec<HashMap<String, u16>> = vec![HashMap::new(); self.columns.len()];
        let mut known: Vec<Vec<u16>> = vec![vec![0; register.count() as usize]; self.columns.len()];
        let mut there = vec![false; register.count() as usize];
        let mut wanted: Vec<&str> = vec!["person"];
        wanted.extend(self.columns.iter().map(String::as_str));
        for batch in warehouse::store::rows(linked, &wanted)? {
            let batch = batch?;
            let person: &UInt32Array = array(&batch, "person")?;
            for at in 0..batch.num_rows() {
                if let Some(place) = there.get_mut(person.value(at) as usize) {
                    *place = true;
                }
            }
            for (column, name) in self.columns.iter().enumerate() {
                let texts = words(batch.column_by_name(name))?;
                for at in 0..batch.num_rows() {
                    if let Some(place) = known[column].get_mut(person.value(at) as usize) {
                        *place = key(&mut values[column], word(&texts, at));
                    }
                }
            }
        }
        let mut seen = vec![false; register.count() as usize];
        let mut strange = 0;
        session.each(&self.query, &mut |batch| {
            let person = batch.column(0);
            let position = |at: usize| match person.as_any().downcast_ref::<Int64Array>() {
                Some(persons) => ranks.number(persons.value(at)).and_then(|number| register.position(number)),
                None => person
                    .as_any()
                    .downcast_ref::<StringArray>()
                    .and_then(|persons| register.position_of_coded(persons.value(at))),
            };
            let derived: Vec<StringArray> = batch.columns()[1..]
                .iter()
                .map(|column| words(Some(column)))
                .collect::<Result<_, Failure>>()
                .map_err(|failure| WarehouseError::Engine(failure.words()))?;
            for at in 0..batch.num_rows() {
                let number = position(at).map(|position| numbers.number(position) as usize);
                let Some(number) = number.filter(|number| there[*number] && !seen[*number]) else {
                    strange += 1;
                    continue;
                };
                seen[number] = true;
                for (column, texts) in derived.iter().enumerate() {
                    if values[column].get(word(texts, at)) != Some(&known[column][number]) {
                        *compared.differing.entry(self.columns[column].clone()).or_default() += 1;
                    }
                }
            }
            Ok(())
        })?;
        let both = seen.iter().filter(|seen| **seen).count() as u64;
        let only_linked = there.iter().filter(|there| **there).count() as u64 - both;
        compared.missing = compared.missing.max(strange + only_linked);
        compared.persons = both;
        compared.columns += self.columns.len() as u64;
        Ok(())
    }
}

/// The key of a text, a new one if need be; no column has more than a few hundred values.
fn key(values: &mut HashMap<String, u16>, text: &str) -> u16 {
    match values.get(text) {
        Some(key) => *key,
        None => {
            let next = values.len() as u16;
            values.insert(text.to_string(), next);
            next
        }
    }
}

/// The values of a column as text.
fn words(column: Option<&ArrayRef>) -> Result<StringArray, Failure> {
    let plain = column.and_then(|column| cast(column, &DataType::Utf8).ok());
    let texts = plain.as_ref().and_then(|plain| plain.as_any().downcast_ref::<StringArray>().cloned());
    texts.ok_or_else(|| Failure::Broken("a linked table lacks a column that was compared".into()))
}

/// The text of a row; what is empty is an empty text.
fn word(texts: &StringArray, at: usize) -> &str {
    if texts.is_valid(at) { texts.value(at) } else { "" }
}

fn array<'b, A: Array + 'static>(batch: &'b RecordBatch, name: &str) -> Result<&'b A, Failure> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref())
        .ok_or_else(|| Failure::Broken(format!("a linked table has no column {name}")))
}
