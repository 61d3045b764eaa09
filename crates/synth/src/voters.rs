//! Foreign nationals who registered as voters for the municipal elections of 8 October 2006, and who could have.

use crate::apportion::apportion;
use crate::counts::Counts;
use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::random::Draw;
use crate::shape::{Column, Kind, SEMICOLONS, Shape, column};

/// The delivery.
pub(crate) const DELIVERY: Delivery = Delivery {
    extract: "verkiezingen/kiezers",
    period: ELECTION,
    delivered_on: "2011-01-15",
    extracted_on: None,
    personal: false,
};
const ELECTION: &str = "2006-10-08";

const COLUMNS: &[Column] = &[
    column("verkiezing", Kind::Day).key().of_period(),
    column("gemeente", Kind::Municipality).key(),
    column("groep", Kind::Codes(&["EU", "NIET-EU"])).key(),
    column("ingeschreven", Kind::Count),
    column("potentieel", Kind::Count),
];
static SHAPE: Shape = Shape::new(SEMICOLONS, COLUMNS).ascending(3, 4).whole(1, "02000", 3);

/// Writes the table: all municipalities, and the region with the published totals, which do not go by the scale.
pub(crate) fn write(flanders: &Flanders<'_>, counts: &Counts, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let mut draw = Draw::stream(flanders.seed, "voters", 0);
    let groups = [("EU", own::VOTERS_EU), ("NIET-EU", own::VOTERS_OUTSIDE)].map(|(group, (registered, potential))| {
        let weights: Vec<f64> = (0..counts.municipalities())
            .map(|at| counts.persons(at, true) * share(flanders, at, group == "EU"))
            .collect();
        let could = apportion(potential, &weights);
        let keen: Vec<f64> = could.iter().map(|could| *could as f64 * (0.5 + draw.unit())).collect();
        // With about one in six registered, no share can come out above the number it is a share of.
        (group, registered, potential, could, apportion(registered, &keen))
    });
    let mut text = String::new();
    for (at, place) in flanders.reference.flemish.iter().enumerate() {
        let code = &flanders.reference.municipalities[*place].code;
        for (group, _, _, could, did) in &groups {
            text.push_str(&format!("{ELECTION};{code};{group};{};{}\n", did[at].min(could[at]), could[at]));
        }
    }
    for (group, registered, potential, ..) in &groups {
        text.push_str(&format!("{ELECTION};02000;{group};{registered};{potential}\n"));
    }
    let mut begun = outbox.begin(DELIVERY)?;
    let mut sink = begun.table("kiezers.csv", &SHAPE)?;
    sink.rows(text.as_bytes(), 2 * flanders.reference.flemish.len() as u64 + 2)?;
    begun.add(sink)?;
    begun.finish()
}

/// The part of a municipality's foreign nationals who are from the European Union, or from outside it.
fn share(flanders: &Flanders<'_>, at: usize, european: bool) -> f64 {
    let reference = flanders.reference;
    let municipality = &reference.municipalities[reference.flemish[at]];
    let citizens = reference.citizens.get(&municipality.province).map(Vec::as_slice).unwrap_or_default();
    let factors = reference.local.get(&municipality.code);
    let persons =
        |(code, persons): &(u16, f64)| persons * factors.and_then(|factors| factors.get(code)).copied().unwrap_or(1.0);
    let all: f64 = citizens.iter().map(persons).sum();
    let chosen = citizens.iter().filter(|(code, _)| flanders.outside_union(*code) != european);
    chosen.map(persons).sum::<f64>() / all.max(1e-9)
}
