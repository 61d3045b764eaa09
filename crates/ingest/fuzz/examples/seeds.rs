//! Writes the inputs that fuzzing begins from: `corpus/<target>/sound-<number>`.

use std::fs;
use std::path::Path;

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (target, name) in ingest_fuzz::Target::ALL {
        fs::create_dir_all(corpus.join(name)).unwrap();
        for (number, bytes) in ingest_fuzz::seeds(target).iter().enumerate() {
            fs::write(corpus.join(name).join(format!("sound-{number}")), bytes).unwrap();
        }
    }
}
