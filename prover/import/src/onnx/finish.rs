//! From the value of a graph's output to a model.

use super::{
    operators::is_pair,
    units::Units,
    value::{Basis, Column, Row, Sum, Value},
};
use crate::{
    ensemble::{Ensemble, Output, Precision, SourceNode, SourceTree},
    error::Fault,
    network::{MAX_WEIGHTS, SourceLayer},
    output,
};
use tessera_model::MAX_TREES;

/// The sum behind an output, what it is, and what the file makes of it.
pub(super) struct Margin {
    pub sum: Sum,
    pub output: Output,
    pub objective: &'static str,
}

/// The margin of the output called `name`; none for the chosen class.
pub(super) fn margin(
    name: &str,
    value: &Value,
    units: &mut Units,
) -> Result<Option<Margin>, Fault> {
    let place = format!("output {name:.60?}");
    let row: &Row = match value {
        Value::Row(row) => row,
        Value::Label => return Ok(None),
        _ => return Err(Fault::malformed(place, "it is the same for everybody")),
    };
    let sigmoid = |sum: &Sum| {
        Ok(Some(Margin { sum: sum.clone(), output: Output::Margin, objective: "sigmoid" }))
    };
    let score = |sum: Sum, output| Ok(Some(Margin { sum, output, objective: "score" }));
    match &row.columns[..] {
        [Column::Sigmoid(sum)] => sigmoid(sum),
        [Column::Sigmoid(_), Column::Sigmoid(sum)] if is_pair(&row.columns) => sigmoid(sum),
        [Column::Sum(sum)] => {
            units.guesses.extend(units.raw.then(output::log_odds));
            score(sum.clone(), Output::Unsaid)
        }
        // No training makes two logits exact opposites.
        [Column::Sum(zero), Column::Sum(one)] if zero.is_negative_of(one) => {
            units.guesses.push(output::log_odds());
            score(one.clone(), Output::Unsaid)
        }
        // Probabilities of the two classes that no logistic function has made.
        [Column::Sum(zero), Column::Sum(one)] if zero.complements(one) => Ok(Some(Margin {
            sum: one.clone(),
            output: Output::Probability,
            objective: "probability",
        })),
        [Column::Sum(zero), Column::Sum(one)] if zero.basis == one.basis => {
            units.notes.push(format!(
                "{place}: The two outputs are taken as logits: their difference is the log-odds of class 1."
            ));
            score(one.and(&zero.clone().times(-1.0)), Output::Margin)
        }
        columns => {
            let hint = "a score is one log-odds: export one logit or probability, or the \
                        probabilities of two classes";
            Err(Fault::unsupported(format!("{place} of {} columns", columns.len()), hint))
        }
    }
}

/// The layers whose last output is `margin`, over [`Units::inputs`], of which unused ones are left
/// out.
pub(super) fn layers(margin: Sum, units: &mut Units) -> Result<Vec<SourceLayer>, Fault> {
    let mut stages: Vec<(Vec<Sum>, bool)> = Vec::new();
    let mut basis = margin.basis;
    stages.push((vec![margin], false));
    while let Basis::Layer(index) = basis {
        let layer = &mut units.layers[index];
        basis = layer.before;
        stages.push((std::mem::take(&mut layer.sums), true));
    }
    stages.reverse();
    // The first layer sees only the inputs that it uses, and those keep their order.
    let mut kept = vec![false; units.inputs.len()];
    for (unit, _) in stages[0].0.iter().flat_map(|sum| &sum.terms) {
        kept[*unit as usize] = true;
    }
    let mut places = Vec::with_capacity(kept.len());
    let mut width = 0;
    for kept in &kept {
        places.push(width);
        width += usize::from(*kept);
    }
    let mut kept_inputs = kept.iter();
    units.inputs.retain(|_| kept_inputs.next().copied().unwrap_or(false));

    let mut count = 0usize;
    let mut layers = Vec::with_capacity(stages.len());
    for (index, (sums, relu)) in stages.into_iter().enumerate() {
        let place = || format!("layer {index}");
        count = count.saturating_add(width.saturating_mul(sums.len()));
        if count > MAX_WEIGHTS {
            return Err(Fault::malformed(place(), format!("more than {MAX_WEIGHTS} weights")));
        }
        if width == 0 || sums.iter().all(|sum| sum.terms.is_empty()) {
            return Err(Fault::malformed(place(), "it is the same for everybody"));
        }
        let mut layer = SourceLayer { weights: Vec::new(), biases: Vec::new(), relu };
        for sum in &sums {
            let mut row = vec![0.0; width];
            for (unit, coefficient) in &sum.terms {
                let unit = *unit as usize;
                row[if index == 0 { places[unit] } else { unit }] = *coefficient;
            }
            if !sum.constant.is_finite() || row.iter().any(|weight| !weight.is_finite()) {
                return Err(Fault::malformed(place(), "a weight is not finite"));
            }
            layer.weights.push(row);
            layer.biases.push(sum.constant);
        }
        width = sums.len();
        layers.push(layer);
    }
    Ok(layers)
}

/// The trees of several ensembles, such as weights of evidence that a linear model adds up.
fn several(margin: &Sum, units: &mut Units) -> Result<Ensemble, Fault> {
    let mut all: Option<Ensemble> = None;
    let mut base = margin.constant;
    for (unit, factor) in &margin.terms {
        let ensemble = &units.trees[*unit as usize];
        if !ensemble.categories.is_empty() {
            let hint =
                "imported is one tree ensemble with all its trees, or several that ask for numbers";
            return Err(Fault::unsupported(
                "a score of several tree ensembles of categories",
                hint,
            ));
        }
        base += factor * ensemble.base;
        let scaled = |node: &SourceNode| match node {
            SourceNode::Leaf(value) => SourceNode::Leaf(value * factor),
            SourceNode::Split(split) => SourceNode::Split(split.clone()),
        };
        let trees = ensemble.trees.iter().map(|tree| SourceTree {
            nodes: tree.nodes.iter().map(scaled).collect(),
            weight: tree.weight,
        });
        let trees: Vec<_> = trees.collect();
        match &mut all {
            Some(all) => all.trees.extend(trees),
            None => all = Some(Ensemble { trees, ..ensemble.clone() }),
        }
    }
    let Some(all) = all.filter(|all| all.trees.len() <= MAX_TREES) else {
        return Err(Fault::malformed("the trees", format!("none, or more than {MAX_TREES}")));
    };
    let leaves = all.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| match node {
        SourceNode::Leaf(value) => Some(*value),
        SourceNode::Split(_) => None,
    });
    if !leaves.chain([base]).all(f64::is_finite) {
        return Err(Fault::malformed("the trees", "a factor that is not finite"));
    }
    Ok(Ensemble { base, exact_base: base, sum: Precision::F64, sigmoid: 1.0, ..all })
}

/// The trees whose sum makes `margin`.
pub(super) fn trees(margin: &Sum, units: &mut Units) -> Result<Ensemble, Fault> {
    let [(unit, factor)] = margin.terms[..] else { return several(margin, units) };
    if factor == 0.0 || !factor.is_finite() || !(margin.constant / factor).is_finite() {
        return Err(Fault::malformed("the trees", "a factor that is 0 or not finite"));
    }
    let mut ensemble = units.trees.swap_remove(unit as usize);
    ensemble.sigmoid = factor;
    ensemble.base += margin.constant / factor;
    ensemble.exact_base = ensemble.base;
    Ok(ensemble)
}
