//! Provers whose keys are kept from one job to the next.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};
use tessera_artifact::Sha256Digest;
use tessera_core::SegmentIndex;
use tessera_proving::Prover;
use tessera_setup::{Srs, SrsError, SrsSource};

/// Polynomials of `2^k` elements that a segment's key holds, extended ones counted by their length.
const KEY_POLYNOMIALS: u64 = 15;
/// Bytes of an element.
const ELEMENT: u64 = 32;

struct Entry {
    prover: Arc<Prover>,
    package_bytes: u64,
    keys: HashSet<SegmentIndex>,
    used: u64,
}

impl Entry {
    fn bytes(&self) -> u64 {
        let key = (KEY_POLYNOMIALS * ELEMENT) << self.prover.segment_k();
        self.package_bytes + self.keys.len() as u64 * key
    }
}

/// Provers by package and number of segments, at most about `limit` bytes of them: the one that was not
/// used for longest goes first.
pub(crate) struct Warm {
    limit: u64,
    clock: u64,
    entries: HashMap<(Sha256Digest, usize), Entry>,
}

impl Warm {
    pub fn new(limit: u64) -> Self {
        Self { limit, clock: 0, entries: HashMap::new() }
    }

    /// The prover, if it is here.
    pub fn get(&mut self, package: Sha256Digest, segments: usize) -> Option<Arc<Prover>> {
        self.clock += 1;
        let entry = self.entries.get_mut(&(package, segments))?;
        entry.used = self.clock;
        Some(entry.prover.clone())
    }

    /// Keeps `prover`, about to make the key of `index`, and lets go of others as needed.
    pub fn keep(
        &mut self,
        package: (Sha256Digest, usize),
        prover: &Arc<Prover>,
        package_bytes: u64,
        index: SegmentIndex,
    ) {
        self.clock += 1;
        let entry = self.entries.entry(package).or_insert_with(|| Entry {
            prover: prover.clone(),
            package_bytes,
            keys: HashSet::new(),
            used: 0,
        });
        entry.used = self.clock;
        entry.keys.insert(index);
        while self.bytes() > self.limit {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(name, _)| *name) else { break };
            self.entries.remove(&oldest);
        }
    }

    /// Provers, and about how many bytes they hold.
    pub fn size(&self) -> (usize, u64) {
        (self.entries.len(), self.bytes())
    }

    fn bytes(&self) -> u64 {
        self.entries.values().map(Entry::bytes).sum()
    }
}

/// A reference string in the sizes that were asked for, each read once.
pub(crate) struct Strings {
    source: Arc<dyn SrsSource>,
    read: Mutex<HashMap<u32, Srs>>,
}

impl Strings {
    pub fn new(source: Arc<dyn SrsSource>) -> Self {
        Self { source, read: Mutex::default() }
    }
}

impl SrsSource for Strings {
    fn srs(&self, k: u32) -> Result<Srs, SrsError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(srs) = read.get(&k) {
            return Ok(srs.clone());
        }
        let srs = self.source.srs(k)?;
        read.insert(k, srs.clone());
        Ok(srs)
    }
}
