//! PMML files that nobody should have written.

use crate::common::found;
use proptest::prelude::*;
use tessera_import::{Assumption, Fault, ImportOptions, SourceModel, read};
use tessera_model::{Feature, FeatureKind, Features, Schema};

const TREE: &str = r#"<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><DataDictionary>
<DataField name="a" optype="continuous" dataType="double"/>
<DataField name="b" optype="categorical" dataType="string"><Value value="x"/><Value value="y z"/></DataField>
</DataDictionary><TreeModel functionName="regression" missingValueStrategy="defaultChild">
<MiningSchema><MiningField name="a"/><MiningField name="b"/></MiningSchema>
<Node id="0" defaultChild="1"><True/>
<Node id="1" score="0.5"><SimplePredicate field="a" operator="lessThan" value="10"/></Node>
<Node id="2" score="-1.5"><SimpleSetPredicate field="b" booleanOperator="isIn"><Array type="string">"y z"</Array></SimpleSetPredicate></Node>
<Node id="3" score="2"><True/></Node></Node></TreeModel></PMML>"#;

const REGRESSION: &str = r#"<PMML version="4.4"><DataDictionary>
<DataField name="a" optype="continuous" dataType="double"><Interval closure="closedClosed" leftMargin="0" rightMargin="20"/></DataField>
<DataField name="t" optype="categorical" dataType="string"><Value value="good"/><Value value="bad"/></DataField>
</DataDictionary><RegressionModel functionName="classification" normalizationMethod="logit">
<MiningSchema><MiningField name="a" missingValueReplacement="3"/><MiningField name="t" usageType="target"/></MiningSchema>
<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double"><Apply function="+"><FieldRef field="a"/><Constant>1</Constant></Apply></DerivedField></LocalTransformations>
<RegressionTable intercept="0.5" targetCategory="bad"><NumericPredictor name="d" coefficient="2"/></RegressionTable>
<RegressionTable intercept="0" targetCategory="good"/></RegressionModel></PMML>"#;

fn open(text: &str) -> Result<SourceModel, Fault> {
    read(text.as_bytes(), &ImportOptions::default())
}

/// `a` from 0 to 20, and `b`; both may be missing.
fn schema(decimals: u32) -> Schema {
    let codes = ["x", "y z"].map(String::from).to_vec();
    let b = Feature { kind: FeatureKind::Category { codes }, ..Feature::numeric("b", 0, 0, 0) };
    let a = Feature::numeric("a", decimals, 0, 20 * 10i64.pow(decimals));
    Schema { name: "test".into(), features: vec![a.or_missing(), b.or_missing()] }
}

fn import(text: &str, schema: &Schema) -> Result<crate::common::Found, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pmml");
    std::fs::write(&path, text).unwrap();
    // The tree's numbers may be anything.
    let assume = [Assumption::OutputIsLogOdds].into();
    let options = ImportOptions { assume, ..ImportOptions::default() };
    found(&path, schema, &options, None).map_err(|error| error.to_string())
}

#[test]
fn the_untouched_models_are_read() {
    let schema = schema(1);
    let tree = import(TREE, &schema).unwrap().package;
    let margin = |package: &tessera_model::Package, codes: Vec<u64>| {
        let score = package.score(&Features::new(&package.schema, codes).unwrap()).unwrap();
        // 20 points double the odds; class 1 is bad.
        let points = score.points() - crate::common::scaling().points_of(0.0);
        -points * 2f64.ln() / 20.0
    };
    for (codes, expected) in
        [([99, 0], 0.5), ([100, 1], -1.5), ([100, 0], 2.0), ([201, 1], 0.5), ([100, 2], 0.5)]
    {
        assert!((margin(&tree, codes.into()) - expected).abs() < 1e-8, "{codes:?}");
    }
    let only_a = Schema { features: schema.features[..1].to_vec(), ..schema };
    let found = import(REGRESSION, &only_a).unwrap();
    let note = "Class 1 is what the file calls \"bad\", class 0 \"good\".";
    assert!(found.report.notes.iter().any(|found| found == note), "{:?}", found.report.notes);
    for (code, expected) in [(0, 2.5), (100, 22.5), (201, 8.5)] {
        assert!((margin(&found.package, vec![code]) - expected).abs() < 1e-6, "{code}");
    }
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    for (from, to, named) in [
        ("<PMML", "<!DOCTYPE PMML [<!ENTITY e \"x\">]><PMML", "a document type"),
        ("\"4.4\"", "\"3.2\"", "another kind or version"),
        ("PMML-4_4", "PMML-3_2", "another kind or version"),
        ("</TreeModel>", "", "this is not XML"),
        ("TreeModel", "NeuralNetwork", "give networks as ONNX"),
        ("TreeModel", "SupportVectorMachineModel", "a model SupportVectorMachineModel"),
        ("TreeModel", "GeneralRegressionModel", "or its coefficients as a CSV table"),
        ("<TreeModel ", "<TreeModel isScorable=\"false\" ", "can't be scored"),
        (
            "functionName=\"regression\"",
            "functionName=\"clustering\"",
            "the function \"clustering\"",
        ),
        ("functionName=\"regression\"", "functionName=\"classification\"", "0 values in the data"),
        ("defaultChild\"", "weighted\"", "no strategy \"weighted\""),
        ("dataType=\"double\"", "dataType=\"date\"", "data type \"date\""),
        ("name=\"a\"/>", "name=\"c\"/>", "no field \"c\""),
        ("name=\"a\"/>", "name=\"a\" outliers=\"asExtremeValues\"/>", "cut values off"),
        ("name=\"a\"/>", "name=\"b\"/>", "the field is there twice"),
        ("lessThan", "lessThen", "no operator \"lessThen\""),
        ("value=\"10\"", "value=\"ten\"", "value \"ten\" is not a finite number"),
        ("value=\"10\"", "value=\"inf\"", "value \"inf\" is not a finite number"),
        ("score=\"0.5\"", "score=\"1e999\"", "score \"1e999\" is not a finite number"),
        ("score=\"0.5\"", "", "a leaf without a score"),
        ("defaultChild=\"1\"", "defaultChild=\"7\"", "it has no child \"7\""),
        ("\"y z\"</Array>", "\"y z</Array>", "a quote that is not closed"),
        ("<Array", "<Array n=\"3\"", "1 items, and n is 3"),
        ("<True/>\n", "", "it does not have one predicate"),
        ("<True/>\n", "<True/><Regression/>", "an element Regression"),
        ("\"x\"/>", "\"x\" property=\"missing\"/>", "that is missing"),
    ] {
        assert!(TREE.contains(from), "{from}");
        let fault = open(&TREE.replace(from, to)).map(|_| ()).unwrap_err().to_string();
        assert!(fault.contains(named), "{to}: {fault}");
    }
    for (from, to, named) in [
        ("\"logit\"", "\"cloglog\"", "normalizationMethod \"cloglog\""),
        ("\"logit\"", "\"none\"", "a probability that is a linear function"),
        ("intercept=\"0\"", "intercept=\"1\"", "a second table that is not empty"),
        ("targetCategory=\"bad\"", "targetCategory=\"worse\"", "no value \"worse\""),
        ("<Value value=\"good\"/>", "", "a target with 1 values"),
        ("coefficient=\"2\"", "coefficient=\"2\" exponent=\"2\"", "exponent"),
        ("<NumericPredictor", "<PredictorTerm", "a product of predictors"),
        ("name=\"d\" c", "name=\"e\" c", "no active field \"e\""),
        ("function=\"+\"", "function=\"ln\"", "the function \"ln\""),
        ("Constant>1<", "Constant>one<", "is not a finite number"),
        ("Replacement=\"3\"", "Replacement=\"x\"", "missingValueReplacement is not"),
    ] {
        assert!(REGRESSION.contains(from), "{from}");
        let fault = open(&REGRESSION.replace(from, to)).map(|_| ()).unwrap_err().to_string();
        assert!(fault.contains(named), "{to}: {fault}");
    }
}

/// A value that the schema allows and the file has no score for is named.
#[test]
fn the_schema_may_allow_nothing_without_a_score() {
    // Between 9 and 10 there is something on a grid of tenths, and nothing on whole numbers.
    let gap = TREE.replace(
        "<Node id=\"3\" score=\"2\"><True/></Node>",
        "<Node id=\"3\" score=\"2\"><SimplePredicate field=\"a\" operator=\"lessThan\" value=\"99\"/></Node>",
    );
    let gap = gap.replace("defaultChild=\"1\"", "defaultChild=\"3\"");
    let gap =
        gap.replace("operator=\"lessThan\" value=\"10\"", "operator=\"lessOrEqual\" value=\"9\"");
    let gap = gap.replace(
        "<SimpleSetPredicate field=\"b\" booleanOperator=\"isIn\"><Array type=\"string\">\"y z\"</Array></SimpleSetPredicate>",
        "<SimplePredicate field=\"a\" operator=\"greaterOrEqual\" value=\"10\"/>",
    );
    let gap = gap.replace("lessThan\" value=\"99\"", "greaterThan\" value=\"15\"");
    let only_a = |decimals| {
        let schema = schema(decimals);
        Schema { features: schema.features[..1].to_vec(), ..schema }
    };
    let refused = import(&gap, &only_a(1)).unwrap_err();
    assert!(refused.contains("no score") && refused.contains("a 9.1"), "{refused}");
    assert!(import(&gap, &only_a(0)).is_ok());
    // Outside the interval that the file calls valid.
    let narrow = REGRESSION.replace("rightMargin=\"20\"", "rightMargin=\"19\"");
    let refused = import(&narrow, &only_a(0)).unwrap_err();
    assert!(refused.contains("the schema allows 20"), "{refused}");
    // A category that the data dictionary does not list.
    let unlisted = TREE.replace("<Value value=\"x\"/>", "");
    let refused = import(&unlisted, &schema(0)).unwrap_err();
    assert!(refused.contains("the schema allows \"x\""), "{refused}");
}

#[test]
fn deep_and_large_files_end_early() {
    let nested = format!("<PMML>{}", "<a>".repeat(100_000));
    assert!(open(&nested).is_err());
    let closed = format!("<PMML>{}{}</PMML>", "<a>".repeat(5000), "</a>".repeat(5000));
    let fault = open(&closed).map(|_| ()).unwrap_err().to_string();
    assert!(fault.contains("nested deeper than"), "{fault}");
    // Functions that call functions twice, again and again.
    let mut functions = String::new();
    for i in 0..30 {
        let call = format!("<Apply function=\"f{}\"><FieldRef field=\"x\"/></Apply>", i + 1);
        functions += &format!(
            "<DefineFunction name=\"f{i}\"><ParameterField name=\"x\"/><Apply function=\"+\">{call}{call}</Apply></DefineFunction>"
        );
    }
    functions += "<DefineFunction name=\"f30\"><ParameterField name=\"x\"/><FieldRef field=\"x\"/></DefineFunction>";
    let bomb = REGRESSION
        .replace("<LocalTransformations>", &format!("<LocalTransformations>{functions}"))
        .replace(
            "function=\"+\"><FieldRef field=\"a\"/><Constant>1</Constant>",
            "function=\"f0\"><FieldRef field=\"a\"/>",
        );
    let fault = open(&bomb).map(|_| ()).unwrap_err().to_string();
    assert!(fault.contains("too much work"), "{fault}");
}

proptest! {
    #[test]
    fn any_mutation_of_a_model(
        of_tree in any::<bool>(), at in 0usize..1600, length in 0usize..40,
        patch in "[-0-9eE.<>/\"=& a-zA-Z]{0,16}",
    ) {
        let text = if of_tree { TREE } else { REGRESSION };
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        let _ = import(&[&text[..at], patch.as_str(), &text[end..]].concat(), &schema(0));
    }
}
