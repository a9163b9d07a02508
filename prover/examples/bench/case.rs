//! A model of the benchmark, and a borrower to prove a score of.

use eyre::{WrapErr, eyre};
use std::path::Path;
use tessera_import::{ImportOptions, import};
use tessera_model::{Features, Package, Scaling, Schema};

/// A model and somebody to prove a score of.
pub struct Case {
    /// For the tables.
    pub name: &'static str,
    /// Imported with a fixed salt, so that sizes are the same in each run.
    pub package: Package,
    /// The borrower's answers.
    pub features: Features,
}

impl Case {
    /// The model file `model` of an example's folder.
    pub fn example(name: &'static str, folder: &str, model: &str) -> eyre::Result<Self> {
        let folder = Path::new(folder);
        let schema = Schema::load(&folder.join("schema.json"))?;
        let scaling: Scaling = "600@50:1,pdo=20".parse().wrap_err("the scaling")?;
        let model = folder.join(model);
        // A network's file names no features.
        let by_position = model.extension().is_some_and(|extension| extension == "onnx");
        let options = ImportOptions { by_position, ..ImportOptions::default() };
        let package = import(&model, &schema, &scaling, Some([7; 32]), &options)?.package;
        let features = first_row(folder, &package.schema)?;
        Ok(Case { name, package, features })
    }

    /// Comparisons, or weights of a network.
    pub fn size(&self) -> usize {
        match self.package.model.network() {
            Some(network) => network.weights(),
            None => self.package.model.size().0,
        }
    }
}

/// Features of the first applicant among an example's golden rows.
fn first_row(example: &Path, schema: &Schema) -> eyre::Result<Features> {
    let mut table = csv::Reader::from_path(example.join("golden.csv"))?;
    let header: Vec<String> = table.headers()?.iter().map(str::to_owned).collect();
    let columns = schema.columns(&header)?;
    let record = table.records().next().ok_or_else(|| eyre!("golden.csv is empty"))??;
    let cells: Vec<&str> = record.iter().collect();
    Ok(schema.encode_row(&columns, 1, &cells)?)
}
