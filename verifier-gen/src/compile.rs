//! The contract's text through the Solidity compiler.

use crate::statement;
use foundry_compilers::{
    artifacts::{
        BytecodeHash, EvmVersion, Settings, SettingsMetadata, Severity, SolcInput, SolcLanguage,
        Source, Sources, output_selection::OutputSelection,
    },
    solc::Solc,
};
use std::path::{Path, PathBuf};

/// Largest runtime code that a chain accepts (EIP-170), in bytes.
pub const CODE_LIMIT: usize = 24_576;

/// Code smaller than this is not a verifier: a compiler that gives up silently has been seen.
const CODE_FLOOR: usize = 1_000;

/// The interface that generated contracts import, as they import it.
const INTERFACE: (&str, &str) = (
    "contracts/interfaces/ITesseraVerifier.sol",
    include_str!("../../contracts/interfaces/ITesseraVerifier.sol"),
);

/// The statement's struct, as the interface imports it.
const STATEMENT: &str = "contracts/generated/Statement.sol";

/// A compiled verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// Code that deploys the contract.
    pub creation: Vec<u8>,
    /// Code that a chain keeps.
    pub runtime: Vec<u8>,
}

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler did not run.
    #[error("{compiler}: {fault}")]
    Compiler {
        /// The executable.
        compiler: PathBuf,
        /// What it or the operating system said.
        fault: String,
    },
    /// The compiler refused the text.
    #[error("the compiler refused {name}: {messages}")]
    Refused {
        /// Name of the contract.
        name: String,
        /// Its errors.
        messages: String,
    },
    /// Too large for a chain, or too small to be a verifier.
    #[error("{name} has {size} bytes of runtime code, not in {CODE_FLOOR}..={CODE_LIMIT}")]
    Size {
        /// Name of the contract.
        name: String,
        /// Bytes of runtime code.
        size: usize,
    },
}

/// Compiles `solidity`, the contract `name`, with the `solc` at `compiler` and the settings of
/// `foundry.toml`, so that the code is the one that forge deploys.
pub fn compile(compiler: &Path, name: &str, solidity: &str) -> Result<Compiled, CompileError> {
    let failed = |fault: String| CompileError::Compiler { compiler: compiler.into(), fault };
    let solc = Solc::new(compiler).map_err(|error| failed(error.to_string()))?;
    let path = PathBuf::from(format!("contracts/generated/{name}.sol"));
    let sources = Sources::from([
        (path.clone(), Source::new(solidity)),
        (PathBuf::from(INTERFACE.0), Source::new(INTERFACE.1)),
        (PathBuf::from(STATEMENT), Source::new(statement::solidity())),
    ]);
    let input = SolcInput::new(SolcLanguage::Solidity, sources, settings());
    let output = solc.compile_exact(&input).map_err(|error| failed(error.to_string()))?;
    let refused = |messages: String| CompileError::Refused { name: name.into(), messages };
    let errors: Vec<_> = output
        .errors
        .iter()
        .filter(|error| error.severity == Severity::Error)
        .map(|error| error.to_string())
        .collect();
    if !errors.is_empty() {
        return Err(refused(errors.join("\n")));
    }
    let contract = output
        .contracts
        .get(&path)
        .and_then(|file| file.get(name))
        .and_then(|contract| contract.evm.as_ref())
        .ok_or_else(|| refused("no such contract in the output".into()))?;
    let code = |bytecode: Option<&foundry_compilers::artifacts::Bytecode>| {
        bytecode.and_then(|bytecode| bytecode.object.as_bytes()).map(|bytes| bytes.to_vec())
    };
    let creation = code(contract.bytecode.as_ref());
    let runtime = code(contract.deployed_bytecode.as_ref().and_then(|d| d.bytecode.as_ref()));
    let (Some(creation), Some(runtime)) = (creation, runtime) else {
        return Err(refused("no code in the output".into()));
    };
    let size = runtime.len();
    if !(CODE_FLOOR..=CODE_LIMIT).contains(&size) {
        return Err(CompileError::Size { name: name.into(), size });
    }
    Ok(Compiled { creation, runtime })
}

fn settings() -> Settings {
    let mut settings = Settings {
        evm_version: Some(EvmVersion::Cancun),
        via_ir: None,
        metadata: Some(SettingsMetadata::new(BytecodeHash::None, false)),
        output_selection: OutputSelection::default_output_selection(),
        ..Settings::default()
    };
    settings.optimizer.enabled = Some(true);
    settings.optimizer.runs = Some(200);
    settings.optimizer.details.get_or_insert_default().yul = Some(false);
    settings
}
