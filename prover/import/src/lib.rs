//! A lender's model file to a package.
//!
//! A reader a format turns the file into an [`Ensemble`], which answers exactly as the library
//! does, or a [`SourceNetwork`]; everything after that is the same for all formats. The format is
//! detected, not asked for.

mod demand;
mod ensemble;
mod error;
mod infer;
mod json;
mod lightgbm;
mod network;
mod onnx;
mod quantise;
mod score;
mod scorecard;
mod source;
mod table;
mod xgboost;

#[cfg(test)]
mod tests;

pub use demand::{Category, SourceDemand};
pub use ensemble::{
    Ensemble, Missing, Output, Precision, Rule, SourceNode, SourceSplit, SourceTree,
};
pub use error::{Fault, ImportError};
pub use infer::{InferError, InferOptions, infer};
pub use network::{
    MAX_WEIGHTS, MAX_WIDTH, ResolvedInput, ResolvedNetwork, SourceInput, SourceInputKind,
    SourceLayer, SourceNetwork,
};
pub use score::{ScoreError, score_csv};
pub use source::SourceModel;
pub use table::{Table, TableError};
pub use tessera_model::ImportOptions;

use quantise::Quantised;
use rand::TryRngCore;
use source::Reference;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::Path,
};
use tessera_artifact::{ArtifactError, Secrecy, Sha256Digest};
use tessera_model::{Feature, FeatureKind, Features, Format, Package, Scaling, Schema, Source};

/// What to give instead of a file of another format.
const KNOWN: &str = "give what XGBoost saves as .json or LightGBM as .txt, an ONNX file, or a \
                     scorecard as CSV";
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
    /// Splits of the source that the schema's ranges decide alone.
    pub folded_splits: usize,
    /// Trees that the schema's ranges leave one leaf of; they are part of the offset.
    pub constant_trees: usize,
    /// Most that rounding can move a score, in points.
    pub rounding: f64,
    reference: Reference,
    origins: Vec<(usize, Vec<usize>)>,
}

/// What the imported file says of a borrower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Score by the file's own arithmetic, in points.
    pub points: f64,
    /// Trees in which the package ends in another leaf; 0, or there is a bug.
    pub wrong_leaves: u64,
}

impl Imported {
    /// What the file says of `features`, which must fit the package's schema.
    pub fn compare(&self, features: &Features) -> Comparison {
        let Package { schema, scaling, model, .. } = &self.package;
        self.reference.compare(&self.origins, model, schema, scaling, features)
    }
}

/// Imports the model file at `path`. Without a `salt` a fresh one is drawn from the operating system.
pub fn import(
    path: &Path,
    schema: &Schema,
    scaling: &Scaling,
    salt: Option<[u8; 32]>,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    schema.validate()?;
    let Loaded { source, notes, reference, quantised } = load(path, schema, scaling, options)?;
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
    Ok(Imported { package, notes, folded_splits, constant_trees, rounding, reference, origins })
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
    let columns = match_features(path, &model, schema, options)?;
    let source = describe(&model, sha256, options);
    let mut notes = model.notes().to_vec();
    if options.by_position {
        notes.push("Features were matched by position, not by name.".into());
    }
    let reference = match model {
        SourceModel::Trees(mut ensemble) => {
            notes.extend(note_categories(&ensemble, schema, &columns));
            notes.extend(ensemble.resolve(schema, &columns).map_err(in_file)?);
            Reference::Trees { ensemble, columns }
        }
        SourceModel::Network(network) => {
            let (network, more) = network.resolve(schema, &columns).map_err(in_file)?;
            notes.extend(more);
            Reference::Network(network)
        }
    };
    let quantised = match &reference {
        Reference::Trees { ensemble, columns } => {
            quantise::quantise_trees(ensemble, schema, columns, scaling)
        }
        Reference::Network(network) => quantise::quantise_network(network, schema, scaling),
    }
    .map_err(|source| ImportError::Quantised { path: path.into(), source })?;
    Ok(Loaded { source, notes, reference, quantised })
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
    let format = |found, hint| Err(Fault::Format { found, hint });
    let resave = "convert it: python -c \"import xgboost; model = xgboost.Booster(); \
                  model.load_model('model.ubj'); model.save_model('model.json')\"";
    match start {
        [] => format("an empty file", KNOWN),
        // The marks of a binary JSON object: a key's length, or the count of its fields.
        [b'{', b'L' | b'l' | b'I' | b'i' | b'U' | b'#' | b'$', ..] => format("UBJSON", resave),
        [b'{', ..] => {
            let other = |fault| json::other_kind(bytes).unwrap_or(fault);
            xgboost::read(bytes, options).map(SourceModel::Trees).map_err(other)
        }
        _ if start.starts_with(b"tree\n") || start.starts_with(b"tree\r\n") => {
            lightgbm::read(bytes).map(SourceModel::Trees)
        }
        _ if start.starts_with(b"binf") || start.starts_with(b"bs64") => {
            format("XGBoost's old binary format", resave)
        }
        _ if onnx::is_onnx(bytes) => onnx::read(bytes),
        _ if scorecard::is_scorecard(bytes) => scorecard::read(bytes).map(SourceModel::Trees),
        [0x80, ..] => {
            format("a Python pickle", "save the model itself: model.save_model(\"m.json\")")
        }
        _ if start.starts_with(b"[") || start.starts_with(b"booster[") => format(
            "a list, perhaps XGBoost's dump of its trees",
            "save the model itself: model.save_model(\"m.json\")",
        ),
        [b'<', ..] => format("XML, perhaps PMML", KNOWN),
        _ => format("no model file that is known", KNOWN),
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

/// How categories of the model and codes of the schema were matched, in sentences.
fn note_categories(ensemble: &Ensemble, schema: &Schema, columns: &[usize]) -> Vec<String> {
    let mut asked = BTreeSet::new();
    for node in ensemble.trees.iter().flat_map(|tree| &tree.nodes) {
        if let SourceNode::Split(split) = node
            && ensemble.categories.get(split.feature).is_none_or(Vec::is_empty)
        {
            asked.insert(columns[split.feature]);
        }
    }
    let note = |feature: &Feature| match &feature.kind {
        FeatureKind::Category { codes } => Some(format!(
            "{:?} is numbers to the model: its 0 is the schema's {:?}, and so on in the order of \
             the schema's codes. Check that training counted the same way.",
            feature.name, codes[0]
        )),
        FeatureKind::Numeric { .. } => None,
    };
    asked.into_iter().filter_map(|column| note(&schema.features[column])).collect()
}
