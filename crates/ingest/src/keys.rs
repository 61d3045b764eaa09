//! Keys that must occur once in a delivery.
//!
//! A fingerprint of each accepted row's key is kept, 16 bytes, and put in order at the end. Of rows with one key
//! the later are rejected; when they differ all are, for nobody can tell which is right.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::rejection::RejectionReason;
use crate::value::Value;

/// Fingerprint of a row: 96 bits of its key and 32 of the whole row. Two keys of ten million share 96 bits with a chance
/// of one in 10^15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowKey {
    key: u64,
    more: u32,
    row: u32,
}

/// Makes fingerprints.
#[derive(Clone)]
pub(crate) struct Fingerprint {
    columns: Vec<usize>,
    first: FixedState,
    second: FixedState,
}

impl Fingerprint {
    pub(crate) fn new(columns: &[usize]) -> Fingerprint {
        Fingerprint { columns: columns.to_vec(), first: FixedState::with_seed(1), second: FixedState::with_seed(2) }
    }

    /// Whether there is a key at all.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.columns.is_empty()
    }

    /// The fingerprint of a row; `sheet` is part of the key of a workbook's row.
    pub(crate) fn of(&self, row: &[Value<'_>], sheet: Option<&str>) -> RowKey {
        let (mut first, mut second) = (self.first.build_hasher(), self.second.build_hasher());
        if let Some(sheet) = sheet {
            first.write(sheet.as_bytes());
            second.write(sheet.as_bytes());
        }
        for column in &self.columns {
            take(&mut first, row[*column]);
            take(&mut second, row[*column]);
        }
        let mut whole = self.first.build_hasher();
        row.iter().for_each(|value| take(&mut whole, *value));
        RowKey { key: first.finish(), more: second.finish() as u32, row: whole.finish() as u32 }
    }
}

impl Fingerprint {
    /// The fingerprint of a row's key in 64 bits; one number keeps what it is, so that no two are taken for one.
    pub(crate) fn short(&self, row: &[Value<'_>]) -> u64 {
        if let [column] = self.columns[..]
            && let Value::Number(number) = row[column]
        {
            return (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let mut hasher = self.first.build_hasher();
        self.columns.iter().for_each(|column| take(&mut hasher, row[*column]));
        hasher.finish()
    }
}

fn take(hasher: &mut impl Hasher, value: Value<'_>) {
    match value {
        Value::Null => hasher.write_u8(0),
        Value::Number(number) => hasher.write_i64(number),
        Value::Code(code) => hasher.write_u16(code),
        Value::Text(bytes) => {
            hasher.write(bytes);
            hasher.write_usize(bytes.len());
        }
    }
}

/// Hands the positions of rows with one key, together and in order, to `each`.
pub(crate) fn for_each_group<K: Ord + Copy>(
    rows: usize,
    key_of: impl Fn(usize) -> K,
    bucket_of: impl Fn(K) -> usize,
    mut each: impl FnMut(&[u32]),
) {
    let bucket = |position: usize| bucket_of(key_of(position)) % BUCKETS;
    let mut starts = vec![0u32; BUCKETS + 1];
    for position in 0..rows {
        starts[bucket(position) + 1] += 1;
    }
    for at in 0..BUCKETS {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut order = vec![0u32; rows];
    for position in 0..rows {
        let place = &mut next[bucket(position)];
        order[*place as usize] = position as u32;
        *place += 1;
    }
    for pair in starts.windows(2) {
        let own = &mut order[pair[0] as usize..pair[1] as usize];
        own.sort_unstable_by_key(|position| (key_of(*position as usize), *position));
        own.chunk_by(|a, b| key_of(*a as usize) == key_of(*b as usize)).for_each(&mut each);
    }
}

/// Few enough to count quickly, many enough that each is sorted in the processor's own memory.
const BUCKETS: usize = 4_096;

/// The rows to be rejected, by their position among the accepted ones, in order; no more than `most` and those of one key.
pub(crate) fn repeated(rows: usize, key_at: impl Fn(usize) -> RowKey, most: usize) -> Vec<(usize, RejectionReason)> {
    let mut found = Vec::new();
    for_each_group(
        rows,
        |position| (key_at(position).key, key_at(position).more),
        |(key, _)| (key >> 52) as usize,
        |group| {
            if group.len() == 1 || found.len() > most {
                return;
            }
            let group = &group[..group.len().min(most + 2)];
            let first = key_at(group[0] as usize).row;
            if group.iter().all(|position| key_at(*position as usize).row == first) {
                found.extend(group[1..].iter().map(|position| (*position as usize, RejectionReason::DuplicateKey)));
            } else {
                found.extend(group.iter().map(|position| (*position as usize, RejectionReason::DuplicateKeyDiffers)));
            }
        },
    );
    found.sort_unstable_by_key(|(position, _)| *position);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_of_equal_rows_and_all_of_differing_rows_are_rejected() {
        let fingerprint = Fingerprint::new(&[0]);
        let rows = [(1, 10), (2, 20), (1, 10), (3, 30), (3, 31), (2, 20), (2, 20), (4, 40)];
        let keys: Vec<RowKey> =
            rows.iter().map(|(key, rest)| fingerprint.of(&[Value::Number(*key), Value::Number(*rest)], None)).collect();
        assert_eq!(
            repeated(keys.len(), |at| keys[at], 100),
            [
                (2, RejectionReason::DuplicateKey),
                (3, RejectionReason::DuplicateKeyDiffers),
                (4, RejectionReason::DuplicateKeyDiffers),
                (5, RejectionReason::DuplicateKey),
                (6, RejectionReason::DuplicateKey),
            ]
        );
        assert!(repeated(10_000, |_| keys[0], 10).len() <= 12);
    }

    #[test]
    fn a_text_is_not_its_pieces() {
        let fingerprint = Fingerprint::new(&[0, 1]);
        let one = fingerprint.of(&[Value::Text(b"ab"), Value::Text(b"c")], None);
        let other = fingerprint.of(&[Value::Text(b"a"), Value::Text(b"bc")], None);
        assert_ne!((one.key, one.more), (other.key, other.more));
        assert_ne!(
            fingerprint.of(&[Value::Null, Value::Null], Some("a")),
            fingerprint.of(&[Value::Null, Value::Null], Some("b"))
        );
    }
}
