//! Segments proven in this process.

use crate::{Delivery, Prover, ProvingError, Refused, SegmentJob, SegmentProver};
use rayon::prelude::*;

/// Proves jobs here, on rayon's threads, with the keys of a [`Prover`].
#[derive(Clone, Copy)]
pub struct Local<'a> {
    prover: &'a Prover,
    at_once: usize,
}

impl<'a> Local<'a> {
    /// At most `at_once` segments are in memory at the same time; how many fit is the host's to know.
    pub fn new(prover: &'a Prover, at_once: usize) -> Self {
        Self { prover, at_once: at_once.max(1) }
    }

    fn prove_one(&self, job: &SegmentJob, deliver: Delivery) -> Result<(), ProvingError> {
        let segment = job.index();
        match deliver(segment, self.prover.prove_segment(job)?) {
            Ok(()) => Ok(()),
            Err(Refused::Invalid(error)) => Err(error.into()),
            Err(refused) => Err(ProvingError::Elsewhere { segment, reason: refused.to_string() }),
        }
    }
}

impl SegmentProver for Local<'_> {
    fn prove(&self, jobs: Vec<SegmentJob>, deliver: Delivery) -> Result<(), ProvingError> {
        for together in jobs.chunks(self.at_once) {
            together.par_iter().try_for_each(|job| self.prove_one(job, deliver))?;
        }
        Ok(())
    }
}
