//! A lender's model file to a package.
//!
//! A reader a format turns the file into an [`Ensemble`], which answers exactly as the library
//! does, or a [`SourceNetwork`]; everything after that is the same for all formats. The format is
//! detected, not asked for.

mod catboost;
mod coefficients;
mod demand;
mod ensemble;
mod error;
mod guess;
mod infer;
mod json;
mod kinds;
mod lightgbm;
mod network;
mod onnx;
mod output;
mod pmml;
mod quantise;
mod resolve;
mod score;
mod scorecard;
mod source;
mod table;
mod ubjson;
mod xgboost;

#[cfg(test)]
mod tests;

pub use coefficients::Coefficients;
pub use demand::{Category, Edge, SourceDemand};
pub use ensemble::{
    Ensemble, Missing, Output, Precision, PrintedEdge, Rule, SourceNode, SourceSplit, SourceTree,
};
pub use error::{Fault, ImportError};
pub use guess::Guess;
pub use infer::{Decimals, InferError, InferOptions, Inferred, infer};
pub use network::{
    MAX_WEIGHTS, MAX_WIDTH, ResolvedInput, ResolvedNetwork, SourceInput, SourceInputKind,
    SourceLayer, SourceNetwork,
};
pub use pmml::Pmml;
pub use resolve::Findings;
pub use score::{ScoreError, score_csv};
pub use source::SourceModel;
pub use table::{Table, TableError};
pub use tessera_model::{Assumption, ImportOptions};

use quantise::Quantised;
use rand::TryRngCore;
use rayon::prelude::*;
use source::Reference;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};
use tessera_artifact::{ArtifactError, Secrecy, Sha256Digest};
use tessera_model::{Features, Format, Package, Scaling, Schema, Score, Source};

/// Borrowers that are scored together on one core.
const BLOCK: usize = 256;
/// Name of the copy of the imported file in a package's folder.
pub const SOURCE_FILE: &str = "source";
/// Largest model file, in bytes.
pub const MAX_MODEL_FILE: u64 = 256 << 20;

/// An imported model: the package, and what to measure it with.
pub struct Imported {
    /// To be proven in one segment, unless [`Package::segments`] is changed.
    pub package: Package,
    /// What a reader should know before trusting the model, in sentences.
    pub notes: Vec<String>,
    /// What the file leaves open, and how it was read.
    pub guesses: Vec<Guess>,
    /// Splits of the source that the schema's ranges decide alone.
    pub folded_splits: usize,
    /// Trees that the schema's ranges leave one leaf of; they are part of the offset.
    pub constant_trees: usize,
    /// Most that rounding can move a score, in points.
    pub rounding: f64,
    reference: Reference,
    origins: Vec<(usize, Vec<usize>)>,
}

/// What the imported file and the package say of a borrower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Score by the file's own arithmetic, in points.
    pub points: f64,
    /// Score by the package.
    pub score: Score,
    /// Trees in which the package ends in another leaf; 0, or there is a bug.
    pub wrong_leaves: u64,
}

impl Imported {
    /// Takes the guesses as settled: the package's options have them from now on.
    pub fn settle(&mut self) {
        for guess in std::mem::take(&mut self.guesses) {
            self.notes.push(format!("Settled by the expected scores: {}.", guess.text));
            self.package.source.options.assume.insert(guess.assumption);
        }
    }

    /// What file and package say of each of `all`, which must fit the package's schema; on all cores.
    pub fn compare(&self, all: &[Features]) -> Vec<Comparison> {
        let Package { schema, scaling, model, .. } = &self.package;
        let block = |block| self.reference.compare(&self.origins, model, schema, scaling, block);
        all.par_chunks(BLOCK).flat_map_iter(block).collect()
    }

    /// The file's score in points of `values`, which are in the schema's order and need not be on its
    /// grids: `NaN` where missing, the index of the code for a category. `features` are the nearest codes.
    pub fn points(&self, values: &[f64], features: &Features) -> f64 {
        self.reference.points(values, features.codes(), &self.package.scaling)
    }

    /// Whether the file's sum is points by itself, whatever the scaling.
    pub fn is_in_points(&self) -> bool {
        matches!(&self.reference, Reference::Trees { ensemble, .. } if ensemble.output == Output::Points)
    }
}

/// Imports the model file at `path`. Without a `salt` a fresh one is drawn from the operating system.
///
/// Errors: [`ImportError::Guess`] where the file can be read in more than one way.
pub fn import(
    path: &Path,
    schema: &Schema,
    scaling: &Scaling,
    salt: Option<[u8; 32]>,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    let imported = import_unsettled(path, schema, scaling, salt, options)?;
    match imported.guesses.is_empty() {
        true => Ok(imported),
        false => Err(ImportError::Guess { path: path.into(), guesses: imported.guesses }),
    }
}

/// [`import`] for a caller that settles [`Imported::guesses`] with the lender's own scores, and then says so
/// with [`Imported::settle`].
pub fn import_unsettled(
    path: &Path,
    schema: &Schema,
    scaling: &Scaling,
    salt: Option<[u8; 32]>,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    schema.validate()?;
    let loaded = load(path, schema, scaling, options)?;
    let Loaded { source, notes, guesses, reference, quantised } = loaded;
    let salt = match salt {
        Some(salt) => salt,
        None => {
            let mut salt = [0; 32];
            rand::rngs::OsRng.try_fill_bytes(&mut salt).map_err(|_| ImportError::NoRandomness)?;
            salt
        }
    };
    let Quantised { model, origins, folded_splits, constant_trees, rounding } = quantised;
    let (schema, scaling) = (schema.clone(), scaling.clone());
    let package = Package { schema, model, segments: 1, salt, scaling, source };
    Ok(Imported {
        package,
        notes,
        guesses,
        folded_splits,
        constant_trees,
        rounding,
        reference,
        origins,
    })
}

/// Imports the file again that `package` was imported from.
///
/// Errors: those of [`import`]; [`ImportError::OtherSource`] where the file or the model differs.
pub fn import_again(package: &Package, path: &Path) -> Result<Imported, ImportError> {
    let Package { schema, scaling, salt, source, .. } = package;
    let mut imported = import(path, schema, scaling, Some(*salt), &source.options)?;
    let found = &imported.package;
    if found.source.sha256 != source.sha256 || found.model != package.model {
        return Err(ImportError::OtherSource { path: path.into() });
    }
    imported.package = package.clone();
    Ok(imported)
}

/// The bytes of the model file at `path`.
pub fn read_source(path: &Path) -> Result<Vec<u8>, ArtifactError> {
    tessera_artifact::read(path, MAX_MODEL_FILE)
}

/// Keeps a copy of the file at `source` in the package's `folder`, for later reports.
pub fn save_source(folder: &Path, source: &Path) -> Result<(), ArtifactError> {
    let bytes = read_source(source)?;
    tessera_artifact::write(&folder.join(SOURCE_FILE), &bytes, Secrecy::Secret)
}

/// A model file, read and quantised.
struct Loaded {
    source: Source,
    notes: Vec<String>,
    guesses: Vec<Guess>,
    reference: Reference,
    quantised: Quantised,
}

fn load(
    path: &Path,
    schema: &Schema,
    scaling: &Scaling,
    options: &ImportOptions,
) -> Result<Loaded, ImportError> {
    let bytes = tessera_artifact::read(path, MAX_MODEL_FILE)?;
    let in_file = |fault| ImportError::Model { path: path.into(), fault };
    let model = read(&bytes, options).map_err(in_file)?;
    let sha256 = tessera_artifact::sha256(&bytes);
    drop(bytes);
    let mut guesses = Vec::new();
    let model = match model {
        SourceModel::Coefficients(table) => {
            SourceModel::Network(table.network(schema).map_err(in_file)?)
        }
        SourceModel::Pmml(_) => {
            let columns = match_features(path, &model, schema, options)?;
            let SourceModel::Pmml(pmml) = model else { unreachable!("matched above") };
            pmml.model(schema, &columns).map_err(in_file)?
        }
        model => model,
    };
    let model = model.on(scaling).map_err(in_file)?;
    let columns = match_features(path, &model, schema, options)?;
    let source = describe(&model, sha256, options);
    let mut notes = model.notes().to_vec();
    if options.by_position {
        notes.push("Features were matched by position, not by name.".into());
    }
    let reference = match model {
        SourceModel::Trees(mut ensemble) => {
            let found = ensemble.resolve(schema, &columns, options).map_err(in_file)?;
            notes.extend(found.notes);
            guesses.extend(found.guesses);
            Reference::Trees { ensemble, columns }
        }
        SourceModel::Network(network) => {
            guesses.extend(network.guesses.clone());
            let (network, more) = network.resolve(schema, &columns).map_err(in_file)?;
            notes.extend(more);
            Reference::Network(network)
        }
        SourceModel::Coefficients(_) | SourceModel::Pmml(_) => unreachable!("built above"),
    };
    let quantised = match &reference {
        Reference::Trees { ensemble, columns } => {
            quantise::quantise_trees(ensemble, schema, columns, scaling)
        }
        Reference::Network(network) => quantise::quantise_network(network, schema, scaling),
    }
    .map_err(|source| ImportError::Quantised { path: path.into(), source })?;
    // What somebody has settled is no longer open, but is said.
    guesses.retain(|guess| {
        let settled = options.assume.contains(&guess.assumption);
        if settled {
            notes.push(format!("Assumed ({}): {}.", guess.assumption, guess.text));
        }
        !settled
    });
    Ok(Loaded { source, notes, guesses, reference, quantised })
}

fn describe(model: &SourceModel, sha256: Sha256Digest, options: &ImportOptions) -> Source {
    Source {
        format: model.format(),
        library: model.library().map(String::from),
        sha256,
        objective: model.objective().into(),
        trees: model.trees(),
        features: model.features().to_vec(),
        options: options.clone(),
    }
}

/// Reads the bytes of a model file of any known format. Its features are not yet matched with a
/// schema.
pub fn read(bytes: &[u8], options: &ImportOptions) -> Result<SourceModel, Fault> {
    let start = bytes.trim_ascii_start();
    match start {
        // The marks of a binary JSON object: a key's length, or the count of its fields.
        [b'{', b'L' | b'l' | b'I' | b'i' | b'U' | b'#' | b'$', ..] => {
            let json = ubjson::to_json(bytes)?;
            let other = |fault| json::other_kind(&json).unwrap_or(fault);
            let ensemble = xgboost::read(&json, options).map_err(other)?;
            Ok(SourceModel::Trees(Ensemble { format: Format::XgboostUbjson, ..ensemble }))
        }
        [b'{', ..] => {
            let found = match xgboost::read(bytes, options) {
                Err(_) if catboost::is_catboost(bytes) => catboost::read(bytes),
                Err(fault) => Err(json::other_kind(bytes).unwrap_or(fault)),
                found => found,
            };
            found.map(SourceModel::Trees)
        }
        _ if start.starts_with(b"tree\n") || start.starts_with(b"tree\r\n") => {
            lightgbm::read(bytes).map(SourceModel::Trees)
        }
        _ if onnx::is_onnx(bytes) => onnx::read(bytes),
        _ if pmml::is_pmml(bytes) => pmml::read(bytes).map(SourceModel::Pmml),
        _ if scorecard::is_scorecard(bytes) => scorecard::read(bytes).map(SourceModel::Trees),
        _ if coefficients::is_table(bytes) => {
            coefficients::read(bytes).map(SourceModel::Coefficients)
        }
        _ => Err(scorecard::lacking(bytes).unwrap_or_else(|| kinds::other(bytes))),
    }
}

/// The schema's index of each of the model's features.
fn match_features(
    path: &Path,
    model: &SourceModel,
    schema: &Schema,
    options: &ImportOptions,
) -> Result<Vec<usize>, ImportError> {
    if options.by_position {
        if model.feature_count() != schema.features.len() {
            return Err(ImportError::FeatureCount {
                path: path.into(),
                model: model.feature_count(),
                schema: schema.name.clone(),
                found: schema.features.len(),
            });
        }
        return Ok((0..model.feature_count()).collect());
    }
    if model.features().is_empty() {
        return Err(ImportError::Unnamed { path: path.into() });
    }
    let index = names(model.format(), schema);
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(model.features().len());
    for name in model.features() {
        let column = index.get(name).ok_or_else(|| ImportError::UnknownFeature {
            path: path.into(),
            feature: name.chars().take(200).collect(),
            schema: schema.name.clone(),
        })?;
        if !seen.insert(column) {
            let fault = format!("two features are called {:?}", schema.features[*column].name);
            let fault = Fault::malformed("feature names", fault);
            return Err(ImportError::Model { path: path.into(), fault });
        }
        columns.push(*column);
    }
    Ok(columns)
}

/// The schema's features by the names that a model file may have for them.
fn names(format: Format, schema: &Schema) -> HashMap<String, usize> {
    let mut index = HashMap::new();
    if format == Format::LightgbmText {
        // LightGBM writes spaces as underscores. Where that makes two names one, neither is found.
        for (i, feature) in schema.features.iter().enumerate() {
            let name = feature.name.replace(char::is_whitespace, "_");
            index.entry(name).and_modify(|of| *of = None).or_insert(Some(i));
        }
    }
    let exact = schema.features.iter().enumerate().map(|(i, f)| (f.name.clone(), Some(i)));
    index.extend(exact);
    index.into_iter().filter_map(|(name, of)| Some((name, of?))).collect()
}
