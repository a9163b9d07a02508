//! Strings that are made once and kept.

mod common;

use common::{points, sample_path};
use std::fs;
use tessera_artifact::{ArtifactError, HEADER_LEN, Secrecy, write_binary};
use tessera_setup::{Srs, SrsError, SrsFault, SrsStore, development, import_ptau};

#[test]
fn development_strings_are_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = SrsStore::new(folder.path().join("srs"));
    let made = store.get(4).unwrap();
    assert_eq!(points(&made), points(&development(4).unwrap()));

    let file = folder.path().join("srs/development-k4.srs");
    let written = fs::metadata(&file).unwrap().modified().unwrap();
    let kept = store.development(4).unwrap();
    assert_eq!(points(&kept), points(&made));
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), written, "only read");
}

#[test]
fn what_does_not_belong_into_the_folder_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = SrsStore::new(folder.path());
    let file = folder.path().join("development-k4.srs");
    let expected = points(&store.get(4).unwrap());
    let good = fs::read(&file).unwrap();

    let spoils: [&dyn Fn(); 5] = [
        &|| fs::write(&file, &good[..good.len() / 2]).unwrap(),
        &|| fs::write(&file, [&good[..100], &[0; 500]].concat()).unwrap(),
        &|| fs::write(&file, b"").unwrap(),
        &|| development(3).unwrap().save(&file).unwrap(),
        &|| import_ptau(&sample_path(), 4).unwrap().save(&file).unwrap(),
    ];
    for (i, spoil) in spoils.iter().enumerate() {
        spoil();
        assert_eq!(points(&store.get(4).unwrap()), expected, "spoilt in way {i}");
        assert_eq!(fs::read(&file).unwrap(), good, "mended after way {i}");
    }
}

#[test]
fn smaller_sizes_of_a_file_are_kept_under_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ceremony.srs");
    let srs = import_ptau(&sample_path(), 6).unwrap();
    srs.save(&file).unwrap();
    let store = SrsStore::with_file(folder.path().join("sizes"), &file);

    assert_eq!(points(&store.get(6).unwrap()), points(&srs));
    let kept = |end: &str| {
        let names = fs::read_dir(folder.path().join("sizes")).unwrap();
        names.filter(|entry| entry.as_ref().unwrap().path().extension().unwrap() == end).count()
    };
    assert_eq!((kept("srs"), kept("checked")), (0, 1), "the file itself serves");
    for _ in 0..2 {
        let smaller = store.get(4).unwrap();
        assert_eq!(points(&smaller), points(&srs.downsize(4).unwrap()));
        assert!(!smaller.is_insecure());
    }
    let kept =
        folder.path().join("sizes").join(format!("{}-k4.srs", &srs.digest().to_string()[2..34]));
    assert_eq!(Srs::load(&kept).unwrap().k(), 4);

    let error = store.get(7).unwrap_err();
    let SrsError::File { path, fault } = &error else { panic!("{error}") };
    assert_eq!((path, fault), (&file, &SrsFault::TooSmall { available: 6, wanted: 7 }));
    assert!(error.to_string().contains("ceremony.srs"), "{error}");
}

#[test]
fn a_ptau_file_serves_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = SrsStore::with_file(folder.path(), sample_path());
    for k in [4, 6, 4] {
        let srs = store.get(k).unwrap();
        assert_eq!(points(&srs), points(&import_ptau(&sample_path(), k).unwrap()));
        srs.check().unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let error = store.get(7).unwrap_err();
    assert!(matches!(error, SrsError::File { fault: SrsFault::TooSmall { .. }, .. }), "{error}");

    let spoilt = folder.path().join("spoilt.ptau");
    let mut bytes = fs::read(sample_path()).unwrap();
    bytes.truncate(1000);
    fs::write(&spoilt, bytes).unwrap();
    let error = store.open(&spoilt, 4).unwrap_err();
    assert!(matches!(error, SrsError::File { fault: SrsFault::Length { .. }, .. }), "{error}");
}

#[test]
fn faults_that_do_not_go_away_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for k in [0, 25] {
        let error = SrsStore::new(folder.path()).get(k).unwrap_err();
        assert!(matches!(error, SrsError::Size { .. }), "{error}");
    }
    let error = SrsStore::with_file(folder.path(), folder.path().join("none")).get(4).unwrap_err();
    assert!(matches!(error, SrsError::Artifact(ArtifactError::Missing { .. })), "{error}");

    // The folder is a file.
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = SrsStore::new(&file).get(4).unwrap_err();
    assert!(matches!(error, SrsError::Artifact(ArtifactError::Io { .. })), "{error}");
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

#[test]
fn downsizing_does_not_grow() {
    let srs = development(3).unwrap();
    assert_eq!(points(&srs.downsize(2).unwrap()), points(&development(2).unwrap()));
    assert_eq!(points(&srs.downsize(3).unwrap()), points(&srs));
    let error = srs.downsize(4).unwrap_err();
    let expected = SrsFault::TooSmall { available: 3, wanted: 4 };
    assert!(matches!(&error, SrsError::Srs(fault) if *fault == expected), "{error}");
    assert!(matches!(srs.downsize(0).unwrap_err(), SrsError::Size { k: 0 }));
}

/// A file from somebody else, whole by its own digest, with one power that is none.
#[test]
fn a_file_is_checked_before_it_is_used_for_the_first_time() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, file) = (folder.path().join("cache"), folder.path().join("given.srs"));
    let store = SrsStore::with_file(&cache, &file);
    let notes = || fs::read_dir(&cache).map_or(0, |entries| entries.count());

    let srs = import_ptau(&sample_path(), 4).unwrap();
    srs.save(&file).unwrap();
    store.get(4).unwrap();
    assert_eq!(notes(), 1);
    store.get(4).unwrap();
    assert_eq!(notes(), 1, "checked once");

    // The same file but for power 3, which is now power 2: same ceremony, same claims.
    let bytes = fs::read(&file).unwrap();
    let all = points(&srs);
    let powers = bytes.len() - all.len() + 4;
    let mut body = bytes[HEADER_LEN..].to_vec();
    let at = powers - HEADER_LEN;
    body.copy_within(at + 2 * 64..at + 3 * 64, at + 3 * 64);
    write_binary(&file, Srs::KIND, Srs::VERSION, &body, Secrecy::Public).unwrap();
    assert_eq!(Srs::load(&file).unwrap().digest(), srs.digest(), "loading does not notice");
    for _ in 0..2 {
        let error = store.get(4).unwrap_err();
        assert!(matches!(error, SrsError::File { fault: SrsFault::Powers, .. }), "{error}");
        assert!(error.to_string().contains("given.srs"), "{error}");
    }
    assert_eq!(notes(), 1);

    // A note of another content does not excuse it.
    let note = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let digest = tessera_artifact::sha256(&body).to_string();
    fs::copy(&note, cache.join(format!("{}.checked", &digest[2..]))).unwrap();
    assert!(store.get(4).is_err());
}
