//! The key of a whole model.

use crate::circuit::{Claim, build_unsalted, circuit};
use crate::plan::{DirectPlan, PlanError};
use crate::spec::DirectSpec;
use halo2_proofs::plonk::{self, Circuit, ConstraintSystem, keygen_pk2};
use halo2curves::bn256::G1Affine;
use std::sync::LazyLock;
use tessera_circuit::{ColumnCircuit, Gates, layout::PIN_SHIFT};
use tessera_core::{ModelDigest, SegmentIndex};
use tessera_model::Package;
use tessera_segment::{
    SegmentWitness, VerifyingKey,
    key::{Form, model_digest},
    plan::{MAX_K, MIN_K},
    salt::{Salt, SaltSource},
};
use tessera_setup::Srs;

/// Why the key could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The package is too large for one circuit.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The reference string is for other circuit sizes.
    #[error("the circuit needs a reference string for k = {needed}, this one is for k = {found}")]
    WrongSize {
        /// Circuit size of the plan.
        needed: u32,
        /// Circuit size of the reference string.
        found: u32,
    },
    /// halo2 refused the circuit.
    #[error("key generation failed: {0}")]
    Keygen(#[from] plonk::Error),
    /// The key has no digest.
    #[error(transparent)]
    Digest(#[from] tessera_segment::KeyError),
}

/// What a package is proven with.
pub struct DirectKey {
    pub(crate) key: plonk::ProvingKey<G1Affine>,
    pub(crate) salt: Salt,
    plan: DirectPlan,
    verifying: VerifyingKey,
    model_digest: ModelDigest,
}

impl DirectKey {
    /// Makes the key; `srs` must be of size `plan.k`.
    pub fn new(srs: &Srs, package: &Package, plan: DirectPlan) -> Result<Self, KeyError> {
        if srs.k() != plan.k {
            return Err(KeyError::WrongSize { needed: plan.k, found: srs.k() });
        }
        let (share, blank) = (DirectPlan::share(package), SegmentWitness::blank(&package.schema));
        let unsalted = build_unsalted(&share, &blank, &Claim::blank());
        // No key of segments is in 0 segments: this salt is its own.
        let salt = SaltSource::new(package, 0).salt(srs, SegmentIndex::FIRST, &unsalted);
        let circuit = circuit(&share, &blank, &Claim::blank(), &plan, salt.stream());
        let key = keygen_pk2(srs.params(), &circuit, false)?;
        let verifying = VerifyingKey::of(plan.k, key.get_vk());
        let model_digest = model_digest(Form::Direct, package.schema.digest(), &[verifying])?;
        Ok(DirectKey { key, salt, plan, verifying, model_digest })
    }

    /// Size and salt.
    pub fn plan(&self) -> &DirectPlan {
        &self.plan
    }

    /// The public part.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The model, as the chain knows it.
    pub fn model_digest(&self) -> ModelDigest {
        self.model_digest
    }
}

/// What the contract for all keys of a reference string is made of; `srs` of any size.
pub fn verifier(srs: &Srs) -> DirectSpec {
    DirectSpec {
        sizes: (MIN_K, MAX_K),
        last_rows: last_rows(),
        pin_shift: *PIN_SHIFT,
        tau_g2: srs.params().s_g2(),
        srs: srs.digest(),
        insecure_srs: srs.is_insecure(),
    }
}

/// Rows at the end of a circuit in the lean layout: the permutation's last one and the blinding.
pub(crate) fn last_rows() -> u32 {
    static ROWS: LazyLock<u32> = LazyLock::new(|| {
        let mut system = ConstraintSystem::default();
        ColumnCircuit::configure_with_params(&mut system, Gates::Lean);
        system.blinding_factors() as u32 + 1
    });
    *ROWS
}
