//! A test against Statbel's own file: at scale 1 its table comes out, cell by cell.

use std::path::PathBuf;

use crate::counts::{AGES, Counts};
use crate::local::{Setting, people};
use crate::person::{DATES, date, flag};
use crate::reference::Reference;
use crate::text::Calendar;

/// Statbel's zip of a year, where the shared data are.
fn statbel(year: i16) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let shared = std::env::var_os("LIIM_SHARED_DATA").map_or(beside, PathBuf::from);
    let files = std::fs::read_dir(shared.join("statbel")).ok()?;
    let name = format!("TF_SOC_POP_STRUCT_{year}");
    files.filter_map(Result::ok).map(|file| file.path()).find(|path| path.to_string_lossy().contains(&name))
}

#[test]
#[allow(clippy::print_stderr)]
fn statbels_table_comes_out_exactly() {
    let reference = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference");
    let reference = Reference::read(&reference).unwrap();
    let calendar = Calendar::new();
    for year in [2010, 2011, 2012] {
        let Some(zip) = statbel(year) else {
            eprintln!(
                "SKIPPED: Statbel's file of {year} is not there; set LIIM_SHARED_DATA to the folder of the shared data"
            );
            continue;
        };
        let counts = Counts::read(&reference, Some(&zip)).unwrap();
        let setting = Setting::new(&reference, &counts, 3, 1.0);
        assert_eq!((counts.year, setting.today), (year, date(year)));
        // Herstappe with its three foreign men, Mesen, Baarle-Hertog with half its people foreign, Genk.
        for code in ["73028", "33016", "13002", "71016"] {
            let at = reference.flemish_position(code).unwrap();
            let mut made = vec![[0.0; AGES]; 4];
            let place = reference.flemish[at] as u16 + 1;
            for person in people(&setting, at).iter().filter(|person| person.inhabits(setting.today)) {
                let foreign = person.is_foreign(DATES[setting.today]);
                if person.place[setting.today] == place {
                    let age = calendar.age_on_new_year(year, person.birth) as usize;
                    let sex = usize::from(!person.is(flag::WOMAN));
                    made[sex * 2 + usize::from(foreign)][age.min(AGES - 1)] += 1.0;
                }
            }
            for sex in 0..2 {
                for foreign in [false, true] {
                    assert_eq!(
                        &made[sex * 2 + usize::from(foreign)],
                        counts.cell(at, sex, foreign),
                        "{code} in {year}"
                    );
                }
            }
        }
    }
}
