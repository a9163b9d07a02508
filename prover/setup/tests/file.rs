//! Files of reference strings.

mod common;

use common::{path, points, sample_path};
use halo2curves::{bn256::G1Affine, serde::SerdeObject};
use proptest::prelude::*;
use std::fs;
use tessera_artifact::{ArtifactError, HEADER_LEN, Secrecy, write_binary};
use tessera_setup::{
    MAX_K, PointFault, Provenance, Srs, SrsError, SrsFault, check_file, development, import_ptau,
};

const K: u32 = 3;
const PROVENANCE: &[u8] = br#"{"origin":"development"}"#;

/// A body as documented, of the development SRS.
fn body() -> Vec<u8> {
    body_of(PROVENANCE, &points(&development(K).unwrap()))
}

fn body_of(provenance: &[u8], points: &[u8]) -> Vec<u8> {
    [&(provenance.len() as u32).to_le_bytes(), provenance, points].concat()
}

/// What becomes of `body` in a file whose digest is right.
fn load(body: &[u8]) -> Result<Srs, SrsFault> {
    let (_folder, path) = path("test.srs");
    write_binary(&path, Srs::KIND, Srs::VERSION, body, Secrecy::Public).unwrap();
    Srs::load(&path).map_err(|error| {
        assert!(error.to_string().contains("test.srs"), "{error}");
        match error {
            SrsError::File { fault, .. } => fault,
            other => panic!("{other}"),
        }
    })
}

/// Where the powers start in [`body`].
const POWERS: usize = 4 + PROVENANCE.len() + 4;

#[test]
fn layout_is_as_documented() {
    let srs = development(K).unwrap();
    let (_folder, path) = path("test.srs");
    srs.save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let body = body();
    assert_eq!(&bytes[HEADER_LEN..], body);
    assert_eq!(bytes.len(), HEADER_LEN + POWERS + 2 * 64 * 8 + 256);
    assert_eq!(&body[POWERS - 4..POWERS], K.to_le_bytes());
    assert_eq!(&body[POWERS..][..64], G1Affine::generator().to_raw_bytes());
}

#[test]
fn what_is_saved_is_loaded() {
    for srs in [development(1).unwrap(), development(K).unwrap()] {
        let (_folder, path) = path("deep/er/test.srs");
        srs.save(&path).unwrap();
        let loaded = Srs::load(&path).unwrap();
        assert_eq!(points(&loaded), points(&srs));
        assert_eq!((loaded.k(), loaded.digest()), (srs.k(), srs.digest()));
        assert_eq!(loaded.provenance(), &Provenance::Development);
        assert!(loaded.is_insecure());
    }
}

#[test]
fn damaged_files_are_refused() {
    let (_folder, path) = path("test.srs");
    development(K).unwrap().save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let load = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        match Srs::load(&path).unwrap_err() {
            SrsError::Artifact(error) => error,
            other => panic!("{other}"),
        }
    };
    for length in [10, 60, good.len() - 1] {
        assert!(matches!(load(&good[..length]), ArtifactError::Truncated { .. }));
    }
    for at in [HEADER_LEN, HEADER_LEN + POWERS + 100, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        assert!(matches!(load(&bytes), ArtifactError::Digest { .. }));
    }
    assert!(matches!(load(&[&good[..], &[0]].concat()), ArtifactError::Trailing { .. }));
    assert!(matches!(load(b"not an SRS"), ArtifactError::Kind { .. }));
    fs::remove_file(&path).unwrap();
    let error = Srs::load(&path).unwrap_err();
    assert!(matches!(error, SrsError::Artifact(ArtifactError::Missing { .. })), "{error}");
}

#[test]
fn a_right_digest_does_not_excuse_a_wrong_layout() {
    let body = body();
    assert!(matches!(load(b"").unwrap_err(), SrsFault::Length { .. }));
    assert!(matches!(
        load(&body[..20]).unwrap_err(),
        SrsFault::Length { section: "provenance", .. }
    ));
    assert!(matches!(
        load(&body[..POWERS - 1]).unwrap_err(),
        SrsFault::Length { section: "k", .. }
    ));
    for wrong in [&body[..body.len() - 1], &[&body[..], &[0]].concat()] {
        assert!(matches!(load(wrong).unwrap_err(), SrsFault::Length { section: "points", .. }));
    }
    for k in [0, MAX_K + 1, u32::MAX] {
        let mut body = body.clone();
        body[POWERS - 4..POWERS].copy_from_slice(&k.to_le_bytes());
        assert_eq!(load(&body).unwrap_err(), SrsFault::Size { k });
    }
    for provenance in [b"".as_slice(), b"{}", b"{", br#"{"origin":"rumour"}"#, &[b' '; 5000]] {
        let fault = load(&body_of(provenance, &points(&development(K).unwrap()))).unwrap_err();
        assert!(matches!(fault, SrsFault::Description { .. }), "{fault}");
    }
}

#[test]
fn nor_wrong_points() {
    let with = |at: usize, bytes: &[u8]| {
        let mut body = body();
        body[at..at + bytes.len()].copy_from_slice(bytes);
        load(&body)
    };
    let point = |result: Result<Srs, SrsFault>| match result.unwrap_err() {
        SrsFault::Point { section, index, fault } => (section, index, fault),
        other => panic!("{other}"),
    };
    let (g1, lagrange, g2) = ("powers in G1", "Lagrange form", "powers in G2");
    assert_eq!(point(with(POWERS + 64, &[0; 64])), (g1, 1, PointFault::Infinity));
    assert_eq!(point(with(POWERS + 64, &[0xff; 32])), (g1, 1, PointFault::Coordinate));
    assert_eq!(point(with(POWERS + 9 * 64, &[7])), (lagrange, 1, PointFault::OffCurve));
    assert_eq!(point(with(POWERS + 16 * 64 + 128, &[7])), (g2, 1, PointFault::OffCurve));

    // On the curve, and the wrong ones.
    let one = G1Affine::generator();
    let fault = with(POWERS, &(-one).to_raw_bytes()).unwrap_err();
    assert_eq!(fault, SrsFault::Generator { section: g1 });
    let fault = with(POWERS + 64, &one.to_raw_bytes()).unwrap_err();
    assert_eq!(fault, SrsFault::Provenance, "another secret than the published one");
    // Loading does not compare powers further up, checking does.
    let srs = with(POWERS + 2 * 64, &one.to_raw_bytes()).unwrap();
    assert!(matches!(srs.check().unwrap_err(), SrsError::Srs(SrsFault::Powers)));
    let srs = with(POWERS + 10 * 64, &one.to_raw_bytes()).unwrap();
    let (_folder, path) = path("shared.srs");
    srs.save(&path).unwrap();
    let error = check_file(&path).unwrap_err();
    assert!(matches!(error, SrsError::File { fault: SrsFault::Lagrange, .. }), "{error}");
    assert!(error.to_string().contains("shared.srs"), "{error}");
}

#[test]
fn the_secret_decides_what_is_insecure_not_the_file() {
    let ceremony = import_ptau(&sample_path(), K).unwrap();
    let fault = load(&body_of(PROVENANCE, &points(&ceremony))).unwrap_err();
    assert_eq!(fault, SrsFault::Provenance);

    let claim = serde_json::to_vec(ceremony.provenance()).unwrap();
    let disguised = load(&body_of(&claim, &points(&development(K).unwrap()))).unwrap();
    assert!(disguised.is_insecure());
    let (_folder, path) = path("disguised.srs");
    disguised.save(&path).unwrap();
    let report = check_file(&path).unwrap();
    assert!(report.insecure);
    assert_eq!((report.k, &report.provenance), (K, ceremony.provenance()));
}

proptest! {
    #[test]
    fn any_body_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), k: u32) {
        prop_assert!(load(&bytes).is_err());
        let points = [&k.to_le_bytes(), &bytes[..]].concat();
        prop_assert!(load(&body_of(PROVENANCE, &points)).is_err());
    }

    /// One flipped bit of a point leaves no point, whatever the file's digest says.
    #[test]
    fn any_flipped_bit_of_a_point_is_an_error(at in 0usize..16 * 64 + 256, bit in 0u8..8) {
        let mut body = body();
        body[POWERS + at] ^= 1 << bit;
        prop_assert!(load(&body).is_err());
    }
}
