//! `verifier-gen`: a verifier's specification to Solidity, compiled and exercised.

use clap::Parser;
use eyre::{WrapErr, bail, ensure, eyre};
use std::path::{Path, PathBuf};
use tessera_aggregate::VerifierSpec;
use tessera_artifact::{Secrecy, read, write};
use tessera_core::{STATEMENT_WORDS, statement::WORDS};
use verifier_gen::{Evm, Outcome, compile, generate, generate::contract_name};

/// Write the Solidity of a verifier; compile it, and try a proof on it.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Example: check that a proof is accepted and a changed one is not, and what it costs
  tessera keys build --model package --segments 2 --verifier verifier.json
  verifier-gen verifier.json --out contracts/generated --solc tools/solc --proof proof.json

Exit codes: 0 done, 1 the proof is refused, 2 something is wrong with the input."
)]
struct Args {
    /// Specification, as `tessera keys build --verifier` and `tessera verifier generate` write it.
    spec: PathBuf,
    /// Folder of the contract.
    #[arg(long, value_name = "DIR", default_value = "contracts/generated")]
    out: PathBuf,
    /// Compiler to compile the contract with.
    #[arg(long, value_name = "FILE")]
    solc: Option<PathBuf>,
    /// Proof file to try on the compiled contract, whole and with each word changed.
    #[arg(long, value_name = "FILE", requires = "solc")]
    proof: Option<PathBuf>,
}

fn main() {
    match run(&Args::parse()) {
        Ok(true) => {}
        Ok(false) => std::process::exit(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::exit(2);
        }
    }
}

fn run(args: &Args) -> eyre::Result<bool> {
    let spec = VerifierSpec::load(&args.spec)?;
    let name = contract_name(spec.segments);
    let solidity = generate(&spec);
    let path = args.out.join(format!("{name}.sol"));
    write(&path, solidity.as_bytes(), Secrecy::Public)?;
    println!("{}", path.display());
    if spec.insecure_srs {
        eprintln!("hint: of the development SRS: anybody can forge proofs for it");
    }
    let Some(solc) = &args.solc else { return Ok(true) };
    let compiled = compile(solc, &name, &solidity)?;
    eprintln!("{} bytes of runtime code", compiled.runtime.len());
    let Some(proof) = &args.proof else { return Ok(true) };
    exercise(&compiled.creation, proof)
}

/// The proof must be accepted, and refused with any of its words changed.
fn exercise(creation: &[u8], path: &Path) -> eyre::Result<bool> {
    let (statement, proof) = read_proof(path)?;
    let mut evm = Evm::deploy(creation)?;
    match evm.verify(&statement, &proof)? {
        Outcome::Accepted { gas } => eprintln!("accepted: {gas} gas, the whole transaction"),
        Outcome::Refused(error) => {
            eprintln!("refused: 0x{}", hex::encode(error));
            return Ok(false);
        }
    }
    let words = proof.len() / 32;
    for word in 0..words {
        let mut changed = proof.clone();
        changed[32 * word + 31] ^= 1;
        if let Outcome::Accepted { .. } = evm.verify(&statement, &changed)? {
            bail!("accepted with word {word} of the proof changed: the verifier is unsound");
        }
    }
    eprintln!("refused with any one of its {words} words changed");
    Ok(true)
}

type Statement = [[u8; 32]; STATEMENT_WORDS];

/// Statement and bytes of a `tessera.proof` file.
fn read_proof(path: &Path) -> eyre::Result<(Statement, Vec<u8>)> {
    const LIMIT: u64 = 4 << 20;
    let file: serde_json::Value = serde_json::from_slice(&read(path, LIMIT)?)
        .wrap_err_with(|| format!("{}: not JSON", path.display()))?;
    let text = |value: &serde_json::Value, name: &str| {
        let text = value.get(name).and_then(|value| value.as_str());
        text.map(str::to_owned).ok_or_else(|| eyre!("{}: no text {name:?}", path.display()))
    };
    let bytes = |name: &str, text: String| -> eyre::Result<Vec<u8>> {
        hex::decode(text.strip_prefix("0x").unwrap_or(&text))
            .wrap_err_with(|| format!("{}: {name}", path.display()))
    };
    let given = file.get("statement").unwrap_or(&serde_json::Value::Null);
    let mut statement = Statement::default();
    for (word, name) in statement.iter_mut().zip(WORDS.map(|word| word.name)) {
        let text = text(given, name)?;
        let value = match name {
            "threshold" => text
                .parse::<u64>()
                .wrap_err_with(|| format!("{}: {name}", path.display()))?
                .to_be_bytes()
                .to_vec(),
            _ => bytes(name, text)?,
        };
        ensure!(value.len() <= 32, "{}: {name} is longer than a word", path.display());
        word[32 - value.len()..].copy_from_slice(&value);
    }
    Ok((statement, bytes("proof", text(&file, "proof")?)?))
}
