//! `liim protect`: disclosure control of any table of counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use catalog::fault::did_you_mean;
use catalog::tabulation::{Attacker, Parents, Tabulation};
use catalog::{Fault, Place};
use protect::attack::{Interval, intervals};
use protect::secondary;
use protect::table::{Dimension, Row, Rule, Table, Unsound};

use crate::args::Global;
use crate::failure::Failure;

/// A table as read: its header, and its rows with their lines.
struct Written {
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

/// Protects a table and writes it with what is withheld.
pub fn protect(global: &Global, table: &Path, spec: &Path, out: &Path, audit: bool) -> Result<(), Failure> {
    let same = |a: &Path, b: &Path| a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b));
    if same(table, out) || same(spec, out) {
        return Err(Failure::Usage(format!("{} would be overwritten; name another file with --out", out.display())));
    }
    let text = std::fs::read_to_string(spec)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", spec.display())))?;
    let tabulation = Tabulation::read(&spec.display().to_string(), &text).map_err(Failure::Unsound)?;
    let beside = spec.parent().unwrap_or(Path::new("."));
    let dimensions = dimensions(&tabulation, beside)?;
    let written = read(table)?;
    let columns = columns(&tabulation, &written, table)?;
    let rows = rows(&written, &columns, table)?;
    let rule = Rule {
        threshold: tabulation.threshold,
        zeros_withheld: tabulation.zeros_withheld,
        zeros_known: tabulation.attacker == Attacker::ZerosShown,
        margin: tabulation.margin,
        add_margins: tabulation.add_margins,
    };
    let laid = Table::of(&dimensions, &rows, &rule)
        .map_err(|unsound| Failure::Contract(told(&unsound, &written, &tabulation, table)))?;
    let withheld = secondary::protect(&laid.system, &laid.demand(), secondary::Effort::THOROUGH, 1);
    let protected = Protected { laid: &laid, withheld: &withheld.cells, written: &written, columns: &columns };
    if !withheld.exposed.is_empty() {
        return Err(Failure::Exposed(protected.exposed(&withheld.exposed, table)));
    }
    let found = audit.then(|| {
        let asked: Vec<u32> = laid.primary.keys().copied().collect();
        intervals(&laid.system, &withheld.cells, &asked, withheld.moves.values().flatten(), super::threads(global))
    });
    protected.write(out, found.as_ref())?;
    let primary = laid.primary.len();
    let secondary = withheld.cells.len() - primary - laid.unseen.len();
    tracing::info!("withheld: small counts {primary}, others that would give them away {secondary}");
    let untold = found.iter().flat_map(|found| found.values()).filter(|interval| interval.is_none()).count();
    if untold > 0 {
        tracing::warn!(count = untold, "intervals could not be found; they have no `low`");
    }
    if audit {
        tracing::warn!("{} has the counts themselves and is not for publication", out.display());
    }
    Ok(())
}

fn dimensions(tabulation: &Tabulation, beside: &Path) -> Result<Vec<Dimension>, Failure> {
    let mut faults = Vec::new();
    let mut found = Vec::new();
    for dimension in &tabulation.dimensions {
        let mut schemes = Vec::new();
        for scheme in &dimension.schemes {
            match &scheme.parents {
                Parents::Given(parents) => schemes.push(parents.clone()),
                Parents::File { file, code, parent, place } => match parents(&beside.join(file), code, parent) {
                    Ok(parents) => schemes.push(parents),
                    Err(message) => faults.push(Fault::new("T09", place.clone(), message)),
                },
            }
        }
        found.push(Dimension { total: dimension.total.clone(), schemes });
    }
    if faults.is_empty() { Ok(found) } else { Err(Failure::Unsound(faults)) }
}

/// Parents by code from a file; a message where there are none to be had.
fn parents(file: &Path, code: &str, parent: &str) -> Result<BTreeMap<String, String>, String> {
    let shown = file.display();
    let written = written(file).map_err(|message| format!("{shown}: {message}"))?;
    let at = |name: &str| {
        written.header.iter().position(|column| column == name).ok_or(format!("{shown} has no column `{name}`"))
    };
    let (code, parent) = (at(code)?, at(parent)?);
    let mut found = BTreeMap::new();
    for (line, fields) in &written.rows {
        if found.insert(fields[code].clone(), fields[parent].clone()).is_some_and(|before| before != fields[parent]) {
            return Err(format!("{shown}, line {line}: the code has another parent before"));
        }
    }
    Ok(found)
}

fn read(table: &Path) -> Result<Written, Failure> {
    written(table).map_err(|message| {
        Failure::Contract(vec![Fault::new("T10", Place::file(table.display().to_string()), message)])
    })
}

fn written(file: &Path) -> Result<Written, String> {
    let mut reader = csv::ReaderBuilder::new().from_path(file).map_err(|error| plain(&error))?;
    let header = reader.headers().map_err(|error| plain(&error))?;
    let header: Vec<String> = header.iter().map(|name| name.trim_start_matches('\u{feff}').to_string()).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| plain(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push((line, record.iter().map(str::to_string).collect()));
    }
    if rows.is_empty() { Err("the table has no rows".into()) } else { Ok(Written { header, rows }) }
}

/// What is wrong with a file, without its contents.
fn plain(error: &csv::Error) -> String {
    let line = error.position().map(|position| format!("line {}: ", position.line())).unwrap_or_default();
    match error.kind() {
        csv::ErrorKind::Io(error) => format!("cannot be read: {error}"),
        csv::ErrorKind::Utf8 { .. } => format!("{line}not UTF-8"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{line}{len} fields where the header has {expected_len}")
        }
        _ => format!("{line}not a table of comma-separated values"),
    }
}

/// Where the dimensions and the count stand in a row.
struct Columns {
    dimensions: Vec<usize>,
    count: usize,
}

fn columns(tabulation: &Tabulation, written: &Written, table: &Path) -> Result<Columns, Failure> {
    let mut faults = Vec::new();
    for own in
        ["withheld", "primary", "low", "high"].into_iter().filter(|own| written.header.iter().any(|name| name == own))
    {
        let place = Place::line(table.display().to_string(), 1);
        faults.push(
            Fault::new("T17", place, format!("the table has a column `{own}` already"))
                .hint("protect the table itself, not what came of it; or rename the column"),
        );
    }
    let mut at = |name: &str| {
        let found = written.header.iter().position(|column| column == name);
        if found.is_none() {
            let place = Place::line(table.display().to_string(), 1);
            let mut fault = Fault::new("T11", place, format!("column `{name}` is missing"));
            if let Some(near) = did_you_mean(name, written.header.iter().map(String::as_str)) {
                fault = fault.hint(format!("is it `{near}`?"));
            }
            faults.push(fault);
        }
        found.unwrap_or(0)
    };
    let columns = Columns {
        dimensions: tabulation.dimensions.iter().map(|dimension| at(&dimension.name)).collect(),
        count: at(&tabulation.count),
    };
    if faults.is_empty() { Ok(columns) } else { Err(Failure::Contract(faults)) }
}

fn rows(written: &Written, columns: &Columns, table: &Path) -> Result<Vec<Row>, Failure> {
    let mut faults = Vec::new();
    let mut rows = Vec::new();
    for (line, fields) in &written.rows {
        match fields[columns.count].trim().parse() {
            Ok(count) => {
                rows.push(Row { codes: columns.dimensions.iter().map(|at| fields[*at].clone()).collect(), count });
            }
            Err(_) => {
                let mut place = Place::line(table.display().to_string(), *line);
                place.column = Some(written.header[columns.count].clone());
                faults.push(Fault::new("T12", place, "not a whole number"));
            }
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(Failure::Contract(faults)) }
}

fn told(unsound: &[Unsound], written: &Written, tabulation: &Tabulation, table: &Path) -> Vec<Fault> {
    let file = table.display().to_string();
    let at = |row: usize| Place::line(&file, written.rows[row].0);
    let fault = |unsound: &Unsound| match unsound {
        Unsound::Twice(row) => Fault::new("T13", at(*row), "the same codes as in a row before"),
        Unsound::Negative(row) => Fault::new("T12", at(*row), "a count below zero"),
        Unsound::NoSum { row, parts } => {
            Fault::new("T14", at(*row), format!("the count is not what its parts add up to, {parts}"))
                .hint("protection rests on the sums: mend the table, or the parents in the description")
        }
        Unsound::Circle(dimension, _) => {
            let name = &tabulation.dimensions[*dimension].name;
            Fault::new("T15", Place::file(&file), format!("a code of `{name}` is its own ancestor"))
        }
        Unsound::TooLarge => Fault::new("T16", Place::file(&file), "more combinations of codes than fit, four million")
            .hint("protect tables that share no sums apart"),
    };
    unsound.iter().map(fault).collect()
}

struct Protected<'p> {
    laid: &'p Table,
    withheld: &'p BTreeSet<u32>,
    written: &'p Written,
    columns: &'p Columns,
}

impl Protected<'_> {
    fn exposed(&self, exposed: &[(u32, secondary::End)], table: &Path) -> String {
        let cells: BTreeSet<u32> = exposed.iter().map(|(cell, _)| *cell).collect();
        let mut lines: Vec<u64> = cells
            .iter()
            .filter_map(|cell| self.laid.rows[*cell as usize])
            .map(|row| self.written.rows[row].0)
            .collect();
        lines.sort_unstable();
        let shown: Vec<String> = lines.iter().take(5).map(u64::to_string).collect();
        let more = if lines.len() > 5 { " and others" } else { "" };
        format!(
            "{} small counts could not be protected, those of {}, lines {}{more} among them; nothing was written. \
             Ask for less with `margin`, or publish fewer codes",
            cells.len(),
            table.display(),
            shown.join(", ")
        )
    }

    fn write(&self, out: &Path, found: Option<&BTreeMap<u32, Option<Interval>>>) -> Result<(), Failure> {
        let broken =
            |error: &dyn std::fmt::Display| Failure::Broken(format!("cannot write {}: {error}", out.display()));
        let mut beside = out.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut options = OpenOptions::new();
        // What a run that was stopped left here may be open to others.
        if let Err(error) = std::fs::remove_file(&beside)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(broken(&error));
        }
        options.write(true).create_new(true).mode(if found.is_some() { 0o600 } else { 0o644 });
        let file = options.open(&beside).map_err(|error| broken(&error))?;
        self.write_rows(file, found).map_err(|error| broken(&error))?;
        std::fs::rename(&beside, out).map_err(|error| broken(&error))
    }

    fn write_rows(&self, file: File, found: Option<&BTreeMap<u32, Option<Interval>>>) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        let mut header = self.written.header.clone();
        header.push("withheld".into());
        if found.is_some() {
            header.extend(["primary", "low", "high"].map(String::from));
        }
        writer.write_record(&header)?;
        let mut by_row: BTreeMap<usize, u32> = BTreeMap::new();
        for (cell, row) in self.laid.rows.iter().enumerate() {
            by_row.extend(row.map(|row| (row, cell as u32)));
        }
        for (row, (_, fields)) in self.written.rows.iter().enumerate() {
            writer.write_record(self.record(fields.clone(), by_row[&row], found))?;
        }
        // Sums that were added stand below, in the order of their codes.
        for cell in (0..self.laid.system.len() as u32).filter(|cell| self.is_added(*cell)) {
            let mut fields = vec![String::new(); self.written.header.len()];
            for (code, at) in self.laid.codes(cell).into_iter().zip(&self.columns.dimensions) {
                fields[*at] = code.to_string();
            }
            fields[self.columns.count] = self.laid.system.figure(cell).value.to_string();
            writer.write_record(self.record(fields, cell, found))?;
        }
        writer.flush()?;
        writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))?.flush()?;
        Ok(())
    }

    fn is_added(&self, cell: u32) -> bool {
        self.laid.rows[cell as usize].is_none() && self.laid.added.contains(&cell)
    }

    fn record(
        &self,
        mut fields: Vec<String>,
        cell: u32,
        found: Option<&BTreeMap<u32, Option<Interval>>>,
    ) -> Vec<String> {
        let withheld = self.withheld.contains(&cell);
        // A table with the counts is for who protects it; what may leave has none of those withheld.
        if withheld && found.is_none() {
            fields[self.columns.count].clear();
        }
        fields.push(withheld.to_string());
        if let Some(found) = found {
            fields.push(self.laid.primary.contains_key(&cell).to_string());
            let interval = found.get(&cell).copied().flatten();
            fields.push(interval.map(|interval| interval.low.to_string()).unwrap_or_default());
            fields.push(interval.and_then(|interval| interval.high).map(|high| high.to_string()).unwrap_or_default());
        }
        fields
    }
}
