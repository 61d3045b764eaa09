//! What the fuzz targets share: any bytes, taken for a delivery, land or are refused in words, and what lands is valid.
//!
//! The first byte of an input chooses the extract, so that one corpus covers every contract of the project.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

use catalog::contract::{Container, Extract, Form};
use catalog::reference::Reference;
use ingest::{LandError, Source, land};

#[path = "../../tests/hostile/samples.rs"]
mod samples;
#[path = "../../tests/hostile/valid.rs"]
mod valid;

/// What the bytes of an input stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A delimited file.
    Delimited,
    /// A fixed-width file.
    FixedWidth,
    /// A workbook file.
    Workbook,
    /// The first sheet in a workbook that is otherwise sound.
    Sheet,
    /// A zip around any text extract.
    Zip,
    /// A gzip around any text extract.
    Gzip,
}

impl Target {
    /// All targets with the names of their binaries.
    pub const ALL: [(Target, &str); 6] = [
        (Target::Delimited, "delimited"),
        (Target::FixedWidth, "fixed_width"),
        (Target::Workbook, "workbook"),
        (Target::Sheet, "sheet"),
        (Target::Zip, "zip"),
        (Target::Gzip, "gzip"),
    ];

    fn wants(self, form: &Form) -> bool {
        match self {
            Target::Delimited => matches!(form, Form::Delimited { .. }),
            Target::FixedWidth => matches!(form, Form::FixedWidth { .. }),
            Target::Workbook | Target::Sheet => matches!(form, Form::Workbook { .. }),
            Target::Zip | Target::Gzip => !matches!(form, Form::Workbook { .. }),
        }
    }

    fn container(self) -> Container {
        match self {
            Target::Zip => Container::Zip,
            Target::Gzip => Container::Gzip,
            _ => Container::Plain,
        }
    }
}

struct Project {
    extracts: Vec<Extract>,
    reference: Reference,
    file: PathBuf,
}

fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| {
        let (extracts, reference) = samples::contracts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../sources"));
        // In memory where the system has such a place: an input lives for a millisecond.
        let shared = Path::new("/dev/shm");
        let folder = if shared.is_dir() { shared.to_path_buf() } else { env::temp_dir() };
        Project { extracts, reference, file: folder.join(format!("liim-fuzz-{}", std::process::id())) }
    })
}

fn extracts_of(target: Target) -> Vec<Extract> {
    let wanted = project().extracts.iter().filter(|extract| target.wants(&extract.form));
    wanted.map(|extract| Extract { container: target.container(), ..extract.clone() }).collect()
}

/// Sound inputs to begin from: one for each extract.
pub fn seeds(target: Target) -> Vec<Vec<u8>> {
    let extracts = extracts_of(target).into_iter().enumerate();
    extracts
        .map(|(number, extract)| {
            let sound = samples::sound(&extract, 4, &project().reference);
            let bytes = match target {
                Target::Sheet => samples::first_sheet(&sound),
                _ => samples::wrapped(&sound, extract.container),
            };
            [&[number as u8], bytes.as_slice()].concat()
        })
        .collect()
}

/// Lands an input; panics where a line is lost, an accepted row is not valid or the reader itself panics.
pub fn lands_or_says_why(target: Target, input: &[u8]) {
    static CHOICE: OnceLock<(Vec<Extract>, Vec<Vec<u8>>)> = OnceLock::new();
    let project = project();
    let (extracts, books) = CHOICE.get_or_init(|| {
        let extracts = extracts_of(target);
        let book = |extract: &Extract| samples::sound(extract, 4, &project.reference);
        let books = if target == Target::Sheet { extracts.iter().map(book).collect() } else { Vec::new() };
        (extracts, books)
    });
    let Some((choice, bytes)) = input.split_first() else { return };
    let which = usize::from(*choice) % extracts.len();
    let extract = &extracts[which];
    let written =
        if target == Target::Sheet { samples::with_first_sheet(&books[which], bytes) } else { bytes.to_vec() };
    fs::write(&project.file, written).unwrap();
    let period = samples::period_of(extract);
    let mut handed = 0;
    let mut keys = BTreeSet::new();
    let source = Source { path: &project.file, shown: "file" };
    let outcome = land(extract, &project.reference, period, &[source], 1, &mut |batch| {
        handed += valid::valid(&batch, extract, period, &project.reference, &mut keys);
        Ok(())
    });
    match outcome {
        Ok(landed) => {
            assert_eq!(landed.rows, landed.accepted + landed.rejections.len() as u64);
            assert_eq!(handed - landed.withdrawn.len(), landed.accepted as usize);
            assert!(extract.unique.is_empty() || keys.len() as u64 >= landed.accepted);
        }
        Err(LandError::Faults(faults)) => assert!(!faults.is_empty()),
        Err(LandError::Io { .. }) => {}
        Err(other) => panic!("{other}"),
    }
}
