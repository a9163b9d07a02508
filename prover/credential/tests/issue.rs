//! Issue, file, load, check; and every way in which a credential can be wrong.

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolStruct,
};
use proptest::prelude::*;
use std::{fs, path::Path};
use tempfile::TempDir;
use tessera_credential::{
    AccountKey, CredentialError as Error, Exposure, Grant, Home, Issued, Opening, SignedCredential,
    issue,
};
use tessera_model::{Feature, FeatureKind, Features, Schema};

const NOW: u64 = 1_800_000_000;
const MARKED: u64 = 7_654_321; // a code that would stand out in a leak

fn schema(name: &str) -> Schema {
    let feature = |name: &str, max| Feature {
        name: name.into(),
        kind: FeatureKind::Numeric { decimals: 0, min: 0, max },
        missing: false,
        unit: None,
        description: None,
    };
    Schema { name: name.into(), features: vec![feature("income", 9_999_999), feature("age", 120)] }
}

fn home() -> Home {
    Home { chain_id: 31337, registry: Address::repeat_byte(0xaa) }
}

fn grant() -> Grant {
    Grant {
        subject: Address::repeat_byte(0xbb),
        holder: B256::repeat_byte(0xcc),
        issued_at: NOW,
        expires_at: NOW + 1000,
        exposure: Exposure { asset: Address::repeat_byte(0xee), max: u128::MAX },
    }
}

fn issued() -> Issued {
    let schema = schema("issue");
    let features = Features::new(&schema, vec![MARKED, 44]).unwrap();
    issue(&AccountKey::random().unwrap(), home(), &schema, features, grant()).unwrap()
}

#[test]
fn issued_files_read_back_and_check() {
    let (dir, issued) = (TempDir::new().unwrap(), issued());
    let [public, secret] = ["credential.json", "opening.json"].map(|name| dir.path().join(name));
    issued.credential.save(&public).unwrap();
    issued.opening.save(&secret).unwrap();

    let credential = SignedCredential::load(&public).unwrap();
    let opening = Opening::load(&secret, &schema("issue")).unwrap();
    assert_eq!(credential, issued.credential);
    assert_eq!(opening.commitment(), issued.opening.commitment());
    credential.check(NOW).unwrap();
    credential.check(NOW + 999).unwrap();
    credential.check_opening(&opening).unwrap();

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&secret), 0o600);
    }
    assert!(!fs::read_to_string(&public).unwrap().contains(&MARKED.to_string()));
    assert!(!format!("{issued:?}").contains(&MARKED.to_string()));
}

#[test]
fn the_same_features_give_unlinkable_credentials() {
    let [a, b] = [issued(), issued()];
    assert_ne!(a.opening.commitment(), b.opening.commitment());
    assert_ne!(a.credential.credential.salt, b.credential.credential.salt);
    assert!(matches!(a.credential.check_opening(&b.opening), Err(Error::Opening)));
}

#[test]
fn dates_are_half_open() {
    let signed = issued().credential;
    assert!(matches!(signed.check(NOW - 1), Err(Error::NotYetValid { .. })));
    assert!(matches!(signed.check(NOW + 1000), Err(Error::Expired { .. })));

    let schema = schema("issue");
    let features = Features::new(&schema, vec![1, 2]).unwrap();
    let grant = Grant { expires_at: NOW, ..grant() };
    let error = issue(&AccountKey::random().unwrap(), home(), &schema, features, grant);
    assert!(matches!(error, Err(Error::Dates { .. })));
}

#[test]
fn any_change_voids_the_signature() {
    let signed = issued().credential;
    let changes: [fn(&mut SignedCredential); 11] = [
        |s| s.home.chain_id += 1,
        |s| s.home.registry = Address::ZERO,
        |s| s.attester = Address::ZERO,
        |s| s.credential.schema = B256::with_last_byte(1),
        |s| s.credential.subject = Address::ZERO,
        |s| s.credential.holder = B256::ZERO,
        |s| s.credential.commitment = B256::with_last_byte(1),
        |s| s.credential.issuedAt -= 1,
        |s| s.credential.expiresAt += 1,
        |s| {
            s.exposure.max -= 1;
            s.credential.claims = s.exposure.eip712_hash_struct();
        },
        |s| s.credential.salt += U256::from(1),
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut changed = signed.clone();
        change(&mut changed);
        assert!(matches!(changed.check(NOW), Err(Error::Signature { .. })), "change {i}");
    }
}

#[test]
fn malleable_and_malformed_signatures_are_refused() {
    let signed = issued().credential;
    let check = |signature: Vec<u8>| {
        SignedCredential { signature: signature.into(), ..signed.clone() }.check(NOW)
    };
    let original = signed.signature.to_vec();
    check(original.clone()).unwrap();

    // (r, n − s, the other v) is a valid ECDSA signature of the same message.
    let order = U256::from_be_bytes(alloy::hex!(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    ));
    let mut high = original.clone();
    let s = U256::from_be_slice(&original[32..64]);
    high[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
    high[64] = 27 + 28 - original[64];
    let parity = [&original[..64], &[original[64] - 27]].concat();
    for bad in [high, parity, original[..64].to_vec(), [&original[..], &[0]].concat(), vec![]] {
        assert!(matches!(check(bad), Err(Error::SignatureForm { .. })));
    }
}

#[test]
fn words_that_are_no_field_elements_are_refused() {
    for change in [
        |s: &mut SignedCredential| s.credential.schema = B256::repeat_byte(0xff),
        |s: &mut SignedCredential| s.credential.commitment = B256::repeat_byte(0xff),
    ] {
        let mut signed = issued().credential;
        change(&mut signed);
        assert!(matches!(signed.check(NOW), Err(Error::NotInField { .. })));
    }
}

#[test]
fn an_opening_is_for_its_schema() {
    let (dir, issued) = (TempDir::new().unwrap(), issued());
    let secret = dir.path().join("opening.json");
    issued.opening.save(&secret).unwrap();
    let error = Opening::load(&secret, &schema("other")).unwrap_err();
    assert!(matches!(error, Error::Schema { .. }));

    let text = fs::read_to_string(&secret).unwrap();
    for (from, to) in [("7654321", "7654322"), ("44", "43")] {
        fs::write(&secret, text.replacen(from, to, 1)).unwrap();
        let opening = Opening::load(&secret, &schema("issue")).unwrap();
        assert!(matches!(issued.credential.check_opening(&opening), Err(Error::Opening)));
    }
    fs::write(&secret, text.replacen("44", "121", 1)).unwrap();
    let error = Opening::load(&secret, &schema("issue")).unwrap_err();
    assert!(matches!(error, Error::Features { .. }));
    assert!(!error.to_string().contains("121"), "{error}");
}

#[test]
fn edited_and_damaged_files_are_refused_by_name() {
    let (dir, issued) = (TempDir::new().unwrap(), issued());
    let path = dir.path().join("credential.json");
    issued.credential.save(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let exposure = u128::MAX.to_string();
    let edits = [
        (exposure.as_str(), "1"),
        (exposure.as_str(), "340282366920938463463374607431768211456"),
        (exposure.as_str(), "-1"),
        ("tessera.credential", "tessera.opening"),
        ("\"version\": 2", "\"version\": 3"),
        ("\"salt\"", "\"sold\""),
        ("0x", "0y"),
    ];
    for (from, to) in edits {
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let error = SignedCredential::load(&path).unwrap_err().to_string();
        assert!(error.contains("credential.json"), "{error}");
    }
    for end in (0..text.len() - 2).step_by(7) {
        fs::write(&path, &text[..end]).unwrap();
        let error = SignedCredential::load(&path).unwrap_err().to_string();
        assert!(error.contains("credential.json"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever bytes a file has, each loader answers with an error that names it.
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (dir, issued) = (TempDir::new().unwrap(), issued());
        let path = dir.path().join("file.json");
        let saves: [&dyn Fn() -> Result<(), Error>; 2] =
            [&|| issued.credential.save(&path), &|| issued.opening.save(&path)];
        let flipped = saves.map(|save| {
            // An opening is never written over another.
            let _ = fs::remove_file(&path);
            save().unwrap();
            let mut bytes = fs::read(&path).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
        for bytes in flipped.into_iter().chain([bytes]) {
            fs::write(&path, bytes).unwrap();
            let schema = schema("issue");
            let errors = [
                SignedCredential::load(&path).err(),
                Opening::load(&path, &schema).err(),
                AccountKey::load(&path).err(),
            ];
            for error in errors.into_iter().flatten() {
                prop_assert!(error.to_string().contains("file.json"), "{}", error);
            }
        }
    }
}
