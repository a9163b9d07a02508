//! `tessera verifier`: the contract that checks proofs.

use super::{
    Failure, Outcome,
    args::{ProfileArg, SetupWithSrs},
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::path::{Path, PathBuf};
use tessera::{pipeline::verifier_name, rehearsal::is_rehearsal};
use tessera_aggregate::{AggregationKey, KeyError, VerifierSpec, key::circuit_size};
use tessera_artifact::{Secrecy, write};
use tessera_direct::DirectSpec;
use tessera_model::package::DIRECT;
use tessera_proving::ProofFile;
use tessera_segment::plan::MIN_K;
use tessera_setup::Srs;
use verifier_gen::{
    Evm, Outcome as Verdict, compile,
    direct::{CONTRACT, generate_direct},
    generate,
    generate::contract_name,
    statement,
};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Write the Solidity of a verifier, and the specification for `tessera verify`.
    ///
    /// One verifier serves every model in the same number of segments. The same SRS gives the same
    /// bytes.
    #[command(after_help = "\
Example:
  tessera verifier generate --segments 2 --out contracts/generated")]
    Generate(Generate),
    /// Compile a verifier and try a proof on it: it has to be accepted as it is, and refused with any of
    /// its words changed.
    #[command(after_help = "\
Example:
  tessera verifier try proof.json --verifier contracts/generated/TesseraVerifier2.json")]
    Try(Try),
}

#[derive(clap::Args)]
pub struct Try {
    /// The proof.
    proof: PathBuf,
    /// The verifier's specification (see `tessera verifier generate`).
    #[arg(long, value_name = "FILE")]
    verifier: PathBuf,
    /// The Solidity compiler.
    #[arg(long, value_name = "FILE", default_value = "tools/solc")]
    solc: PathBuf,
    /// Print gas and size as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Generate {
    /// Number of segments of the models that it serves: 1, 2, 4, 8 or 16.
    #[arg(long, value_name = "N", default_value_t = 2)]
    segments: usize,
    /// The verifier of direct proofs, one for all models of one circuit, or of aggregated ones.
    #[arg(long, value_enum, default_value = "aggregated", conflicts_with = "segments")]
    profile: ProfileArg,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Folder of both files.
    #[arg(long, value_name = "DIR", default_value = "contracts/generated")]
    out: PathBuf,
    /// Print files and digests as JSON.
    #[arg(long)]
    json: bool,
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Failure::fault(error)
    }
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Generate(args) => generate_files(args),
        Command::Try(args) => try_proof(args),
    }
}

fn try_proof(args: Try) -> Outcome {
    let proof = ProofFile::load(&args.proof)?;
    let name = verifier_name(proof.segments);
    let text = match proof.segments {
        DIRECT => generate_direct(&DirectSpec::load(&args.verifier)?),
        _ => generate(&VerifierSpec::load(&args.verifier)?),
    };
    if !text.contains(&format!("contract {name} ")) {
        let (file, proof) = (args.verifier.display(), args.proof.display());
        return Err(Failure::input(format!(
            "{file} does not describe {name}, which {proof} is for"
        )));
    }
    let compiled = compile(&args.solc, &name, &text).map_err(Failure::input)?;
    let mut evm = Evm::deploy(&compiled.creation).map_err(Failure::fault)?;
    let statement = proof.statement.to_bytes();
    let mut call = |proof: &[u8]| evm.verify(&statement, proof).map_err(Failure::fault);
    let gas = match call(&proof.proof)? {
        Verdict::Accepted { gas } => gas,
        Verdict::Refused(error) => {
            return Err(Failure::no(format!("{name} refuses the proof: 0x{}", hex::encode(error))));
        }
    };
    let words = proof.proof.len() / 32;
    for word in 0..words {
        let mut changed = proof.proof.clone();
        changed[32 * word + 31] ^= 1;
        if let Verdict::Accepted { .. } = call(&changed)? {
            return Err(Failure::fault(format!(
                "{name} accepts the proof with word {word} changed"
            )));
        }
    }
    let size = compiled.runtime.len();
    match args.json {
        true => json(&json!({ "accepted": true, "gas": gas, "codeBytes": size, "words": words })),
        false => data(format_args!("accepted: {gas} gas for the whole transaction")),
    }
    talk(format_args!("refused with any one of its {words} words changed; {size} bytes of code"));
    Ok(())
}

fn generate_files(args: Generate) -> Outcome {
    if args.profile == ProfileArg::Direct {
        return direct(&args);
    }
    let most = tessera_aggregate::spec::MAX_SEGMENTS;
    if !args.segments.is_power_of_two() || args.segments > most {
        let message = format!("{} segments: 1, 2, 4, 8 or 16 are possible", args.segments);
        return Err(Failure::input(message));
    }
    let (store, progress) = (args.setup.store()?, args.setup.progress()?);
    let srs =
        progress.stage("srs", || Ok::<_, Failure>(store.get(circuit_size(args.segments)?)?))?;
    let key =
        progress.stage("aggregation key", || AggregationKey::new(srs.params(), args.segments))?;
    let spec = key.verifier(srs.params(), srs.digest(), srs.is_insecure());

    let name = contract_name(args.segments);
    let [contract, file] = ["sol", "json"].map(|end| args.out.join(format!("{name}.{end}")));
    write(&contract, generate(&spec).as_bytes(), Secrecy::Public)?;
    // The interface that the contract imports takes the statement's struct from here.
    let structure = args.out.join(statement::FILE);
    write(&structure, statement::solidity().as_bytes(), Secrecy::Public)?;
    spec.save(&file)?;
    match args.json {
        true => json(&json!({
            "contract": contract, "specification": file, "segments": spec.segments, "k": spec.k,
            "keyDigest": spec.digest(), "srsDigest": spec.srs, "insecureSrs": spec.insecure_srs,
        })),
        false => data(contract.display()),
    }
    wrote(&contract, &file, &srs);
    Ok(())
}

/// The contract for direct proofs depends on the reference string only.
fn direct(args: &Generate) -> Outcome {
    let (store, progress) = (args.setup.store()?, args.setup.progress()?);
    let srs = progress.stage("srs", || Ok::<_, Failure>(store.get(MIN_K)?))?;
    let spec = tessera_direct::key::verifier(&srs);
    let [contract, file] = ["sol", "json"].map(|end| args.out.join(format!("{CONTRACT}.{end}")));
    write(&contract, generate_direct(&spec).as_bytes(), Secrecy::Public)?;
    spec.save(&file)?;
    match args.json {
        true => json(&json!({
            "contract": contract, "specification": file, "segments": 0,
            "keyDigest": spec.digest(), "srsDigest": spec.srs, "insecureSrs": spec.insecure_srs,
        })),
        false => data(contract.display()),
    }
    wrote(&contract, &file, &srs);
    Ok(())
}

fn wrote(contract: &Path, file: &Path, srs: &Srs) {
    talk(format_args!("wrote {} and {}", contract.display(), file.display()));
    if srs.is_insecure() {
        hint(
            "the verifier is for the development SRS: anybody can forge proofs for it, and it is refused off local chains",
        );
    }
    if is_rehearsal(srs) {
        hint(
            "the verifier is for a rehearsal's SRS: whoever made that could forge proofs, and no contract refuses it",
        );
    }
}
