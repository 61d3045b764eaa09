//! Who is whose parent on a day.
//!
//! A tie counts from its first day until its end. The father is a man's tie and the mother a woman's, by the sex that the
//! tie records. A parent whose sex is not recorded takes the place that is left; where no sex is recorded, number 1 is
//! the father and 2 the mother. Two men, or two women, without another parent are first and second. Of several for one
//! place the lowest number counts, and of these the tie that began last; where two of these are alike, nobody can tell
//! which is right and the place stays empty (own rules).
//!
//! A tie of which the first day is known in part counts from the first day that it may be, and until the last that its end
//! may be. Where a tie that cannot be read may be in force, whom it would make a parent is not known: the place that it
//! would take, and that no other tie takes, is in doubt and not empty (own rules).

use std::collections::HashMap;

use catalog::Day;

/// A row of filiation, by the slots of the identifiers that it came under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filiation {
    pub(crate) child: u32,
    pub(crate) parent: u32,
    pub(crate) from: i32,
    pub(crate) until: i32,
    /// `1` or `2`.
    pub(crate) number: u8,
    pub(crate) sex: Sex,
}

/// A row of filiation that cannot be read, except whose parent it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DoubtfulTie {
    pub(crate) child: u32,
    /// The first and the last day on which it may be in force.
    pub(crate) from: i32,
    pub(crate) until: i32,
    pub(crate) sex: Sex,
}

/// The sex of a parent as a tie records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sex {
    Man,
    Woman,
    Unrecorded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tie {
    parent: u32,
    from: i32,
    until: i32,
    number: u8,
    sex: Sex,
}

impl Tie {
    /// What puts one before the other.
    fn rank(&self) -> (u8, i32) {
        (self.number, -self.from)
    }
}

/// All ties, by child.
pub(crate) struct Kinship {
    starts: Vec<u32>,
    ties: Vec<Tie>,
    /// By child.
    doubtful: HashMap<u32, Vec<DoubtfulTie>>,
}

/// Parents of a person on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parents {
    pub(crate) father: Option<u32>,
    pub(crate) mother: Option<u32>,
    /// Whether the place of father, and of mother, is empty only because a tie cannot be read.
    pub(crate) in_doubt: [bool; 2],
    /// Ties in force that give no parent, because others come before them or are alike.
    pub(crate) unused: u32,
}

impl Kinship {
    /// Orders filiations by child.
    pub(crate) fn new(
        mut filiations: Vec<Filiation>,
        doubtful_ties: Vec<DoubtfulTie>,
        persons: u32,
        person_of: impl Fn(u32) -> u32,
    ) -> Kinship {
        let mut doubtful: HashMap<u32, Vec<DoubtfulTie>> = HashMap::new();
        for tie in doubtful_ties {
            doubtful.entry(person_of(tie.child)).or_default().push(tie);
        }
        let mut starts = vec![0u32; persons as usize + 1];
        for tie in &mut filiations {
            tie.child = person_of(tie.child);
            tie.parent = person_of(tie.parent);
            starts[tie.child as usize + 1] += 1;
        }
        for at in 0..persons as usize {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let none = Tie { parent: 0, from: 0, until: 0, number: 0, sex: Sex::Unrecorded };
        let mut ties = vec![none; filiations.len()];
        for &Filiation { child, parent, from, until, number, sex } in &filiations {
            let place = &mut next[child as usize];
            ties[*place as usize] = Tie { parent, from, until, number, sex };
            *place += 1;
        }
        drop(filiations);
        for bounds in starts.windows(2) {
            let own = &mut ties[bounds[0] as usize..bounds[1] as usize];
            own.sort_unstable_by_key(|tie| (tie.rank(), tie.sex, tie.until, tie.parent));
        }
        Kinship { starts, ties, doubtful }
    }

    /// Persons of whom a tie to a parent cannot be read.
    pub(crate) fn in_doubt(&self) -> u64 {
        self.doubtful.len() as u64
    }

    /// The parents of a person on a day.
    pub(crate) fn parents(&self, child: u32, day: Day) -> Parents {
        let known = self.readable(child, day);
        if self.doubtful.is_empty() || (known.father.is_some() && known.mother.is_some()) {
            return known;
        }
        let ties = self.doubtful.get(&child).map_or(&[][..], Vec::as_slice);
        let in_force = || ties.iter().filter(|tie| tie.from <= day.0 && day.0 < tie.until);
        let in_doubt = |place: Option<u32>, other: Sex| place.is_none() && in_force().any(|tie| tie.sex != other);
        Parents { in_doubt: [in_doubt(known.father, Sex::Woman), in_doubt(known.mother, Sex::Man)], ..known }
    }

    /// The parents by the ties that can be read.
    fn readable(&self, child: u32, day: Day) -> Parents {
        let own = &self.ties[self.starts[child as usize] as usize..self.starts[child as usize + 1] as usize];
        let mut in_force = own.iter().filter(|tie| tie.from <= day.0 && day.0 < tie.until);
        let (Some(first), second, None) = (in_force.next(), in_force.next(), in_force.next()) else {
            return chosen(own.iter().filter(|tie| tie.from <= day.0 && day.0 < tie.until));
        };
        // Nearly everybody has one man and one woman on record, or one of them. One parent under two sexes is one parent.
        match (first.sex, second.filter(|tie| tie.parent != first.parent).map(|tie| tie.sex)) {
            (_, None) if second.is_some() => chosen([first].into_iter().chain(second)),
            (Sex::Man, None) => Parents { father: Some(first.parent), ..Parents::default() },
            (Sex::Woman, None) => Parents { mother: Some(first.parent), ..Parents::default() },
            (Sex::Man, Some(Sex::Woman)) => {
                Parents { father: Some(first.parent), mother: second.map(|tie| tie.parent), ..Parents::default() }
            }
            (Sex::Woman, Some(Sex::Man)) => {
                Parents { father: second.map(|tie| tie.parent), mother: Some(first.parent), ..Parents::default() }
            }
            _ => chosen([first].into_iter().chain(second)),
        }
    }

    /// Ties on a day that give no parent, and parents who are not older than their child; birth dates are `YYYYMMDD`, 0
    /// where unknown.
    pub(crate) fn survey(&self, day: Day, births: &[u32]) -> (u64, u64) {
        let (mut unused, mut not_older) = (0, 0);
        for (child, born) in births.iter().enumerate() {
            let parents = self.parents(child as u32, day);
            unused += u64::from(parents.unused);
            let older = |parent: Option<u32>| parent.map(|parent| births[parent as usize]).filter(|other| *other > 0);
            not_older += [parents.father, parents.mother]
                .into_iter()
                .filter_map(older)
                .filter(|other| *born > 0 && other >= born)
                .count() as u64;
        }
        (unused, not_older)
    }
}

/// The general case: ties in force, in the order of their rank.
fn chosen<'t>(ties: impl Iterator<Item = &'t Tie>) -> Parents {
    let mut all: Vec<&Tie> = Vec::new();
    for tie in ties {
        if !all.iter().any(|known| known.parent == tie.parent) {
            all.push(tie);
        }
    }
    let of = |sex: Sex| -> Vec<&Tie> { all.iter().copied().filter(|tie| tie.sex == sex).collect() };
    let (men, women, others) = (of(Sex::Man), of(Sex::Woman), of(Sex::Unrecorded));
    // The tie at a place, unless the next is alike, or the one before.
    let at = |own: &[&Tie], place: usize| -> Option<u32> {
        let tie = own.get(place)?;
        let alike = |other: Option<&&Tie>| other.is_some_and(|other| other.rank() == tie.rank());
        let doubtful = alike(own.get(place + 1)) || (place > 0 && alike(own.get(place - 1)));
        (!doubtful).then_some(tie.parent)
    };
    let (father, mother) = match (men.as_slice(), women.as_slice(), others.as_slice()) {
        (men @ [_, ..], women @ [_, ..], _) => (at(men, 0), at(women, 0)),
        (men @ [_, ..], [], others @ [_, ..]) => (at(men, 0), at(others, 0)),
        ([], women @ [_, ..], others @ [_, ..]) => (at(others, 0), at(women, 0)),
        (two @ [_, _, ..], [], []) | ([], two @ [_, _, ..], []) => (at(two, 0), at(two, 1)),
        (men, women, []) => (at(men, 0), at(women, 0)),
        ([], [], others) => {
            let (firsts, seconds): (Vec<&Tie>, Vec<&Tie>) = others.iter().partition(|tie| tie.number == b'1');
            match (firsts.as_slice(), seconds.as_slice()) {
                (two @ [_, _, ..], []) | ([], two @ [_, _, ..]) => (at(two, 0), at(two, 1)),
                (firsts, seconds) => (at(firsts, 0), at(seconds, 0)),
            }
        }
    };
    let used = u32::from(father.is_some()) + u32::from(mother.is_some());
    Parents { father, mother, unused: all.len() as u32 - used, ..Parents::default() }
}
