use std::sync::LazyLock;
use weir_audit::Name;
use weir_audit::checkpoint::{Checkpoint, Origin, Signer, Verifier};
use weir_audit::rotation::{Lineage, Rotation, newest, read_rotations};
use weir_audit::tree::{Frontier, Hash};
use weir_audit::witness::{AddCheckpoint, take_rotations};

/// A request to a witness that can be read is read the same when it is written, and what is taken is signed by the log and
/// continues what was signed last.
pub fn add_checkpoint(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(request) = text.parse::<AddCheckpoint>() else { return };
    assert!(request.to_string().parse() == Ok(request.clone()), "written, it reads differently");
    let logs = [signer(7).verifier().clone()];
    for last in [None, Some(checkpoint(1)), Some(checkpoint(EVENTS))] {
        let Ok(taken) = request.judge(&logs, last.as_ref()) else { continue };
        let own = (0..=EVENTS).map(checkpoint).any(|own| own.size == taken.size && own.root == taken.root);
        assert!(own, "what the log has not signed is taken");
        assert!(last.is_none_or(|last| last.size <= taken.size), "the log was put back, and is taken");
    }
}

/// Lines that tell of changes of a key are those that both keys have signed, and nobody else's.
pub fn rotations(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(told) = read_rotations(text) else { return };
    assert!(told.iter().all(|rotation| ROTATIONS.contains(&rotation.to_string())), "signed by somebody else");
    let key = signer(7).verifier().clone();
    let is_own = |key: &Verifier| (7..=9).any(|seed| signer(seed).verifier() == key);
    assert!(is_own(&newest(&key, &told)), "followed to a stranger's key");
    assert!(Lineage::of(key.clone(), text).is_ok(), "read, but no lineage");
    if let Ok(taken) = take_rotations(std::slice::from_ref(&key), &[], &told) {
        assert!(newest(&key, &taken) == newest(&key, &told), "taken, it leads elsewhere");
    }
}

const EVENTS: u64 = 3;

static ROTATIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let change = |from, to| Rotation::sign(&signer(from), &signer(to)).to_string();
    vec![change(7, 8), change(8, 9)]
});

fn signer(seed: u8) -> Signer {
    Signer::new(Origin::of_node(&Name::new("fuzz")), &[seed; 32])
}

fn tree(size: u64) -> Frontier {
    let mut tree = Frontier::new();
    (0..size).for_each(|event| tree.append(Hash::leaf(&event.to_le_bytes()), |_, _| {}));
    tree
}

/// What the log has signed at this size.
fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint { origin: Origin::of_node(&Name::new("fuzz")), size, root: tree(size).root() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_audit::tree::{Tile, consistency_proof};

    /// A request as the log makes it.
    fn ask(old: u64) -> String {
        let tree = tree(EVENTS);
        let tiles: Vec<Tile> = tree.partial_tiles().map(|(_, tile)| tile.clone()).collect();
        let proof = consistency_proof(old, EVENTS, &mut |_| tiles.first().cloned()).unwrap();
        AddCheckpoint { old, proof, note: signer(7).sign(EVENTS, tree.root()) }.to_string()
    }

    /// The corpus has what is taken; without it, a parser that takes nothing would satisfy the targets.
    #[test]
    fn what_the_log_asks_and_tells_is_taken_and_in_the_corpus() {
        let logs = [signer(7).verifier().clone()];
        let lines = format!("{}\n{}\n", ROTATIONS[0], ROTATIONS[1]);
        for (path, text) in [
            ("add_checkpoint/first", ask(0)),
            ("add_checkpoint/grown", ask(1)),
            ("add_checkpoint/same", ask(EVENTS)),
            ("rotations/two", lines.clone()),
            ("rotations/second", format!("{}\n", ROTATIONS[1])),
        ] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(path);
            assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
        }
        let grown: AddCheckpoint = ask(1).parse().unwrap();
        assert_eq!(grown.judge(&logs, Some(&checkpoint(1))), Ok(checkpoint(EVENTS)));
        assert_eq!(take_rotations(&logs, &[], &read_rotations(&lines).unwrap()).unwrap().len(), 2);
    }
}
