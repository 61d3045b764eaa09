//! The confidential zone: of each edition what was counted behind the published figures, and the proof that nobody can work
//! them out. Only its owner enters; nothing of it is ever published but one hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Reason, Recorded, ShareOf};
use catalog::contract::ExtractId;
use catalog::digest::{commitment, sha256};
use catalog::schema::{Field, PublishedTable, Type, certificates, decisions, record};
use protect::Guarded;
use protect::secondary::End;

use crate::WarehouseError;
use crate::edition::{Prepared, Published, is_there, open};
use crate::guard::{check_private_folder, hash_of, private_folder, read_own, sync};
use crate::ledger::{not_published, write_intent};
use crate::parquet_file::PrivateWriter;
use crate::session::arrow_schema;
use crate::store::{Warehouse, checked, remove_folder, rows};

/// The confidential tables of an edition.
pub(crate) const FILES: [&str; 3] = ["certificates.parquet", "decisions.parquet", "record.parquet"];
/// The file with the salt of an edition's commitments.
pub(crate) const SALT: &str = "salt";

/// Where an edition's confidential files lie.
pub fn folder(warehouse: &Warehouse, edition: &str) -> PathBuf {
    warehouse.confidential().join(format!("edition={edition}"))
}

/// Confidential files that wait for their edition.
#[derive(Debug)]
pub struct Waiting {
    beside: PathBuf,
    folder: PathBuf,
    /// One hash over all of them, salted, for the manifest: without the salt, which stays here, it tells nothing of a
    /// count that could be tried out.
    pub sha256: String,
}

/// Writes an edition's record, decisions and certificates beside their place. The salt is made of what only who holds the
/// deliveries can know.
pub fn write(
    warehouse: &Warehouse,
    edition: &str,
    (recorded, guarded): (&[Recorded], &Guarded<'_>),
    salt: &str,
) -> Result<Waiting, WarehouseError> {
    let folder = folder(warehouse, edition);
    let beside = folder.with_file_name(format!(".edition={edition}.partial"));
    remove_folder(&beside)?;
    private_folder(&beside)?;
    let rows = |table: PublishedTable, columns: Vec<ArrayRef>| -> Result<(), WarehouseError> {
        let schema = arrow_schema(&table.fields);
        let path = beside.join(format!("{}.parquet", table.name));
        let mut writer = PrivateWriter::create(&path, &schema)?;
        writer.write(&RecordBatch::try_new(schema, columns)?)?;
        writer.finish().map(|_| ())
    };
    let table = record();
    let columns = table.fields.iter().map(|field| column(field, recorded)).collect();
    rows(table, columns)?;
    rows(decisions(), decision_columns(guarded))?;
    rows(certificates(), certificate_columns(guarded))?;
    warehouse.write_private_text(&beside.join(SALT), salt)?;
    let sha256 = commitment_to(&beside)?;
    Ok(Waiting { beside, folder, sha256 })
}

/// The salted hash over the confidential files of a folder; without the salt it tells nothing of a count.
fn commitment_to(folder: &Path) -> Result<String, WarehouseError> {
    let mut all = String::new();
    for name in FILES {
        all += &format!("{}  {name}\n", hash_of(&folder.join(name))?);
    }
    Ok(commitment(&salt_in(folder)?, "confidential", &sha256(all.as_bytes())))
}

fn salt_in(folder: &Path) -> Result<String, WarehouseError> {
    let path = folder.join(SALT);
    String::from_utf8(read_own(&path)?).map_err(|_| WarehouseError::altered(&path, "it is not text"))
}

/// Checks the confidential files of an edition: each is as it was written, and together they are what the manifest commits to.
///
/// # Errors
/// Fails where one is missing or altered.
pub fn check(warehouse: &Warehouse, edition: &Published) -> Result<(), WarehouseError> {
    check_private_folder(&warehouse.confidential())?;
    let folder = folder(warehouse, &edition.manifest.edition);
    if !is_there(&folder)? {
        let what = "it is not here, and without it no later edition can be protected; put it back from a copy";
        return Err(WarehouseError::altered(&folder, what));
    }
    check_private_folder(&folder)?;
    for name in FILES.into_iter().chain([SALT]) {
        checked(&folder.join(name))?;
    }
    if commitment_to(&folder)? != edition.manifest.proof_sha256 {
        return Err(WarehouseError::altered(&folder, "its files are not those that the manifest commits to"));
    }
    Ok(())
}

/// What was counted behind a published edition, after it was found to be what the edition's manifest commits to.
///
/// # Errors
/// Fails where the edition or a confidential file of it is not as it was written.
pub fn record_of(warehouse: &Warehouse, edition: &str) -> Result<Vec<Recorded>, WarehouseError> {
    check(warehouse, &open(warehouse, edition)?)?;
    read_record(&folder(warehouse, edition))
}

/// The salt of a published edition, by which it can be proved what its commitments are to.
///
/// # Errors
/// Fails where a confidential file of the edition is not as it was written.
pub fn salt_of(warehouse: &Warehouse, edition: &Published) -> Result<String, WarehouseError> {
    check(warehouse, edition)?;
    salt_in(&folder(warehouse, &edition.manifest.edition))
}

impl Waiting {
    /// The record as it lies on disk.
    ///
    /// # Errors
    /// A record that cannot be read back.
    pub fn record(&self) -> Result<Vec<Recorded>, WarehouseError> {
        read_record(&self.beside)
    }

    /// Puts the files in their place, with the line that their edition is about to get in the ledger; what a run left there
    /// whose edition was never published goes. All of it lasts when this returns.
    pub fn settle(self, warehouse: &Warehouse, prepared: &Prepared<'_>) -> Result<(), WarehouseError> {
        not_published(&self.folder)?;
        write_intent(&self.beside, prepared.line())?;
        sync(&self.beside)?;
        remove_folder(&self.folder)?;
        fs::rename(&self.beside, &self.folder).map_err(|error| WarehouseError::io(&self.folder, error))?;
        sync(&warehouse.confidential())
    }

    /// Takes the files away: their edition is not published.
    pub fn discard(self) -> Result<(), WarehouseError> {
        remove_folder(&self.beside)
    }
}

fn decision_columns(guarded: &Guarded<'_>) -> Vec<ArrayRef> {
    let withheld: Vec<u32> = guarded.outcome.withheld.iter().copied().collect();
    let numbers = |of: &dyn Fn(u32) -> Option<i64>| -> ArrayRef {
        Arc::new(Int64Array::from_iter(withheld.iter().map(|figure| of(*figure))))
    };
    let texts = |of: &dyn Fn(u32) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(withheld.iter().map(|figure| of(*figure))))
    };
    let linked = &guarded.linked;
    let block = |figure: u32| linked.name(figure).map(|(block, ..)| block);
    let code = |at: usize| move |figure: u32| linked.name(figure).map_or("", |(_, _, codes)| codes[at]).to_string();
    let values = |figure: u32| guarded.outcome.needs.get(&figure).and_then(|need| need.values());
    vec![
        numbers(&|figure| Some(i64::from(figure))),
        texts(&|figure| block(figure).map_or(String::new(), |block| block.indicator.clone())),
        texts(&|figure| block(figure).map_or(String::new(), |block| block.period.to_string())),
        texts(&|figure| block(figure).map_or(String::new(), |block| block.method.clone())),
        texts(&|figure| block(figure).and_then(|block| block.base).map_or("", |base| base.word()).to_string()),
        texts(&|figure| linked.name(figure).map_or("", |(_, area, _)| area).to_string()),
        texts(&code(0)),
        texts(&code(1)),
        texts(&code(2)),
        texts(&code(3)),
        texts(&code(4)),
        texts(&|figure| guarded.why(figure).to_string()),
        numbers(&|figure| Some(linked.value(figure))),
        numbers(&|figure| values(figure).map(|(low, _)| low)),
        numbers(&|figure| values(figure).map(|(_, high)| high)),
    ]
}

fn certificate_columns(guarded: &Guarded<'_>) -> Vec<ArrayRef> {
    let mut numbers: [Vec<i64>; 4] = Default::default();
    let mut ends: Vec<&str> = Vec::new();
    for ((figure, end), moves) in &guarded.outcome.proofs {
        for (table, moved) in moves.iter().enumerate() {
            for (other, by) in moved {
                let row = [i64::from(*figure), table as i64, i64::from(*other), *by];
                numbers.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
                ends.push(match end {
                    End::Below => "below",
                    End::Above => "above",
                    End::Other => "other",
                });
            }
        }
    }
    let [figure, table, moved, by] = numbers.map(|column| -> ArrayRef { Arc::new(Int64Array::from(column)) });
    vec![figure, Arc::new(StringArray::from(ends)), table, moved, by]
}

fn column(field: &Field, recorded: &[Recorded]) -> ArrayRef {
    if field.kind == Type::Integer {
        return Arc::new(Int64Array::from_iter(recorded.iter().map(|row| {
            if field.name == "rounded_share" {
                return row.rounded_share;
            }
            let counts = row.cell.counts.as_ref().ok()?;
            match field.name.as_str() {
                "numerator" => Some(counts.numerator),
                "divisor" => Some(counts.divisor),
                "denominator" => counts.denominator,
                _ => Some(counts.contributors),
            }
        })));
    }
    Arc::new(StringArray::from_iter_values(recorded.iter().map(|row| text(&field.name, row))))
}

fn text(name: &str, row: &Recorded) -> String {
    let key = &row.cell.key;
    match name {
        "indicator" => key.indicator.clone(),
        "ref_area" => key.ref_area.clone(),
        "ref_area_class" => key.ref_area_class.clone(),
        "area_level" => key.area_level.word().to_string(),
        "time_period" => key.time_period.to_string(),
        "sex" => key.sex.clone(),
        "age_group" => key.age_group.clone(),
        "group_scheme" => key.group_scheme.clone(),
        "group" => key.group.clone(),
        "detail" => key.detail.clone(),
        "detail_2" => key.detail_2.clone(),
        "share_of" => key.share_of.word().to_string(),
        "source" => row.cell.source.to_string(),
        "method" => row.method.clone(),
        "counted" => row.cell.counts.as_ref().err().map_or("counted", |reason| reason.word()).to_string(),
        _ => row.reason.word().to_string(),
    }
}

/// Reads the record in a folder, held against nothing: [`record_of`] checks it first.
pub fn read_record(folder: &Path) -> Result<Vec<Recorded>, WarehouseError> {
    let path = folder.join("record.parquet");
    let altered = |what: &str| WarehouseError::Altered { file: path.display().to_string(), what: what.to_string() };
    let mut found = Vec::new();
    for batch in rows(&path, &[])? {
        let batch = batch?;
        let texts = |name: &str| -> Result<&StringArray, WarehouseError> {
            let column = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
            column.ok_or_else(|| altered("a column is missing or of another type"))
        };
        let numbers = |name: &str| -> Result<&Int64Array, WarehouseError> {
            let column = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
            column.ok_or_else(|| altered("a column is missing or of another type"))
        };
        let keys = ["indicator", "ref_area", "ref_area_class", "sex", "age_group", "group_scheme", "group", "detail"];
        let keys = keys.map(texts);
        let (detail_2, method, source) = (texts("detail_2")?, texts("method")?, texts("source")?);
        let (level, period, share_of) = (texts("area_level")?, texts("time_period")?, texts("share_of")?);
        let (counted, reason) = (texts("counted")?, texts("reason")?);
        let (numerator, divisor) = (numbers("numerator")?, numbers("divisor")?);
        let (denominator, contributors) = (numbers("denominator")?, numbers("contributors")?);
        let rounded_share = numbers("rounded_share")?;
        let keys: Vec<&StringArray> = keys.into_iter().collect::<Result<_, _>>()?;
        for at in 0..batch.num_rows() {
            let own = |column: usize| keys[column].value(at).to_string();
            let word = |text: &str| Reason::ALL.into_iter().find(|reason| reason.word() == text);
            let counts = match counted.value(at) {
                "counted" => Ok(Counts {
                    numerator: numerator.value(at),
                    divisor: divisor.value(at),
                    denominator: denominator.is_valid(at).then(|| denominator.value(at)),
                    contributors: contributors.value(at),
                }),
                other => Err(word(other).ok_or_else(|| altered("an unknown reason"))?),
            };
            let among = |words: &[(&str, AreaLevel)], text: &str| {
                words.iter().find(|(word, _)| *word == text).map(|(_, level)| *level)
            };
            let shares = ShareOf::WORDS.iter().find(|(word, _)| *word == share_of.value(at));
            found.push(Recorded {
                cell: Cell {
                    key: CellKey {
                        indicator: own(0),
                        ref_area: own(1),
                        ref_area_class: own(2),
                        area_level: among(&AreaLevel::WORDS, level.value(at))
                            .ok_or_else(|| altered("an unknown level"))?,
                        time_period: period.value(at).parse().map_err(|()| altered("an unknown period"))?,
                        sex: own(3),
                        age_group: own(4),
                        group_scheme: own(5),
                        group: own(6),
                        detail: own(7),
                        detail_2: detail_2.value(at).to_string(),
                        share_of: shares.map(|(_, share_of)| *share_of).ok_or_else(|| altered("an unknown share"))?,
                    },
                    counts,
                    source: ExtractId::read(source.value(at)).ok_or_else(|| altered("an unknown source"))?,
                },
                method: method.value(at).to_string(),
                reason: word(reason.value(at)).ok_or_else(|| altered("an unknown reason"))?,
                rounded_share: rounded_share.is_valid(at).then(|| rounded_share.value(at)),
            });
        }
    }
    Ok(found)
}
