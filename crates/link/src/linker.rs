//! From landed rows to linked rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int32Array, StringArray, UInt16Array, UInt32Array,
};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt16Type};
use arrow::record_batch::RecordBatch;
use catalog::contract::{AsOf, ColumnKind, Extract, Form, Linking};
use catalog::origin::{DecidedBy, OriginDefinition};
use catalog::reference::Reference;
use catalog::schema::{kept_columns, nationality_group, origin_class, origin_decided_by, origin_group};
use catalog::{Day, Period};

use crate::LinkError;
use crate::attributes::{Facts, Groups};
use crate::columns::{days, numbers, texts};
use crate::number::Permutation;
use crate::register::{NO_CODE, Register};

/// How many rows of an extract could be linked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Landed rows.
    pub rows: u64,
    /// Rows whose person is in the register.
    pub linked: u64,
    /// Rows left out because the person is not resident on the day.
    pub not_resident: u64,
    /// Rows left out because the person, under another number, is there already.
    pub repeated: u64,
    /// Persons of the population that are there, by position.
    seen: Vec<bool>,
}

/// Gives landed rows their attributes.
pub struct Linker<'l> {
    register: &'l Register,
    numbers: &'l Permutation,
    definitions: Vec<&'l OriginDefinition>,
    schemes: Vec<(&'l str, Groups<'l>)>,
    codes: Arc<StringArray>,
    code_names: Vec<Option<u16>>,
    /// Persons of facts whom the register does not know: each keeps a number of its own, or they would count as one.
    strangers: HashMap<Stranger, u32>,
    stranger_numbers: Permutation,
}

/// Somebody the register does not know, by what the supplier calls them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stranger {
    Number(i64),
    Coded(Box<str>),
}

/// Whom a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Known(u32),
    Stranger(u32),
    Nobody,
}

/// Numbers of strangers lie above those of the register, within this many.
const STRANGERS: u32 = 1 << 30;

/// Attributes in the making, one place a row.
struct Made {
    person: Vec<Option<u32>>,
    as_of: Vec<i32>,
    sex: Vec<Option<u16>>,
    age: Vec<Option<i32>>,
    nationality: Vec<Option<u16>>,
    nationality_groups: Vec<Vec<u16>>,
    classes: Vec<Vec<Option<u16>>>,
    decided_by: Vec<Vec<Option<u16>>>,
    origin_groups: Vec<Vec<u16>>,
}

impl<'l> Linker<'l> {
    /// A linker for the origin definitions and group schemes that an edition needs.
    pub fn new(
        register: &'l Register,
        numbers: &'l Permutation,
        reference: &'l Reference,
        definitions: Vec<&'l OriginDefinition>,
        schemes: Vec<&'l str>,
    ) -> Linker<'l> {
        let schemes = schemes
            .into_iter()
            .filter_map(|name| Some((name, Groups::new(reference, reference.schemes.get(name)?))))
            .collect();
        let codes: Vec<&str> = reference.nationalities.keys().map(String::as_str).collect();
        let mut code_names = vec![None; 1_000];
        for (at, code) in codes.iter().enumerate() {
            if let Some(place) = code.parse::<usize>().ok().and_then(|code| code_names.get_mut(code)) {
                *place = Some(at as u16);
            }
        }
        Linker {
            register,
            stranger_numbers: numbers.of_strangers(STRANGERS),
            numbers,
            definitions,
            schemes,
            codes: Arc::new(StringArray::from(codes)),
            code_names,
            strangers: HashMap::new(),
        }
    }

    /// Links a landed batch of an extract delivered for a period.
    pub fn link(
        &mut self,
        extract: &Extract,
        period: Period,
        batch: &RecordBatch,
        tally: &mut Tally,
    ) -> Result<RecordBatch, LinkError> {
        tally.rows += batch.num_rows() as u64;
        match &extract.linking {
            Linking::Persons { person, register, area, .. } => {
                // Only who lives somewhere on the day is of the population of that day.
                let resident: BooleanArray = texts(batch, area)?.iter().map(|area| Some(area.is_some())).collect();
                tally.not_resident += (batch.num_rows() - resident.true_count()) as u64;
                let batch = filter_record_batch(batch, &resident)?;
                let persons = self.positions(&batch, person, false)?;
                tally.seen.resize(self.register.count() as usize, false);
                let first: BooleanArray = persons
                    .iter()
                    .map(|person| {
                        Some(match person {
                            Who::Known(person) => !std::mem::replace(&mut tally.seen[*person as usize], true),
                            _ => true,
                        })
                    })
                    .collect();
                tally.repeated += (batch.num_rows() - first.true_count()) as u64;
                let batch = filter_record_batch(&batch, &first)?;
                let persons = self.positions(&batch, person, false)?;
                tally.linked += batch.num_rows() as u64;
                let day = vec![period.start().0; batch.num_rows()];
                let made = self.attributes(&persons, day);
                let own = (texts(&batch, area)?, Some(texts(&batch, register)?));
                self.batch(extract, &batch, made, own)
            }
            Linking::Facts { person, key, as_of, area } => {
                let persons = self.positions(batch, person, key.is_some())?;
                tally.linked += persons.iter().filter(|who| matches!(who, Who::Known(_))).count() as u64;
                let made = self.attributes(&persons, dates(as_of, period, batch)?);
                let nowhere;
                let area = match area {
                    Some(area) => texts(batch, area)?,
                    None => {
                        nowhere = StringArray::new_null(batch.num_rows());
                        &nowhere
                    }
                };
                self.batch(extract, batch, made, (area, None))
            }
            Linking::Unlinked { nationality, as_of, area } => {
                let dates = dates(as_of, period, batch)?;
                let nationality = texts(batch, nationality)?;
                let mut made = self.attributes(&vec![Who::Nobody; batch.num_rows()], dates);
                for at in 0..batch.num_rows() {
                    let code = if nationality.is_valid(at) {
                        nationality.value(at).parse().unwrap_or(NO_CODE)
                    } else {
                        NO_CODE
                    };
                    made.nationality[at] = self.code_names[usize::from(code)];
                    for (groups, (_, scheme)) in made.nationality_groups.iter_mut().zip(&mut self.schemes) {
                        groups[at] = scheme.of(code, Day(made.as_of[at]));
                    }
                }
                self.batch(extract, batch, made, (texts(batch, area)?, None))
            }
            _ => Err(LinkError::Column("a role that gives rows".into())),
        }
    }

    /// The schema of an extract's linked rows.
    pub fn schema(&self, extract: &Extract) -> SchemaRef {
        let code = || DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8));
        let mut fields = vec![
            Field::new("person", DataType::UInt32, true),
            Field::new("as_of", DataType::Date32, false),
            Field::new("area", code(), true),
            Field::new("sex", code(), true),
            Field::new("age", DataType::Int32, true),
            Field::new("register", code(), true),
            Field::new("nationality", code(), true),
        ];
        for (scheme, _) in &self.schemes {
            fields.push(Field::new(nationality_group(scheme), code(), true));
        }
        for definition in &self.definitions {
            fields.push(Field::new(origin_class(&definition.id), code(), true));
            fields.push(Field::new(origin_decided_by(&definition.id), code(), true));
            for (scheme, _) in &self.schemes {
                fields.push(Field::new(origin_group(&definition.id, scheme), code(), true));
            }
        }
        for at in kept_columns(extract) {
            let column = &extract.columns[at];
            let kind = match column.kind {
                ColumnKind::Text | ColumnKind::Coded => DataType::Utf8,
                ColumnKind::Code(_) => code(),
                ColumnKind::Insz | ColumnKind::Count | ColumnKind::Decimal(_) | ColumnKind::Year => DataType::Int64,
                ColumnKind::Day | ColumnKind::Month | ColumnKind::Quarter | ColumnKind::SchoolYear => DataType::Date32,
                ColumnKind::PartialDay => DataType::Int32,
            };
            fields.push(Field::new(&column.name, kind, column.optional));
        }
        if let Form::Workbook { sheet_column, .. } = &extract.form {
            fields.push(Field::new(sheet_column, code(), false));
        }
        Arc::new(Schema::new(fields))
    }

    fn positions(&mut self, batch: &RecordBatch, person: &str, coded: bool) -> Result<Vec<Who>, LinkError> {
        let register = self.register;
        let mut found = Vec::with_capacity(batch.num_rows());
        if coded {
            for coded in texts(batch, person)? {
                found.push(match coded {
                    None => Who::Nobody,
                    Some(coded) => match register.position_of_coded(coded) {
                        Some(position) => Who::Known(position),
                        None => self.stranger(Stranger::Coded(coded.into())),
                    },
                });
            }
        } else {
            for number in numbers(batch, person)? {
                found.push(match number {
                    None => Who::Nobody,
                    Some(number) => match register.position(number) {
                        Some(position) => Who::Known(position),
                        None => self.stranger(Stranger::Number(number)),
                    },
                });
            }
        }
        Ok(found)
    }

    fn stranger(&mut self, stranger: Stranger) -> Who {
        let next = self.strangers.len() as u32 % STRANGERS;
        Who::Stranger(*self.strangers.entry(stranger).or_insert(next))
    }

    fn attributes(&mut self, persons: &[Who], as_of: Vec<i32>) -> Made {
        let rows = persons.len();
        let mut made = Made {
            person: Vec::with_capacity(rows),
            sex: Vec::with_capacity(rows),
            age: Vec::with_capacity(rows),
            nationality: Vec::with_capacity(rows),
            nationality_groups: self.schemes.iter().map(|_| Vec::with_capacity(rows)).collect(),
            classes: self.definitions.iter().map(|_| Vec::with_capacity(rows)).collect(),
            decided_by: self.definitions.iter().map(|_| Vec::with_capacity(rows)).collect(),
            origin_groups: (0..self.definitions.len() * self.schemes.len()).map(|_| Vec::with_capacity(rows)).collect(),
            as_of,
        };
        let mut day_number = (i32::MIN, 0);
        for (at, person) in persons.iter().enumerate() {
            let day = Day(made.as_of[at]);
            if day_number.0 != day.0 {
                let (year, month, date) = day.ymd();
                day_number = (day.0, i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(date));
            }
            let Who::Known(person) = *person else {
                made.person.push(match *person {
                    Who::Stranger(number) => Some(self.register.count() + self.stranger_numbers.number(number)),
                    _ => None,
                });
                made.sex.push(None);
                made.age.push(None);
                made.nationality.push(None);
                made.classes.iter_mut().chain(&mut made.decided_by).for_each(|column| column.push(None));
                for (groups, (_, scheme)) in made.nationality_groups.iter_mut().zip(&self.schemes) {
                    groups.push(scheme.unknown());
                }
                for (column, groups) in made.origin_groups.iter_mut().enumerate() {
                    groups.push(self.schemes[column % self.schemes.len()].1.unknown());
                }
                continue;
            };
            made.person.push(Some(self.numbers.number(person)));
            made.sex.push(match self.register.sex(person) {
                b'F' => Some(0),
                b'M' => Some(1),
                _ => None,
            });
            let birth = self.register.birth(person);
            // YYYYMMDD less YYYYMMDD, in whole ten-thousands, is the number of completed years.
            made.age.push((birth > 0).then(|| (day_number.1 - birth as i32).div_euclid(10_000)));
            let facts = Facts::of(self.register, person, day);
            made.nationality.push(self.code_names[usize::from(facts.current())]);
            for (groups, (_, scheme)) in made.nationality_groups.iter_mut().zip(&mut self.schemes) {
                groups.push(scheme.of(facts.current(), day));
            }
            for (number, definition) in self.definitions.iter().enumerate() {
                let (decision, code) = facts.decide(definition);
                made.classes[number].push(Some(u16::from(decision.class)));
                made.decided_by[number].push(Some(decision.decided_by as u16));
                let schemes = self.schemes.len();
                for (at, (_, scheme)) in self.schemes.iter_mut().enumerate() {
                    made.origin_groups[number * schemes + at].push(scheme.of(code, day));
                }
            }
        }
        made
    }

    fn batch(
        &self,
        extract: &Extract,
        batch: &RecordBatch,
        made: Made,
        (area, register): (&StringArray, Option<&StringArray>),
    ) -> Result<RecordBatch, LinkError> {
        let rows = batch.num_rows();
        let code = DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8));
        let none = StringArray::new_null(rows);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(made.person)),
            Arc::new(Date32Array::from(made.as_of)),
            cast(area, &code)?,
            coded(made.sex, ["F", "M"].into_iter())?,
            Arc::new(Int32Array::from(made.age)),
            cast(register.unwrap_or(&none), &code)?,
            Arc::new(DictionaryArray::<UInt16Type>::try_new(
                UInt16Array::from(made.nationality),
                Arc::clone(&self.codes) as ArrayRef,
            )?),
        ];
        for (groups, (_, scheme)) in made.nationality_groups.into_iter().zip(&self.schemes) {
            columns.push(coded(groups.into_iter().map(Some).collect(), scheme.codes())?);
        }
        let mut origin_groups = made.origin_groups.into_iter();
        for ((definition, classes), decided_by) in self.definitions.iter().zip(made.classes).zip(made.decided_by) {
            columns.push(coded(classes, definition.classes.iter().map(String::as_str))?);
            columns.push(coded(decided_by, DecidedBy::WORDS.iter().map(|(word, _)| *word))?);
            for ((_, scheme), groups) in self.schemes.iter().zip(origin_groups.by_ref()) {
                columns.push(coded(groups.into_iter().map(Some).collect(), scheme.codes())?);
            }
        }
        let schema = self.schema(extract);
        let kept = kept_columns(extract).into_iter().map(|at| extract.columns[at].name.as_str());
        let sheet = match &extract.form {
            Form::Workbook { sheet_column, .. } => Some(sheet_column.as_str()),
            _ => None,
        };
        for name in kept.chain(sheet) {
            let column = batch.column_by_name(name).ok_or_else(|| LinkError::Column(name.to_string()))?;
            columns.push(cast(column, schema.field(columns.len()).data_type())?);
        }
        Ok(RecordBatch::try_new(schema, columns)?)
    }
}

fn coded<'w>(keys: Vec<Option<u16>>, words: impl Iterator<Item = &'w str>) -> Result<ArrayRef, LinkError> {
    let words = StringArray::from_iter_values(words);
    Ok(Arc::new(DictionaryArray::<UInt16Type>::try_new(UInt16Array::from(keys), Arc::new(words))?))
}

fn dates(as_of: &AsOf, period: Period, batch: &RecordBatch) -> Result<Vec<i32>, LinkError> {
    let column = |name: &str| days(batch, name);
    // Dates come in long runs of the same month, so the calendar is asked once a run.
    let each = |name: &str, turn: &dyn Fn(Day) -> Day| -> Result<Vec<i32>, LinkError> {
        let mut last = (i32::MIN, 0);
        Ok(column(name)?
            .values()
            .iter()
            .map(|&day| {
                if last.0 != day {
                    last = (day, turn(Day(day)).0);
                }
                last.1
            })
            .collect())
    };
    match as_of {
        AsOf::PeriodStart => Ok(vec![period.start().0; batch.num_rows()]),
        AsOf::Day(name) => each(name, &|day| day),
        AsOf::MonthEnd(name) => each(name, &Day::month_end),
        AsOf::QuarterEnd(name) => each(name, &|start| start.month_start_after(3).plus(-1)),
        // A school year lands as its 1 September; the verified counts are of the first of February in it.
        AsOf::FirstOfFebruary(name) => each(name, &|start| start.month_start_after(5)),
    }
}
