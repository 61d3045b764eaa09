//! The people of one municipality: drawn from its own stream, so that no other municipality matters.

use crate::counts::{AGES, Counts};
use crate::estimates as own;
use crate::person::{DATES, LAST, Person, Reason, Story, date, flag, new_year, off_the_dates, years};
use crate::random::{Draw, Mix, curve};
use crate::reference::Reference;

/// What all municipalities have in common.
pub(crate) struct Setting<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) counts: &'a Counts,
    pub(crate) seed: u64,
    pub(crate) scale: f64,
    /// Position of the calibrated date in [`DATES`].
    pub(crate) today: usize,
    /// `[foreign]`.
    moves: [Moves; 2],
}

/// Where movers come from and go to: municipalities weighted by their inhabitants of the same nationality, Belgian or
/// foreign, so that as many come as go.
struct Moves {
    /// By position in [`Reference::flemish`]: within the arrondissement, within the province.
    near: Vec<(Mix, Mix)>,
    anywhere: Mix,
}

/// The people of a municipality while they are made.
pub(crate) struct Local<'a> {
    pub(crate) setting: &'a Setting<'a>,
    /// Position in [`Reference::flemish`].
    pub(crate) at: usize,
    /// The municipality's value in [`Person::place`].
    pub(crate) home: u16,
    pub(crate) draw: Draw,
    pub(crate) people: Vec<Person>,
    /// Nationalities of today's foreign nationals, and the first nationalities of Belgians of foreign origin.
    pub(crate) citizens: Mix,
    pub(crate) older: Mix,
}

/// The people of a municipality, parents who live elsewhere or are dead included.
pub(crate) fn people(setting: &Setting<'_>, at: usize) -> Vec<Person> {
    let mut local = Local::new(setting, at);
    local.residents();
    local.waiting();
    local.earlier_years();
    local.later_years();
    let ties = local.parents();
    local.births(ties);
    local.people
}

impl<'a> Setting<'a> {
    pub(crate) fn new(reference: &'a Reference, counts: &'a Counts, seed: u64, scale: f64) -> Setting<'a> {
        let moves = [false, true].map(|foreign| Moves::new(reference, counts, foreign));
        let today = date(counts.year).min(LAST);
        Setting { reference, counts, seed, scale, today, moves }
    }
}

impl Moves {
    fn new(reference: &Reference, counts: &Counts, foreign: bool) -> Moves {
        let weighted = |like: &dyn Fn(usize) -> bool| {
            let municipalities = reference.flemish.iter().enumerate().filter(|(_, place)| like(**place));
            Mix::new(municipalities.map(|(at, place)| (*place as u16 + 1, counts.persons(at, foreign))))
        };
        let all = &reference.municipalities;
        let near = |place: &usize| {
            let own = &all[*place];
            let arrondissement = weighted(&|other| other != *place && all[other].arrondissement == own.arrondissement);
            let province = weighted(&|other| {
                all[other].arrondissement != own.arrondissement && all[other].province == own.province
            });
            (arrondissement, province)
        };
        Moves { near: reference.flemish.iter().map(near).collect(), anywhere: weighted(&|_| true) }
    }
}

impl<'a> Local<'a> {
    fn new(setting: &'a Setting<'a>, at: usize) -> Local<'a> {
        let place = setting.reference.flemish[at];
        let municipality = &setting.reference.municipalities[place];
        let factors = setting.reference.local.get(&municipality.code);
        let local = |code: u16| factors.and_then(|factors| factors.get(&code)).copied().unwrap_or(1.0);
        let citizens = setting.reference.citizens.get(&municipality.province).map(Vec::as_slice).unwrap_or_default();
        let today = |(code, persons): &(u16, f64)| (*code, persons * local(*code));
        let older = |(code, persons): &(u16, f64)| {
            let factor = own::OLDER_MIX.iter().find(|(older, _)| older == code).map_or(1.0, |(_, factor)| *factor);
            (*code, persons * local(*code) * factor)
        };
        Local {
            setting,
            at,
            home: place as u16 + 1,
            draw: Draw::stream(setting.seed, "people", municipality.code.parse().unwrap_or(0)),
            people: Vec::new(),
            citizens: Mix::new(citizens.iter().map(today)),
            older: Mix::new(citizens.iter().map(older)),
        }
    }

    /// The inhabitants on the calibrated date.
    fn residents(&mut self) {
        let shift = self.origin_shift();
        for sex in 0..2 {
            for foreign in [false, true] {
                let setting = self.setting;
                let ages = setting.counts.scaled(self.at, sex, foreign, setting.scale, &mut self.draw);
                for (age, persons) in ages.into_iter().enumerate() {
                    for _ in 0..persons {
                        let person = self.resident(sex == 0, foreign, age as i32, shift);
                        self.people.push(person);
                    }
                }
            }
        }
    }

    /// What must be added to the log-odds of foreign origin so that the municipality's ratio comes out.
    fn origin_shift(&self) -> f64 {
        let counts = self.setting.counts;
        let belgians = counts.by_age(self.at, false);
        let code = &self.setting.reference.municipalities[usize::from(self.home) - 1].code;
        let wanted = counts.persons(self.at, true) * (self.setting.reference.origin_ratio(code) - 1.0);
        let expected =
            |shift: f64| -> f64 { (0..AGES).map(|age| belgians[age] * foreign_origin(age as i32, shift)).sum() };
        let (mut low, mut high) = (-12.0, 12.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if expected(middle) < wanted { low = middle } else { high = middle }
        }
        low
    }

    /// Persons in the waiting register, who are no inhabitants; they come and go over the years.
    fn waiting(&mut self) {
        let (counts, reference) = (self.setting.counts, self.setting.reference);
        let share = |foreign: bool| {
            let all: f64 = (0..reference.flemish.len()).map(|at| counts.persons(at, foreign)).sum();
            counts.persons(self.at, foreign) / all.max(1.0)
        };
        // Stays of one to four years, begun in the eight years before the last date: five in sixteen are present on any
        // of the dates.
        let expected = own::WAITING * self.setting.scale * (share(false) + share(true)) / 2.0 * 16.0 / 5.0;
        let mix = Mix::new(own::ASYLUM.iter().copied());
        for _ in 0..self.draw.round(expected) {
            let begin = off_the_dates(self.draw.between(DATES[LAST] - years(8.0), DATES[LAST] - 1));
            let end = begin + years(1.0 + 3.0 * self.draw.unit());
            let age = self.draw.bell(25.0, 12.0).clamp(0.3, 70.0);
            let mut person = self.stranger(begin - years(age), Story::Foreign);
            person.set(flag::WOMAN, self.draw.chance(0.4));
            person.set(flag::WAITING, true);
            person.set(flag::BIS, self.draw.chance(0.5));
            person.first = mix.draw(&mut self.draw).unwrap_or(711);
            self.settle(&mut person, begin);
            for (place, date) in person.place.iter_mut().zip(DATES) {
                *place = if (begin..end).contains(&date) { self.home } else { 0 };
            }
            if end > new_year(2008) {
                self.people.push(person);
            }
        }
    }

    /// Another Flemish municipality, for a move to or from this place.
    pub(crate) fn other_place(&mut self, place: u16, foreign: bool) -> u16 {
        let setting = self.setting;
        let at = setting.reference.flemish.binary_search(&(usize::from(place) - 1)).unwrap_or(self.at);
        let moves = &setting.moves[usize::from(foreign)];
        let (arrondissement, province) = &moves.near[at];
        let draw = &mut self.draw;
        let which = draw.unit();
        let near = if which < own::SAME_ARRONDISSEMENT {
            arrondissement.draw(draw)
        } else if which < own::SAME_ARRONDISSEMENT + own::SAME_PROVINCE {
            province.draw(draw)
        } else {
            None
        };
        near.or_else(|| moves.anywhere.draw(draw)).unwrap_or(place)
    }

    /// A municipality of Brussels or Wallonia.
    pub(crate) fn place_elsewhere(&mut self) -> u16 {
        let reference = self.setting.reference;
        let brussels = self.draw.chance(own::IN_BRUSSELS) && !reference.brussels.is_empty();
        let places = if brussels { &reference.brussels } else { &reference.elsewhere };
        places.get(self.draw.below(places.len())).map_or(self.home, |place| *place as u16 + 1)
    }

    /// A day of the year that begins on a date, the date itself left out.
    pub(crate) fn day_of_year(&mut self, year: usize) -> i32 {
        self.draw.between(DATES[year] + 1, DATES[year] + 364)
    }

    /// Why somebody of this age became Belgian.
    pub(crate) fn reason(&mut self, age: i32) -> Reason {
        match self.draw.unit() {
            _ if age < 18 => Reason::Grant,
            chance if chance < 0.6 => Reason::Declaration,
            _ => Reason::Naturalisation,
        }
    }
}

/// Probability of foreign origin of a Belgian of this age.
pub(crate) fn foreign_origin(age: i32, shift: f64) -> f64 {
    let base = curve(own::FOREIGN_ORIGIN, f64::from(age));
    1.0 / (1.0 + (1.0 - base) / base * (-shift).exp())
}
