//! The commitment: two Poseidon digests over packed features, blinding and schema digest.

use crate::{CredentialError, fill_random};
use tessera_field::{
    Fr, Secret, from_be_bytes,
    poseidon::{Domain, hash},
};
use zeroize::Zeroizing;

/// Fresh blinding from the operating system's generator: 254 random bits, drawn again until they
/// are below the modulus (three draws in four are).
pub fn fresh_blinding() -> Result<Secret, CredentialError> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    loop {
        fill_random(&mut *bytes)?;
        bytes[0] &= 0x3f;
        if let Some(x) = from_be_bytes(*bytes) {
            return Ok(Secret::new(x));
        }
    }
}

/// The commitment to features that `packed` holds (elements below 2^248, as the schema with digest
/// `schema` packs them), hidden by `blinding`:
///
/// ```text
/// body       = hash(Features,   packed ‖ [blinding])
/// commitment = hash(Commitment, [schema, body])
/// ```
///
/// Two levels, so that a circuit gets the schema as an instance beside a body of fixed length.
pub fn commit(schema: &Fr, packed: &[Fr], blinding: &Secret) -> Fr {
    let mut input = Vec::with_capacity(packed.len() + 1);
    input.extend_from_slice(packed);
    input.push(blinding.expose());
    let commitment = hash(Domain::Commitment, &[*schema, hash(Domain::Features, &input)]);
    input.fill(Fr::default());
    commitment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blindings_are_fresh() {
        let [a, b] = [(); 2].map(|()| fresh_blinding().unwrap());
        assert_ne!(a.expose(), b.expose());
    }

    #[test]
    fn every_input_changes_the_commitment() {
        let f = |x: u64| Fr::from(x);
        let blinding = Secret::new(f(9));
        let base = commit(&f(1), &[f(2), f(3)], &blinding);
        assert_ne!(base, commit(&f(7), &[f(2), f(3)], &blinding));
        assert_ne!(base, commit(&f(1), &[f(3), f(2)], &blinding));
        assert_ne!(base, commit(&f(1), &[f(2), f(3), f(0)], &blinding));
        assert_ne!(base, commit(&f(1), &[f(2), f(3)], &Secret::new(f(8))));
    }
}
