//! Files of zero bytes, which hold nothing whatever their size.

use expbundle_format::digest::Hasher;
use expbundle_format::{Blake3, DigestSet, Sha256};

/// Each multiple of 512 up to so many, since an empty tar file has 2 or 20.
pub(crate) const BLOCKS: usize = 64;
/// And each power of two up to this, since space is reserved so.
pub(crate) const LARGEST: usize = 1 << 21;

/// Digests of the powers of two from 64 KiB to [`LARGEST`]: BLAKE3 and SHA-256. To hash these four
/// million bytes anew would take longer than all else that a small bundle is verified with.
const LARGE: [(&str, &str); LARGEST.ilog2() as usize - 15] = [
    (
        "3bdeaf8f8e98780b318106aafdc3ca257f73df123d97b69112b26044c91a7d56",
        "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31",
    ),
    (
        "33badd2c738dbf1cbeebf3279bf6da04ee43995276f786ef8dd30fb708f16e95",
        "fa43239bcee7b97ca62f007cc68487560a39e19f74f3dde7486db3f98df8e471",
    ),
    (
        "86bb2b521a10612d5a1d38204fac4fa632466d1866144d8a6a7e3afc050ce7ae",
        "8a39d2abd3999ab73c34db2476849cddf303ce389b35826850f9a700589b4a90",
    ),
    (
        "934d6b7aea5a339a9e858430cca7ac455d3537e70fd2b302931cc93b25e1df9a",
        "07854d2fef297a06ba81685e660c332de36d5d18d546927d30daad6d7fda1541",
    ),
    (
        "488de202f73bd976de4e7048f4e1f39a776d86d582b7348ff53bf432b987fca8",
        "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58",
    ),
    (
        "8ac83f8ce09d064b023ab3c15880b02f2686cd1817fd25915b8153316ee059f8",
        "5647f05ec18958947d32874eeb788fa396a05d0bab7c1b71f112ceb7e9b31eee",
    ),
];

/// The digests of all of them.
pub(crate) fn digests() -> impl Iterator<Item = DigestSet> {
    let large = LARGE.iter().map(|(blake3, sha256)| DigestSet {
        blake3: blake3.parse::<Blake3>().expect("64 digits"),
        sha256: sha256.parse::<Sha256>().expect("64 digits"),
    });
    small().into_iter().chain(large)
}

/// Those up to 32 KiB, in one pass.
fn small() -> Vec<DigestSet> {
    let blocks = (1..=BLOCKS).map(|blocks| blocks * 512);
    let powers = (0..9).map(|power| 1 << power);
    let mut hasher = Hasher::new();
    let mut seen = 0;
    let mut after = |size| {
        hasher.update(&[0; 512][..size - seen]);
        seen = size;
        hasher.clone().finish()
    };
    powers.chain(blocks).map(&mut after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_zeros() {
        let blocks = (1..=BLOCKS).map(|blocks| blocks * 512);
        let powers = (0..=LARGEST.ilog2()).map(|power| 1 << power);
        let mut sizes: Vec<usize> = blocks.chain(powers).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let expected: Vec<DigestSet> = sizes.iter().map(|size| DigestSet::of(&vec![0; *size])).collect();
        assert_eq!(digests().collect::<Vec<_>>(), expected);
    }
}
