//! From landed rows to linked rows.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::StringArray;
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use catalog::contract::{AsOf, Extract, Linking};
use catalog::origin::{Known, OriginDefinition};
use catalog::reference::Reference;
use catalog::{Day, Period};

use crate::LinkError;
use crate::attributes::{Groups, Origin};
use crate::columns::{codes, days, numbers};
use crate::history::NO_CODE;
use crate::index::{Identifier, Identifiers};
use crate::made::{Made, NO_PERSON, NOTHING, runs};
use crate::number::Permutation;
use crate::register::Register;
use crate::residents::Residents;

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
    /// Rows whose word on the person's sex is another than the register's.
    pub sex_differs: u64,
    /// Rows whose word on the person's birth date is another than the register's.
    pub birth_differs: u64,
}

/// Gives landed rows their attributes. Tables can be linked side by side.
pub struct Linker<'l> {
    pub(crate) register: &'l Register,
    numbers: &'l Permutation,
    pub(crate) origins: Vec<Origin<'l>>,
    pub(crate) schemes: Vec<(&'l str, Groups<'l>)>,
    pub(crate) codes: Arc<StringArray>,
    /// By register code: its place among the codes.
    pub(crate) code_names: Vec<u16>,
    /// Persons of facts whom the register does not know: each keeps a number of its own, or they would count as one.
    strangers: Mutex<HashMap<Stranger, u32>>,
    stranger_numbers: &'l Permutation,
}

/// Somebody the register does not know, by what the supplier calls them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stranger {
    Number(i64),
    Coded(Box<str>),
}

/// Whom a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Known(u32),
    Stranger(u32),
    Nobody,
}

impl Who {
    /// The person's position, if the register knows the person.
    pub(crate) fn known(self) -> Option<u32> {
        match self {
            Who::Known(person) => Some(person),
            _ => None,
        }
    }
}

/// Numbers of strangers lie above those of the register, within this many.
pub const STRANGERS: u32 = 1 << 30;

/// What is the same for all rows of a day.
pub(crate) struct OfDay {
    pub(crate) day: Day,
    /// `YYYYMMDD`.
    pub(crate) written: i32,
    /// By scheme: the group of each code.
    pub(crate) groups: Vec<Arc<[u16]>>,
    /// By definition: what each code is.
    pub(crate) known: Vec<Vec<Known>>,
}

impl<'l> Linker<'l> {
    /// A linker for the origin definitions and group schemes that an edition needs; the numbers are of the register's
    /// persons, and of [`STRANGERS`].
    pub fn new(
        register: &'l Register,
        (numbers, stranger_numbers): (&'l Permutation, &'l Permutation),
        reference: &'l Reference,
        definitions: Vec<&'l OriginDefinition>,
        schemes: Vec<&'l str>,
    ) -> Linker<'l> {
        let schemes = schemes
            .into_iter()
            .filter_map(|name| Some((name, Groups::new(reference, reference.schemes.get(name)?))))
            .collect();
        let codes: Vec<&str> = reference.nationalities.keys().map(String::as_str).collect();
        let mut code_names = vec![NOTHING; 1_000];
        for (at, code) in codes.iter().enumerate() {
            if let Some(place) = code.parse::<usize>().ok().and_then(|code| code_names.get_mut(code)) {
                *place = at as u16;
            }
        }
        Linker {
            register,
            numbers,
            stranger_numbers,
            origins: definitions.into_iter().map(|definition| Origin::new(definition, reference)).collect(),
            schemes,
            codes: Arc::new(StringArray::from(codes)),
            code_names,
            strangers: Mutex::new(HashMap::new()),
        }
    }

    /// Links a landed batch of the register's persons of a day: those who are resident, each once.
    pub fn link_residents(
        &self,
        extract: &Extract,
        period: Period,
        batch: &RecordBatch,
        residents: &mut Residents<'_>,
    ) -> Result<RecordBatch, LinkError> {
        let Linking::Persons { register, area, .. } = &extract.linking else {
            return Err(LinkError::Role);
        };
        let (kept, persons) = residents.tell_apart(batch, area)?;
        let batch = filter_record_batch(batch, &kept)?;
        let persons: Vec<Who> = persons.into_iter().map(Who::Known).collect();
        let made = self.attributes(&persons, vec![period.start().0; batch.num_rows()]);
        self.batch(extract, &batch, made, (Some(area), Some(register)))
    }

    /// Links a landed batch of facts, linked or not to persons, delivered for a period.
    pub fn link(
        &self,
        extract: &Extract,
        period: Period,
        batch: &RecordBatch,
        tally: &mut Tally,
    ) -> Result<RecordBatch, LinkError> {
        tally.rows += batch.num_rows() as u64;
        match &extract.linking {
            Linking::Facts { person, as_of, area, sex, birth, nationality, .. } => {
                let persons = self.who(&Identifiers::of(batch, person)?);
                self.disagreements(batch, &persons, (sex.as_deref(), birth.as_deref()), tally)?;
                tally.linked += persons.iter().filter(|who| who.known().is_some()).count() as u64;
                let mut made = self.attributes(&persons, dates(as_of, period, batch)?);
                if let Some(nationality) = nationality {
                    self.told_nationalities(batch, nationality, &mut made)?;
                }
                self.batch(extract, batch, made, (area.as_deref(), None))
            }
            Linking::Unlinked { nationality, as_of, area } => {
                let mut made = self.attributes(&vec![Who::Nobody; batch.num_rows()], dates(as_of, period, batch)?);
                self.told_nationalities(batch, nationality, &mut made)?;
                self.batch(extract, batch, made, (Some(area), None))
            }
            _ => Err(LinkError::Role),
        }
    }

    /// Where the register knows no nationality the supplier's own word counts, in the groups of the fact's day.
    fn told_nationalities(&self, batch: &RecordBatch, name: &str, made: &mut Made) -> Result<(), LinkError> {
        let mut of_day = self.of_day(Day(0));
        for (at, code) in codes(batch, name, |code| code.parse().unwrap_or(NO_CODE))?.into_iter().enumerate() {
            let code = code.unwrap_or(NO_CODE);
            if made.nationality[at] != NOTHING {
                continue;
            }
            let day = Day(made.as_of[at]);
            if of_day.day != day {
                of_day = self.of_day(day);
            }
            made.nationality[at] = self.code_names[usize::from(code)];
            for (groups, own) in made.nationality_groups.iter_mut().zip(&of_day.groups) {
                groups[at] = own[usize::from(code)];
            }
        }
        Ok(())
    }

    /// Counts where the supplier's word on sex or birth date is another than the register's, which is the one used.
    fn disagreements(
        &self,
        batch: &RecordBatch,
        persons: &[Who],
        (sex, birth): (Option<&str>, Option<&str>),
        tally: &mut Tally,
    ) -> Result<(), LinkError> {
        let known = || persons.iter().enumerate().filter_map(|(at, who)| Some((at, who.known()?)));
        if let Some(sex) = sex {
            let told = codes(batch, sex, |code| code.as_bytes().first().copied().unwrap_or(0))?;
            let differs = |(at, person): &(usize, u32)| {
                let register = self.register.sex(*person);
                told[*at].is_some_and(|sex| register != 0 && sex != register)
            };
            tally.sex_differs += known().filter(differs).count() as u64;
        }
        if let Some(birth) = birth {
            let told = births(batch, birth)?;
            let differs = |(at, person): &(usize, u32)| {
                let register = self.register.birth(*person);
                // Where a supplier gives the year only, the years are compared.
                told[*at].is_some_and(|(born, unit)| register != 0 && register / unit != born / unit)
            };
            tally.birth_differs += known().filter(differs).count() as u64;
        }
        Ok(())
    }

    fn who(&self, persons: &Identifiers<'_>) -> Vec<Who> {
        let slots = self.register.persons().index().all(persons);
        let each = |(at, slot): (usize, Option<u32>)| match slot {
            Some(slot) => Who::Known(self.register.persons().of_slot(slot)),
            None => persons.get(at).map_or(Who::Nobody, |identifier| self.stranger(identifier)),
        };
        slots.into_iter().enumerate().map(each).collect()
    }

    fn stranger(&self, identifier: Identifier<'_>) -> Who {
        let stranger = match identifier {
            Identifier::Number(number) => Stranger::Number(number),
            Identifier::Coded(coded) => Stranger::Coded(coded.into()),
        };
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = strangers.len() as u32 % STRANGERS;
        Who::Stranger(*strangers.entry(stranger).or_insert(next))
    }

    fn of_day(&self, day: Day) -> OfDay {
        let (year, month, date) = day.ymd();
        OfDay {
            day,
            written: i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(date),
            groups: self.schemes.iter().map(|(_, scheme)| scheme.on(day)).collect(),
            known: self.origins.iter().map(|origin| origin.on(day)).collect(),
        }
    }

    /// The number that a person has in the edition.
    pub(crate) fn number(&self, who: Who) -> u32 {
        match who {
            Who::Known(person) => self.numbers.number(person),
            Who::Stranger(number) => self.register.count() + self.stranger_numbers.number(number),
            Who::Nobody => NO_PERSON,
        }
    }

    fn attributes(&self, persons: &[Who], as_of: Vec<i32>) -> Made {
        let mut days: Vec<OfDay> = Vec::new();
        let runs: Vec<Range<usize>> = runs(&as_of).collect();
        let mut made = Made::new(self, as_of);
        // Rows mostly come in long runs of one day; short ones take longer, and nothing else.
        for run in runs {
            let day = Day(made.as_of[run.start]);
            let known = days.iter().position(|own| own.day == day).unwrap_or_else(|| {
                days.push(self.of_day(day));
                days.len() - 1
            });
            made.extend(self, &persons[run], &days[known]);
        }
        made
    }
}

/// What a supplier says of birth dates, as `YYYYMMDD`, and by how much of it: the day, or the year.
fn births(batch: &RecordBatch, name: &str) -> Result<Vec<Option<(u32, u32)>>, LinkError> {
    if let Ok(years) = numbers(batch, name) {
        let written = |year: i64| u32::try_from(year).ok().map(|year| (year * 10_000, 10_000));
        return Ok(years.iter().map(|year| year.and_then(written)).collect());
    }
    let written = |day: i32| {
        let (year, month, day) = Day(day).ymd();
        ((i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day)) as u32, 1)
    };
    Ok(days(batch, name)?.iter().map(|day| day.map(written)).collect())
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
