//! `liim protect`: disclosure control of any table of counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use catalog::fault::did_you_mean;
use catalog::tabulation::{Attacker, FurtherColumn, LARGEST_COUNT, Parents, Tabulation};
use catalog::{Fault, Place};
use protect::attack::{Interval, intervals};
use protect::codes::{CodeFault, code_faults};
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
    let text = std::fs::read_to_string(spec)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", spec.display())))?;
    let tabulation = Tabulation::read(&spec.display().to_string(), &text).map_err(Failure::Unsound)?;
    let beside = spec.parent().unwrap_or(Path::new("."));
    let mut inputs = vec![table.to_path_buf(), spec.to_path_buf()];
    inputs.extend(parents_files(&tabulation).map(|file| beside.join(file)));
    refuse_to_overwrite(&inputs, out)?;
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
    let mut faults: Vec<Fault> = code_faults(&dimensions, &rows, tabulation.add_margins)
        .iter()
        .map(|fault| code_fault(fault, &tabulation, table))
        .collect();
    let laid = match Table::of(&dimensions, &rows, &rule) {
        Ok(laid) if faults.is_empty() => laid,
        Ok(_) => return Err(Failure::Contract(faults)),
        Err(unsound) => {
            faults.extend(told(&unsound, &written, &tabulation, table));
            return Err(Failure::Contract(faults));
        }
    };
    let withheld = secondary::protect(&laid.system, &laid.demand(), secondary::Effort::THOROUGH, 1)?;
    let protected = Protected { laid: &laid, withheld: &withheld.cells, written: &written, columns: &columns };
    if !withheld.exposed.is_empty() {
        return Err(Failure::Exposed(protected.exposed(&withheld.exposed, table)));
    }
    let found = audit.then(|| {
        let asked: Vec<u32> = laid.primary.keys().copied().collect();
        intervals(&laid.system, &withheld.cells, &asked, withheld.moves.values().flatten(), super::threads(global))
    });
    let found = found.transpose()?;
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

/// The files of parents that a description names.
fn parents_files(tabulation: &Tabulation) -> impl Iterator<Item = &String> {
    let schemes = tabulation.dimensions.iter().flat_map(|dimension| &dimension.schemes);
    schemes.filter_map(|scheme| match &scheme.parents {
        Parents::File { file, .. } => Some(file),
        Parents::Given(_) => None,
    })
}

/// Where the outcome is written before it is renamed.
fn staging(out: &Path) -> PathBuf {
    let mut staging = out.as_os_str().to_owned();
    staging.push(".new");
    PathBuf::from(staging)
}

/// Refuses an outcome, or its staging file, that is one of the files read.
fn refuse_to_overwrite(inputs: &[PathBuf], out: &Path) -> Result<(), Failure> {
    for written in [out.to_path_buf(), staging(out)] {
        let Ok(own) = written.canonicalize() else { continue };
        if inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == own)) {
            return Err(Failure::Usage(format!(
                "{} would be overwritten; name another file with --out",
                written.display()
            )));
        }
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

/// Where the dimensions and the count stand in a row, and further columns that are emptied with the count.
struct Columns {
    dimensions: Vec<usize>,
    count: usize,
    emptied: Vec<usize>,
}

fn columns(tabulation: &Tabulation, written: &Written, table: &Path) -> Result<Columns, Failure> {
    let header = &written.header;
    let place = || Place::line(table.display().to_string(), 1);
    let mut faults = header_faults(header, &place());
    let mut at = |name: &str| {
        let found = header.iter().position(|column| column == name);
        if found.is_none() {
            let mut fault = Fault::new("T11", place(), format!("column `{name}` is missing"));
            if let Some(near) = did_you_mean(name, header.iter().map(String::as_str)) {
                fault = fault.hint(format!("is it `{near}`?"));
            } else if let [only] = header.as_slice() {
                let other =
                    [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")].into_iter().find(|(c, _)| only.contains(*c));
                fault = fault.hint(match other {
                    Some((_, name)) => format!("the table is separated by {name}; commas are read"),
                    None => "the table has one column only; commas separate columns".into(),
                });
            }
            faults.push(fault);
        }
        found.unwrap_or(0)
    };
    let dimensions: Vec<usize> = tabulation.dimensions.iter().map(|dimension| at(&dimension.name)).collect();
    let count = at(&tabulation.count);
    let described: Vec<(usize, FurtherColumn)> =
        tabulation.columns.iter().map(|(name, becomes)| (at(name), *becomes)).collect();
    let is_described = |own: &usize| {
        dimensions.contains(own) || *own == count || described.iter().any(|(described, _)| described == own)
    };
    // A figure that stays on the row of a suppressed count can be the count in other words: a share, a copy.
    for own in (0..header.len()).filter(|own| !is_described(own) && has_digits(written, *own)) {
        let name = &header[own];
        faults.push(
            Fault::new("T18", place(), format!("column `{name}` has figures, and the description does not name it"))
                .hint(format!(
                    "add `columns: {{ {name}: emptied }}` where it tells of the count, else `{name}: stays`"
                )),
        );
    }
    if !faults.is_empty() {
        return Err(Failure::Contract(faults));
    }
    let emptied = described.into_iter().filter(|(_, becomes)| *becomes == FurtherColumn::Emptied).map(|(at, _)| at);
    Ok(Columns { dimensions, count, emptied: emptied.collect() })
}

/// Names of columns that are taken, or of which there are two.
fn header_faults(header: &[String], place: &Place) -> Vec<Fault> {
    let mut faults = Vec::new();
    for own in ["withheld", "primary", "low", "high"].into_iter().filter(|own| header.iter().any(|name| name == own)) {
        faults.push(
            Fault::new("T17", place.clone(), format!("the table has a column `{own}` already"))
                .hint("protect the table itself, not what came of it; or rename the column"),
        );
    }
    let mut known = BTreeSet::new();
    for name in header {
        if !known.insert(name.trim().to_lowercase()) {
            faults.push(
                Fault::new("T19", place.clone(), format!("two columns are called `{}`", name.trim()))
                    .hint("name each column once, or leave one out"),
            );
        }
    }
    faults
}

fn has_digits(written: &Written, column: usize) -> bool {
    written.rows.iter().any(|(_, fields)| fields[column].chars().any(char::is_numeric))
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
        Unsound::TooGreat(row) => {
            Fault::new("T20", at(*row), format!("the count, or a sum that it is in, is more than {LARGEST_COUNT}"))
                .hint("counts so great are no counts of persons: is another column the count?")
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

/// A way in which the codes of the table and of the description do not meet, as a fault of the table.
fn code_fault(fault: &CodeFault, tabulation: &Tabulation, table: &Path) -> Fault {
    let of = |dimension: &usize| &tabulation.dimensions[*dimension];
    let scheme = |dimension: &usize, scheme: &usize| of(dimension).schemes[*scheme].name.as_str();
    let place = |dimension: &usize| {
        let mut place = Place::file(table.display().to_string());
        place.column = Some(of(dimension).name.clone());
        place
    };
    match fault {
        CodeFault::NoTotal { dimension, total, like } => {
            let message = format!("no row has the code of the total, `{}`", total.escape_debug());
            Fault::new("T21", place(dimension), message).hint(match like {
                Some(like) => format!("did you mean `{}`?", like.escape_debug()),
                None => "mend `total`; or leave it out where the table has none, or set `margins: add`".into(),
            })
        }
        CodeFault::UndeclaredSum { dimension, sum, components, is_total } => {
            let (few, more) = (components.iter().take(3), components.len().saturating_sub(3));
            let mut named: Vec<String> = few.map(|code| format!("`{}`", code.escape_debug())).collect();
            named.extend((more > 0).then(|| format!("{more} more")));
            let message = format!("`{}` is the sum of {} in all rows", sum.escape_debug(), named.join(", "));
            let hint = if *is_total { "name it as `total`" } else { "name it as their parent under `parents`" };
            Fault::new("T22", place(dimension), message)
                .hint(format!("{hint}; a sum that the description does not have gives its parts away"))
        }
        CodeFault::Alike { dimension, code, other } => {
            let message =
                format!("`{}` and `{}` differ in case or blanks only", code.escape_debug(), other.escape_debug());
            Fault::new("T23", place(dimension), message).hint("write one code in one way")
        }
        CodeFault::Misspelt { dimension, scheme: own, code, like } => {
            let message = format!("no row has the code `{}` of `{}`", code.escape_debug(), scheme(dimension, own));
            Fault::new("T24", place(dimension), message).hint(format!("did you mean `{}`?", like.escape_debug()))
        }
        CodeFault::NoneInTable { dimension, scheme: own, codes, unnamed, of } => {
            let message = format!(
                "{codes} of {codes} codes of the scheme `{}` are in no row, and {unnamed} of {of} codes of the rows are not \
                 in the scheme",
                scheme(dimension, own)
            );
            Fault::new("T24", place(dimension), message).hint("are they written alike, with leading zeros?")
        }
        CodeFault::NoComponents { dimension, scheme: own, parent } => {
            let message = format!(
                "`{}` of `{}` is in the rows, and no code that adds up to it is",
                parent.escape_debug(),
                scheme(dimension, own)
            );
            Fault::new("T24", place(dimension), message).hint("mend the codes of the scheme, or of the table")
        }
    }
}

struct Protected<'p> {
    laid: &'p Table,
    withheld: &'p BTreeSet<u32>,
    written: &'p Written,
    columns: &'p Columns,
}

impl Protected<'_> {
    /// Which counts cannot be protected: their lines and codes.
    fn exposed(&self, exposed: &[(u32, secondary::End)], table: &Path) -> String {
        const NAMED: usize = 20;
        let cells: BTreeSet<u32> = exposed.iter().map(|(cell, _)| *cell).collect();
        let line = |cell: &u32| self.laid.rows[*cell as usize].map(|row| self.written.rows[row].0);
        let mut named: Vec<(Option<u64>, String)> =
            cells.iter().map(|cell| (line(cell), self.laid.codes(*cell).join(", "))).collect();
        named.sort_unstable();
        let mut words: Vec<String> = named
            .iter()
            .take(NAMED)
            .map(|(line, codes)| match line {
                Some(line) => format!("line {line} ({codes})"),
                None => format!("the sum of {codes}"),
            })
            .collect();
        words.extend((named.len() > NAMED).then(|| format!("{} more", named.len() - NAMED)));
        format!(
            "{} small counts of {} could not be protected as far as `margin` asks; nothing was written: {}. Ask for less \
             with `margin`, or publish fewer codes",
            cells.len(),
            table.display(),
            words.join(", ")
        )
    }

    fn write(&self, out: &Path, found: Option<&BTreeMap<u32, Option<Interval>>>) -> Result<(), Failure> {
        let broken =
            |error: &dyn std::fmt::Display| Failure::Broken(format!("cannot write {}: {error}", out.display()));
        let beside = staging(out);
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
            self.columns.emptied.iter().for_each(|at| fields[*at].clear());
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
