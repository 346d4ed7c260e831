//! The inputs to begin with: those kept in `seeds/TARGET.jsonl`, a JSON string a line, and those of the worked examples.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::examples;

/// Writes them where libFuzzer looks for them, a file each.
pub fn unpack(target: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = folder.parent().expect("the repository");
    let corpus = folder.join("corpus").join(target);
    fs::create_dir_all(&corpus).expect("a folder for the corpus");
    let kept = fs::read_to_string(folder.join(format!("seeds/{target}.jsonl"))).expect("seeds");
    let kept = kept
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON string"));
    let examples = examples::inputs(root).into_iter();
    let of_target = examples
        .filter(|(name, _)| *name == target)
        .map(|(_, input)| input);
    for input in kept.chain(of_target) {
        let mut hasher = DefaultHasher::new();
        let input: String = input;
        input.hash(&mut hasher);
        let file = corpus.join(format!("{:016x}", hasher.finish()));
        fs::write(file, input).expect("an input is written");
    }
}
