//! Families who live in caravans, by municipality: the counts of 2003 and 2011.

use crate::apportion::apportion;
use crate::counts::Counts;
use crate::delivery::{Delivery, Outbox};
use crate::error::SynthError;
use crate::estimates as own;
use crate::flanders::Flanders;
use crate::random::Draw;
use crate::shape::{Form, Kind, Shape, column};

/// The deliveries: both counts came together.
pub(crate) const DELIVERIES: [Delivery; 2] = [delivery("2003"), delivery("2011")];

const fn delivery(period: &'static str) -> Delivery {
    Delivery { extract: "wonen/woonwagens", period, delivered_on: "2011-06-01", extracted_on: None, personal: false }
}

static SHAPE: Shape = Shape::new(
    Form::Lines { delimiter: b',', end: "\n", latin: false },
    &[
        column("gemeente", Kind::Municipality).key(),
        column("jaar", Kind::Year).key().of_period(),
        column("gezinnen", Kind::Count),
        column("bewoners", Kind::Count),
    ],
)
.whole(0, "02000", 2);

/// Municipalities with families in caravans in each of the two years, and the families and inhabitants of Flanders:
/// counts of families, which do not go by the scale.
const YEARS: [(usize, (u64, u64)); 2] = [(56, own::CARAVANS_2003), (60, own::CARAVANS_2011)];

/// Writes the two tables, each with a line for the whole region.
pub(crate) fn write(flanders: &Flanders<'_>, counts: &Counts, outbox: &mut Outbox<'_>) -> Result<(), SynthError> {
    let mut draw = Draw::stream(flanders.seed, "caravans", 0);
    // The larger a municipality, the likelier it has a site; some of the largest have none.
    let mut order: Vec<(f64, usize)> = (0..counts.municipalities())
        .map(|at| ((counts.persons(at, false) + counts.persons(at, true)).sqrt() * draw.unit(), at))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (delivery, (municipalities, (families, inhabitants))) in DELIVERIES.into_iter().zip(YEARS) {
        let mut chosen: Vec<usize> = order.iter().take(municipalities).map(|(_, at)| *at).collect();
        chosen.sort_unstable();
        let sizes: Vec<f64> = chosen.iter().map(|_| draw.wait(1.0)).collect();
        let more = apportion(families - chosen.len() as u64, &sizes);
        let homes: Vec<u64> = more.iter().map(|more| more + 1).collect();
        let heads: Vec<f64> = homes.iter().map(|homes| *homes as f64 * (0.85 + 0.3 * draw.unit())).collect();
        let people = apportion(inhabitants, &heads);
        let mut text = String::new();
        for ((at, homes), people) in chosen.iter().zip(&homes).zip(&people) {
            let place = flanders.reference.flemish[*at];
            let code = &flanders.reference.municipalities[place].code;
            text.push_str(&format!("{code},{},{homes},{people}\n", delivery.period));
        }
        text.push_str(&format!("02000,{},{families},{inhabitants}\n", delivery.period));
        let mut begun = outbox.begin(delivery)?;
        let mut sink = begun.table("woonwagens.csv", &SHAPE)?;
        sink.rows(text.as_bytes(), chosen.len() as u64 + 1)?;
        begun.add(sink)?;
        begun.finish()?;
    }
    Ok(())
}
