//! Arguments that several commands share.

use super::{Failure, Progress, talk};
use alloy::primitives::{Address, B256};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tessera::{
    chain::{Client, Deployment},
    pipeline::Profile,
};
use tessera_artifact::{ArtifactError, set_aside};
use tessera_core::{Context, FieldError};
use tessera_credential::AccountKey;
use tessera_model::{Package, package::DIRECT};
use tessera_setup::SrsStore;

/// How a model is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ProfileArg {
    /// In segments that are aggregated: nothing on chain confirms a guess of the model without its salt.
    Aggregated,
    /// In one circuit that the contract verifies itself: less time and gas. After a number of proofs that
    /// `model plan` prints, somebody who holds the whole model can confirm that it is the one.
    Direct,
}

impl From<ProfileArg> for Profile {
    fn from(profile: ProfileArg) -> Self {
        match profile {
            ProfileArg::Aggregated => Self::Aggregated,
            ProfileArg::Direct => Self::Direct,
        }
    }
}

/// How a model is proven, where that is not as its package says.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Shape {
    /// Number of segments that are proven and aggregated: 1, 2, 4, 8 or 16 [default: the package's].
    #[arg(long, value_name = "N")]
    pub segments: Option<usize>,
    /// How the model is proven [default: as the package says].
    #[arg(long, value_enum)]
    pub profile: Option<ProfileArg>,
}

impl Shape {
    /// The number of segments that was asked for, or [`DIRECT`]; `None` where that is left to the package or
    /// the planner.
    pub fn asked(&self) -> Result<Option<usize>, Failure> {
        match (self.profile, self.segments) {
            (Some(ProfileArg::Direct), Some(_)) => {
                Err(Failure::input("a direct proof has no segments")
                    .hint("leave out --segments, or choose --profile aggregated"))
            }
            (Some(ProfileArg::Direct), None) => Ok(Some(DIRECT)),
            (_, segments) => Ok(segments),
        }
    }

    /// The number of segments that `package` is proven in, or [`DIRECT`]. A package for direct proofs that is to
    /// be aggregated is one segment.
    pub fn of(&self, package: &Package) -> Result<usize, Failure> {
        Ok(self.asked()?.unwrap_or(match (self.profile, package.segments) {
            (Some(ProfileArg::Aggregated), DIRECT) => 1,
            (_, segments) => segments,
        }))
    }
}

/// Where SRS are kept.
#[derive(Clone, Debug, clap::Args)]
pub struct Setup {
    /// Folder for what is made once and used again: SRS in their sizes [default: the user's cache folder].
    #[arg(long, value_name = "DIR", env = "TESSERA_CACHE", hide_env_values = true)]
    pub cache: Option<PathBuf>,
}

/// Where SRS are kept, and which one.
#[derive(Clone, Debug, clap::Args)]
pub struct SetupWithSrs {
    #[command(flatten)]
    pub setup: Setup,
    /// SRS file of a ceremony (.srs or .ptau); the insecure development SRS if it is not given.
    #[arg(long, value_name = "FILE", env = "TESSERA_SRS", hide_env_values = true)]
    pub srs: Option<PathBuf>,
}

impl SetupWithSrs {
    /// Progress with estimates from earlier runs.
    pub fn progress(&self) -> Result<Progress, Failure> {
        Ok(Progress::remembering(cache_folder(&self.setup.cache)?.with_file_name("timings.json")))
    }

    /// The SRS in every size.
    pub fn store(&self) -> Result<SrsStore, Failure> {
        let folder = cache_folder(&self.setup.cache)?;
        Ok(match &self.srs {
            Some(file) => SrsStore::with_file(folder, file),
            None => SrsStore::new(folder),
        })
    }
}

/// Where SRS are kept: in the folder given, `$XDG_CACHE_HOME/tessera` or `~/.cache/tessera`.
pub fn cache_folder(given: &Option<PathBuf>) -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = given
        .clone()
        .or_else(|| Some(PathBuf::from(variable("XDG_CACHE_HOME")?).join("tessera")))
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache/tessera")));
    folder.map(|folder| folder.join("srs")).ok_or_else(|| {
        Failure::input("there is no home folder to keep SRS in").hint("--cache DIR names another")
    })
}

/// What to do where a file is already.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Force {
    /// Where something is already, rename it (to NAME.1, NAME.2, …) instead of refusing.
    #[arg(long)]
    pub force: bool,
}

impl Force {
    /// Makes sure that nothing is at `path`, which what is about to be written can't replace:
    /// `why` says what would be lost.
    pub fn clear(self, path: &Path, why: &str) -> Result<(), Failure> {
        if !self.force {
            return match path.symlink_metadata() {
                Ok(_) => Err(Failure::input(ArtifactError::Exists { path: path.into() })
                    .hint(why)
                    .hint("--force renames it and goes on; another --out leaves it alone")),
                Err(_) => Ok(()),
            };
        }
        if let Some(aside) = set_aside(path)? {
            talk(format_args!("renamed {} to {}", path.display(), aside.display()));
        }
        Ok(())
    }
}

/// Which node.
#[derive(Clone, Debug, clap::Args)]
pub struct RpcArgs {
    /// The node's address.
    #[arg(
        long,
        value_name = "URL",
        env = "ETH_RPC_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8545"
    )]
    pub rpc: String,
}

/// Which node, and who pays for transactions.
#[derive(Clone, Debug, clap::Args)]
pub struct Sender {
    #[command(flatten)]
    pub node: RpcArgs,
    /// Key file of the account that sends (see `tessera attester new`).
    #[arg(long, value_name = "FILE", env = "TESSERA_KEY", hide_env_values = true)]
    pub key: Option<PathBuf>,
}

impl RpcArgs {
    /// Reads only.
    pub async fn connect(&self) -> Result<Client, Failure> {
        Ok(Client::connect(&self.rpc, None).await?)
    }
}

impl Sender {
    /// Reads and sends.
    pub async fn connect(&self) -> Result<Client, Failure> {
        let key = self.key.as_deref().map(AccountKey::load).transpose()?;
        Ok(Client::connect(&self.node.rpc, key.as_ref()).await?)
    }
}

/// Which pool.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// The pool's address.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub pool: Option<Address>,
    /// The file that `tessera pool deploy` or the deployment script wrote.
    #[arg(long, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
}

impl Which {
    /// The pool's address; a deployment has to be of the client's chain.
    pub fn address(&self, client: &Client) -> Result<Address, Failure> {
        let path = match (self.pool, &self.deployment) {
            (Some(pool), _) => return Ok(pool),
            (None, Some(path)) => path,
            (None, None) => return Err(Failure::fault("neither pool nor deployment was given")),
        };
        let deployment = Deployment::load(path)?;
        if deployment.chain_id != client.chain_id() {
            let (found, here) = (deployment.chain_id, client.chain_id());
            let path = path.display();
            return Err(Failure::input(format!(
                "{path} is of chain {found}, and the node's chain is {here}"
            )));
        }
        Ok(deployment.pool.address)
    }
}

/// An address; one in capital and small letters has to have the letters of its checksum (EIP-55).
pub fn address(text: &str) -> Result<Address, String> {
    let address: Address =
        text.parse().map_err(|_| "an address, 0x and 40 hexadecimal digits, expected")?;
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mixed = digits.bytes().any(|b| b.is_ascii_uppercase())
        && digits.bytes().any(|b| b.is_ascii_lowercase());
    match mixed && address.to_checksum(None)[2..] != *digits {
        true => {
            Err(format!("a digit is wrong: by its checksum it is not an address, {address} is"))
        }
        false => Ok(address),
    }
}

/// 32 bytes in hexadecimal.
pub fn word(text: &str) -> Result<B256, String> {
    text.parse().map_err(|_| "0x and 64 hexadecimal digits expected".into())
}

/// A context: 0x and up to 64 hexadecimal digits, as a number is written.
pub fn context(text: &str) -> Result<Context, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.is_empty() || digits.len() > 64 {
        return Err("0x and 1 to 64 hexadecimal digits expected".into());
    }
    format!("0x{digits:0>64}").parse().map_err(|error: FieldError| error.to_string())
}

/// `90d`, `12h`, `1h 30m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "a duration such as 90d, 12h or \"1h 30m\" expected".into())
}

/// `2026-12-31T00:00:00Z` or unix seconds.
pub fn time(text: &str) -> Result<u64, String> {
    let rfc3339 = || {
        let time = humantime::parse_rfc3339_weak(text).ok()?;
        Some(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs())
    };
    text.parse().ok().or_else(rfc3339).ok_or_else(|| {
        "a time such as 2026-12-31T00:00:00Z (UTC), or unix seconds, expected".into()
    })
}

/// A yearly rate in per cent, `4` or `4.25%`, to units of 1e-18.
pub fn rate(text: &str) -> Result<u64, String> {
    let number = text.trim().trim_end_matches('%');
    let rate = tessera_model::schema::parse_grid(number, 9).ok();
    let units = rate.and_then(|rate| u64::try_from(rate).ok()?.checked_mul(10_000_000));
    units.ok_or_else(|| "a yearly rate such as 4.25% expected".into())
}

/// Unix seconds now, by this machine's clock.
pub fn now() -> Result<u64, Failure> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map(|now| now.as_secs()).map_err(|_| Failure::input("this machine's clock is before 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_a_typing_error_are_noticed() {
        let good = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        for text in [good, &good.to_lowercase(), &good[2..]] {
            assert_eq!(address(text).unwrap().to_string(), good);
        }
        for bad in ["0x70997970C51812dc3A010C7d01b50e0d17dc79c8", "0xaa", "", &format!("{good}0")] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_and_times() {
        assert_eq!(rate("12%"), Ok(120_000_000_000_000_000));
        assert_eq!(rate("0.05"), Ok(500_000_000_000_000));
        assert_eq!(rate("0"), Ok(0));
        for bad in ["", "-1", "x%", "1e30", "100000000000"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
        assert_eq!(time("1800000000"), Ok(1_800_000_000));
        assert_eq!(time("2027-01-15T08:00:00Z"), Ok(1_800_000_000));
        assert!(time("tomorrow").is_err());
        assert!(duration("90").is_err());
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
    }

    proptest::proptest! {
        /// Any text is a value or an error, at once.
        #[test]
        fn any_text(
            text in proptest::prop_oneof![
                proptest::prelude::any::<String>(),
                "[-+]?[0-9]{0,40}[.,]?[0-9]{0,40}([eE][-+]?[0-9]{0,12})?[a-z%]{0,3}",
                "(0x)?[0-9a-fA-F]{0,70}",
                "[0-9]{1,20}-[0-9]{1,3}-[0-9]{1,3}T[0-9:]{0,9}Z?",
            ]
        ) {
            let start = std::time::Instant::now();
            let _ = (address(&text), word(&text), duration(&text), time(&text));
            if let Ok(rate) = rate(&text) {
                proptest::prop_assert!(rate % 10_000_000 == 0);
            }
            proptest::prop_assert!(start.elapsed() < Duration::from_secs(1));
        }
    }
}
