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
    /// The folder of the delivery under its period: `0001`, `0002`, ...
    pub fn folder(sequence: u32) -> String {
        format!("{sequence:04}")
    }
}
