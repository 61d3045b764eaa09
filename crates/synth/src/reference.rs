//! The reference folder: areas, nationalities and the calibration figures. No such fact stands in this crate's code.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use catalog::Day;

use crate::error::SynthError;
use crate::text::latin;

/// The Flemish Region, and the Brussels-Capital Region.
const FLANDERS: &str = "02000";
const BRUSSELS: &str = "04000";
/// The day as of which areas and groups of countries are taken.
const AREA_DAY: Day = Day(14_975);

/// A municipality of Belgium on 1 January 2011.
pub(crate) struct Municipality {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) arrondissement: String,
    pub(crate) province: String,
    pub(crate) flemish: bool,
    brussels: bool,
    /// The name as the register's file has it: 30 bytes of ISO-8859-1.
    pub(crate) birthplace: Vec<u8>,
}

/// Everything that the reference folder tells.
pub(crate) struct Reference {
    /// All of Belgium, by code.
    pub(crate) municipalities: Vec<Municipality>,
    /// Positions of the Flemish municipalities.
    pub(crate) flemish: Vec<usize>,
    /// Positions of the others, and of those in Brussels among them.
    pub(crate) elsewhere: Vec<usize>,
    pub(crate) brussels: Vec<usize>,
    /// Dutch names of arrondissements, provinces and regions.
    pub(crate) areas: HashMap<String, String>,
    /// By nationality code, 0 to 999: the name as a birthplace, and whether the state is in the European Union.
    pub(crate) nations: Vec<Nation>,
    /// Foreign nationals of a province by code.
    pub(crate) citizens: HashMap<String, Vec<(u16, f64)>>,
    /// Factors on that mix, by municipality.
    pub(crate) local: HashMap<String, HashMap<u16, f64>>,
    /// Persons of foreign origin for each foreign national: by municipality, and the default.
    ratios: HashMap<String, f64>,
    ratio: f64,
    calibration: PathBuf,
}

/// A nationality code of the register.
#[derive(Clone, Default)]
pub(crate) struct Nation {
    pub(crate) birthplace: Option<Vec<u8>>,
    pub(crate) european: bool,
    /// Of the European Free Trade Association, which has had the same four members since 1995.
    pub(crate) trade: bool,
}

impl Reference {
    /// Reads the folder.
    pub(crate) fn read(folder: &Path) -> Result<Reference, SynthError> {
        let calibration = folder.join("calibration");
        let municipalities = municipalities(&folder.join("municipalities.csv"))?;
        let (flemish, elsewhere) = (0..municipalities.len()).partition(|at| municipalities[*at].flemish);
        let brussels = (0..municipalities.len()).filter(|at| municipalities[*at].brussels).collect();
        let areas = Table::read(&folder.join("areas.csv"), &["code", "name"])?;
        let mut citizens: HashMap<String, Vec<(u16, f64)>> = HashMap::new();
        let table = Table::read(&calibration.join("citizenship_mix.csv"), &["province", "code", "persons"])?;
        for row in table.rows() {
            citizens.entry(row.text(0).to_string()).or_default().push((row.code(1)?, row.number(2)?));
        }
        let mut local: HashMap<String, HashMap<u16, f64>> = HashMap::new();
        let table = Table::read(&calibration.join("local_mix.csv"), &["municipality", "code", "factor"])?;
        for row in table.rows() {
            local.entry(row.text(0).to_string()).or_default().insert(row.code(1)?, row.number(2)?);
        }
        let mut ratios = HashMap::new();
        let table = Table::read(&calibration.join("origin_ratio.csv"), &["municipality", "ratio"])?;
        for row in table.rows() {
            ratios.insert(row.text(0).to_string(), row.number(1)?);
        }
        let ratio = ratios.get("*").copied();
        Ok(Reference {
            municipalities,
            flemish,
            elsewhere,
            brussels,
            areas: areas.rows().map(|row| (row.text(0).to_string(), row.text(1).to_string())).collect(),
            nations: nations(folder)?,
            citizens,
            local,
            ratios,
            ratio: ratio
                .ok_or_else(|| SynthError::table(&table.path, 0, "there is no row `*` for the other municipalities"))?,
            calibration,
        })
    }

    /// Persons of foreign origin for each foreign national of a municipality.
    pub(crate) fn origin_ratio(&self, municipality: &str) -> f64 {
        self.ratios.get(municipality).copied().unwrap_or(self.ratio)
    }

    /// A calibration table.
    pub(crate) fn calibration(&self, name: &str, columns: &'static [&'static str]) -> Result<Table, SynthError> {
        Table::read(&self.calibration.join(name), columns)
    }

    /// Position of a Flemish municipality in [`Reference::flemish`], by code.
    pub(crate) fn flemish_position(&self, code: &str) -> Option<usize> {
        let find = |at: &usize| self.municipalities[*at].code.as_str().cmp(code);
        self.flemish.binary_search_by(find).ok()
    }
}

/// The municipalities that existed on the area day.
fn municipalities(path: &Path) -> Result<Vec<Municipality>, SynthError> {
    let columns = ["code", "name", "arrondissement", "province", "region", "valid_from", "valid_to"];
    let table = Table::read(path, &columns)?;
    let mut all = Vec::new();
    for row in table.rows() {
        if !row.holds_on(5, 6, AREA_DAY)? {
            continue;
        }
        if row.text(0).len() != 5 || !row.text(0).bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(row.fault("a municipality's code has five digits"));
        }
        all.push(Municipality {
            code: row.text(0).to_string(),
            name: row.text(1).to_string(),
            arrondissement: row.text(2).to_string(),
            province: row.text(3).to_string(),
            flemish: row.text(4) == FLANDERS,
            brussels: row.text(4) == BRUSSELS,
            birthplace: latin(row.text(1), 30),
        });
    }
    all.sort_by(|a, b| a.code.cmp(&b.code));
    if all.iter().all(|municipality| !municipality.flemish) || all.iter().all(|municipality| municipality.flemish) {
        return Err(SynthError::table(path, 0, "municipalities inside and outside Flanders are needed"));
    }
    Ok(all)
}

/// Names of the nationality codes, and which of them are states of the European Union on the area day.
fn nations(folder: &Path) -> Result<Vec<Nation>, SynthError> {
    let members = ["scheme", "country", "group", "valid_from", "valid_to"];
    let table = Table::read(&folder.join("nationality_group_members.csv"), &members)?;
    let mut european = Vec::new();
    for row in table.rows().filter(|row| row.text(0) == "eu" && row.text(2) == "EU") {
        if row.holds_on(3, 4, AREA_DAY)? {
            european.push(row.text(1).to_string());
        }
    }
    let table = Table::read(&folder.join("nationalities.csv"), &["code", "name", "country"])?;
    let mut nations = vec![Nation::default(); 1_000];
    for row in table.rows() {
        let country = row.text(2);
        nations[usize::from(row.code(0)?)] = Nation {
            birthplace: (!matches!(country, "BE" | "XU" | "XX")).then(|| latin(row.text(1), 30)),
            european: european.iter().any(|member| member == country),
            trade: matches!(country, "CH" | "IS" | "LI" | "NO"),
        };
    }
    Ok(nations)
}

/// A comma-separated table, read whole.
pub(crate) struct Table {
    path: PathBuf,
    /// Where the wanted columns stand.
    columns: Vec<usize>,
    lines: Vec<Vec<String>>,
}

/// A line of a [`Table`]; its columns go by their position among the wanted ones.
pub(crate) struct Row<'t> {
    table: &'t Table,
    at: usize,
}

impl Table {
    /// Reads the file, which must have these columns.
    pub(crate) fn read(path: &Path, wanted: &[&str]) -> Result<Table, SynthError> {
        let text = fs::read_to_string(path).map_err(SynthError::reading(path))?;
        let mut lines = text.trim_start_matches('\u{feff}').lines().map(fields);
        let header = lines.next().unwrap_or_default();
        let mut columns = Vec::new();
        for name in wanted {
            let at = header.iter().position(|column| column == name);
            columns.push(at.ok_or_else(|| SynthError::table(path, 1, format!("column `{name}` is missing")))?);
        }
        let lines: Vec<Vec<String>> = lines.collect();
        for (at, line) in lines.iter().enumerate() {
            if line.len() != header.len() {
                let fault = format!("{} fields where the header has {}", line.len(), header.len());
                return Err(SynthError::table(path, at + 2, fault));
            }
        }
        Ok(Table { path: path.to_path_buf(), columns, lines })
    }

    /// The lines after the header.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.lines.len()).map(|at| Row { table: self, at })
    }
}

impl Row<'_> {
    /// A column as it stands.
    pub(crate) fn text(&self, column: usize) -> &str {
        &self.table.lines[self.at][self.table.columns[column]]
    }

    /// A column as a number that is not negative.
    pub(crate) fn number(&self, column: usize) -> Result<f64, SynthError> {
        let number = self.text(column).parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| self.fault("this is not a number of zero or more"))
    }

    /// A column as a nationality code.
    pub(crate) fn code(&self, column: usize) -> Result<u16, SynthError> {
        let code = self.text(column).parse::<u16>().ok().filter(|code| (100..1_000).contains(code));
        code.ok_or_else(|| self.fault("a nationality code has three digits"))
    }

    /// Whether the row holds on a day; empty means without limit, the end is not included.
    fn holds_on(&self, from: usize, until: usize, on: Day) -> Result<bool, SynthError> {
        let limit = |column: usize| match self.text(column) {
            "" => Ok(None),
            text => text.parse::<Day>().map(Some).map_err(|()| self.fault("this is not a day YYYY-MM-DD")),
        };
        Ok(limit(from)?.is_none_or(|day| day <= on) && limit(until)?.is_none_or(|day| on < day))
    }

    /// A fault at this line.
    pub(crate) fn fault(&self, fault: &str) -> SynthError {
        SynthError::table(&self.table.path, self.at + 2, fault)
    }
}

/// The fields of a line; a field may stand in double quotes.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                fields.last_mut().map(|field| field.push('"')).unwrap_or_default();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().map(|field| field.push(letter)).unwrap_or_default(),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_are_read() {
        assert_eq!(fields("a,\"b, c\",\"d \"\"e\"\"\","), ["a", "b, c", "d \"e\"", ""]);
    }
}
