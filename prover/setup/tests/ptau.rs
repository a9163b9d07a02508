//! Importing ceremonies' files.

mod common;

use common::{Sections, data, import_bytes, points, sample_path};
use halo2_proofs::poly::commitment::ParamsProver;
use halo2curves::{
    bn256::{G1Affine, G2Affine},
    serde::SerdeObject,
};
use proptest::prelude::*;
use std::sync::LazyLock;
use tessera_artifact::ArtifactError;
use tessera_setup::{PointFault, Provenance, Srs, SrsError, SrsFault, development, import_ptau};

fn fault(sections: &Sections) -> SrsFault {
    sections.import(6).unwrap_err()
}

fn point_fault(sections: &Sections) -> (&'static str, usize, PointFault) {
    match fault(sections) {
        SrsFault::Point { section, index, fault } => (section, index, fault),
        other => panic!("{other}"),
    }
}

#[test]
fn the_file_of_snarkjs_is_imported() {
    let srs = import_ptau(&sample_path(), 6).unwrap();
    assert_eq!(srs.k(), 6);
    assert!(!srs.is_insecure());
    let Provenance::Ceremony(ceremony) = srs.provenance() else { panic!() };
    assert_eq!((ceremony.file.as_str(), ceremony.power), ("snarkjs-6.ptau", 6));
    assert_eq!(ceremony.published(), None);
    // b2sum snarkjs-6.ptau
    assert_eq!(
        ceremony.blake2b.to_string(),
        "415ded4437cfd7ed86b555e6c7357f180572e818e5967296a4aea0acb901051c\
         5d86da670acc94a59015e3581d9f7201d9e0f21099808efb7c8f4e624fe221a1"
    );
    let report = srs.check().unwrap();
    assert_eq!((report.k, report.digest, report.insecure), (6, srs.digest(), false));
    // The file's bytes for x of [tau], decoded apart from this code.
    let x = format!("{:?}", srs.params().get_g()[1].x);
    assert_eq!(x, "0x0c2bed0a7efd75ceb8e0348b53c07c8630e23109d5304f0bb91eff8bb8e7cfbb");
}

/// Other powers, prepared and not, with one contribution and two: the last power's x is what snarkjs'
/// own library reads there.
#[test]
fn files_of_other_powers_are_imported() {
    for (name, k, x) in [
        ("snarkjs-1.ptau", 1, "0x221c424fc0b7e8d502bb7d2c9dac62e29aad2805fda7a01f421f1cdc94b34139"),
        ("snarkjs-3.ptau", 3, "0x208e172fcacbbe4cee8fcdf5799a1502f8c6ac3af1d975d1c20e5fdac6c3f764"),
        (
            "snarkjs-4-unprepared.ptau",
            4,
            "0x06cfb66b8fa3b4b6cd4dc06b34931308b507151b745af0e8e4b134fda5705f2c",
        ),
    ] {
        let path = data(name);
        let srs = import_ptau(&path, k).unwrap();
        assert_eq!(format!("{:?}", srs.params().get_g().last().unwrap().x), x, "{name}");
        srs.check().unwrap();
        for smaller in 1..=k {
            let smaller = import_ptau(&path, smaller).unwrap();
            assert_eq!((smaller.digest(), smaller.is_insecure()), (srs.digest(), false), "{name}");
        }
        let error = import_ptau(&path, k + 1).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(&format!("for k = {k}")), "{error}");
        // With snarkjs' transform and with ours.
        let computed = Sections::of(&path).without(12).import(k).unwrap();
        assert_eq!(points(&computed), points(&srs), "{name}");
    }
}

#[test]
fn files_that_prove_nothing_here_are_refused() {
    let fault = |name| match import_ptau(&data(name), 3).unwrap_err() {
        SrsError::File { path, fault } if path == data(name) => fault,
        other => panic!("{other}"),
    };
    assert_eq!(fault("snarkjs-4-bls12-381.ptau"), SrsFault::WrongCurve);
    assert_eq!(fault("snarkjs-3-new.ptau"), SrsFault::TrivialSecret);
}

#[test]
fn every_size_has_its_own_lagrange_form_from_the_file() {
    let largest = import_ptau(&sample_path(), 6).unwrap();
    for k in 1..=6 {
        let srs = import_ptau(&sample_path(), k).unwrap();
        assert_eq!(srs.digest(), largest.digest());
        // `downsize` computes the Lagrange form instead of reordering the file's.
        assert_eq!(points(&srs), points(&largest.downsize(k).unwrap()), "k = {k}");
    }
}

#[test]
fn a_file_that_is_not_prepared_gives_the_same() {
    let prepared = import_ptau(&sample_path(), 6).unwrap();
    let unprepared = Sections::sample().without(12).import(6).unwrap();
    assert_eq!(points(&unprepared), points(&prepared));
}

#[test]
fn sizes_that_the_file_has_not_are_refused() {
    assert_eq!(
        Sections::sample().import(7).unwrap_err(),
        SrsFault::TooSmall { available: 6, wanted: 7 }
    );
    for k in [0, 25] {
        let error = import_ptau(&sample_path(), k).unwrap_err();
        assert!(matches!(error, SrsError::Size { k: found } if found == k));
    }
    let error = import_ptau(&sample_path().with_file_name("none.ptau"), 6).unwrap_err();
    assert!(matches!(error, SrsError::Artifact(ArtifactError::Missing { .. })), "{error}");
}

#[test]
fn other_files_are_called_so() {
    let good = Sections::sample().to_bytes();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        import_bytes(&bytes, 6).unwrap_err()
    };
    assert_eq!(import_bytes(b"", 6).unwrap_err(), SrsFault::NotPtau);
    assert_eq!(with(0, b'z'), SrsFault::NotPtau);
    assert_eq!(with(4, 2), SrsFault::PtauVersion { found: 2 });

    let mut sections = Sections::sample();
    // The base field of BLS12-381 has 48 bytes; another field of 32 bytes is no better.
    sections.get(1)[0] = 48;
    assert_eq!(fault(&sections), SrsFault::WrongCurve);
    let mut sections = Sections::sample();
    sections.get(1)[4] ^= 2;
    assert_eq!(fault(&sections), SrsFault::WrongCurve);
}

#[test]
fn sections_have_the_length_that_the_power_gives_them() {
    for (id, section) in [(1, "header"), (2, "powers in G1"), (3, "powers in G2")] {
        let without = fault(&Sections::sample().without(id));
        let SrsFault::NoSection { section: name } = without else { panic!("{without}") };
        assert!(name.starts_with(section), "{name}");

        let mut longer = Sections::sample();
        longer.get(id).push(0);
        let mut shorter = Sections::sample();
        shorter.get(id).pop();
        for sections in [longer, shorter] {
            let fault = fault(&sections);
            let SrsFault::Length { section: name, .. } = fault else { panic!("{fault}") };
            assert!(name.starts_with(section), "{name}");
        }
        let mut twice = Sections::sample();
        let copy = twice.get(id).clone();
        twice.0.push((id, copy));
        assert_eq!(fault(&twice), SrsFault::TwoSections { id });
    }
    let mut sections = Sections::sample();
    sections.get(12).truncate(64 * 126); // the form of size 2^6 ends with point 127
    assert!(matches!(fault(&sections), SrsFault::Length { expected: 8128, found: 8064, .. }));

    for power in [0, 5, 7, 29, 255] {
        let mut sections = Sections::sample();
        sections.get(1)[36] = power;
        assert!(
            matches!(fault(&sections), SrsFault::Length { .. } | SrsFault::Size { .. }),
            "{power}"
        );
    }
}

#[test]
fn points_outside_the_groups_are_refused() {
    let with = |id: u32, at: usize, bytes: &[u8]| {
        let mut sections = Sections::sample();
        sections.get(id)[at..at + bytes.len()].copy_from_slice(bytes);
        point_fault(&sections)
    };
    let (g1, g2) = ("powers in G1 (section 2)", "powers in G2 (section 3)");
    let lagrange = "Lagrange form (section 12)";
    assert_eq!(with(2, 5 * 64, &[0; 64]), (g1, 5, PointFault::Infinity));
    assert_eq!(with(2, 63 * 64, &[0xff; 64]), (g1, 63, PointFault::Coordinate));
    assert_eq!(with(2, 2 * 64, &[1]), (g1, 2, PointFault::OffCurve));
    assert_eq!(with(3, 128, &[0; 128]), (g2, 1, PointFault::Infinity));
    assert_eq!(with(3, 128, &[1]), (g2, 1, PointFault::OffCurve));
    assert_eq!(with(12, (63 + 7) * 64, &[0; 64]), (lagrange, 7, PointFault::Infinity));
}

#[test]
fn points_that_are_not_powers_are_refused() {
    let swap = |id: u32, size: usize, i: usize, j: usize| {
        let mut sections = Sections::sample();
        let content = sections.get(id);
        let first = content[i * size..][..size].to_vec();
        content.copy_within(j * size..(j + 1) * size, i * size);
        content[j * size..][..size].copy_from_slice(&first);
        fault(&sections)
    };
    assert_eq!(swap(2, 64, 0, 1), SrsFault::Powers);
    assert_eq!(swap(2, 64, 1, 2), SrsFault::Powers);
    assert_eq!(swap(2, 64, 62, 63), SrsFault::Powers);
    assert_eq!(swap(3, 128, 1, 2), SrsFault::Powers);
    assert_eq!(swap(3, 128, 0, 1), SrsFault::Powers);
    assert_eq!(swap(12, 64, 63, 64), SrsFault::Lagrange);
    assert_eq!(swap(12, 64, 125, 126), SrsFault::Lagrange);
}

#[test]
fn powers_of_another_generator_are_refused() {
    // tau, tau^2, …: consistent, but not what commitments are made of.
    let mut sections = Sections::sample();
    sections.get(2).rotate_left(64);
    let fault = sections.without(12).import(6).unwrap_err();
    assert!(matches!(fault, SrsFault::Generator { .. }), "{fault}");
}

#[test]
fn a_file_without_contributions_is_refused() {
    // What `snarkjs powersoftau new` writes: tau = 1.
    let mut sections = Sections::sample().without(12);
    let (one_g1, one_g2) =
        (G1Affine::generator().to_raw_bytes(), G2Affine::generator().to_raw_bytes());
    *sections.get(2) = one_g1.repeat(127);
    *sections.get(3) = one_g2.repeat(64);
    assert_eq!(fault(&sections), SrsFault::TrivialSecret);
}

#[test]
fn the_published_secret_stays_insecure_in_any_wrapping() {
    let srs = development(7).unwrap();
    let points = points(&srs);
    let mut sections = Sections::sample().without(12);
    *sections.get(2) = points[4..4 + 127 * 64].to_vec();
    let g2 = points[4 + 2 * 128 * 64..].to_vec();
    sections.get(3)[..256].copy_from_slice(&g2);
    let imported = sections.import(6).unwrap();
    assert!(matches!(imported.provenance(), Provenance::Ceremony(_)));
    assert!(imported.is_insecure());
    assert_eq!(imported.digest(), srs.digest());
}

#[test]
fn every_shortening_is_refused() {
    let good = Sections::sample().to_bytes();
    for length in (0..good.len()).step_by(991).chain([good.len() - 1]) {
        let fault = import_bytes(&good[..length], 6).unwrap_err();
        assert!(matches!(fault, SrsFault::Length { .. } | SrsFault::NotPtau), "{length}: {fault}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(import_bytes(&bytes, 1).is_err());
        let headed = [b"ptau\x01\0\0\0\x03\0\0\0".as_slice(), &bytes].concat();
        prop_assert!(import_bytes(&headed, 1).is_err());
    }

    /// No length or number in the file makes the importer panic or take memory.
    #[test]
    fn any_table_of_sections_is_an_error(
        table in prop::collection::vec((0u32..15, any::<u64>(), 0usize..200), 1..6),
        power: u32,
    ) {
        let mut bytes = b"ptau\x01\0\0\0\xff\xff\xff\xff".to_vec();
        let mut header = Sections::sample().get(1).clone();
        header[36..40].copy_from_slice(&power.to_le_bytes());
        bytes.extend([1, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(header);
        for (id, length, real) in table {
            bytes.extend(id.to_le_bytes());
            bytes.extend(length.to_le_bytes());
            bytes.extend(vec![0; real]);
        }
        prop_assert!(import_bytes(&bytes, 1).is_err());
    }

    /// A changed byte is noticed, or was none that is used.
    #[test]
    fn a_changed_byte_never_gives_another_srs(at in 0usize..76_724, change in 1u8..) {
        static HONEST: LazyLock<Srs> = LazyLock::new(|| import_ptau(&sample_path(), 6).unwrap());
        let mut bytes = Sections::sample().to_bytes();
        bytes[at] ^= change;
        if let Ok(srs) = import_bytes(&bytes, 6) {
            prop_assert_eq!(points(&srs), points(&HONEST));
            prop_assert_ne!(srs.provenance(), HONEST.provenance(), "the BLAKE2b digest differs");
        }
    }
}

#[test]
fn imported_files_are_kept() {
    let srs = import_ptau(&sample_path(), 5).unwrap();
    let (_folder, path) = common::path("ceremony.srs");
    srs.save(&path).unwrap();
    let loaded = Srs::load(&path).unwrap();
    assert_eq!(points(&loaded), points(&srs));
    assert_eq!(loaded.provenance(), srs.provenance());
    loaded.check().unwrap();
}
