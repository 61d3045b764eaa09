//! The receipt of a delivery: what came, when, and how to recognise it again.

use serde::{Deserialize, Serialize};

use crate::digest::sha256;

/// What begins the last line of a receipt, which holds the SHA-256 of all lines above it.
const SEAL: &str = "# sha256 of the lines above: ";

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
    /// Whether its rows are made up: what is made from it are figures about nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
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

    /// The text of the receipt, sealed: its last line holds the SHA-256 of the lines above it.
    ///
    /// # Errors
    /// Fails where the receipt cannot be written as YAML.
    pub fn to_text(&self) -> Result<String, serde_yaml::Error> {
        Ok(sealed(&serde_yaml::to_string(self)?))
    }

    /// The folder of the delivery under its period: `0001`, `0002`, ...
    pub fn folder(sequence: u32) -> String {
        format!("{sequence:04}")
    }
}

/// Seals the text of a receipt: adds a last line with the SHA-256 of the lines above it. A seal that is there is replaced.
pub fn sealed(text: &str) -> String {
    let body = text.rfind(SEAL).map_or(text, |at| &text[..at]);
    format!("{body}{SEAL}{}\n", sha256(body.as_bytes()))
}

/// Returns whether the text of a receipt is as it was written.
pub fn is_sealed(text: &str) -> bool {
    text.contains(SEAL) && sealed(text) == text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        let file = DeliveredFile { name: "nwwz.csv".into(), sha256: "aa".into(), bytes: 12, lines: 1 };
        Receipt {
            extract: "vdab/nwwz".into(),
            period: "2010".into(),
            delivered_on: "2011-03-01".into(),
            delivered_by: "desk".into(),
            extracted_on: None,
            synthetic: false,
            sequence: 1,
            files: vec![file],
            history: Vec::new(),
        }
    }

    #[test]
    fn a_sealed_receipt_is_read_as_yaml() {
        let text = receipt().to_text().unwrap();
        assert!(is_sealed(&text));
        assert_eq!(serde_yaml::from_str::<Receipt>(&text).unwrap(), receipt());
    }

    #[test]
    fn any_other_byte_breaks_the_seal() {
        let text = receipt().to_text().unwrap();
        for at in 0..text.len() {
            for bit in 0..7 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                assert!(!is_sealed(&String::from_utf8(bytes).unwrap()), "byte {at}, bit {bit}");
            }
        }
        for other in
            [text.replace("2011-03-01", "2011-03-02"), text.replace(SEAL, ""), format!("{text}\n"), String::new()]
        {
            assert!(!is_sealed(&other));
        }
        assert!(is_sealed(&sealed(&text.replace("2011-03-01", "2011-03-02"))));
    }
}
