//! Field elements out of a package's secret salt, the same on every machine.

use halo2curves::ff::FromUniformBytes;
use sha2::{Digest, Sha512};
use tessera_field::Fr;

/// The stream of a segment: element `i` is SHA-512 of a label, the salt, the segment's index and
/// `i`, reduced. Uniform up to 2^-256, unpredictable without the salt.
pub fn stream(salt: &[u8; 32], segment: usize) -> impl FnMut() -> Fr {
    let base = Sha512::new()
        .chain_update(b"tessera segment salt v1")
        .chain_update(salt)
        .chain_update((segment as u64).to_le_bytes());
    let mut counter = 0u64;
    move || {
        let digest = base.clone().chain_update(counter.to_le_bytes()).finalize();
        counter += 1;
        Fr::from_uniform_bytes(&digest.into())
    }
}
