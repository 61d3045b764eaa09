//! From landed rows to linked rows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, BooleanArray, StringArray};
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use catalog::contract::{AsOf, Extract, Linking};
use catalog::origin::{Known, OriginDefinition};
use catalog::reference::Reference;
use catalog::{Day, Period};

use crate::LinkError;
use crate::attributes::{Facts, Groups, Origin};
use crate::columns::{codes, days};
use crate::doubles::Doubles;
use crate::history::NO_CODE;
use crate::index::{Identifier, Identifiers};
use crate::number::Permutation;
use crate::register::Register;

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

/// A table that is being linked.
#[derive(Debug, Default)]
pub struct Table {
    /// How many rows could be linked so far.
    pub tally: Tally,
    doubles: Doubles,
    /// Persons of the population that are there, by position.
    seen: Vec<bool>,
}

impl Table {
    /// A table of which this is known beforehand.
    pub fn new(doubles: Doubles) -> Table {
        Table { doubles, ..Table::default() }
    }
}

/// Gives landed rows their attributes. Tables can be linked side by side.
pub struct Linker<'l> {
    register: &'l Register,
    numbers: &'l Permutation,
    pub(crate) origins: Vec<Origin<'l>>,
    pub(crate) schemes: Vec<(&'l str, Groups<'l>)>,
    pub(crate) codes: Arc<StringArray>,
    code_names: Vec<Option<u16>>,
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
enum Who {
    Known(u32),
    Stranger(u32),
    Nobody,
}

/// Numbers of strangers lie above those of the register, within this many.
pub const STRANGERS: u32 = 1 << 30;

/// Attributes in the making, one place a row.
pub(crate) struct Made {
    pub(crate) person: Vec<Option<u32>>,
    pub(crate) as_of: Vec<i32>,
    pub(crate) sex: Vec<Option<u16>>,
    pub(crate) age: Vec<Option<i32>>,
    pub(crate) nationality: Vec<Option<u16>>,
    pub(crate) nationality_groups: Vec<Vec<u16>>,
    pub(crate) parents_known: Vec<Option<u16>>,
    pub(crate) generation: Vec<Option<u16>>,
    pub(crate) classes: Vec<Vec<Option<u16>>>,
    pub(crate) decided_by: Vec<Vec<Option<u16>>>,
    pub(crate) origin_groups: Vec<Vec<u16>>,
}

/// What is the same for all rows of a day.
struct OfDay {
    day: Day,
    /// `YYYYMMDD`.
    written: i32,
    groups: Vec<Arc<[u16]>>,
    known: Vec<Vec<Known>>,
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
        let mut code_names = vec![None; 1_000];
        for (at, code) in codes.iter().enumerate() {
            if let Some(place) = code.parse::<usize>().ok().and_then(|code| code_names.get_mut(code)) {
                *place = Some(at as u16);
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

    /// Links a landed batch of an extract delivered for a period.
    pub fn link(
        &self,
        extract: &Extract,
        period: Period,
        batch: &RecordBatch,
        table: &mut Table,
    ) -> Result<RecordBatch, LinkError> {
        table.tally.rows += batch.num_rows() as u64;
        match &extract.linking {
            Linking::Persons { person, register, area, .. } => {
                let kept = self.residents(batch, person, area, table)?;
                let batch = filter_record_batch(batch, &kept)?;
                let persons = self.who(&Identifiers::of(&batch, person)?);
                table.tally.linked += batch.num_rows() as u64;
                let made = self.attributes(&persons, vec![period.start().0; batch.num_rows()]);
                self.batch(extract, &batch, made, (Some(area), Some(register)))
            }
            Linking::Facts { person, as_of, area, sex, birth, nationality, .. } => {
                let persons = self.who(&Identifiers::of(batch, person)?);
                self.disagreements(batch, &persons, (sex.as_deref(), birth.as_deref()), &mut table.tally)?;
                table.tally.linked += persons.iter().filter(|who| matches!(who, Who::Known(_))).count() as u64;
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
            _ => Err(LinkError::Column("a role that gives rows".into())),
        }
    }

    /// Where the register knows no nationality the supplier's own word counts, in the groups of the fact's day.
    fn told_nationalities(&self, batch: &RecordBatch, name: &str, made: &mut Made) -> Result<(), LinkError> {
        let mut of_day = self.of_day(Day(0));
        for (at, code) in codes(batch, name, |code| code.parse().unwrap_or(NO_CODE))?.into_iter().enumerate() {
            let code = code.unwrap_or(NO_CODE);
            if made.nationality[at].is_some() {
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
        let known = || {
            persons.iter().enumerate().filter_map(|(at, who)| match who {
                Who::Known(person) => Some((at, *person)),
                _ => None,
            })
        };
        if let Some(sex) = sex {
            let told = codes(batch, sex, |code| code.as_bytes().first().copied().unwrap_or(0))?;
            let differs = |(at, person): &(usize, u32)| {
                let register = self.register.sex(*person);
                told[*at].is_some_and(|sex| register != 0 && sex != register)
            };
            tally.sex_differs += known().filter(differs).count() as u64;
        }
        if let Some(birth) = birth {
            let told = days(batch, birth)?;
            let differs = |(at, person): &(usize, u32)| {
                let register = self.register.birth(*person);
                told.is_valid(*at) && register != 0 && {
                    let (year, month, day) = Day(told.value(*at)).ymd();
                    register != (i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day)) as u32
                }
            };
            tally.birth_differs += known().filter(differs).count() as u64;
        }
        Ok(())
    }

    /// Which rows of the register's persons are of the population: who lives somewhere on the day, each person once.
    fn residents(
        &self,
        batch: &RecordBatch,
        person: &str,
        area: &str,
        table: &mut Table,
    ) -> Result<BooleanArray, LinkError> {
        let lives = codes(batch, area, |_| ())?;
        let identifiers = Identifiers::of(batch, person)?;
        let persons = self.register.persons();
        table.seen.resize(persons.count() as usize, false);
        let mut kept = Vec::with_capacity(batch.num_rows());
        for (lives, slot) in lives.into_iter().zip(persons.index().all(&identifiers)) {
            if lives.is_none() {
                table.tally.not_resident += 1;
                kept.push(false);
                continue;
            }
            let counts = slot.is_none_or(|slot| {
                let person = persons.of_slot(slot);
                table.doubles.counts(persons, slot) && !std::mem::replace(&mut table.seen[person as usize], true)
            });
            table.tally.repeated += u64::from(!counts);
            kept.push(counts);
        }
        Ok(kept.into())
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

    fn attributes(&self, persons: &[Who], as_of: Vec<i32>) -> Made {
        let rows = persons.len();
        let schemes = self.schemes.len();
        let mut made = Made {
            person: Vec::with_capacity(rows),
            sex: Vec::with_capacity(rows),
            age: Vec::with_capacity(rows),
            nationality: Vec::with_capacity(rows),
            nationality_groups: self.schemes.iter().map(|_| Vec::with_capacity(rows)).collect(),
            parents_known: Vec::with_capacity(rows),
            generation: Vec::with_capacity(rows),
            classes: self.origins.iter().map(|_| Vec::with_capacity(rows)).collect(),
            decided_by: self.origins.iter().map(|_| Vec::with_capacity(rows)).collect(),
            origin_groups: (0..self.origins.len() * schemes).map(|_| Vec::with_capacity(rows)).collect(),
            as_of,
        };
        // Rows come in long runs of one day.
        let mut days: Vec<OfDay> = Vec::new();
        let mut now = usize::MAX;
        for (at, who) in persons.iter().enumerate() {
            let day = Day(made.as_of[at]);
            if days.get(now).is_none_or(|own| own.day != day) {
                now = days.iter().position(|own| own.day == day).unwrap_or_else(|| {
                    days.push(self.of_day(day));
                    days.len() - 1
                });
            }
            let of_day = &days[now];
            match who {
                Who::Known(person) => self.known(*person, of_day, &mut made),
                _ => self.unknown(*who, &mut made),
            }
        }
        made
    }

    /// Attributes of a person of the register.
    fn known(&self, person: u32, of_day: &OfDay, made: &mut Made) {
        let day = of_day.day;
        made.person.push(Some(self.numbers.number(person)));
        made.sex.push(match self.register.sex(person) {
            b'F' => Some(0),
            b'M' => Some(1),
            _ => None,
        });
        let birth = self.register.birth(person);
        // YYYYMMDD less YYYYMMDD, in whole ten-thousands, is the number of completed years.
        made.age.push((birth > 0 && birth as i32 <= of_day.written).then(|| (of_day.written - birth as i32) / 10_000));
        let facts = Facts::of(self.register, person, day);
        made.nationality.push(self.code_names[usize::from(facts.current())]);
        for (groups, own) in made.nationality_groups.iter_mut().zip(&of_day.groups) {
            groups.push(own[usize::from(facts.current())]);
        }
        made.parents_known.push(Some(facts.parents_known()));
        made.generation.push(Some(facts.generation()));
        for (number, (origin, what)) in self.origins.iter().zip(&of_day.known).enumerate() {
            let (decision, code) = origin.decide(self.register, person, day, &facts, what);
            made.classes[number].push(Some(u16::from(decision.class)));
            made.decided_by[number].push(Some(decision.decided_by as u16));
            for (at, own) in of_day.groups.iter().enumerate() {
                made.origin_groups[number * of_day.groups.len() + at].push(own[usize::from(code)]);
            }
        }
    }

    /// Attributes of somebody whom the register does not know.
    fn unknown(&self, who: Who, made: &mut Made) {
        made.person.push(match who {
            Who::Stranger(number) => Some(self.register.count() + self.stranger_numbers.number(number)),
            _ => None,
        });
        made.sex.push(None);
        made.age.push(None);
        made.nationality.push(None);
        made.parents_known.push(None);
        made.generation.push(None);
        made.classes.iter_mut().chain(&mut made.decided_by).for_each(|column| column.push(None));
        for (groups, (_, scheme)) in made.nationality_groups.iter_mut().zip(&self.schemes) {
            groups.push(scheme.unknown());
        }
        for (column, groups) in made.origin_groups.iter_mut().enumerate() {
            groups.push(self.schemes[column % self.schemes.len()].1.unknown());
        }
    }
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
