//! The published test vectors: made by the library, checked by an implementation of Poseidon that
//! shares no code with it. `TESSERA_BLESS=1` writes the file anew.

mod reference;

use alloy::{
    primitives::{Address, B256, U256, address, b256},
    sol_types::SolStruct,
};
use reference::{hash, permute};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tessera_core::{Fr, Secret, from_hex, to_be_bytes, to_hex};
use tessera_credential::{AccountKey, Credential, Exposure, Home, Opening, SignedCredential};
use tessera_model::{Feature, FeatureKind, Features, Schema};

const FEATURES: u64 = 1;
const COMMITMENT: u64 = 2;

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/credential.json")
}

fn feature(name: &str, kind: FeatureKind, missing: bool) -> Feature {
    Feature { name: name.into(), kind, missing, unit: None, description: None }
}

/// Every kind of feature, and more bits than one field element holds.
fn schema() -> Schema {
    let mut features = vec![
        feature("age", FeatureKind::Numeric { decimals: 0, min: 18, max: 120 }, false),
        feature("income", FeatureKind::Numeric { decimals: 2, min: 0, max: 1_000_000_000 }, true),
        feature("change", FeatureKind::Numeric { decimals: 1, min: -1000, max: 1000 }, false),
        feature(
            "housing",
            FeatureKind::Category { codes: ["own", "rent", "free"].map(String::from).into() },
            true,
        ),
    ];
    features.extend((0..6).map(|i| {
        let max = 1 << 52;
        feature(&format!("wide_{i}"), FeatureKind::Numeric { decimals: 0, min: 0, max }, false)
    }));
    Schema { name: "vectors".into(), features }
}

fn opening(codes: &[u64], blinding: Fr) -> Opening {
    let schema = schema();
    let features = Features::new(&schema, codes.to_vec()).unwrap();
    Opening::new(&schema, features, Secret::new(blinding)).unwrap()
}

fn commitment_vector(codes: &[u64], blinding: Fr) -> Value {
    let opening = opening(codes, blinding);
    let packed = opening.features().packed(&schema());
    let body = hash(FEATURES, &[&packed[..], &[blinding]].concat());
    json!({
        "codes": codes,
        "packed": packed.iter().map(to_hex).collect::<Vec<_>>(),
        "blinding": to_hex(&blinding),
        "body": to_hex(&body),
        "commitment": opening.commitment(),
    })
}

fn permutation_vector(input: [Fr; 3]) -> Value {
    json!({ "input": input.map(|x| to_hex(&x)), "output": permute(input).map(|x| to_hex(&x)) })
}

fn signed_vector(commitment: Fr) -> Value {
    let key = AccountKey::from_hex(&format!("0x{}", "11".repeat(32)), "vectors").unwrap();
    let home =
        Home { chain_id: 31337, registry: address!("0x00000000000000000000000000000000000000aa") };
    let exposure = Exposure {
        asset: address!("0x00000000000000000000000000000000000000ee"),
        max: 25_000_000_000,
    };
    let credential = Credential {
        schema: schema().digest().to_be_bytes().into(),
        subject: address!("0x00000000000000000000000000000000000000bb"),
        holder: b256!("0x00000000000000000000000000000000000000000000000000000000000000cc"),
        commitment: to_be_bytes(&commitment).into(),
        issuedAt: 1_800_000_000,
        expiresAt: 1_807_776_000,
        claims: exposure.eip712_hash_struct(),
        salt: U256::from(0xdd),
    };
    let mut signed = SignedCredential {
        home,
        credential,
        exposure,
        attester: key.address(),
        signature: Default::default(),
    };
    signed.signature = key.sign(&signed.uid()).to_vec().into();
    signed.check(signed.credential.issuedAt).unwrap();
    let c = &signed.credential;
    json!({
        "privateKey": format!("0x{}", "11".repeat(32)),
        "attester": lower(signed.attester),
        "chainId": home.chain_id,
        "registry": lower(home.registry),
        "credential": {
            "schema": c.schema, "subject": lower(c.subject), "holder": c.holder,
            "commitment": c.commitment, "issuedAt": c.issuedAt, "expiresAt": c.expiresAt,
            "claims": c.claims, "salt": B256::from(c.salt),
        },
        "exposure": { "asset": lower(signed.exposure.asset), "max": signed.exposure.max.to_string() },
        "exposureTypeHash": signed.exposure.eip712_type_hash(),
        "typeHash": c.eip712_type_hash(),
        "structHash": c.eip712_hash_struct(),
        "domainSeparator": home.domain().hash_struct(),
        "uid": signed.uid(),
        "signature": signed.signature,
    })
}

fn lower(address: Address) -> String {
    format!("{address:?}")
}

/// Largest code of every feature, and zero; smallest and largest blinding.
fn vectors() -> Value {
    let schema = schema();
    let tops: Vec<u64> = schema.features.iter().map(Feature::top).collect();
    let some: Vec<u64> = tops.iter().enumerate().map(|(i, top)| top / (i as u64 + 2)).collect();
    let zeros = vec![0; tops.len()];
    let blinding =
        from_hex("0x1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0fedcba98765432100").unwrap();
    let commitments = [
        commitment_vector(&some, blinding),
        commitment_vector(&tops, -Fr::one()),
        commitment_vector(&zeros, Fr::zero()),
    ];
    let signed = signed_vector(opening(&some, blinding).commitment().to_element());
    let f = |x: u64| Fr::from(x);
    let hashes = [
        (1, vec![f(7)]),
        (1, vec![f(7), f(0)]),
        (1, vec![f(7), f(0), f(5)]),
        (2, vec![f(7), f(0)]),
    ]
    .map(|(domain, input)| {
        let digest = to_hex(&hash(domain, &input));
        let input: Vec<_> = input.iter().map(to_hex).collect();
        json!({ "domain": domain, "input": input, "digest": digest })
    });
    json!({
        "about": "Test vectors of docs/credential.md. Field elements are 0x and 64 hexadecimal digits, big-endian.",
        "permutation": [permutation_vector([f(0), f(1), f(2)]), permutation_vector([-f(1), -f(2), -f(3)])],
        "hash": hashes,
        "schema": schema,
        "schemaCanonical": schema.canonical_json(),
        "schemaDigest": schema.digest(),
        "tops": tops,
        "bits": schema.features.iter().map(Feature::bits).collect::<Vec<_>>(),
        "packing": schema.packing().iter().map(|element| {
            element.iter().map(|slot| json!({ "feature": slot.index, "shift": slot.shift })).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
        "commitments": commitments,
        "signed": signed,
    })
}

#[test]
fn the_published_vectors_are_what_the_library_makes() {
    let made = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    if std::env::var_os("TESSERA_BLESS").is_some() {
        tessera_artifact::write(&path(), made.as_bytes(), tessera_artifact::Secrecy::Public)
            .unwrap();
    }
    assert_eq!(fs::read_to_string(path()).unwrap(), made);
}

/// From the file alone: codes and shifts to packed elements, those to commitments.
#[test]
fn an_independent_implementation_reproduces_the_commitments() {
    let file: Value = serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap();
    let element = |value: &Value| from_hex(value.as_str().unwrap()).unwrap();
    let array = |value: &Value| value.as_array().unwrap().clone();
    let number = |value: &Value| value.as_u64().unwrap();
    let schema_digest = element(&file["schemaDigest"]);

    for vector in array(&file["commitments"]) {
        let packed: Vec<Fr> = array(&file["packing"])
            .iter()
            .map(|slots| {
                let sum = array(slots).iter().fold(U256::ZERO, |sum, slot| {
                    let code = number(&vector["codes"][number(&slot["feature"]) as usize]);
                    sum + (U256::from(code) << number(&slot["shift"]) as usize)
                });
                assert!(sum < U256::from(1) << 248);
                from_hex(&format!("{}", B256::from(sum))).unwrap()
            })
            .collect();
        assert_eq!(packed, array(&vector["packed"]).iter().map(element).collect::<Vec<_>>());

        let blinding = element(&vector["blinding"]);
        let body = hash(FEATURES, &[packed, vec![blinding]].concat());
        assert_eq!(body, element(&vector["body"]));
        assert_eq!(hash(COMMITMENT, &[schema_digest, body]), element(&vector["commitment"]));
    }
}

#[test]
fn the_reference_permutation_is_circomlibs() {
    let [first, ..] = permute([Fr::zero(), Fr::one(), Fr::from(2)]);
    // circomlib's poseidon([1, 2])
    let expected = "0x115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a";
    assert_eq!(to_hex(&first), expected);
}
