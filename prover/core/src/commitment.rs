//! The commitment to features: two Poseidon digests over packed features, blinding and schema.

use crate::{
    FeatureCommitment, Fr, SchemaDigest, Secret, SecretVec,
    poseidon::{Domain, hash},
};

/// What a commitment hides, as one digest: `hash(Features, packed ‖ [blinding])`.
pub fn features_digest(packed: &[Fr], blinding: &Secret) -> Fr {
    let mut input = SecretVec::with_capacity(packed.len() + 1);
    packed.iter().for_each(|element| input.push(*element));
    input.push(blinding.expose());
    hash(Domain::Features, &input)
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
pub fn commit(schema: SchemaDigest, packed: &[Fr], blinding: &Secret) -> FeatureCommitment {
    let body = features_digest(packed, blinding);
    FeatureCommitment(hash(Domain::Commitment, &[schema.to_element(), body]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_changes_the_commitment() {
        let f = |x: u64| Fr::from(x);
        let schema = |x: u64| SchemaDigest(f(x));
        let blinding = Secret::new(f(9));
        let base = commit(schema(1), &[f(2), f(3)], &blinding);
        assert_ne!(base, commit(schema(7), &[f(2), f(3)], &blinding));
        assert_ne!(base, commit(schema(1), &[f(3), f(2)], &blinding));
        assert_ne!(base, commit(schema(1), &[f(2), f(3), f(0)], &blinding));
        assert_ne!(base, commit(schema(1), &[f(2), f(3)], &Secret::new(f(8))));
    }
}
