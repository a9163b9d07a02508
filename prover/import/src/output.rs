//! What a model's number is, and which scaling makes points of it.

use super::{Guess, SourceModel, ensemble::Output, error::Fault};
use tessera_model::{Assumption, Scale, Scaling};

/// What is open about an output without a logistic function.
const UNSAID: &str = "the model ends without a logistic function, and the file does not say what its number is: \
                      the log-odds of class 1, a probability (as a regression on 0 and 1 estimates), or neither";

/// For a reader, of a network whose number nothing says: training on logits is the custom.
const LOGIT: &str = "The file ends without a sigmoid. Its output is taken as the log-odds of class 1, which a \
                     regression on 0 and 1 does not give.";

/// That scores of two classes, each the other's opposite, are made a probability by their difference.
pub(crate) fn doubled() -> Guess {
    let text = "the scores of the two classes are exact opposites, and the file makes a probability of their \
                difference, which is twice the one: so does a multinomial regression; but skl2onnx writes a \
                LinearDiscriminantAnalysis like that, too, whose log-odds are half of it";
    Guess::new(Assumption::DoubledLogOdds, text)
}

/// That a regressor's number, or a classifier's raw score, is the log-odds.
pub(crate) fn log_odds() -> Guess {
    Guess::new(Assumption::OutputIsLogOdds, UNSAID)
}

impl SourceModel {
    /// The model as `scaling` takes it. Refused where the scaling is of log-odds and the model adds up
    /// probabilities, or the other way round.
    pub(crate) fn on(mut self, scaling: &Scaling) -> Result<Self, Fault> {
        let (output, notes, guesses) = match &mut self {
            Self::Trees(of) => (&mut of.output, &mut of.notes, &mut of.guesses),
            Self::Network(of) => (&mut of.output, &mut of.notes, &mut of.guesses),
            Self::Coefficients(_) | Self::Pmml(_) => return Ok(self),
        };
        match (*output, scaling.scale) {
            (Output::Margin | Output::Points, Scale::Odds { .. })
            | (Output::Probability, Scale::Probability { .. }) => {}
            (Output::Unsaid, Scale::Odds { .. }) => {
                *output = Output::Margin;
                // Only of a regressor it is open.
                if !guesses.iter().any(|of| of.assumption == Assumption::OutputIsLogOdds) {
                    notes.push(LOGIT.into());
                }
            }
            (Output::Unsaid, Scale::Probability { .. }) => {
                *output = Output::Probability;
                guesses.retain(|guess| guess.assumption != Assumption::OutputIsLogOdds);
                guesses.push(Guess::new(Assumption::OutputIsProbability, UNSAID));
            }
            (Output::Probability, Scale::Odds { .. }) => {
                let hint = "the model adds up probabilities (a random forest, or a regression on 0 and 1), so its \
                            points are a straight line in the probability: --points \"probability=1000\" gives \
                            1000 points to who is good for certain, and a probability of bad of at most 5 % is a \
                            threshold of 950";
                return Err(Fault::unsupported("a scaling of odds here", hint));
            }
            (Output::Margin | Output::Points, Scale::Probability { .. }) => {
                let hint = "the model adds up log-odds, or points: --points \"600@50:1,pdo=20\" says what odds \
                            its points stand for";
                return Err(Fault::unsupported("a scaling of probabilities here", hint));
            }
        }
        if *output == Output::Probability {
            notes.push(
                "The model adds up probabilities: its points are a straight line in the probability, not in the \
                 log-odds, and a proof is of a bound on that sum."
                    .into(),
            );
        }
        Ok(self)
    }
}
