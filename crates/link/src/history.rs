//! Nationality histories, by person.
//!
//! A row is in force from its first day to its end; an empty end ends where the person's next row begins, later than its
//! own first day. A row that ends on the day it begins was never in force and counts for nothing, and so does a row that
//! says that nothing is known (999).
//!
//! Of rows that claim the same day the one that was registered last counts on it: a correction replaces what it corrects,
//! on the days that it is about and in what was first as well as in what is. Of rows registered on one day the one that
//! begins later counts, and of those that begin on one day the Belgian (Code of Private International Law, article 3,
//! section 2: who is Belgian too is Belgian); between foreign ones a state's before none, then the later serial number
//! (own rules). A row of which no day is left counts for nothing. The first nationality is that of the first day on which
//! there is one.
//!
//! What cannot be read is not taken for something else. A date of which the month or the day is unknown is read twice, as
//! early and as late as it may be; what both readings agree on is known. A day of registration is the cut-off at the
//! latest, for the row was delivered by then. Of a row whose beginning cannot be read it is known that it had begun when it
//! was registered, and that it ends at its end: the person's nationality is known only where such a row could not change it. A nationality that cannot be read is one that is not known, and not one that is not there.

use std::collections::HashMap;

use catalog::Day;
use catalog::origin::Known;

use crate::LinkError;
use crate::register::{BELGIAN, known};

/// Register code of a nationality, as a number below 1000.
pub(crate) type Code = u16;
/// There is no nationality on record.
pub(crate) const NO_CODE: Code = 0;
/// There is one on record that cannot be read, or not be dated. The register's codes have three digits.
pub(crate) const UNREADABLE: Code = 1;
/// Marks the history of a person that has to be read in more than one way.
const DOUBTFUL: Code = 2;
/// Codes of states end below it: refugees, the stateless and the undetermined come after.
const NO_STATE: Code = 700;

/// A row of a history, by the slot of the identifier that it came under, with all its dates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) slot: u32,
    pub(crate) order: u32,
    pub(crate) from: i32,
    /// The first day no longer; `LASTS` where the end is empty.
    pub(crate) until: i32,
    pub(crate) registered_on: i32,
    pub(crate) code: Code,
}

/// An empty end.
pub(crate) const LASTS: i32 = i32::MAX;

/// The first and the last day that a date may be.
pub(crate) type Days = (i32, i32);

/// A row of which a date is known in part, or cannot be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubtful {
    pub(crate) slot: u32,
    pub(crate) order: u32,
    pub(crate) from: Option<Days>,
    pub(crate) until: Days,
    pub(crate) registered_on: Days,
    pub(crate) code: Code,
}

/// From the first day on which a row counts to its end.
#[derive(Debug, Clone, Copy)]
struct Spell {
    from: i32,
    until: i32,
    code: Code,
}

/// A row that cannot be dated.
#[derive(Debug, Clone, Copy)]
struct Undated {
    code: Code,
    /// From this day on it has ended.
    until: i32,
    /// From this day on it has begun.
    registered_on: i32,
}

/// A history that has to be read in more than one way.
struct Doubt {
    /// With every date as early as it may be, and as late.
    readings: [Vec<Spell>; 2],
    undated: Vec<Undated>,
}

/// All histories.
pub(crate) struct Histories {
    /// Where each person's spells end.
    ends: Vec<u32>,
    /// Of each person from the weakest claim on a day to the strongest.
    spells: Vec<Spell>,
    /// First nationality of each person: asked for so often, as a parent's, that it is kept apart.
    firsts: Vec<Code>,
    /// By person.
    doubts: HashMap<u32, Doubt>,
}

impl Histories {
    /// Orders rows by person; all of them are registered by the cut-off.
    pub(crate) fn new(
        mut entries: Vec<Entry>,
        doubtful: Vec<Doubtful>,
        persons: u32,
        person_of: impl Fn(u32) -> u32,
    ) -> Result<Histories, LinkError> {
        entries.retain(|entry| counts(entry.code));
        u32::try_from(entries.len()).map_err(|_| LinkError::TooMany)?;
        let mut in_doubt: HashMap<u32, Vec<Doubtful>> = HashMap::new();
        for row in doubtful.into_iter().filter(|row| counts(row.code) && row.may_have_been_in_force()) {
            in_doubt.entry(person_of(row.slot)).or_default().push(row);
        }
        let (starts, places) = by_person(&mut entries, persons, person_of);
        let mut spells = Vec::with_capacity(entries.len());
        let mut firsts = vec![NO_CODE; persons as usize];
        let mut ends = Vec::with_capacity(persons as usize);
        let mut doubts = HashMap::new();
        let mut own = Vec::new();
        for (person, bounds) in starts.windows(2).enumerate() {
            own.clear();
            own.extend(places[bounds[0] as usize..bounds[1] as usize].iter().map(|at| entries[*at as usize]));
            match in_doubt.remove(&(person as u32)) {
                Some(rows) => {
                    let doubt = Doubt::new(&own, &rows);
                    firsts[person] = doubt.first();
                    doubts.insert(person as u32, doubt);
                    spells.push(Spell { from: i32::MIN, until: LASTS, code: DOUBTFUL });
                }
                None => {
                    let begins = spells.len();
                    settle(&mut own, &mut spells);
                    firsts[person] = first(&spells[begins..]);
                }
            }
            ends.push(spells.len() as u32);
        }
        Ok(Histories { ends, spells, firsts, doubts })
    }

    fn of(&self, person: u32) -> &[Spell] {
        let begin = if person == 0 { 0 } else { self.ends[person as usize - 1] };
        &self.spells[begin as usize..self.ends[person as usize] as usize]
    }

    /// Persons whose nationality may not be known because a row of theirs cannot be read, or not to the day.
    pub(crate) fn in_doubt(&self) -> u64 {
        let doubtful = |person: &u32| self.of(*person).iter().any(|spell| matches!(spell.code, UNREADABLE | DOUBTFUL));
        (0..self.ends.len() as u32).filter(doubtful).count() as u64
    }

    /// First nationality.
    pub(crate) fn first(&self, person: u32) -> Code {
        self.firsts[person as usize]
    }

    /// Nationality in force on a day.
    pub(crate) fn current(&self, person: u32, day: Day) -> Code {
        match current(self.of(person), day) {
            DOUBTFUL => self.doubts.get(&person).map_or(UNREADABLE, |doubt| doubt.current(day)),
            code => code,
        }
    }

    /// The last foreign nationality that had begun by a day; where none had, the last of all. `what` says what each is.
    pub(crate) fn earlier(&self, person: u32, day: Day, what: &[Known]) -> Code {
        match self.of(person) {
            [Spell { code: DOUBTFUL, .. }] => {
                self.doubts.get(&person).map_or(UNREADABLE, |doubt| doubt.earlier(day, what))
            }
            spells => earlier(spells, day, what),
        }
    }
}

/// Whether a row with this code says anything; one that cannot be read may.
fn counts(code: Code) -> bool {
    known(code) != Known::Unknown
}

/// Where each person's rows begin and end among the places of all rows.
fn by_person(entries: &mut [Entry], persons: u32, person_of: impl Fn(u32) -> u32) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; persons as usize + 1];
    for entry in entries.iter_mut() {
        entry.slot = person_of(entry.slot);
        starts[entry.slot as usize + 1] += 1;
    }
    for at in 0..persons as usize {
        starts[at + 1] += starts[at];
    }
    // Rows of one person mostly come together, so that this is mostly a copy.
    let mut next = starts.clone();
    let mut places = vec![0u32; entries.len()];
    for (at, entry) in entries.iter().enumerate() {
        let place = &mut next[entry.slot as usize];
        places[*place as usize] = at as u32;
        *place += 1;
    }
    (starts, places)
}

/// What puts one row's claim on a day before another's.
fn strength(row: &Entry) -> (i32, i32, u8, u32, Code) {
    let standing = match row.code {
        BELGIAN => 3,
        // It may be the Belgian.
        UNREADABLE => 2,
        code => u8::from(code < NO_STATE),
    };
    (row.registered_on, row.from, standing, row.order, row.code)
}

/// Adds the spells of one person's rows: those of which a day is left, the strongest last.
fn settle(rows: &mut Vec<Entry>, spells: &mut Vec<Spell>) {
    rows.retain(|row| row.until > row.from);
    if rows.len() > 1 {
        rows.sort_unstable_by_key(strength);
        let begins: Vec<i32> = rows.iter().map(|row| row.from).collect();
        for row in rows.iter_mut().filter(|row| row.until == LASTS) {
            row.until = begins.iter().copied().filter(|begin| *begin > row.from).min().unwrap_or(LASTS);
        }
    }
    for (at, row) in rows.iter().enumerate() {
        let mut from = row.from;
        while let Some(stronger) = rows[at + 1..].iter().find(|other| other.from <= from && from < other.until) {
            from = stronger.until;
        }
        if from < row.until {
            spells.push(Spell { from, until: row.until, code: row.code });
        }
    }
}

/// The nationality of the first day on which there is one.
fn first(spells: &[Spell]) -> Code {
    spells.iter().min_by_key(|spell| spell.from).map_or(NO_CODE, |spell| spell.code)
}

fn current(spells: &[Spell], day: Day) -> Code {
    let in_force = |spell: &&Spell| spell.from <= day.0 && day.0 < spell.until;
    spells.iter().rev().find(in_force).map_or(NO_CODE, |spell| spell.code)
}

fn earlier(spells: &[Spell], day: Day, what: &[Known]) -> Code {
    let last = |wanted: &[Known]| {
        let begun =
            spells.iter().filter(|spell| spell.from <= day.0 && wanted.contains(&what[usize::from(spell.code)]));
        begun.max_by_key(|spell| spell.from).map(|spell| spell.code)
    };
    last(&[Known::Foreign])
        .or_else(|| last(&[Known::Unreadable]))
        .or_else(|| last(&[Known::Belgian]))
        .unwrap_or(NO_CODE)
}

impl Doubt {
    fn new(entries: &[Entry], rows: &[Doubtful]) -> Doubt {
        let reading = |late: bool| {
            let mut own = entries.to_vec();
            own.extend(rows.iter().filter_map(|row| row.read(late)));
            let mut spells = Vec::new();
            settle(&mut own, &mut spells);
            spells
        };
        let undated = rows.iter().filter(|row| row.from.is_none());
        let undated =
            undated.map(|row| Undated { code: row.code, until: row.until.1, registered_on: row.registered_on.1 });
        let mut undated: Vec<Undated> = undated.collect();
        undated.sort_unstable_by_key(|row| row.code);
        Doubt { readings: [reading(false), reading(true)], undated }
    }

    fn first(&self) -> Code {
        let read = self.readings.iter().map(|spells| first(spells));
        let undated = self.undated.iter().map(|row| row.code);
        // Who has a row that cannot be dated has a first nationality.
        agreed(read.filter(|code| *code != NO_CODE || self.undated.is_empty()).chain(undated))
    }

    fn current(&self, day: Day) -> Code {
        let lasting = || self.undated.iter().filter(|row| day.0 < row.until);
        let has_begun = lasting().any(|row| row.registered_on <= day.0);
        let read = self.readings.iter().map(|spells| current(spells, day));
        agreed(read.filter(|code| *code != NO_CODE || !has_begun).chain(lasting().map(|row| row.code)))
    }

    fn earlier(&self, day: Day, what: &[Known]) -> Code {
        let of = |code: Code| what[usize::from(code)];
        let [early, late] = [&self.readings[0], &self.readings[1]].map(|spells| earlier(spells, day, what));
        let certain = self.undated.iter().find(|row| row.registered_on <= day.0 && of(row.code) == Known::Foreign);
        match (of(early), of(late), certain) {
            (Known::Foreign, Known::Foreign, _) => late,
            (_, _, Some(row)) => row.code,
            (one, other, None) if one == other && self.undated.iter().all(|row| of(row.code) == Known::Belgian) => {
                if early == NO_CODE {
                    self.undated.first().map_or(NO_CODE, |row| row.code)
                } else {
                    late
                }
            }
            _ => UNREADABLE,
        }
    }
}

impl Doubtful {
    /// Whether it does not end on the very day on which it begins.
    fn may_have_been_in_force(&self) -> bool {
        self.from.is_none_or(|(earliest, latest)| earliest < latest || self.until.1 > earliest)
    }

    /// The row with its dates as early, or as late, as they may be; nothing where it cannot be dated. What may have been in
    /// force for a day is read as if it had been.
    fn read(&self, late: bool) -> Option<Entry> {
        let ((earliest, latest), (registered_early, registered_late)) = (self.from?, self.registered_on);
        let Doubtful { slot, order, until, code, .. } = *self;
        let (from, until, registered_on) = match late {
            false => (earliest, until.0.max(earliest.saturating_add(1)), registered_early),
            true => {
                let from = latest.min(until.1.saturating_sub(1)).max(earliest);
                (from, until.1.max(from.saturating_add(1)), registered_late)
            }
        };
        Some(Entry { slot, order, from, until, registered_on, code })
    }
}

/// What all codes are, if they are one.
fn agreed(mut codes: impl Iterator<Item = Code>) -> Code {
    let first = codes.next().unwrap_or(NO_CODE);
    if codes.all(|code| code == first) { first } else { UNREADABLE }
}
