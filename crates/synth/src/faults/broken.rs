//! Files that are broken as a whole, one small file of each kind, for those who test a reader.

use std::io::{Cursor, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use zip::ZipWriter;
use zip::result::ZipResult;

use crate::error::SynthError;
use crate::flanders::Flanders;
use crate::jobseekers::{self, Search};
use crate::person::date;
use crate::sink::{Sink, make_folder};
use crate::workbook::{DATE_CELL, NUMBER_CELL, fill, workbook};
use crate::{housing, moves, statbel};

/// Lines of a sample, its header not counted.
const LINES: usize = 40;
/// What the bomb unpacks to.
const BOMB: usize = 300_000_000;

/// Whose file it is, its period, and its name.
type Of = (&'static str, &'static str, &'static str);
const SEEKERS: Of = ("vdab/nwwz", "2010", "nwwz.csv");
const MOVES: Of = ("rijksregister/verhuizingen", "2010", "verhuizingen.csv.gz");
const POPULATION: Of = ("statbel/bevolking", "2011-01-01", "TF_SOC_POP_STRUCT_2011.zip");
const HOUSING: Of = ("wonen/sociale-huur", "2010-12-31", "sociale-huur.xlsx");

/// Sound files of a few lines.
pub(crate) struct Samples {
    seekers: String,
    moves: Vec<u8>,
    population: Vec<u8>,
    /// Rows of a sheet.
    households: String,
}

impl Samples {
    /// The first rows of some extracts.
    pub(crate) fn take(flanders: &Flanders<'_>, searches: &[Search]) -> Samples {
        let (rows, _) = jobseekers::rows(flanders, searches, 0);
        let mut seekers = String::from_utf8_lossy(&jobseekers::SHAPE.header()).into_owned();
        seekers.extend(String::from_utf8_lossy(&rows).split_inclusive('\n').take(LINES));
        let mut packed = moves::SHAPE.header();
        for block in 0..flanders.blocks().min(8) {
            packed.extend(moves::rows(flanders, date(2010), block).0);
        }
        let mut households = String::new();
        for (at, place) in flanders.reference.flemish.iter().enumerate().take(LINES) {
            let code = &flanders.reference.municipalities[*place].code;
            households.push_str(&format!("H{:08}\t{code}\t150\t2010-12-31\t312,50\n", at + 1));
        }
        Samples { seekers, moves: packed, population: statbel::sample(flanders, LINES), households }
    }
}

/// Writes the folder `files` and its list; gives the lines of the list.
pub(crate) fn write(folder: &Path, samples: &Samples) -> Result<u64, SynthError> {
    let mut list = Sink::create(folder, "files.csv", true)?;
    list.write(b"class;extract;period;path\n")?;
    let mut put = |class: &str, (extract, period, name): Of, bytes: &[u8]| {
        let place = folder.join("files").join(class);
        make_folder(&place, true)?;
        let mut sink = Sink::create(&place, name, true)?;
        sink.write(bytes)?;
        sink.finish()?;
        list.rows(format!("{class};{extract};{period};files/{class}/{name}\n").as_bytes(), 1)
    };
    for (class, bytes) in seekers(&samples.seekers) {
        put(class, SEEKERS, &bytes)?;
    }
    put("cut-gzip", MOVES, &cut(&packed(&samples.moves).map_err(SynthError::container(MOVES.2))?))?;
    let zips = zips(&samples.population).map_err(SynthError::container(POPULATION.2))?;
    for (class, bytes) in &zips {
        put(class, POPULATION, bytes)?;
    }
    put("not-a-zip", POPULATION, &samples.population)?;
    let books = books(&samples.households).map_err(SynthError::container(HOUSING.2))?;
    for (class, bytes) in &books {
        put(class, HOUSING, bytes)?;
    }
    Ok(list.finish()?.0.lines)
}

/// A delimited file broken in ten ways.
fn seekers(sound: &str) -> Vec<(&'static str, Vec<u8>)> {
    let header = sound.lines().next().unwrap_or_default();
    let edited = |edit: &dyn Fn(usize, &mut Vec<&str>)| {
        let mut text = String::new();
        for (line, fields) in sound.lines().enumerate() {
            let mut fields: Vec<&str> = fields.split(';').collect();
            edit(line, &mut fields);
            text.push_str(&fields.join(";"));
            text.push('\n');
        }
        text.into_bytes()
    };
    // In the middle of a number: the last line's first delimiter is the last but two.
    let inside = sound.rmatch_indices(';').nth(2).map_or(0, |(at, _)| at + 6);
    let wide = std::iter::once(0xfeff).chain(sound.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    vec![
        ("empty", Vec::new()),
        ("header-only", format!("{header}\n").into_bytes()),
        ("truncated", sound.as_bytes()[..inside].to_vec()),
        ("wrong-encoding", wide),
        ("wrong-delimiter", sound.replace(';', ",").into_bytes()),
        ("missing-column", edited(&|_, fields| fields.truncate(3))),
        ("extra-column", edited(&|line, fields| fields.push(if line == 0 { "opmerking" } else { "-" }))),
        ("renamed-column", sound.replacen("gemeente", "gemeentecode", 1).into_bytes()),
        ("reordered-columns", edited(&|_, fields| fields.swap(2, 3))),
        ("wrong-period", sound.replace("\n2010-", "\n2009-").into_bytes()),
    ]
}

fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes)?;
    packer.finish()
}

/// The first two thirds.
fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() / 3 * 2].to_vec()
}

/// Zips that are not one file of the right size.
fn zips(sound: &[u8]) -> ZipResult<Vec<(&'static str, Vec<u8>)>> {
    let zipped = |members: &[&str]| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for member in members {
            zip.start_file(*member, statbel::member_of(2011))?;
            zip.write_all(sound)?;
        }
        ZipResult::Ok(zip.finish()?.into_inner())
    };
    let bomb = || {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("TF_SOC_POP_STRUCT_2011.txt", statbel::member_of(2011))?;
        zip.write_all(sound)?;
        // A run of one letter packs best: the municipality gets a very long name.
        let line = sound.split_inclusive(|byte| *byte == b'\n').next_back().unwrap_or(b"\r\n");
        let name = line.iter().position(|byte| *byte == b'|').map_or(0, |at| at + 1);
        let block = [&line[..name], &[b'a'; 30_000], &line[name..]].concat();
        for _ in 0..BOMB / block.len() {
            zip.write_all(&block)?;
        }
        ZipResult::Ok(zip.finish()?.into_inner())
    };
    Ok(vec![
        ("two-members", zipped(&["TF_SOC_POP_STRUCT_2011.txt", "TF_SOC_POP_STRUCT_2010.txt"])?),
        ("path-in-name", zipped(&["a/b.txt"])?),
        ("zip-bomb", bomb()?),
    ])
}

/// Workbooks that no contract can be right about.
fn books(sound: &str) -> Result<Vec<(&'static str, Vec<u8>)>, XlsxError> {
    let marked = |column: usize, mark: u8| {
        let mark = char::from(mark);
        let line = |line: &str| {
            let fields: Vec<String> = line
                .split('\t')
                .enumerate()
                .map(|(at, field)| if at == column { format!("{mark}{field}") } else { field.to_string() })
                .collect();
            fields.join("\t") + "\n"
        };
        sound.lines().map(line).collect::<String>()
    };
    let made = |lines: &str| -> Result<Workbook, XlsxError> {
        let mut book = workbook(2011, 5, 1)?;
        for name in ["huurders", "kandidaten"] {
            fill(book.add_worksheet(), name, &housing::SHAPE, lines)?;
        }
        Ok(book)
    };
    let mut far = made(sound)?;
    far.worksheet_from_index(0)?.write_string(999_999, 15_999, "x")?;
    let mut merged = made(sound)?;
    let page = merged.worksheet_from_index(0)?;
    for row in [3, 7, 11] {
        page.merge_range(row, 1, row + 1, 1, "11002", &Format::new())?;
    }
    let mut alone = workbook(2011, 5, 1)?;
    fill(alone.add_worksheet(), "huurders", &housing::SHAPE, sound)?;
    Ok(vec![
        ("far-away-cell", far.save_to_buffer()?),
        ("merged-cells", merged.save_to_buffer()?),
        ("missing-sheet", alone.save_to_buffer()?),
        ("codes-as-numbers", made(&marked(1, NUMBER_CELL))?.save_to_buffer()?),
        ("dates-as-serials", made(&marked(3, DATE_CELL))?.save_to_buffer()?),
    ])
}
