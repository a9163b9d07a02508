//! Jobs that travel, and provers that can't be trusted.

mod common;

use common::{package, prover, secrets};
use std::sync::Mutex;
use tessera_core::{Context, FixedPoint, Fr, SegmentIndex};
use tessera_proving::{
    Delivery, Event, JobError, Local, ProvingError, Refused, SegmentJob, SegmentProver, Stage,
    verify,
};
use tessera_segment::{Proof, Unverified};

/// A prover whose code is a closure.
struct Elsewhere<F>(F);

impl<F: Fn(Vec<SegmentJob>, Delivery) -> Result<(), ProvingError>> SegmentProver for Elsewhere<F> {
    fn prove(&self, jobs: Vec<SegmentJob>, deliver: Delivery) -> Result<(), ProvingError> {
        (self.0)(jobs, deliver)
    }
}

fn quiet(_: Event) {}

/// The same proof, read again as somebody else's.
fn received<State>(proof: &Proof<State>) -> Proof<Unverified> {
    Proof::from_parts(*proof.key(), *proof.instances(), proof.bytes().to_vec())
}

#[test]
fn a_job_survives_the_way() {
    let prover = prover(package(7));
    for job in prover.jobs(&secrets(2500)).unwrap() {
        let job = job.expiring_at(1_900_000_000);
        let bytes = job.to_bytes().unwrap();
        assert!((300..4096).contains(&bytes.len()), "{} bytes", bytes.len());
        let back = SegmentJob::from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes().unwrap(), bytes);
        assert_eq!(back.expires_at(), Some(1_900_000_000));
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let later = text.replace("\"version\": 1", "\"version\": 2");
        assert_ne!(later, text);
        assert!(matches!(SegmentJob::from_bytes(later.as_bytes()), Err(JobError::Artifact(_))));
        let above = text.replace("\"partialBlinding\": \"0x0", "\"partialBlinding\": \"0xf");
        let above = above.replace("\"partialBlinding\": \"0x1", "\"partialBlinding\": \"0xf");
        let above = above.replace("\"partialBlinding\": \"0x2", "\"partialBlinding\": \"0xf");
        assert!(matches!(
            SegmentJob::from_bytes(above.as_bytes()),
            Err(JobError::Malformed("partialBlinding"))
        ));
        let shown = format!("{job:?}");
        assert_eq!(shown, "SegmentJob(not shown)");
    }
}

/// Each segment on a machine of its own, which has the package and makes that one key.
#[test]
fn segments_proven_elsewhere_become_one_proof() {
    let home = prover(package(7));
    let elsewhere = Elsewhere(|jobs: Vec<SegmentJob>, deliver: Delivery| {
        for job in jobs.iter().rev() {
            let job = SegmentJob::from_bytes(&job.to_bytes()?)?;
            let worker = prover(package(7));
            deliver(job.index(), worker.prove_segment(&job)?).expect("accepted");
        }
        Ok(())
    });
    let stages = Mutex::new(vec![]);
    let report = |event| {
        if let Event::Finished { stage } = event {
            stages.lock().unwrap().push(stage);
        }
    };
    let context = Context(Fr::from(9));
    let proof = home.prove(&secrets(2500), FixedPoint::ZERO, context, &elsewhere, &report).unwrap();
    assert_eq!(verify(&proof, &home.verifier().unwrap()), Ok(()));
    assert_eq!(proof.statement.model_digest, home.model_digest().unwrap());
    let expected = [Stage::Evaluate, Stage::Segments, Stage::Aggregate, Stage::Verify];
    assert_eq!(stages.into_inner().unwrap(), expected);
}

#[test]
fn nothing_but_the_jobs_own_proof_counts() {
    let home = prover(package(7));
    let other = prover(package(8));
    let liar = Elsewhere(|jobs: Vec<SegmentJob>, deliver: Delivery| {
        let [first, second] = jobs.as_slice() else { panic!("two segments") };
        let proof = home.prove_segment(first)?;
        let refused = |index, proof| deliver(index, proof).unwrap_err();

        let (here, there) = (first.index(), second.index());
        assert!(matches!(refused(SegmentIndex(2), received(&proof)), Refused::NoSuchSegment(_)));
        assert!(matches!(refused(there, received(&proof)), Refused::OtherKey));
        let foreign = other.jobs(&secrets(2500))?;
        let foreign = other.prove_segment(&foreign[0])?;
        assert!(matches!(refused(here, foreign), Refused::OtherKey), "another salt");
        let poor = home.prove_segment(&home.jobs(&secrets(100))?[0])?;
        assert!(matches!(refused(here, poor), Refused::OtherSecrets), "another borrower");
        let again = home.prove_segment(&home.jobs(&secrets(2500))?[0])?;
        assert!(matches!(refused(here, again), Refused::OtherSecrets), "another run");
        for at in [0, 32 * 8, 32 * 16] {
            let mut bytes = proof.bytes().to_vec();
            bytes[at] ^= 1;
            let bad = Proof::from_parts(*proof.key(), *proof.instances(), bytes);
            assert!(matches!(refused(here, bad), Refused::Invalid(_)), "byte {at}");
        }
        let cut = proof.bytes()[..100].to_vec();
        let cut = Proof::from_parts(*proof.key(), *proof.instances(), cut);
        assert!(matches!(refused(here, cut), Refused::Invalid(_)), "garbage");

        // The right one twice, and of the other segment nothing.
        assert!(deliver(here, received(&proof)).is_ok());
        assert!(deliver(here, proof).is_ok());
        Ok(())
    });
    let missing = home.prove_segments(&secrets(2500), &liar, &quiet);
    let Err(ProvingError::Undelivered { segment }) = missing else {
        panic!("a segment is missing")
    };
    assert_eq!(segment, SegmentIndex(1));
}

#[test]
fn a_job_of_another_package_or_cut_is_refused() {
    let (home, other) = (prover(package(7)), prover(package(8)));
    let job = &home.jobs(&secrets(2500)).unwrap()[0];
    let refusal = other.prove_segment(job).unwrap_err();
    assert!(matches!(refusal, ProvingError::Job(JobError::OtherPackage { .. })), "{refusal}");
    let text = String::from_utf8(job.to_bytes().unwrap().to_vec()).unwrap();
    for (from, to) in [("\"segments\": 2", "\"segments\": 4"), ("\"index\": 0", "\"index\": 2")] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let job = SegmentJob::from_bytes(changed.as_bytes()).unwrap();
        let refusal = home.prove_segment(&job).unwrap_err();
        assert!(matches!(refusal, ProvingError::Job(JobError::OtherCut { .. })), "{refusal}");
    }
    let high = text.replace("2500", "5001");
    let refusal = home.prove_segment(&SegmentJob::from_bytes(high.as_bytes()).unwrap());
    assert!(matches!(refusal, Err(ProvingError::Features(_))), "a code out of range");
}

#[test]
fn a_low_score_and_an_impossible_threshold_are_refused_before_anything_is_proven() {
    let home = prover(package(7));
    let nobody = Elsewhere(|_: Vec<SegmentJob>, _: Delivery| panic!("nothing is proven"));
    let prove = |threshold| {
        let context = Context(Fr::from(9));
        home.prove(&secrets(2500), threshold, context, &nobody, &quiet).unwrap_err()
    };
    let score = home.package().score(&secrets(2500).features).unwrap();
    assert!(matches!(prove(FixedPoint(score.0 + 1)), ProvingError::ScoreTooLow));
    for threshold in [FixedPoint(-1), FixedPoint(1 << 62)] {
        assert!(matches!(prove(threshold), ProvingError::Threshold(_)));
    }
}

#[test]
fn the_local_prover_holds_to_what_fits() {
    let home = prover(package(7));
    for at_once in [0, 1, 2, 64] {
        let local = Local::new(&home, at_once);
        let proven = home.prove_segments(&secrets(2500), &local, &quiet).unwrap();
        assert_eq!(proven.len(), 2, "{at_once}");
    }
}
