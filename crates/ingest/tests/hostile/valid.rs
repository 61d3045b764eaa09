//! What every accepted row must be, whatever the file was.

use std::collections::BTreeSet;

use arrow::array::{Array, Date32Array, DictionaryArray, Int32Array, Int64Array, StringArray};
use arrow::compute::{filter_record_batch, is_null};
use arrow::datatypes::UInt16Type;
use arrow::record_batch::RecordBatch;
use catalog::contract::{Codes, ColumnKind, Extract, Form};
use catalog::insz;
use catalog::reference::Reference;
use catalog::schema::UNREADABLE;
use catalog::{Day, Period};

/// Whether every value of the accepted rows of a batch is one that the contract allows, found out another way than it was
/// read; how many these are. Of a rejected row of a history it must be known whose it is.
pub fn valid(
    batch: &RecordBatch,
    extract: &Extract,
    period: Period,
    reference: &Reference,
    keys: &mut BTreeSet<String>,
) -> usize {
    let mut accepted = batch.clone();
    if let (Some(unreadable), Some(whose)) = (batch.column_by_name(UNREADABLE), extract.whose_history()) {
        assert_eq!(batch.column(whose).null_count(), 0, "{}: of nobody", extract.id);
        accepted = filter_record_batch(batch, &is_null(unreadable).unwrap()).unwrap();
    }
    let batch = &accepted;
    let mut texts: Vec<Vec<String>> = vec![Vec::new(); batch.num_rows()];
    for (at, column) in extract.columns.iter().enumerate() {
        let array = batch.column(at);
        for (row, shown) in texts.iter_mut().enumerate() {
            if array.is_null(row) {
                assert!(column.may_be_null(), "{} {}: null", extract.id, column.name);
                shown.push(String::new());
                continue;
            }
            let number = || array.as_any().downcast_ref::<Int64Array>().unwrap().value(row);
            let day = || Day(array.as_any().downcast_ref::<Date32Array>().unwrap().value(row));
            let inside = !extract.within_period.contains(&at);
            let text = match &column.kind {
                ColumnKind::Insz => {
                    assert!(insz::century(number() as u64).is_ok());
                    number().to_string()
                }
                ColumnKind::Code(codes) => {
                    let array = array.as_any().downcast_ref::<DictionaryArray<UInt16Type>>().unwrap();
                    let values = array.values().as_any().downcast_ref::<StringArray>().unwrap();
                    let code = values.value(array.keys().value(row) as usize).to_string();
                    assert!(match codes {
                        Codes::Municipalities(also) =>
                            reference.municipalities.contains_key(&code) || also.contains(&code),
                        Codes::Nationalities(also) =>
                            reference.nationalities.contains_key(&code) || also.contains(&code),
                        Codes::Places(also) =>
                            reference.municipalities.contains_key(&code)
                                || reference.nationalities.contains_key(&code)
                                || also.contains(&code),
                        Codes::Listed(listed) => listed.iter().any(|(_, known)| *known == code),
                    });
                    code
                }
                ColumnKind::Count | ColumnKind::Decimal(_) => number().to_string(),
                ColumnKind::Year => {
                    assert!(inside || number() == i64::from(period.start().year()));
                    number().to_string()
                }
                ColumnKind::Day | ColumnKind::Month | ColumnKind::Quarter | ColumnKind::SchoolYear => {
                    assert!(inside || (period.start() <= day() && day() <= period.end()));
                    day().to_string()
                }
                ColumnKind::PartialDay => {
                    let written = array.as_any().downcast_ref::<Int32Array>().unwrap().value(row);
                    assert!((18_000_000..100_000_000).contains(&written));
                    // What is not known of a date may be anything, so that it is in order with every other.
                    if written % 100 == 0 { String::new() } else { written.to_string() }
                }
                ColumnKind::Text | ColumnKind::Coded => {
                    array.as_any().downcast_ref::<StringArray>().unwrap().value(row).to_string()
                }
            };
            shown.push(text);
        }
    }
    for row in &texts {
        for &(first, second) in &extract.ascending {
            let (a, b) = (&row[first], &row[second]);
            assert!(a.is_empty() || b.is_empty() || a.len() != b.len() || a <= b, "{}: order", extract.id);
        }
        let sheet = if let Form::Workbook { .. } = extract.form {
            batch.column(extract.columns.len()).as_any().downcast_ref::<StringArray>().unwrap().value(0)
        } else {
            ""
        };
        keys.insert(format!(
            "{sheet}|{}",
            extract.unique.iter().map(|at| row[*at].as_str()).collect::<Vec<_>>().join("|")
        ));
    }
    batch.num_rows()
}
