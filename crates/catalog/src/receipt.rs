//! The receipt of a delivery: what came, when, and how to recognise it again.

use serde::{Deserialize, Serialize};

/// What is written beside the files of one delivery (`receipt.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `supplier/extract`.
    pub extract: String,
    /// The period that the delivery is about, as the contract writes it.
    pub period: String,
    /// The day the delivery was received; with the sequence, it orders the deliveries of a period.
    pub delivered_on: String,
    /// Who delivered it.
    pub delivered_by: String,
    /// The day the supplier took the extract from its own database, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extracted_on: Option<String>,
    /// 1 for the first delivery of the period, 2 for the one that supersedes it, and so on.
    pub sequence: u32,
    /// The files, in the order in which they are read.
    pub files: Vec<DeliveredFile>,
    /// What was changed in this receipt after it was written, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Change>,
}

/// A change of one line of a receipt. The bytes of a delivery never change: other bytes are another delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The day of the change.
    pub changed_on: String,
    /// The line that was changed: `delivered_on` or `extracted_on`.
    pub field: String,
    /// What stood there, where something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there now.
    pub after: String,
    /// Why, in the words of whoever changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// One file of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveredFile {
    /// The file's name beside the receipt.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its data lines, header not counted; sheet rows for a workbook.
    pub lines: u64,
}

impl Receipt {
    /// The name of the file beside the delivered files.
    pub const FILE: &'static str = "receipt.yaml";

    /// The folder of the delivery under its period: `0001`, `0002`, ...
    pub fn folder(sequence: u32) -> String {
        format!("{sequence:04}")
    }
}
