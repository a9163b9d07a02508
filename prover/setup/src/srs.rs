use crate::{
    Ceremony, PointFault, SrsError, SrsFault, development, development_digest,
    lagrange::lagrange_from_powers,
};
use halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2curves::{
    bn256::{Fq, G1Affine, G2Affine},
    ff::PrimeField,
    group::{cofactor::CofactorGroup, prime::PrimeCurveAffine},
};
use serde::{Deserialize, Serialize};
use tessera_artifact::{Sha256Digest, sha256};
use tessera_kzg::Parameters;

/// The greatest size: `2^24` powers, 2 GiB in a file.
pub const MAX_K: u32 = 24;

/// The powers of a secret `tau` in G1, `[tau^i]` for `i < 2^k`, the same in Lagrange form, and
/// `[1]`, `[tau]` in G2; with where they come from.
#[derive(Clone, Debug)]
pub struct Srs {
    params: Parameters,
    provenance: Provenance,
    digest: Sha256Digest,
}

/// Where an SRS comes from, as its file says. Only [`Provenance::Development`] is verified (by the
/// digest); a ceremony's name is what the importer wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum Provenance {
    /// Made from the published secret.
    Development,
    /// Imported from the file of a public ceremony.
    Ceremony(Ceremony),
}

impl Srs {
    /// Takes `params` whose points are on the curve, after the checks that cost nothing: the
    /// generators, the subgroup of G2, a secret other than 1, a provenance that is no lie.
    pub(crate) fn new(params: Parameters, provenance: Provenance) -> Result<Self, SrsFault> {
        let (g1, g2, tau_g2) = (params.get_g(), params.g2(), params.s_g2());
        if g1[0] != G1Affine::generator() {
            return Err(SrsFault::Generator { section: "powers in G1" });
        }
        if g2 != G2Affine::generator() {
            return Err(SrsFault::Generator { section: "powers in G2" });
        }
        if !bool::from(tau_g2.to_curve().is_torsion_free()) {
            let fault = PointFault::Subgroup;
            return Err(SrsFault::Point { section: "powers in G2", index: 1, fault });
        }
        if tau_g2 == g2 {
            return Err(SrsFault::TrivialSecret);
        }
        let digest = digest_of(&g1[0], &g1[1], &g2, &tau_g2);
        if provenance == Provenance::Development && digest != development_digest() {
            return Err(SrsFault::Provenance);
        }
        Ok(Self { params, provenance, digest })
    }

    /// Polynomials have a degree below `2^k`.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    /// What halo2 proves and verifies with.
    pub fn params(&self) -> &Parameters {
        &self.params
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// What the secret is known by, whatever the size: SHA-256 of `"tessera srs v1"`, the first two
    /// powers in G1 and those in G2, each as 32-byte big-endian coordinates in the order of the
    /// EVM's precompiles (x, y; in G2 the imaginary part before the real one).
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// Whether the secret is the published one, whatever the provenance says: proofs then prove
    /// nothing.
    pub fn is_insecure(&self) -> bool {
        self.digest == development_digest()
    }

    /// The same SRS for polynomials of a degree below `2^k`.
    ///
    /// The Lagrange form is another one for each size. It is computed by a Fourier transform of
    /// points, about 12 s at k = 16 on two cores; the development SRS is made afresh instead, and a
    /// prepared `.ptau` file has every size ([`import_ptau`](crate::import_ptau)).
    ///
    /// Errors: [`SrsError::Size`]; [`SrsFault::TooSmall`] when it has fewer powers.
    pub fn downsize(&self, k: u32) -> Result<Self, SrsError> {
        SrsError::check_size(k)?;
        let available = self.k();
        if k > available {
            return Err(SrsError::Srs(SrsFault::TooSmall { available, wanted: k }));
        }
        if k == available {
            return Ok(self.clone());
        }
        if self.is_insecure() {
            return development(k);
        }
        let powers = self.params.get_g()[..1 << k].to_vec();
        let lagrange = lagrange_from_powers(&powers, k);
        let (g2, tau_g2) = (self.params.g2(), self.params.s_g2());
        let params = params_from_parts(k, powers, lagrange, g2, tau_g2);
        Self::new(params, self.provenance.clone()).map_err(SrsError::Srs)
    }
}

/// halo2's parameters from their points.
pub(crate) fn params_from_parts(
    k: u32,
    powers: Vec<G1Affine>,
    lagrange: Vec<G1Affine>,
    g2: G2Affine,
    tau_g2: G2Affine,
) -> Parameters {
    Parameters::from_parts(k, powers, lagrange, g2, tau_g2)
}

/// See [`Srs::digest`].
pub(crate) fn digest_of(
    one_g1: &G1Affine,
    tau_g1: &G1Affine,
    one_g2: &G2Affine,
    tau_g2: &G2Affine,
) -> Sha256Digest {
    let mut bytes = b"tessera srs v1".to_vec();
    let mut push = |coordinate: &Fq| bytes.extend(coordinate.to_repr().as_ref().iter().rev());
    for point in [one_g1, tau_g1] {
        [&point.x, &point.y].into_iter().for_each(&mut push);
    }
    for point in [one_g2, tau_g2] {
        [&point.x.c1, &point.x.c0, &point.y.c1, &point.y.c0].into_iter().for_each(&mut push);
    }
    sha256(&bytes)
}
