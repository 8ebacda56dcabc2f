use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Inputs and roots of the certificate-transparency reference test data (`merkle_tree_test.cc`).
const CT_LEAVES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
];
const CT_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// A tree with all its tiles, and the same tree by an independent implementation.
struct Grown {
    frontier: Frontier,
    tiles: BTreeMap<TileId, Tile>,
    oracle: MemoryBackedTree<Sha256, Vec<u8>>,
}

fn grow(size: u64) -> Grown {
    let mut grown =
        Grown { frontier: Frontier::new(), tiles: BTreeMap::new(), oracle: MemoryBackedTree::new() };
    for i in 0..size {
        let leaf = i.to_be_bytes().to_vec();
        let tiles = &mut grown.tiles;
        grown.frontier.append(Hash::leaf(&leaf), |id, tile| _ = tiles.insert(id, tile));
        grown.oracle.push(leaf);
    }
    grown.tiles.extend(grown.frontier.partial_tiles().map(|(id, tile)| (id, tile.clone())));
    grown
}

impl Grown {
    fn read(&self) -> impl FnMut(TileId) -> Option<Tile> {
        |id| self.tiles.get(&id).cloned()
    }

    fn oracle_root(&self) -> Hash {
        Hash((*self.oracle.root().as_bytes()).into())
    }
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<32>().0.iter().copied().map(Hash).collect()
}

#[test]
fn the_published_roots_are_reached() {
    let mut frontier = Frontier::new();
    assert_eq!(crate::event::hex(&frontier.root().0), CT_ROOTS[0]);
    for (leaf, root) in CT_LEAVES.iter().zip(&CT_ROOTS[1..]) {
        frontier.append(Hash::leaf(leaf), |_, _| {});
        assert_eq!(crate::event::hex(&frontier.root().0), *root);
    }
}

#[test]
fn tile_paths_are_those_of_the_specification() {
    // Examples of C2SP tlog-tiles.
    let path = |level, index, width| TileId { level, index, width }.path();
    assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(0, 273, 112), "tile/0/273.p/112");
    assert_eq!(path(1, 1, 17), "tile/1/001.p/17");
    assert_eq!(path(2, 0, 256), "tile/2/000");
}

#[test]
fn roots_and_proofs_across_tile_borders_are_those_of_an_independent_implementation() {
    for size in [1, 2, 255, 256, 257, 511, 512, 600] {
        let grown = grow(size);
        let root = grown.frontier.root();
        assert_eq!(root, grown.oracle_root(), "size {size}");
        assert_eq!(root_from_tiles(size, size, &mut grown.read()), Ok(root));
        for index in [0, 1, size / 2, size - 1].into_iter().filter(|index| *index < size) {
            let proof = inclusion_proof(index, size, &mut grown.read()).unwrap();
            let expected = grown.oracle.prove_inclusion(usize::try_from(index).unwrap());
            assert_eq!(proof, hashes(expected.as_bytes()), "leaf {index} of {size}");
        }
        for old in [1, size / 2, size - 1].into_iter().filter(|old| (1..size).contains(old)) {
            let proof = consistency_proof(old, size, &mut grown.read()).unwrap();
            let expected = grown.oracle.prove_consistency(usize::try_from(size - old).unwrap());
            assert_eq!(proof, hashes(expected.as_bytes()), "{old} of {size}");
        }
    }
}

#[test]
fn a_tree_of_three_rows_stands_on_its_tiles() {
    let mut frontier = Frontier::new();
    let mut tiles = BTreeMap::new();
    for i in 0..65_536_u64 + 300 {
        frontier.append(Hash::leaf(&i.to_be_bytes()), |id, tile| _ = tiles.insert(id, tile));
    }
    tiles.extend(frontier.partial_tiles().map(|(id, tile)| (id, tile.clone())));
    let size = frontier.size();
    assert_eq!(Frontier::from_tiles(size, |id| tiles.get(&id).cloned()).as_ref(), Some(&frontier));
    let mut read = |id| tiles.get(&id).cloned();
    let proof = inclusion_proof(65_000, size, &mut read).unwrap();
    verify_inclusion(Hash::leaf(&65_000_u64.to_be_bytes()), 65_000, size, &proof, frontier.root()).unwrap();
}

#[test]
fn a_missing_tile_is_named() {
    let grown = grow(300);
    let id = TileId { level: 0, index: 1, width: 44 };
    let mut read = |wanted| grown.tiles.get(&wanted).filter(|_| wanted != id).cloned();
    assert_eq!(inclusion_proof(0, 300, &mut read), Err(MissingTile(id)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_leaf_is_proved_and_no_other(size in 1_u64..700, index: u64, wrong: u64) {
        let (index, grown) = (index % size, grow(size));
        let root = grown.frontier.root();
        let proof = inclusion_proof(index, size, &mut grown.read()).unwrap();
        let leaf = Hash::leaf(&index.to_be_bytes());
        prop_assert_eq!(verify_inclusion(leaf, index, size, &proof, root), Ok(()));

        let wrong = wrong % size;
        if wrong != index {
            prop_assert!(verify_inclusion(leaf, wrong, size, &proof, root).is_err());
        }
        for place in 0..proof.len() {
            let mut proof = proof.clone();
            proof[place].0[0] ^= 1;
            prop_assert!(verify_inclusion(leaf, index, size, &proof, root).is_err());
            proof.remove(place);
            prop_assert!(verify_inclusion(leaf, index, size, &proof, root).is_err());
        }
    }

    #[test]
    fn every_prefix_is_proved_and_no_other(size in 1_u64..700, old: u64) {
        let (old, grown) = (old % (size + 1), grow(size));
        let (old_root, root) = (grow(old).frontier.root(), grown.frontier.root());
        let proof = consistency_proof(old, size, &mut grown.read()).unwrap();
        prop_assert_eq!(verify_consistency(old, old_root, size, root, &proof), Ok(()));
        prop_assert!(verify_consistency(old, Hash([9; 32]), size, root, &proof).is_err());
        prop_assert!(old == 0 || verify_consistency(old, old_root, size, Hash([9; 32]), &proof).is_err());
        for place in 0..proof.len() {
            let mut proof = proof.clone();
            proof[place].0[0] ^= 1;
            prop_assert!(verify_consistency(old, old_root, size, root, &proof).is_err());
            proof.remove(place);
            prop_assert!(verify_consistency(old, old_root, size, root, &proof).is_err());
        }
    }

    #[test]
    fn growing_goes_on_from_stored_tiles(size in 0_u64..700, more in 0_u64..300) {
        let (grown, whole) = (grow(size), grow(size + more));
        let mut frontier = Frontier::from_tiles(size, grown.read()).unwrap();
        for i in size..size + more {
            frontier.append(Hash::leaf(&i.to_be_bytes()), |_, _| {});
        }
        prop_assert_eq!(frontier, whole.frontier);
    }
}
