//! Content digests.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// SHA-256 of some bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of what comes piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the digest in lower-case hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.bytes())
    }

    /// Returns the 32 bytes of the digest.
    pub fn bytes(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Returns what can be published of a hash of confidential content: HMAC-SHA-256 under a salt that stays confidential. A table
/// of a few counts can be tried out against its plain hash; against this only by who has the salt, which also proves later what
/// was committed to. `what` names the content, so that equal contents have different commitments.
pub fn commitment(salt: &str, what: &str, content_sha256: &str) -> String {
    // HMAC takes a key of any length, so there is no error to handle.
    let mut mac = Hmac::<Sha256>::new_from_slice(salt.as_bytes()).unwrap_or_else(|_| unreachable!());
    for part in [what, content_sha256] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_depends_on_the_salt_the_name_and_the_content() {
        let one = commitment("salt", "kiezers 2006", "aa");
        assert_eq!(one.len(), 64);
        for other in [
            commitment("other", "kiezers 2006", "aa"),
            commitment("salt", "kiezers 2007", "aa"),
            commitment("salt", "kiezers 2006", "ab"),
            commitment("salt", "kiezers 2006a", "a"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(one, commitment("salt", "kiezers 2006", "aa"));
    }
}
