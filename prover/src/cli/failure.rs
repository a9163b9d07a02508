//! Why a command did not do what was asked, and what its exit code says about it.

use super::talk::{hint, style, talk};
use std::{error::Error, fmt::Display, process::ExitCode};
use tessera::{chain::ChainError, pipeline::PipelineError};
use tessera_artifact::ArtifactError;
use tessera_credential::CredentialError;
use tessera_proving::{ProvingError, VerifyError};
use tessera_segment::ProofError as SegmentProofError;

/// What a command returns.
pub type Outcome = Result<(), Failure>;

/// Exit codes besides 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Asked properly, and the answer is no.
    No = 1,
    /// A file, an argument or the surroundings are not as they have to be.
    Input = 2,
    /// A bug.
    Fault = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A message with its exit code and hints.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    message: String,
    hints: Vec<String>,
}

impl Failure {
    fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string(), hints: vec![] }
    }

    /// The answer is no.
    pub fn no(message: impl Display) -> Self {
        Self::new(Exit::No, message)
    }

    /// The user has to change something.
    pub fn input(message: impl Display) -> Self {
        Self::new(Exit::Input, message)
    }

    /// We have to change something.
    pub fn fault(message: impl Display) -> Self {
        Self::new(Exit::Fault, message)
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// With a line on what to do.
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Of an error and what caused it, as far as its own text does not say.
    fn of(exit: Exit, error: &dyn Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self::new(exit, message)
    }

    /// To stderr.
    pub fn print(&self) {
        let style = style::ERROR;
        talk(format_args!("{style}error:{style:#} {}", self.message));
        self.hints.iter().for_each(hint);
    }
}

/// Errors that always mean the user's input.
macro_rules! input {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(Exit::Input, &error)
            }
        }
    )*};
}

input!(
    tessera_import::ImportError,
    tessera_import::InferError,
    tessera_import::ScoreError,
    tessera_import::TableError,
    tessera_model::FeaturesError,
    tessera_model::ModelError,
    tessera_model::PackageError,
    tessera_model::schema::CellError,
    tessera_model::schema::ColumnsError,
    tessera_report::ReportError,
    tessera_report::CalibrationError,
    tessera_report::SampleError,
    tessera_segment::PlanError,
    tessera_setup::SrsError,
    tessera_aggregate::SpecError,
);

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        let exit = match error {
            ArtifactError::Encode { .. } => Exit::Fault,
            _ => Exit::Input,
        };
        Self::of(exit, &error)
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        use CredentialError as E;
        let exit = match error {
            E::Opening
            | E::NotInField { .. }
            | E::SignatureForm { .. }
            | E::Signature { .. }
            | E::Dates { .. }
            | E::NotYetValid { .. }
            | E::Expired { .. } => Exit::No,
            _ => Exit::Input,
        };
        Self::of(exit, &error)
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        use ChainError as E;
        let exit = match error {
            E::Refused { .. } | E::Statement { .. } | E::Insecure { .. } => Exit::No,
            E::Credential(error) => return error.into(),
            E::Artifact(error) => return error.into(),
            _ => Exit::Input,
        };
        let failure = Self::of(exit, &error);
        match &error {
            E::NoAccount { .. } => failure.hint("--key FILE; `tessera attester new` makes one"),
            E::Unreachable { .. } => {
                failure.hint("is a node running there? --rpc URL names another")
            }
            _ => failure,
        }
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Memory { .. } => Self::of(Exit::Input, &error)
                .hint("more segments make each circuit smaller: --segments N"),
            PipelineError::Proving(error) => error.into(),
        }
    }
}

impl From<ProvingError> for Failure {
    fn from(error: ProvingError) -> Self {
        use ProvingError as E;
        let exit = match error {
            E::ScoreTooLow => Exit::No,
            E::Threshold(_) | E::Features(_) | E::Plan(_) | E::MixedSrs { .. } => Exit::Input,
            E::DirectKey(tessera_direct::KeyError::Plan(_)) => Exit::Input,
            E::Srs(error) => return error.into(),
            _ => Exit::Fault,
        };
        let failure = Self::of(exit, &error);
        match error {
            E::ScoreTooLow => failure.hint(
                "nothing was made or sent; `tessera explain` shows the score and what cost points",
            ),
            _ => failure,
        }
    }
}

impl From<tessera_farm::FarmError> for Failure {
    fn from(error: tessera_farm::FarmError) -> Self {
        use tessera_farm::FarmError as E;
        match error {
            E::WorkerRefused { .. } => Self::of(Exit::No, &error).hint(
                "a proof under its name was false: check the machine's memory, then give the worker a new name",
            ),
            E::NotAllowed { .. } => Self::of(Exit::Input, &error).hint(
                "--tenant is the name that the key was made for; `tessera farm setup` makes a tenant's queues",
            ),
            E::Connect { .. } => Self::of(Exit::Input, &error).hint(
                "is nats-server running there, with these members, and JetStream on? docs/farm.md has the steps",
            ),
            E::Artifact(error) => error.into(),
            E::Proving(error) => error.into(),
            _ => Self::of(Exit::Input, &error),
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        Self::of(Exit::No, &error)
    }
}

impl From<SegmentProofError> for Failure {
    fn from(error: SegmentProofError) -> Self {
        use SegmentProofError as E;
        let exit = match error {
            E::Rejected | E::Length(_) | E::Encoding(_) => Exit::No,
            E::Artifact(error) => return error.into(),
            E::Malformed { .. } => Exit::Input,
            E::Proving { .. } => Exit::Fault,
        };
        Self::of(exit, &error)
    }
}
