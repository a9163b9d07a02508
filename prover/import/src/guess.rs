//! What a file leaves open: refused, unless somebody who knows settles it.

use tessera_model::Assumption;

/// A way in which a file was read, though it could mean something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// How it was read.
    pub assumption: Assumption,
    /// Index of the schema's feature that it is about, if it is about one.
    pub feature: Option<usize>,
    /// The feature's codes that the answer depends on: rows that settle it have all of them.
    pub codes: Vec<u64>,
    /// What is open, in a sentence without a full stop.
    pub text: String,
}

impl Guess {
    pub(crate) fn new(assumption: Assumption, text: impl Into<String>) -> Self {
        Self { assumption, feature: None, codes: Vec::new(), text: text.into() }
    }

    pub(crate) fn about(
        feature: usize,
        codes: Vec<u64>,
        assumption: Assumption,
        text: impl Into<String>,
    ) -> Self {
        Self { assumption, feature: Some(feature), codes, text: text.into() }
    }
}

/// What to change in the file, so that nothing is left open.
pub(crate) fn remedy(assumption: Assumption) -> &'static str {
    match assumption {
        Assumption::CategoriesByPlace | Assumption::CategoriesByNumber => {
            "train on a data frame whose categories have their names, or give the schema the numbers \
             of training"
        }
        Assumption::EdgesAsPrinted => {
            "show more digits (optbinning: Scorecard.fit(…, show_digits=8)), or round the splits before \
             training"
        }
        Assumption::NoSpecialValues => {
            "give the table with counts (optbinning: Scorecard.table(style=\"detailed\"))"
        }
        Assumption::BaseCategories => {
            "add a row for it with the coefficient 0, such as feature[T.category]"
        }
        Assumption::NoIntercept => {
            "add a row for the intercept, with 0 if there is none (to a scorecard: the variable \"Intercept\" and an empty bin)"
        }
        Assumption::CoefficientsAsPrinted => {
            "write them in full: model.params.to_csv(\"m.csv\") in Python, write.csv(coef(summary(model))) in R"
        }
        Assumption::OutputIsLogOdds | Assumption::OutputIsProbability => {
            "export a classifier, or end in a sigmoid"
        }
        Assumption::DoubledLogOdds => "give its coefficients as a CSV table (term, coefficient)",
        Assumption::OneTreePerRound => {
            "load the model with a newer XGBoost and save it again, or use all trees (--all-trees)"
        }
    }
}

impl std::fmt::Display for Guess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {}; or give rows with the scores of your own system (--sample, --expected); or, if \
             you know it to be so, say --assume {}",
            self.text,
            remedy(self.assumption),
            self.assumption
        )
    }
}
