//! What real models need: a change that makes circuits larger is noticed here.

use std::path::Path;
use tessera_import::{ImportOptions, import};
use tessera_model::{Package, Schema};
use tessera_segment::Plan;

fn package(example: &str) -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
    let schema = Schema::load(&folder.join("schema.json")).expect("a schema");
    let scaling = "600@50:1,pdo=20".parse().expect("a scaling");
    let (path, options) = (folder.join("model.json"), ImportOptions::default());
    import(&path, &schema, &scaling, Some([1; 32]), &options).expect("a model").package
}

#[test]
fn real_models_fit() {
    for (example, segments, k) in [
        ("german-credit", 1, 14),
        ("german-credit", 2, 14),
        ("sba-loans", 1, 18),
        ("sba-loans", 4, 16),
    ] {
        let plan = Plan::new(&package(example), segments).expect("a plan");
        println!("{example} in {segments}: {:?}", plan.rows);
        assert_eq!(plan.k, k, "{example} in {segments}: {:?}", plan.rows);
    }
}
