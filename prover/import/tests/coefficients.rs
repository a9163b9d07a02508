//! Tables of coefficients against the log-odds of the libraries that made them.

use crate::common::{found, scaling};
use std::path::{Path, PathBuf};
use tessera_import::{Assumption, ImportOptions, InferOptions, import, infer, read, score_csv};
use tessera_model::{Feature, FeatureKind, Format, Schema, schema::Rounding};
use tessera_report::{Expected, Sample, ScoreKind};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/coefficients").join(name)
}

fn schema_of(rows: &str) -> Schema {
    let skip = vec!["margin".into()];
    let options = InferOptions { skip, exact: true, ..InferOptions::default() };
    infer(&fixture(rows), &options).unwrap().schema
}

/// Every row has the library's own log-odds.
fn golden(file: &str, rows: &str, assume: &[Assumption], error: f64) -> Format {
    let (schema, csv) = (schema_of(rows), fixture(rows));
    let expected =
        Expected { column: "margin".into(), kind: Some(ScoreKind::Margin), tolerance: None };
    let sample = Sample { path: csv.clone(), expected: Some(expected), ..Sample::default() };
    let assume = assume.iter().copied().collect();
    let options = ImportOptions { assume, ..ImportOptions::default() };
    let found = found(&fixture(file), &schema, &options, Some(&sample)).unwrap();
    let agreement = found.calibration().agreement.as_ref().unwrap();
    assert_eq!((agreement.rows, agreement.wrong), (150, 0));
    let scores = score_csv(&found.package, &csv, Rounding::Refused).unwrap();
    let text = std::fs::read_to_string(&csv).unwrap();
    for (score, line) in scores.into_iter().zip(text.lines().skip(1)) {
        let margin: f64 = line.rsplit_once(',').unwrap().1.parse().unwrap();
        let off = score.unwrap().points() - scaling().points_of(margin);
        assert!(off.abs() < error, "{file}: {off}");
    }
    found.package.source.format
}

#[test]
fn statsmodels_and_r() {
    for file in ["statsmodels.csv", "r.csv"] {
        assert_eq!(golden(file, "rows.csv", &[], 1e-5), Format::Coefficients);
        // By itself the table does not say what the other jobs are compared with.
        let options = ImportOptions::default();
        let refused = import(&fixture(file), &schema_of("rows.csv"), &scaling(), None, &options);
        let refused = refused.map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("\"job\" = \"clerk\" has no coefficient"), "{refused}");
        assert!(refused.contains("--assume base-categories"), "{refused}");
    }
}

#[test]
fn weights_of_evidence() {
    let assume = [Assumption::EdgesAsPrinted];
    assert_eq!(golden("woe.csv", "woe_rows.csv", &assume, 1e-7), Format::ScorecardCsv);
    let text = std::fs::read_to_string(fixture("woe.csv")).unwrap();
    let without =
        text.lines().filter(|line| !line.starts_with("Intercept")).collect::<Vec<_>>().join("\n");
    let refused = read(without.as_bytes(), &ImportOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("there is no intercept"), "{refused}");
}

/// An explainable boosting machine without interactions adds a number for each feature's bin.
#[test]
fn explainable_boosting_machines() {
    assert_eq!(golden("ebm.csv", "ebm_rows.csv", &[], 1e-7), Format::ScorecardCsv);
}

fn refused(table: &str, features: Vec<Feature>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, table).unwrap();
    let schema = Schema { name: "test".into(), features };
    let found = found(&path, &schema, &ImportOptions::default(), None);
    found.map(|_| ()).unwrap_err().to_string()
}

fn category(name: &str, codes: &[&str]) -> Feature {
    let codes = codes.iter().map(|code| (*code).to_owned()).collect();
    Feature { kind: FeatureKind::Category { codes }, ..Feature::numeric(name, 0, 0, 0) }
}

#[test]
fn what_a_table_may_not_be() {
    let age = || Feature::numeric("age", 0, 18, 99);
    let job = || category("job", &["a", "b", "c"]);
    for (table, features, named) in [
        ("term,estimate\n(Intercept),1\nage:income,2\n", vec![age()], "a product or a function"),
        ("term,estimate\n(Intercept),1\nlog(age),2\n", vec![age()], "a product or a function"),
        ("term,estimate\n(Intercept),1\nheight,2\n", vec![age()], "has no such feature"),
        ("term,estimate\n(Intercept),1\nage,NA\n", vec![age()], "without a coefficient"),
        ("term,estimate\n(Intercept),1\nage,x\n", vec![age()], "not a finite number"),
        ("term,estimate\nage,1\n", vec![age()], "--assume no-intercept"),
        (
            "term,estimate\n(Intercept),1\nage,0.03\n",
            vec![age()],
            "--assume coefficients-as-printed",
        ),
        ("term,estimate\n(Intercept),1\nage,inf\n", vec![age()], "not a finite number"),
        ("term,estimate\nage,1\nage,2\n", vec![age()], "there twice"),
        (
            "term,estimate\nconst,1\nIntercept,2\nage,1\n",
            vec![age()],
            "the intercept is there twice",
        ),
        ("term,estimate\n,1\n", vec![age()], "has no name"),
        ("term,estimate\n", vec![age()], "no terms"),
        ("term,estimate\nage,1\n", vec![age().or_missing()], "lets it be missing"),
        ("term,estimate\njobb,1\n", vec![job()], "no terms for 2 of its categories"),
        ("term,estimate\njobb,1\njobc,2\n", vec![job().or_missing()], "lets it be missing"),
        // A feature called jobb, and the category b of job.
        (
            "term,estimate\njobb,1\njobc,2\n",
            vec![job(), Feature::numeric("jobb", 0, 0, 1)],
            "several",
        ),
    ] {
        let found = refused(table, features);
        assert!(found.contains(named), "{table}: {found}");
    }
}

/// R's write.csv2 has semicolons and decimal commas.
#[test]
fn decimal_commas() {
    let text = std::fs::read_to_string(fixture("r.csv")).unwrap();
    let table = text.replace(',', ";").replace('.', ",");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    std::fs::write(&path, table).unwrap();
    let options =
        ImportOptions { assume: [Assumption::BaseCategories].into(), ..ImportOptions::default() };
    let model = |path: &Path| {
        let found = import(path, &schema_of("rows.csv"), &scaling(), Some([1; 32]), &options);
        found.unwrap().package.model
    };
    assert!(model(&path) == model(&fixture("r.csv")));
}
