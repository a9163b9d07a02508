//! From a PMML document to one score: which model it is, and how models are put together.

use super::{
    Body, Pmml,
    expression::{Affine, Base, Scope, Value, cast, field},
    fields,
    linear::Table,
    predicate::{self, Predicate},
    trees::{self, Forest, Scores},
    xml::Element,
};
use crate::{ensemble::Output, error::Fault};
use tessera_model::MAX_TREES;

/// Models that are read.
pub(super) const MODELS: [&str; 4] = ["RegressionModel", "TreeModel", "Scorecard", "MiningModel"];
/// What a model may have besides, which does not change its score.
const SILENT: [&str; 6] =
    ["Output", "ModelStats", "ModelExplanation", "ModelVerification", "Targets", "ResultField"];
const TWO_CLASSES: &str = "a score is one log-odds: export a model of two classes";
const AVERAGE: &str = "averaged are trees that say probabilities, or numbers (average, weightedAverage); votes, \
                       medians and averages of other models are no sums: train boosted trees, a logistic \
                       regression or a scorecard";

/// What a model puts out.
struct Scored {
    body: Body,
    kind: Kind,
}

/// What the number is.
#[derive(Clone, PartialEq)]
enum Kind {
    /// A number that the file does not explain.
    Raw,
    /// The log-odds of the number 1, which is all that the file knows of classes.
    Logit,
    /// The log-odds of this class.
    LogOdds(String),
    /// The probability of this class.
    Probability(String),
    Points,
}

impl Body {
    /// `scale · self + offset`.
    fn affine(self, scale: f64, offset: f64) -> Self {
        match self {
            Self::Linear(linear) => Self::Linear(linear.affine(scale, offset)),
            Self::Trees(forest) => Self::Trees(forest.affine(scale, offset)),
        }
    }
}

/// Reads the document below its first element.
pub(super) fn read(root: Element<'_>) -> Result<Pmml, Fault> {
    let known = root.namespace().is_none_or(|name| name.contains("dmg.org/PMML-4"));
    if root.name() != "PMML" || !known || !root.get("version").is_none_or(|v| v.starts_with('4')) {
        let hint = "export it as PMML 4.4, the version that is read (4.0 to 4.3 are, too)";
        return Err(root.unsupported("another kind or version of PMML", hint));
    }
    let around = ["Header", "MiningBuildTask", "DataDictionary", "TransformationDictionary"];
    root.know(&[&MODELS[..], &around].concat(), &[])
        .map_err(|fault| super::unknown(root, fault))?;
    let mut models = root.children().filter(|child| MODELS.contains(&child.name()));
    let model = models.next().ok_or_else(|| root.fault("it has no model"))?;
    if let Some(second) = models.next() {
        let hint = "a score comes from one model: leave only that one in the file";
        return Err(second.unsupported("a second model", hint));
    }
    let dictionary = root.one("DataDictionary")?;
    let dictionary = dictionary.ok_or_else(|| root.fault("it has no DataDictionary"))?;
    let dictionary = fields::dictionary(dictionary)?;
    let schema = model.one("MiningSchema")?;
    let schema = schema.ok_or_else(|| model.fault("it has no MiningSchema"))?;
    let (all, target) = fields::schema(schema, &dictionary)?;
    let mut scope = Scope::default();
    for (index, of) in all.iter().enumerate() {
        scope.names.insert(of.name.clone(), field(index, of.kind));
    }
    if let Some(global) = root.one("TransformationDictionary")? {
        scope.derive(global)?;
    }
    let classes: Vec<String> = match target.and_then(|name| dictionary.get(&name)) {
        Some(target) => target.valid.clone(),
        None => Vec::new(),
    };
    let mut reader = Reader { outputs: Vec::new(), classes, trees: 0, averages: false };
    let scored = reader.model(model, scope, true)?;
    let mut notes = Vec::new();
    let raw = scored.kind == Kind::Raw;
    let body = reader.orient(scored, &mut notes)?;
    let library = root.one("Header")?.and_then(|header| header.one("Application").ok()?);
    let library = library.map(|of| {
        let text = |name| of.get(name).unwrap_or_default().chars().take(60).collect::<String>();
        format!("{} {}", text("name"), text("version")).trim().to_owned()
    });
    let objective =
        model.get("algorithmName").map(|name| name.chars().take(60).collect::<String>());
    let objective = match objective {
        Some(name) => format!("{} ({name})", model.name()),
        None => model.name().into(),
    };
    Ok(super::used(Pmml { library, objective, names: Vec::new(), fields: all, body, raw, notes }))
}

struct Reader {
    /// What models of chains have put out so far.
    outputs: Vec<Body>,
    /// The target's values, as the dictionary lists them.
    classes: Vec<String>,
    /// Trees of all models so far.
    trees: usize,
    /// Whether trees say probabilities, which are averaged.
    averages: bool,
}

impl Reader {
    /// The score as log-odds of class 1, or as points.
    fn orient(&self, scored: Scored, notes: &mut Vec<String>) -> Result<Body, Fault> {
        let event = match scored.kind {
            Kind::Points => {
                notes.push("Points are the file's, whatever the scaling says.".into());
                return Ok(scored.body);
            }
            // What it is, the scaling or somebody who knows has to say.
            Kind::Raw | Kind::Logit => return Ok(scored.body),
            Kind::LogOdds(event) | Kind::Probability(event) => event,
        };
        let [zero, one] = self.two(&event)?;
        if (zero.as_str(), one.as_str()) != ("0", "1") {
            notes.push(format!("Class 1 is what the file calls {one:.60?}, class 0 {zero:.60?}."));
        }
        Ok(if event == one { scored.body } else { scored.body.affine(-1.0, 0.0) })
    }

    /// Class 0 and class 1: by their names, or in the file's order.
    fn two(&self, event: &str) -> Result<[String; 2], Fault> {
        let [first, second] = &self.classes[..] else {
            let what =
                format!("a target with {} values in the data dictionary", self.classes.len());
            return Err(Fault::unsupported(what, TWO_CLASSES));
        };
        if event != first && event != second {
            let fault = format!("the target has no value {event:.60?}");
            return Err(Fault::malformed("the model", fault));
        }
        let turned = matches!((first.as_str(), second.as_str()), ("1", "0") | ("true", "false"));
        let (zero, one) = if turned { (second, first) } else { (first, second) };
        Ok([zero.clone(), one.clone()])
    }

    fn model<'a>(
        &mut self,
        element: Element<'a>,
        mut scope: Scope<'a>,
        outermost: bool,
    ) -> Result<Scored, Fault> {
        trees::open(element, &mut scope, outermost)?;
        let inside = ["MiningSchema", "LocalTransformations"];
        let classifies = match element.need("functionName")? {
            "classification" => true,
            "regression" => false,
            other => {
                return Err(element.unsupported(format!("the function {other:.60?}"), TWO_CLASSES));
            }
        };
        let scored = match element.name() {
            "RegressionModel" => {
                element.know(&[&inside[..], &["RegressionTable"]].concat(), &SILENT)?;
                self.regression(element, &scope, classifies)?
            }
            "TreeModel" => {
                element.know(&[&inside[..], &["Node"]].concat(), &SILENT)?;
                self.tree(element, &scope, classifies)?
            }
            "Scorecard" => {
                element.know(&[&inside[..], &["Characteristics"]].concat(), &SILENT)?;
                let forest = trees::scorecard(element, &scope)?;
                Scored { body: Body::Trees(forest), kind: Kind::Points }
            }
            _ => {
                element.know(&[&inside[..], &["Segmentation"]].concat(), &SILENT)?;
                self.mining(element, &scope, classifies)?
            }
        };
        self.rescaled(element, scored)
    }

    /// What `Targets` make of a score.
    fn rescaled(&self, element: Element<'_>, scored: Scored) -> Result<Scored, Fault> {
        let Some(targets) = element.one("Targets")? else { return Ok(scored) };
        let Some(target) = targets.one("Target")? else { return Ok(scored) };
        let hint = "the score would be cut off or rounded: export it as it is";
        for name in ["min", "max", "castInteger"] {
            if target.get(name).is_some() {
                return Err(target.unsupported(format!("the attribute {name}"), hint));
            }
        }
        let scale = target.number_or("rescaleFactor", 1.0)?;
        let offset = target.number_or("rescaleConstant", 0.0)?;
        if (scale, offset) == (1.0, 0.0) {
            return Ok(scored);
        }
        if scored.kind != Kind::Raw || scale == 0.0 {
            return Err(target.unsupported("a rescaled probability or 0", hint));
        }
        Ok(Scored { body: scored.body.affine(scale, offset), ..scored })
    }

    fn regression<'a>(
        &mut self,
        element: Element<'a>,
        scope: &Scope<'a>,
        classifies: bool,
    ) -> Result<Scored, Fault> {
        let normal = element.get("normalizationMethod").unwrap_or("none");
        let tables = element.all("RegressionTable").map(|of| Table::read(of, scope));
        let mut tables: Vec<Table> = tables.collect::<Result<_, _>>()?;
        let refused = |what: String, hint| Err(element.unsupported(what, hint));
        let hint = "imported are log-odds: normalizationMethod logit or softmax";
        if !matches!(normal, "none" | "logit" | "softmax") {
            return refused(format!("normalizationMethod {normal:.60?}"), hint);
        }
        if !classifies {
            let (Some(table), None) = (tables.pop(), tables.pop()) else {
                return Err(element.fault("a regression does not have one RegressionTable"));
            };
            let body = self.sum(element, &table)?;
            // Of one number, softmax is the logistic function.
            let kind = if normal == "none" { Kind::Raw } else { Kind::Logit };
            return Ok(Scored { body, kind });
        }
        let (Some(second), Some(first), None) = (tables.pop(), tables.pop(), tables.pop()) else {
            return refused("a classification without two tables".into(), TWO_CLASSES);
        };
        let target = |table: &Table| {
            let missing = || element.fault("a RegressionTable has no targetCategory");
            table.target.clone().ok_or_else(missing)
        };
        let event = target(&first)?;
        target(&second)?;
        match normal {
            "softmax" => {
                let body = self.sum(element, &first.less(second))?;
                Ok(Scored { body, kind: Kind::LogOdds(event) })
            }
            _ if !second.is_nothing() => {
                let hint = "the second class has what is left of the first one's probability: its table is \
                            empty, with the intercept 0";
                refused("a second table that is not empty".into(), hint)
            }
            "logit" => Ok(Scored { body: self.sum(element, &first)?, kind: Kind::LogOdds(event) }),
            _ => match &first.terms[..] {
                // The probability of a model before it, calibrated with a logistic function.
                [(Value::Sigmoid(of), None, 1.0)] if first.intercept == 0.0 => {
                    let body = self.output(element, of)?;
                    Ok(Scored { body, kind: Kind::LogOdds(event) })
                }
                _ => refused("a probability that is a linear function".into(), hint),
            },
        }
    }

    /// What a table adds up, which may be the output of a model before it.
    fn sum(&self, element: Element<'_>, table: &Table) -> Result<Body, Fault> {
        match &table.terms[..] {
            [(Value::Affine(of), None, coefficient)] if matches!(of.of, Base::Output(_)) => {
                let body = self.output(element, of)?;
                if *coefficient == 0.0 {
                    return Err(element.fault("it is the same for everybody"));
                }
                Ok(body.affine(*coefficient, table.intercept))
            }
            _ => table.body(element),
        }
    }

    fn output(&self, element: Element<'_>, of: &Affine) -> Result<Body, Fault> {
        let Base::Output(index) = of.of else {
            return Err(element.unsupported("a logistic function of a feature", TWO_CLASSES));
        };
        match self.outputs.get(index) {
            Some(body) if of.scale != 0.0 => Ok(body.clone().affine(of.scale, of.offset)),
            _ => Err(element.fault("it is the same for everybody")),
        }
    }

    fn tree<'a>(
        &mut self,
        element: Element<'a>,
        scope: &Scope<'a>,
        classifies: bool,
    ) -> Result<Scored, Fault> {
        self.trees += 1;
        if self.trees > MAX_TREES {
            return Err(element.fault(format!("more than {MAX_TREES} trees")));
        }
        let single = element.get("x-mathContext") == Some("float");
        let (scores, kind) = match classifies {
            false => (Scores::Number { single }, Kind::Raw),
            true => {
                let [_, one] = self.two(self.classes.first().map_or("", |class| class))?;
                match self.averages {
                    true => (Scores::Share { of: &one.clone() }, Kind::Probability(one)),
                    false => (Scores::LogOdds { of: &one.clone() }, Kind::LogOdds(one)),
                }
            }
        };
        let tree = trees::tree(element, scope, scores)?;
        Ok(Scored { body: Body::Trees(Forest::of(vec![tree])), kind })
    }

    fn mining<'a>(
        &mut self,
        element: Element<'a>,
        scope: &Scope<'a>,
        classifies: bool,
    ) -> Result<Scored, Fault> {
        let segmentation = element.one("Segmentation")?;
        let segmentation = segmentation.ok_or_else(|| element.fault("it has no Segmentation"))?;
        segmentation.know(&["Segment"], &["LocalTransformations"])?;
        if let Some(local) = segmentation.one("LocalTransformations")? {
            let hint = "put them into the models themselves";
            return Err(local.unsupported("fields of a segmentation", hint));
        }
        let mut segments = Vec::new();
        for segment in segmentation.all("Segment") {
            segment.know(&[&predicate::NAMES[..], &MODELS].concat(), &["VariableWeight"])?;
            if predicate::of(segment, scope)? != Predicate::Always(true) {
                let hint = "imported are sums of trees that are there for everybody (<True/>): import the \
                            models of different groups of borrowers separately";
                return Err(segment.unsupported("a segment for some borrowers only", hint));
            }
            let model = segment.children().find(|child| MODELS.contains(&child.name()));
            let model = model.ok_or_else(|| segment.fault("it has no model"))?;
            segments.push((segment.number_or("weight", 1.0)?, model));
        }
        let method = segmentation.need("multipleModelMethod")?;
        match method {
            "sum" | "weightedSum" | "x-weightedSum" if !classifies => {
                let weighs = method != "sum";
                self.add(
                    element,
                    scope,
                    segments.into_iter().map(|(w, of)| (if weighs { w } else { 1.0 }, of)),
                )
            }
            "modelChain" => self.chain(element, scope, segments.into_iter().map(|(_, of)| of)),
            "average" | "weightedAverage" => {
                let weighs = method == "weightedAverage";
                let weight = |w: f64| if weighs { w } else { 1.0 };
                let total: f64 = segments.iter().map(|(w, _)| weight(*w)).sum();
                if !(total > 0.0 && segments.iter().all(|(w, _)| weight(*w) >= 0.0)) {
                    return Err(segmentation.fault("its weights do not add up to more than 0"));
                }
                let parts = segments.into_iter().map(|(w, of)| (weight(w) / total, of));
                match classifies {
                    true => self.average(element, scope, parts),
                    false => self.add(element, scope, parts),
                }
            }
            "majorityVote" | "weightedMajorityVote" | "median" | "weightedMedian" | "max" => {
                Err(segmentation.unsupported(format!("multipleModelMethod={method:?}"), AVERAGE))
            }
            other => {
                let hint = "imported are sums, and chains of a sum and its logit";
                Err(segmentation.unsupported(format!("multipleModelMethod={other:.60?}"), hint))
            }
        }
    }

    fn add<'a>(
        &mut self,
        element: Element<'a>,
        scope: &Scope<'a>,
        segments: impl Iterator<Item = (f64, Element<'a>)>,
    ) -> Result<Scored, Fault> {
        let mut all = Forest::of(Vec::new());
        for (weight, model) in segments {
            let scored = self.model(model, scope.clone(), false)?;
            let (Body::Trees(forest), Kind::Raw) = (scored.body, scored.kind) else {
                let hint = "imported are sums of regression trees";
                return Err(model.unsupported("a sum of other models", hint));
            };
            let factor = weight * forest.factor;
            all.base += forest.base * factor;
            for tree in forest.trees {
                all.trees.push(trees::Tree { weight: tree.weight * factor, ..tree });
            }
        }
        if all.trees.is_empty() {
            return Err(element.fault("a sum of nothing"));
        }
        all.output = Output::Margin;
        Ok(Scored { body: Body::Trees(all), kind: Kind::Raw })
    }

    /// Trees whose probabilities are averaged.
    fn average<'a>(
        &mut self,
        element: Element<'a>,
        scope: &Scope<'a>,
        segments: impl Iterator<Item = (f64, Element<'a>)>,
    ) -> Result<Scored, Fault> {
        let (mut all, mut kind) = (Forest::of(Vec::new()), None);
        for (weight, model) in segments {
            let is_tree =
                model.name() == "TreeModel" && model.get("functionName") == Some("classification");
            if !is_tree {
                return Err(model.unsupported("an average of other models", AVERAGE));
            }
            let before = std::mem::replace(&mut self.averages, true);
            let scored = self.model(model, scope.clone(), false);
            self.averages = before;
            let Scored { body: Body::Trees(forest), kind: of } = scored? else {
                return Err(model.unsupported("an average of other models", AVERAGE));
            };
            let parts = forest.trees.into_iter();
            all.trees
                .extend(parts.map(|tree| trees::Tree { weight: tree.weight * weight, ..tree }));
            kind = Some(of);
        }
        let kind = kind.ok_or_else(|| element.fault("an average of nothing"))?;
        all.output = Output::Probability;
        Ok(Scored { body: Body::Trees(all), kind })
    }

    fn chain<'a>(
        &mut self,
        element: Element<'a>,
        scope: &Scope<'a>,
        segments: impl Iterator<Item = Element<'a>>,
    ) -> Result<Scored, Fault> {
        let mut scope = scope.clone();
        let mut segments = segments.peekable();
        while let Some(model) = segments.next() {
            let scored = self.model(model, scope.clone(), false)?;
            if segments.peek().is_none() {
                return Ok(scored);
            }
            if scored.kind != Kind::Raw {
                let hint = "imported are chains of a score and its logit: stacked models are not";
                return Err(
                    model.unsupported("a probability that another model goes on with", hint)
                );
            }
            let index = self.outputs.len();
            self.outputs.push(scored.body);
            let outputs = model.one("Output")?;
            for output in outputs.iter().flat_map(|outputs| outputs.all("OutputField")) {
                let plain = Affine::plain(Base::Output(index), false);
                let value = match output.get("feature").unwrap_or("predictedValue") {
                    "predictedValue" => Value::Affine(plain),
                    "transformedValue" => scope.content(output, 0)?,
                    _ => continue,
                };
                scope.names.insert(output.need("name")?.to_owned(), cast(output, value));
            }
        }
        Err(element.fault("a chain of nothing"))
    }
}
