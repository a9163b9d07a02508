//! KZG commitments behind halo2's own traits, with a multi-scalar multiplication of our own, which `make bench`
//! compares with halo2's.
//!
//! halo2's prover and key generation are generic over the commitment scheme. [`Scheme`] is halo2's KZG in
//! everything but the sums: [`msm::msm`] makes the commitments to columns and to the quotient, which are
//! five of a proof's seven. The two openings are made by halo2's [`ProverSHPLONK`], so proofs are the same.
//!
//! [`ProverSHPLONK`]: halo2_proofs::poly::kzg::multiopen::ProverSHPLONK

pub mod msm;
pub mod scheme;

pub use msm::msm;
pub use scheme::{Opening, Parameters, Scheme};

/// This processor lacks an instruction that the program was built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessorError;

impl std::fmt::Display for ProcessorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "this processor has no ADX and BMI2 instructions (Intel's have them since 2014, AMD's since 2017), \
             which field arithmetic is built with: run it on another machine",
        )
    }
}

impl std::error::Error for ProcessorError {}

/// Whether the field arithmetic runs on this processor. On x86-64 it is written in assembly.
pub fn check_processor() -> Result<(), ProcessorError> {
    #[cfg(target_arch = "x86_64")]
    if !(std::arch::is_x86_feature_detected!("adx") && std::arch::is_x86_feature_detected!("bmi2"))
    {
        return Err(ProcessorError);
    }
    Ok(())
}
