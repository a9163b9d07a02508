//! What hides a segment's key: field elements out of the package's secret salt, the same on every
//! machine.
//!
//! A salt hides one key, once. Two keys that shared a stream would cancel it: subtract a guessed
//! model from each key's constants, and what is left, `s·[L_i]` and `s·[L_j]`, is compared by one
//! pairing. So the stream depends on everything that makes one key differ from another, and two
//! related keys (another number of segments, another segment, a changed model under the same salt,
//! another reference string) have streams that nobody can relate without the salt.

use halo2curves::ff::FromUniformBytes;
use sha2::{Digest, Sha512};
use tessera_artifact::Sha256Digest;
use tessera_circuit::Builder;
use tessera_core::{Fr, SegmentIndex, hide, mutant};
use tessera_model::Package;
use tessera_setup::Srs;
use zeroize::Zeroizing;

/// What the salts of one package's keys, in one number of segments, are drawn from.
#[derive(Clone)]
pub struct SaltSource {
    secret: Zeroizing<[u8; 32]>,
    package: Sha256Digest,
    segments: usize,
}

impl SaltSource {
    /// The source for the keys of `package` in this many segments.
    pub fn new(package: &Package, segments: usize) -> Self {
        Self::from_parts(&package.salt, package.digest(), segments)
    }

    /// The source for a secret, the digest of the package that it belongs to (model, schema and
    /// scaling), and the number of segments.
    pub fn from_parts(secret: &[u8; 32], package: Sha256Digest, segments: usize) -> Self {
        SaltSource { secret: Zeroizing::new(*secret), package, segments }
    }

    /// The salt of the segment at position `index`, whose circuit without a salt is `circuit`, for
    /// a key over `srs`, which gives the circuit's size, too.
    ///
    /// The circuit is bound as a whole, so that a key made by another version of the circuits, or of
    /// a model cut elsewhere, has a salt of its own like any other.
    pub fn salt(&self, srs: &Srs, index: SegmentIndex, circuit: &Builder) -> Salt {
        // Fields of fixed length in a fixed order: different inputs are different messages.
        let fields: [(&str, &[u8]); 7] = [
            ("salt.secret", self.secret.as_slice()),
            ("salt.package", &self.package.0),
            ("salt.segments", &(self.segments as u64).to_le_bytes()),
            ("salt.k", &srs.k().to_le_bytes()),
            ("salt.srs", &srs.digest().0),
            ("salt.index", &(index.0 as u64).to_le_bytes()),
            ("salt.circuit", &circuit.structure_digest()),
        ];
        let mut base = Sha512::new_with_prefix(b"tessera segment salt v2");
        for (name, field) in fields {
            let related = mutant("salt.related") && !matches!(name, "salt.secret" | "salt.index");
            if !mutant(name) && !related {
                base.update(field);
            }
        }
        Salt { base }
    }
}

/// The salt of one segment's key. Secret, like the model.
#[derive(Clone)]
pub struct Salt {
    base: Sha512,
}

hide!(SaltSource, Salt);

impl Salt {
    /// Element `i` is SHA-512 of all that the salt is bound to and `i`, reduced: uniform up to
    /// 2^-256, unpredictable without the secret.
    pub fn stream(&self) -> impl FnMut() -> Fr {
        let base = self.base.clone();
        let mut counter = 0u64;
        move || {
            let digest = base.clone().chain_update(counter.to_le_bytes()).finalize();
            counter += 1;
            Fr::from_uniform_bytes(&digest.into())
        }
    }
}
