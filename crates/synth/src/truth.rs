//! The truth: what the origin of every inhabitant is by each definition, from the stories that were drawn.

use crate::WrittenFile;
use crate::coded::Marked;
use crate::delivery::Outbox;
use crate::error::SynthError;
use crate::everybody;
use crate::faults;
use crate::flanders::Flanders;
use crate::person::{BELGIAN, DATES, FATHER, FIRST_YEAR, MOTHER, Person, date, flag};
use crate::sink::{Sink, make_folder, remove};
use crate::text::{padded, plain};

const README: &str = "\
The truth behind the synthetic deliveries
=========================================
origin_YYYY-01-01.csv, one for each 1 January from 2008 to 2012: every inhabitant of Flanders in the registers B and V on that day (not the waiting
register W, not Brussels or Wallonia), with class, group and deciding fact by six definitions of foreign origin.

The rows follow from the stories that were drawn for the persons when the population was made, together with what
the register has on record of their parents in the extracts of that date (for the years before: those of 2011-01-01,
the first that hold nationalities and filiation). Somebody recognised or adopted later has no such parent on the day.
They are not computed from the written extracts.
The pipeline never reads this folder; tests compare its results with it.

class       the definition's own word: belgian or foreign; sem-waso belgian-not-attributed where a Belgian's parent is
            unknown; statbel-herkomst non-belgian, belgian-foreign-background, belgian-belgian-background; vdab-2011
            autochtoon or allochtoon
group       the nationality code that gives the group; 150 where nothing foreign counts
decided_by  father, mother, both-parents, own-first, own-earlier, own-current; all-belgian (everything the definition
            looks at is known and counts as Belgian), known-belgian (what is known is Belgian, something is unknown)
Two mothers occur only where nothing is foreign, so that the order of two parents of one sex decides nothing here.

Everybody
---------
persons.csv  one row for everybody who is in any extract, alive or not, living in Flanders or not; semicolons, no
             quotes, days YYYY-MM-DD, empty where there is nothing to say
insz               the number that the person has now
coded              the pseudonym in ksz/sleutel, ksz/posities and ksz/leefloon; empty for who has none
sex                F or M
birth              the day that was drawn. The register does not know month and day of some persons with a BIS number:
                   digits 3 to 6 of their insz are 4000, and personen.txt has YYYY0000. Their day here may be
                   any day of that year; who reckons ages as the register can does not use it
death              empty for who lives
waiting            1 for who is in the waiting register (letter W) as long as there is a municipality: no inhabitant,
                   and of no position
established        1 for who, as a foreign national, is in the population register. The register's letter on a day, for
                   who has a municipality: W where waiting is 1; else V for a foreign national with established 0;
                   else B
first              first nationality, in force from birth or settlement on, or as far back as one looks
change_1_day, change_1_code, change_2_day, change_2_code
                   up to two later nationalities and the day from which each is in force, in order. The nationality on
                   a day is that of the last change on or before it, else the first
father_first, father_from, father_known_from, and the same of the mother
                   first nationality of the parent on record, empty if the register does not know it; the first day of
                   the tie, empty where no such parent is on record; the day from which the parent is in the
                   register's extracts. Ties have no end. On a day D a parent counts if father_from is not after D, and
                   father_known_from is not after the 1 January of the extracts used: those of 2011-01-01 up to that
                   day, those of 2012-01-01 after it. Of two mothers one stands as father
known_from         the day from which the person is in the register's extracts: personen of a 1 January has who is
                   known by then
place_2008 ... place_2012
                   municipality on 1 January of that year, anywhere in Belgium; empty for none
without_history    1 for who has no row in nationaliteit: to the pipeline this person's nationality is unknown, here
                   first says what it would be
The register learns of a nationality or a tie up to 60 days after it begins (of a tie: after both persons are known).
Each extract is taken on 30 June, so for a 1 January all of it is known.

numbers.csv  every number that was replaced: old_insz;insz, the number that the person has now. Number changes in a
             chain lead to the last one. VDAB and KSZ may still use the old number.

Faults, where some were asked for
---------------------------------
faults.csv  every damaged row of the deliveries: extract;period;file;sheet;line;reason;column
            line    the physical line in the unpacked file, from 1, header included; the sheet's row for a workbook
            reason  the one thing that is wrong with it, as the checker of rows calls it
            column  where a value is at fault; for `order` the second of the two columns; empty for a row as a whole
            A row repeated later in the file: the later line is listed (duplicate-key). Two rows of one key that
            differ: both are listed (duplicate-key-differs).
files.csv   files that are broken as a whole: class;extract;period;path, the path from this folder on
files/      these files, each of a few lines; a sound delivery of the extract would have that name
All other rows are sound: keys occur once, dates and codes exist, and everything lies within its period.
";
const HEADER: &[u8] = b"insz;municipality;sex;age;register;nationality;\
    vreemde-nationaliteit.class;vreemde-nationaliteit.group;vreemde-nationaliteit.decided_by;\
    eigen-historiek-2011.class;eigen-historiek-2011.group;eigen-historiek-2011.decided_by;\
    vier-criteria-2013.class;vier-criteria-2013.group;vier-criteria-2013.decided_by;\
    sem-waso.class;sem-waso.group;sem-waso.decided_by;\
    statbel-herkomst.class;statbel-herkomst.group;statbel-herkomst.decided_by;\
    vdab-2011.class;vdab-2011.group;vdab-2011.decided_by\n";
const PERIODS: [&str; DATES.len()] = ["2008-01-01", "2009-01-01", "2010-01-01", "2011-01-01", "2012-01-01"];
/// The first date whose extracts hold nationalities and filiation.
const FIRST_FACTS: usize = date(2011);

/// The class, the group's nationality (150 for Belgian origin) and the fact that decided.
type Origin = (&'static str, u16, &'static str);

/// Writes the folder `truth`; `coded` tells who has a coded number, `samples` are what the broken files are made of.
pub(crate) fn write(
    flanders: &Flanders<'_>,
    coded: &Marked,
    samples: Option<&faults::Samples>,
    outbox: &mut Outbox<'_>,
) -> Result<(), SynthError> {
    let folder = outbox.out.join("truth");
    make_folder(&folder, true)?;
    let mut readme = Sink::create(&folder, "README.txt", true)?;
    readme.write(README.as_bytes())?;
    readme.finish()?;
    let mut list = |period: &str, name: &str, lines: u64| {
        let (extract, period, name) = ("truth".to_string(), period.to_string(), name.to_string());
        outbox.summary.files.push(WrittenFile { extract, period, name, lines });
    };
    for (date, period) in PERIODS.into_iter().enumerate() {
        (outbox.step)(&format!("writing the truth of {period}"));
        let name = format!("origin_{period}.csv");
        let mut sink = Sink::create(&folder, &name, true)?.unhashed();
        sink.write(HEADER)?;
        sink.pieces(outbox.threads, flanders.blocks(), |block| {
            let persons = flanders.block(block);
            let mut out = Vec::with_capacity(persons.len() * 208);
            let mut lines = 0;
            for person in persons {
                if flanders.resides(person, date) {
                    line(flanders, &mut out, person, date);
                    lines += 1;
                }
            }
            (out, lines)
        })?;
        list(period, &name, sink.finish()?.0.lines);
    }
    (outbox.step)("writing the truth of everybody");
    let mut sink = Sink::create(&folder, "persons.csv", true)?.unhashed();
    everybody::persons(flanders, coded, outbox.threads, &mut sink)?;
    list("", "persons.csv", sink.finish()?.0.lines);
    let mut sink = Sink::create(&folder, "numbers.csv", true)?;
    everybody::numbers(flanders, &mut sink)?;
    list("", "numbers.csv", sink.finish()?.0.lines);
    // What an earlier call damaged is damaged no more.
    for name in ["faults.csv", "files.csv", "files"] {
        remove(&folder.join(name))?;
    }
    if let Some(samples) = samples {
        (outbox.step)("writing the damaged rows' list and the broken files");
        list("", "faults.csv", faults::write_list(&folder, &outbox.damaged)?);
        list("", "files.csv", faults::write_broken(&folder, samples)?);
    }
    Ok(())
}

fn line(flanders: &Flanders<'_>, out: &mut Vec<u8>, person: &Person, date: usize) {
    let current = person.nationality(DATES[date]);
    let parents =
        [FATHER, MOTHER].map(|which| flanders.parent_first(person, which, date.max(FIRST_FACTS), DATES[date]));
    padded(out, person.insz(&flanders.calendar), 11);
    out.push(b';');
    out.extend_from_slice(flanders.place_code(person.place[date]));
    out.extend_from_slice(if person.is(flag::WOMAN) { b";F;" } else { b";M;" });
    plain(out, flanders.calendar.age_on_new_year(FIRST_YEAR + date as i16, person.birth).unsigned_abs().into());
    out.extend_from_slice(&[b';', person.register(DATES[date]), b';']);
    padded(out, u64::from(current), 3);
    let earlier = person.earlier(DATES[date]);
    for (class, group, decided_by) in [
        own_current(current),
        own_history(person.first, current),
        four_criteria(parents, person.first, current),
        monitoring(parents, person.first, current),
        background(parents, person.first, current),
        own_outside(earlier, current, |code| flanders.outside_union_and_trade(code)),
    ] {
        out.push(b';');
        out.extend_from_slice(class.as_bytes());
        out.push(b';');
        padded(out, u64::from(group), 3);
        out.push(b';');
        out.extend_from_slice(decided_by.as_bytes());
    }
    out.push(b'\n');
}

/// `vreemde-nationaliteit`.
fn own_current(current: u16) -> Origin {
    match current {
        BELGIAN => ("belgian", BELGIAN, "all-belgian"),
        _ => ("foreign", current, "own-current"),
    }
}

/// `eigen-historiek-2011`.
fn own_history(first: u16, current: u16) -> Origin {
    match first {
        BELGIAN => own_current(current),
        _ => ("foreign", first, "own-first"),
    }
}

/// `vier-criteria-2013`; unknown parents are nothing.
fn four_criteria([father, mother]: [Option<u16>; 2], first: u16, current: u16) -> Origin {
    match (father, mother) {
        (Some(father), _) if father != BELGIAN => ("foreign", father, "father"),
        (_, Some(mother)) if mother != BELGIAN => ("foreign", mother, "mother"),
        (Some(_), Some(_)) => own_history(first, current),
        _ if first == BELGIAN && current == BELGIAN => ("belgian", BELGIAN, "known-belgian"),
        _ => own_history(first, current),
    }
}

/// `sem-waso`: the same four, but a Belgian with an unknown parent is attributed to nothing.
fn monitoring(parents: [Option<u16>; 2], first: u16, current: u16) -> Origin {
    match four_criteria(parents, first, current) {
        ("belgian", _, "known-belgian") => ("belgian-not-attributed", BELGIAN, "known-belgian"),
        other => other,
    }
}

/// `statbel-herkomst`: what somebody is now comes first, the parents last.
fn background([father, mother]: [Option<u16>; 2], first: u16, current: u16) -> Origin {
    let abroad = |parent: Option<u16>| parent.filter(|code| *code != BELGIAN);
    if current != BELGIAN {
        return ("non-belgian", current, "own-current");
    }
    if first != BELGIAN {
        return ("belgian-foreign-background", first, "own-first");
    }
    match (abroad(father), abroad(mother)) {
        (Some(father), Some(_)) => ("belgian-foreign-background", father, "both-parents"),
        (Some(father), None) => ("belgian-foreign-background", father, "father"),
        (None, Some(mother)) => ("belgian-foreign-background", mother, "mother"),
        (None, None) => {
            let decided_by = if father.and(mother).is_some() { "all-belgian" } else { "known-belgian" };
            ("belgian-belgian-background", BELGIAN, decided_by)
        }
    }
}

/// `vdab-2011`: a nationality of one's own, now or before, from outside the Union and the free trade association.
fn own_outside(earlier: impl Iterator<Item = u16>, current: u16, outside: impl Fn(u16) -> bool) -> Origin {
    if outside(current) {
        return ("allochtoon", current, "own-current");
    }
    match earlier.into_iter().find(|code| outside(*code)) {
        Some(code) => ("allochtoon", code, "own-earlier"),
        None => ("autochtoon", current, "all-belgian"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_facts() {
        assert_eq!(four_criteria([Some(354), Some(262)], 150, 150), ("foreign", 354, "father"));
        assert_eq!(four_criteria([Some(150), Some(262)], 128, 128), ("foreign", 262, "mother"));
        assert_eq!(four_criteria([None, Some(150)], 306, 150), ("foreign", 306, "own-first"));
        assert_eq!(four_criteria([None, None], 150, 129), ("foreign", 129, "own-current"));
        assert_eq!(four_criteria([Some(150), Some(150)], 150, 150), ("belgian", 150, "all-belgian"));
        assert_eq!(four_criteria([Some(150), None], 150, 150), ("belgian", 150, "known-belgian"));
        assert_eq!(own_history(150, 129), ("foreign", 129, "own-current"));
        assert_eq!(own_current(150), ("belgian", 150, "all-belgian"));
        assert_eq!(monitoring([Some(150), None], 150, 150), ("belgian-not-attributed", 150, "known-belgian"));
        assert_eq!(background([Some(354), Some(262)], 150, 150), ("belgian-foreign-background", 354, "both-parents"));
        assert_eq!(background([Some(354), Some(262)], 262, 129), ("non-belgian", 129, "own-current"));
        let outside = |code: u16| code >= 300;
        assert_eq!(own_outside([354].into_iter(), 129, outside), ("allochtoon", 354, "own-earlier"));
        assert_eq!(own_outside([129].into_iter(), 150, outside), ("autochtoon", 150, "all-belgian"));
    }
}
