//! ONNX files of linear models, networks and boosted trees.
//!
//! A graph is followed from its score back to the features, and folded: whatever is affine becomes
//! one matrix between two ReLUs, imputers, scalers and encoders become inputs of the first. Weights
//! are the file's, kept exactly; the sum is made in double precision, where runtimes use single.
//! Trees compare as runtimes do, bit for bit.

mod finish;
mod graph;
mod leaves;
mod node;
mod operators;
mod proto;
mod scan;
mod tensor;
mod trees;
mod units;
mod value;

use super::{SourceModel, error::Fault, network::SourceNetwork};
use graph::Graph;
use prost::Message;
use proto::element;
use tessera_model::Format;
use units::Units;
use value::Basis;

/// Largest file, in bytes.
const MAX_FILE: usize = 64 << 20;
/// Most outputs of a graph.
const MAX_OUTPUTS: usize = 16;

/// Whether `bytes` start as an ONNX file does: with its version, which no text does.
pub(super) fn is_onnx(bytes: &[u8]) -> bool {
    // Field 1, a number; and then the field of the producer, the graph or another one of a model.
    matches!(bytes, [0x08, 1..=0x7f, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42 | 0x72, ..])
}

/// Reads the bytes of a model file.
pub(super) fn read(bytes: &[u8]) -> Result<SourceModel, Fault> {
    if bytes.len() > MAX_FILE {
        let fault = format!("{} bytes are more than {MAX_FILE}", bytes.len());
        return Err(Fault::malformed("the file", fault));
    }
    scan::check(bytes)?;
    let model = proto::Model::decode(bytes).map_err(|error| {
        let fault: String = error.to_string().chars().take(300).collect();
        Fault::malformed("the file", fault)
    })?;
    let Some(graph) = &model.graph else {
        return Err(Fault::malformed("the file", "it has no graph"));
    };
    let standard = model.opset_import.iter().find(|set| matches!(&*set.domain, "" | "ai.onnx"));
    let opset = standard.map_or(1, |set| set.version);
    let mut units = Units::default();
    let (mut walk, features) = Graph::new(graph, opset, &mut units)?;

    // The chosen class and other outputs of integers and texts are no scores.
    let mut margins = Vec::new();
    if graph.output.len() > MAX_OUTPUTS {
        return Err(Fault::malformed("the graph", format!("more than {MAX_OUTPUTS} outputs")));
    }
    for output in &graph.output {
        let tensor = output.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
        if tensor.is_none_or(|of| matches!(of.elem_type, 0 | element::FLOAT | element::DOUBLE)) {
            let value = walk.value(&output.name, &mut units)?;
            let margin = finish::margin(&output.name, &value, &mut units)?;
            margins.extend(margin.map(|margin| (&output.name, margin)));
        }
    }
    let hint = "export one logit or probability, or the probabilities of two classes";
    let Some((first, margin)) = margins.pop() else {
        return Err(Fault::unsupported("a file without a score among its outputs", hint));
    };
    if let Some((other, _)) = margins.iter().find(|(_, other)| other.sum != margin.sum) {
        let what = format!("a file of several scores ({first:.60?}, {other:.60?})");
        return Err(Fault::unsupported(what, hint));
    }

    let cut = |text: &str| text.chars().take(60).collect::<String>();
    let library = format!("{} {}", cut(&model.producer_name), cut(&model.producer_version));
    let library = Some(library.trim().to_owned()).filter(|library| !library.is_empty());
    let objective = margin.objective.to_owned();
    if margin.sum.basis == Basis::Trees {
        let mut ensemble = finish::trees(&margin.sum, &mut units)?;
        ensemble.categories.resize(features.count, Vec::new());
        if model.producer_name.eq_ignore_ascii_case("onnxmltools") {
            units.notes.push(
                "The trees were converted, perhaps from LightGBM or XGBoost: thresholds that were \
                 rounded on the way send other rows left than the library did. The library's own \
                 file is exact."
                    .into(),
            );
        }
        return Ok(SourceModel::Trees(crate::Ensemble {
            library,
            objective,
            feature_count: features.count,
            features: features.names,
            demands: units.demands,
            output: margin.output,
            notes: units.notes,
            guesses: units.guesses,
            ..ensemble
        }));
    }
    let layers = finish::layers(margin.sum, &mut units)?;
    Ok(SourceModel::Network(SourceNetwork {
        format: Format::Onnx,
        library,
        objective,
        feature_count: features.count,
        features: features.names,
        inputs: units.inputs,
        layers,
        demands: units.demands,
        output: margin.output,
        notes: units.notes,
        guesses: units.guesses,
    }))
}
