//! `tessera farm`: keys, a broker's configuration, and what is on a farm; how other commands reach one.

use super::{
    Failure, Outcome,
    args::duration,
    block_on,
    talk::{data, hint, json, talk},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tessera_farm::{
    Access, FarmError, FarmKey, FarmOptions, FarmProver, FarmPublicKey, Identity, Member, Members,
    Notice, Priority, Role, ServeConfig, Status, layout::Tenant, set_up,
};
use tessera_proving::{Prover, ProvingError};

/// Keys of a farm, the configuration of its broker, and what is on it.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a farm's key, and a key for each worker and each tenant.
    Keys(Keys),
    /// Write the configuration of a farm's broker.
    ServeConfig(Serve),
    /// Make the tenants' queues on a broker; again whenever a tenant has come or the lease changes.
    Setup(Setup),
    /// Workers, queues, dead letters and refused workers.
    Status(StatusArgs),
    /// Say how long a proof takes on a farm in every number of segments, and which is best.
    Plan(super::farm_plan::Args),
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Keys(args) => keys(args),
        Command::ServeConfig(args) => serve_config(args),
        Command::Setup(args) => setup(args),
        Command::Status(args) => status(args),
        Command::Plan(args) => super::farm_plan::run(args),
    }
}

/// How to get in at a broker.
#[derive(Clone, Debug, clap::Args)]
pub struct Entry {
    /// nkey file that the broker knows one by (see `tessera farm keys`); a worker also signs with it.
    #[arg(long, value_name = "FILE", requires = "farm")]
    pub farm_identity: Option<PathBuf>,
    /// Credentials file (.creds) of a broker that has an operator.
    #[arg(long, value_name = "FILE", requires = "farm")]
    pub farm_creds: Option<PathBuf>,
    /// Certificates that the broker's is signed with, as PEM [default: the system's].
    #[arg(long, value_name = "FILE", requires = "farm")]
    pub farm_ca: Option<PathBuf>,
}

impl Entry {
    /// The way to the broker at `url`.
    pub fn access(&self, url: &str) -> Result<Access, FarmError> {
        Ok(Access {
            url: url.into(),
            identity: self.farm_identity.as_deref().map(Identity::load).transpose()?,
            credentials: self.farm_creds.clone(),
            ca: self.farm_ca.clone(),
        })
    }
}

/// How a proof is made on a farm.
#[derive(Clone, Debug, clap::Args)]
pub struct OnFarm {
    /// Have the segments proven by the workers of the farm at this address, nats:// or tls://; they see
    /// features and model.
    #[arg(long, value_name = "URL", requires = "farm_key")]
    pub farm: Option<String>,
    /// The farm's public key, which the jobs are sealed to.
    #[arg(long, value_name = "FILE", requires = "farm")]
    farm_key: Option<PathBuf>,
    #[command(flatten)]
    entry: Entry,
    /// Whose queue on the farm the jobs go to.
    #[arg(long, value_name = "NAME", default_value_t, requires = "farm")]
    tenant: Tenant,
    /// Which jobs go first: urgent, normal or batch.
    #[arg(long, default_value_t, requires = "farm")]
    priority: Priority,
    /// How long a worker may be silent before its job goes to another one, where there are no queues yet
    /// (`tessera farm setup`).
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "15s", requires = "farm")]
    lease: Duration,
    /// How long to go on without any progress.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30m", requires = "farm")]
    patience: Duration,
}

impl OnFarm {
    /// Fails where a farm is asked for.
    pub fn none_for_direct(&self) -> Outcome {
        match self.farm {
            None => Ok(()),
            Some(_) => Err(Failure::input("a direct proof has no segments for a farm to prove")
                .hint("leave out --farm, or choose --segments N")),
        }
    }

    /// The farm, if one is asked for, with the package of `prover` on it.
    pub fn prover(&self, prover: &Prover) -> Result<Option<FarmProver>, Failure> {
        let (Some(url), Some(key)) = (&self.farm, &self.farm_key) else { return Ok(None) };
        let options = FarmOptions {
            tenant: self.tenant.clone(),
            priority: self.priority,
            lease: self.lease,
            patience: self.patience,
            ..FarmOptions::default()
        };
        let listener = Arc::new(|notice: Notice| match notice {
            Notice::Proven { .. } => {}
            notice => talk(notice),
        });
        let farm = FarmProver::connect(
            &self.entry.access(url)?,
            FarmPublicKey::load(key)?,
            prover.package(),
            prover.verifier()?.srs,
            options,
            listener,
        )?;
        Ok(Some(farm))
    }
}

/// A run that the farm could not finish is nobody's bug.
pub fn not_proven(error: ProvingError) -> Failure {
    match error {
        ProvingError::Elsewhere { .. } | ProvingError::Undelivered { .. } => {
            Failure::input(format!("the farm made no proof: {error}"))
                .hint("`tessera farm status` shows workers, queues and dead letters")
        }
        error => error.into(),
    }
}

#[derive(clap::Args)]
#[command(after_help = "\
Example: for two workers and a lender who gives jobs
  tessera farm keys --out farm --worker one two --tenant lender

Then farm/farm.key goes to the workers, farm/farm.pub to whoever gives jobs, and each .nk file to the one
it is named for. farm/members.json has no secrets in it; `tessera farm serve-config` reads it.")]
pub struct Keys {
    /// Folder for the keys; must not be there yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Names of the workers.
    #[arg(long, value_name = "NAME", num_args = 1.., required = true)]
    worker: Vec<Tenant>,
    /// Names of those who give jobs.
    #[arg(long, value_name = "NAME", num_args = 1.., default_value = "default")]
    tenant: Vec<Tenant>,
    /// Name of whoever makes the tenants' queues on the broker.
    #[arg(long, value_name = "NAME", default_value = "operator")]
    operator: Tenant,
}

fn keys(args: Keys) -> Outcome {
    let workers = args.worker.iter().map(|name| (Role::Worker, name));
    let tenants = args.tenant.iter().map(|name| (Role::Tenant, name));
    let all: Vec<_> = workers.chain(tenants).chain([(Role::Operator, &args.operator)]).collect();
    for (index, (_, name)) in all.iter().enumerate() {
        if all[..index].iter().any(|(_, other)| other == name) {
            return Err(Failure::input(format!(
                "{name} is named twice: each needs a key of its own"
            )));
        }
    }
    std::fs::create_dir(&args.out).map_err(|error| {
        Failure::input(format!("cannot make the folder {}: {error}", args.out.display()))
            .hint("the keys of a farm that is there already are not replaced")
    })?;
    let path = |name: &str| args.out.join(name);
    let key = FarmKey::generate();
    key.create(&path("farm.key"))?;
    key.public().create(&path("farm.pub"))?;
    let mut members = vec![];
    for (role, name) in all {
        let identity = Identity::generate();
        identity.create(&path(&format!("{name}.nk")))?;
        members.push(Member { role, name: name.to_string(), nkey: identity.name() });
    }
    for member in &members {
        data(format_args!("{} {}", member.name, member.nkey));
    }
    Members { members }.create(&path("members.json"))?;
    talk(format_args!("keys of the farm are in {}", args.out.display()));
    hint("farm.key opens every job: it is for workers alone");
    Ok(())
}

#[derive(clap::Args)]
#[command(after_help = "\
Example: a broker with TLS for the members of a farm
  tessera farm serve-config --members farm/members.json --tls-cert cert.pem --tls-key key.pem \\
      --store /var/lib/tessera-farm > nats.conf
  nats-server -c nats.conf")]
pub struct Serve {
    /// Who is on the farm (`members.json` of `tessera farm keys`).
    #[arg(long, value_name = "FILE")]
    members: PathBuf,
    /// Where the broker listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "0.0.0.0:4222")]
    listen: String,
    /// Folder that the broker keeps the queue in.
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// The broker's certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key", required_unless_present = "no_tls")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Encrypt nothing but the jobs: only for a network that nobody else is on.
    #[arg(long, conflicts_with = "tls_cert")]
    no_tls: bool,
}

fn serve_config(args: Serve) -> Outcome {
    let members = Members::load(&args.members)?;
    let listen = args.listen.clone();
    // Port -1 is one that the system chooses.
    let port = |port: &str| port == "-1" || port.parse::<u16>().is_ok();
    let good = |(host, text): (&str, &str)| !host.is_empty() && port(text);
    if !listen.rsplit_once(':').is_some_and(good) {
        return Err(Failure::input(format!(
            "{listen:?} is not a host and a port, such as 0.0.0.0:4222"
        )));
    }
    let absolute = |path: &Path| {
        std::path::absolute(path)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
    };
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some((absolute(certificate)?, absolute(key)?)),
        _ => None,
    };
    let config = ServeConfig { listen, store: absolute(&args.store)?, tls };
    data(config.text(&members).trim_end());
    Ok(())
}

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tessera farm setup --members farm/members.json --farm tls://broker.example:4222 \\
      --farm-identity farm/operator.nk")]
pub struct Setup {
    /// Who is on the farm (`members.json` of `tessera farm keys`).
    #[arg(long, value_name = "FILE")]
    members: PathBuf,
    /// Address of the farm's broker, nats:// or tls://.
    #[arg(long, value_name = "URL")]
    farm: String,
    #[command(flatten)]
    entry: Entry,
    /// How long a worker may be silent before its job goes to another one.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "15s")]
    lease: Duration,
}

fn setup(args: Setup) -> Outcome {
    let members = Members::load(&args.members)?;
    let tenants = block_on(async {
        let farm = args.entry.access(&args.farm)?.connect("tessera farm setup").await?;
        Ok(set_up(&farm, &members, args.lease).await?)
    })?;
    for tenant in tenants {
        data(tenant);
    }
    talk("these tenants have their queues and their stores of packages");
    Ok(())
}

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tessera farm status --farm tls://broker.example:4222 --farm-identity farm/operator.nk

A tenant sees its own queues, the operator all of them.")]
pub struct StatusArgs {
    /// Address of the farm's broker, nats:// or tls://.
    #[arg(long, value_name = "URL")]
    farm: String,
    #[command(flatten)]
    entry: Entry,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

fn status(args: StatusArgs) -> Outcome {
    let status = block_on(async {
        let farm = args.entry.access(&args.farm)?.connect("tessera farm status").await?;
        Ok(tessera_farm::status(&farm).await?)
    })?;
    match args.json {
        true => json(&status),
        false => print(&status),
    }
    Ok(())
}

fn print(status: &Status) {
    data(format_args!("{} workers", status.workers.len()));
    for worker in &status.workers {
        data(format_args!(
            "  {}  version {}, {} of {} in hand, {} proven ({} in the last minute), {} failed, \
             {} handed back, keys of {} models ({} MB)",
            worker.worker,
            worker.version,
            worker.busy,
            worker.jobs,
            worker.proven,
            worker.last_minute,
            worker.failed,
            worker.handed_back,
            worker.warm,
            worker.warm_bytes / 1_000_000
        ));
    }
    data(format_args!("{} queues", status.queues.len()));
    for queue in &status.queues {
        let oldest = queue.oldest_seconds.map(|age| format!(", the oldest {age} s old"));
        data(format_args!(
            "  {} {}: {} waiting, {} in hand{}",
            queue.tenant,
            queue.priority,
            queue.waiting,
            queue.in_hand,
            oldest.unwrap_or_default()
        ));
    }
    data(format_args!("{} dead letters", status.dead_letters));
    data(format_args!("{} workers refused", status.refused.len()));
    for refusal in &status.refused {
        data(format_args!("  {} by {}: {}", refusal.worker, refusal.tenant, refusal.reason));
    }
}
