//! Codes, packing, digests.

use proptest::prelude::*;
use tessera_model::{
    Feature, FeatureKind, Features, FeaturesError, Schema, SchemaError,
    schema::{CellFault, ColumnsError, MAX_GRID, PACKED_BITS, Rounding},
};

fn category(name: &str, codes: &[&str]) -> Feature {
    let kind = FeatureKind::Category { codes: codes.iter().map(|c| (*c).into()).collect() };
    Feature { kind, ..Feature::numeric(name, 0, 0, 0) }
}

fn loans() -> Schema {
    Schema {
        name: "loans".into(),
        features: vec![
            Feature {
                unit: Some("EUR".into()),
                description: Some("After tax".into()),
                ..Feature::numeric("income", 2, 0, 1_000_000).or_missing()
            },
            Feature::numeric("balance", 1, -50, 50),
            category("home \"type\"", &["owns", "rents", "família"]).or_missing(),
            Feature::numeric("flag", 0, 0, 1),
        ],
    }
}

#[test]
fn digest_is_the_published_vector() {
    let schema = loans();
    let canonical = concat!(
        r#"{"features":[{"codes":null,"decimals":2,"max":"10000.00","min":"0.00","missing":true,"#,
        r#""name":"income","type":"numeric","unit":"EUR"},{"codes":null,"decimals":1,"max":"5.0","#,
        r#""min":"-5.0","missing":false,"name":"balance","type":"numeric","unit":null},"#,
        r#"{"codes":["owns","rents","família"],"decimals":null,"max":null,"min":null,"#,
        r#""missing":true,"name":"home \"type\"","type":"category","unit":null},"#,
        r#"{"codes":null,"decimals":0,"max":"1","min":"0","missing":false,"name":"flag","#,
        r#""type":"numeric","unit":null}],"kind":"tessera.schema","name":"loans","version":1}"#,
    );
    assert_eq!(schema.canonical_json(), canonical);
    assert_eq!(
        schema.digest().to_string(),
        "0x00bac58df86f2656593199d79302c714490c2c9d59bc29f62b305c0c402bccef"
    );

    let mut described = schema.clone();
    described.features[0].description = None;
    assert_eq!(described.digest(), schema.digest());
    for change in [
        |schema: &mut Schema| schema.name.push('s'),
        |schema: &mut Schema| schema.features[0].unit = None,
        |schema: &mut Schema| schema.features[0].missing = false,
        |schema: &mut Schema| schema.features[1].name.push('s'),
        |schema: &mut Schema| schema.features.swap(1, 3),
        |schema: &mut Schema| schema.features[3] = Feature::numeric("flag", 0, 0, 2),
        |schema: &mut Schema| schema.features[3] = Feature::numeric("flag", 1, 0, 10),
    ] {
        let mut changed = schema.clone();
        change(&mut changed);
        assert_ne!(changed.digest(), schema.digest(), "{changed:?}");
    }
}

#[test]
fn schema_files_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("schema.json");
    loans().save(&path).unwrap();
    assert_eq!(Schema::load(&path).unwrap(), loans());
}

#[test]
fn cells_become_codes_or_name_their_column() {
    let schema = loans();
    let columns = schema.columns(&["id", "flag", "balance", "home \"type\"", "income"]).unwrap();
    let encode = |cells: [&str; 5]| schema.encode_row(&columns, 3, &cells);
    let features = encode(["77", "true", "-5.0", " rents ", "1234.5"]).unwrap();
    assert_eq!(features.codes(), [123_450, 0, 1, 1]);
    let features = encode(["77", "0", "5", "NA", ""]).unwrap();
    assert_eq!(features.codes(), [1_000_001, 100, 3, 0]);
    assert!(features.values(&schema)[0].is_nan());
    assert_eq!(features.values(&schema)[1..2], [5.0]);

    for (cells, feature, fault) in [
        (["", "0", "0", "owns", "-0.01"], "income", CellFault::TooSmall),
        (["", "0", "0", "owns", "10000.01"], "income", CellFault::TooLarge),
        (["", "0", "0", "owns", "0.001"], "income", CellFault::OffGrid),
        (["", "0", "0", "owns", "1e30"], "income", CellFault::TooLarge),
        (["", "0", "0", "owns", "-1e30"], "income", CellFault::TooSmall),
        (["", "0", "0", "Owns", "1"], "home \"type\"", CellFault::UnknownCode),
        (["", "0", "", "owns", "1"], "balance", CellFault::Missing),
        (["", "maybe", "0", "owns", "1"], "flag", CellFault::NotANumber),
        (["", "2", "0", "owns", "1"], "flag", CellFault::TooLarge),
    ] {
        let error = encode(cells).unwrap_err();
        assert_eq!((error.row, error.feature.as_str(), error.fault), (3, feature, fault));
    }
    // The value itself is the borrower's secret.
    let message = encode(["", "0", "0", "owns", "98765.43"]).unwrap_err().to_string();
    assert!(!message.contains("98765") && message.contains("10000.00"), "{message}");
    let short = schema.encode_row(&columns, 1, &["77", "1"]).unwrap_err();
    assert_eq!(short.fault, CellFault::ShortRow);

    let missing = schema.columns(&["flag", "balance", "income"]);
    assert!(
        matches!(missing, Err(ColumnsError::Missing { feature, .. }) if feature.contains("home"))
    );
    let twice = schema.columns(&["flag", "balance", "income", "flag", "home \"type\""]);
    assert!(matches!(twice, Err(ColumnsError::Twice { feature }) if feature == "flag"));
}

#[test]
fn bad_schemas_are_refused() {
    let valid = |features| Schema { name: "n".into(), features }.validate();
    assert_eq!(valid(vec![]), Err(SchemaError::Count(0)));
    let twice = vec![Feature::numeric("a", 0, 0, 1), Feature::numeric("a", 0, 0, 1)];
    assert_eq!(valid(twice), Err(SchemaError::Twice("a".into())));
    for (decimals, min, max) in [(16, 0, 1), (0, 2, 1), (0, 0, MAX_GRID + 1), (0, i64::MIN, 0)] {
        let found = valid(vec![Feature::numeric("a", decimals, min, max)]);
        assert!(matches!(found, Err(SchemaError::Range { .. })), "{decimals} {min} {max}");
    }
    for name in ["", "a\nb", &"x".repeat(513)] {
        let found = valid(vec![Feature::numeric(name, 0, 0, 1)]);
        assert!(matches!(found, Err(SchemaError::Text { .. })), "{name:?}");
    }
    for codes in [&[][..], &["x", "x"], &[""], &[" "], &[" x"]] {
        let found = valid(vec![category("a", codes)]);
        let refused = matches!(found, Err(SchemaError::Codes { .. } | SchemaError::Text { .. }));
        assert!(refused, "{codes:?}");
    }
}

/// A code that is listed is that answer, and all else that reads as missing is missing.
#[test]
fn words_for_missing_may_be_answers() {
    let guarantor = category("guarantor", &["none", "NA", "157"]).or_missing();
    for (cell, code) in
        [("none", 0), (" NA ", 1), ("", 3), ("None", 3), ("nan", 3), ("157.0", 2), ("157", 2)]
    {
        assert_eq!(guarantor.encode(cell), Ok(code), "{cell:?}");
    }
    for cell in ["157.5", "157.", "x"] {
        assert_eq!(guarantor.encode(cell), Err(CellFault::UnknownCode), "{cell:?}");
    }
    let income = Feature::numeric("income", 1, 0, 100_000);
    for cell in ["1,000", "0,5", "1,234,567.8"] {
        assert_eq!(income.encode(cell), Err(CellFault::Separators), "{cell:?}");
    }
    assert_eq!(income.encode_rounded("12.25", Rounding::Nearest), Ok(123));
    assert_eq!(income.encode("12.25"), Err(CellFault::OffGrid));
}

#[test]
fn features_keep_to_their_schema() {
    let schema = loans();
    assert!(Features::new(&schema, vec![1_000_001, 100, 3, 1]).is_ok());
    assert!(matches!(
        Features::new(&schema, vec![1_000_002, 100, 3, 1]),
        Err(FeaturesError::Code { feature, top: 1_000_001 }) if feature == "income"
    ));
    let short = Features::new(&schema, vec![1]);
    assert!(matches!(short, Err(FeaturesError::Count { expected: 4, found: 1, .. })));
    let shown = format!("{:?}", Features::new(&schema, vec![4242, 0, 0, 0]).unwrap());
    assert!(!shown.contains("4242"), "{shown}");
}

proptest! {
    /// Codes can be read back from the packed elements, each below 2^248.
    #[test]
    fn packing_loses_nothing(
        spans in proptest::collection::vec((0u32..54, any::<u64>(), any::<bool>()), 1..40),
    ) {
        let feature = |(index, (bits, _, missing)): (usize, &(u32, u64, bool))| Feature {
            missing: *missing,
            ..Feature::numeric(format!("f{index}"), 0, 0, (1i64 << bits) - 1)
        };
        let features: Vec<_> = spans.iter().enumerate().map(feature).collect();
        let schema = Schema { name: "n".into(), features };
        schema.validate().unwrap();
        let codes: Vec<u64> = (spans.iter().zip(&schema.features))
            .map(|((_, random, _), feature)| random % (feature.top() + 1))
            .collect();
        let packed = Features::new(&schema, codes.clone()).unwrap().packed(&schema);

        let mut seen = Vec::new();
        prop_assert_eq!(packed.len(), schema.packing().len());
        for (element, slots) in packed.iter().zip(schema.packing()) {
            let bytes = tessera_core::to_be_bytes(element);
            let bit = |i: u32| u64::from(bytes[31 - i as usize / 8] >> (i % 8) & 1);
            for slot in &slots {
                let bits = schema.features[slot.index].bits();
                prop_assert!(slot.shift + bits <= PACKED_BITS);
                let code: u64 = (0..bits).map(|i| bit(slot.shift + i) << i).sum();
                prop_assert_eq!(code, codes[slot.index]);
                seen.push(slot.index);
            }
        }
        prop_assert_eq!(seen, (0..codes.len()).collect::<Vec<_>>());
    }

    /// A code, as text, is encoded to itself.
    #[test]
    fn text_is_the_inverse_of_encode(
        decimals in 0u32..=15, min in -1000i64..1000, span in 0i64..5000, random in any::<u64>(),
        missing in any::<bool>(),
    ) {
        let feature = Feature { missing, ..Feature::numeric("x", decimals, min, min + span) };
        let code = random % (feature.top() + 1);
        prop_assert_eq!(feature.encode(&feature.text(code)), Ok(code));
        if Some(code) != feature.missing_code() {
            // The value is what any correct parser makes of the text.
            prop_assert_eq!(feature.value(code), feature.text(code).parse::<f64>().unwrap());
        }
    }
}
