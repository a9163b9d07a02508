//! Accounts as `tessera farm serve-config` writes them, on a real broker: what a tenant may do, and what it may
//! not do to others.

use crate::{
    broker::Broker,
    world::{SEGMENTS, World, cache, prover, secrets, wait_for},
};
use async_nats::{Client, ConnectOptions, jetstream};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tessera_farm::{
    Access, FarmError, FarmOptions, FarmProver, Identity, Member, Members, Role, ServeConfig,
    WorkerOptions, layout, set_up,
};
use tessera_setup::SrsStore;
use tokio::runtime::Runtime;

const NAMES: [(Role, &str); 4] = [
    (Role::Tenant, "lender"),
    (Role::Tenant, "rival"),
    (Role::Worker, "one"),
    (Role::Operator, "operator"),
];

/// A broker with members, and their keys.
struct Farm {
    world: World,
    members: Members,
    keys: TempDir,
}

impl Farm {
    fn new() -> Self {
        prover();
        let keys = TempDir::new().unwrap();
        let members = NAMES.map(|(role, name)| {
            let identity = Identity::generate();
            identity.create(&keys.path().join(name)).unwrap();
            Member { role, name: name.into(), nkey: identity.name() }
        });
        let members = Members { members: members.to_vec() };
        let broker = Broker::configured(|store, port| {
            let listen = format!("127.0.0.1:{port}");
            ServeConfig { listen, store: store.into(), tls: None }.text(&members)
        });
        Self { world: World::with(broker), members, keys }
    }

    fn identity(&self, name: &str) -> Identity {
        Identity::load(&self.keys.path().join(name)).unwrap()
    }

    fn access(&self, name: &str) -> Access {
        let url = self.world.broker.url();
        Access { url, identity: Some(self.identity(name)), ..Access::default() }
    }

    fn set_up(&self, runtime: &Runtime) {
        let access = self.access("operator");
        runtime.block_on(async {
            let farm = access.connect("operator").await.unwrap();
            let tenants = set_up(&farm, &self.members, World::options().lease).await.unwrap();
            assert_eq!(tenants.len(), 2);
        });
    }

    fn coordinator(&self, name: &str, tenant: &str) -> Result<FarmProver, FarmError> {
        let options = FarmOptions { tenant: tenant.parse().unwrap(), ..World::options() };
        let (key, srs) = (self.world.key.public(), prover().verifier().unwrap().srs);
        let package = prover().package();
        FarmProver::connect(&self.access(name), key, package, srs, options, Arc::new(|_| ()))
    }

    /// A connection as `name` without any of our code, and what the broker said that it may not do.
    async fn raw(&self, name: &str) -> (Client, Arc<Mutex<Vec<String>>>) {
        let said = Arc::new(Mutex::new(vec![]));
        let heard = said.clone();
        let seed = std::fs::read_to_string(self.keys.path().join(name)).unwrap();
        let client = ConnectOptions::new()
            .nkey(seed.trim().into())
            .custom_inbox_prefix(format!("_INBOX.{}", self.identity(name).name()))
            .event_callback(move |event| {
                let event = event.to_string();
                if event.to_lowercase().contains("violation") {
                    heard.lock().unwrap().push(event);
                }
                async {}
            })
            .connect(self.world.broker.url())
            .await
            .unwrap();
        (client, said)
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_proof_among_members() {
    let (farm, runtime) = (Farm::new(), runtime());
    farm.set_up(&runtime);
    let (access, key) = (farm.access("one"), farm.world.path("farm.key"));
    let key = tessera_farm::FarmKey::load(&key).unwrap();
    let options = WorkerOptions::new(farm.identity("one"), key, Arc::new(SrsStore::new(cache())));
    let worker = runtime.spawn(async move {
        let worker = tessera_farm::Worker::connect(&access, options).await.unwrap();
        worker.run(std::future::pending()).await
    });
    for tenant in ["lender", "rival"] {
        let coordinator = farm.coordinator(tenant, tenant).unwrap();
        let proofs = prover().prove_segments(&secrets(), &coordinator, &|_| ()).unwrap();
        assert_eq!(proofs.len(), SEGMENTS);
        // It sees its own queues, and those alone.
        let status = coordinator.status().unwrap();
        assert_eq!(status.queues.len(), 3);
        assert!(status.queues.iter().all(|queue| queue.tenant == tenant), "{status:?}");
    }
    worker.abort();
    let access = farm.access("operator");
    let status = runtime.block_on(async {
        let farm = access.connect("operator").await.unwrap();
        tessera_farm::status(&farm).await.unwrap()
    });
    assert_eq!(status.queues.len(), 6, "the operator sees all");
}

/// What is not allowed is said as that, at once, and not as a broker that does not answer.
#[test]
fn what_is_not_allowed_is_called_so() {
    let (farm, runtime) = (Farm::new(), runtime());
    let refused = |name: &str, tenant: &str, wanted: &str| {
        let start = Instant::now();
        let error = farm.coordinator(name, tenant).err().expect("it got in");
        assert!(matches!(error, FarmError::NotAllowed { .. }), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    };
    // Nothing is set up yet, and a tenant may not do that itself.
    refused("lender", "lender", "STREAM.CREATE");
    farm.set_up(&runtime);
    farm.coordinator("lender", "lender").unwrap();
    refused("lender", "rival", "TESSERA_JOBS_rival");
    // A worker gives no jobs.
    let worker = farm.coordinator("one", "lender").unwrap();
    let ended = prover().prove_segments(&secrets(), &worker, &|_| ()).unwrap_err().to_string();
    assert!(ended.contains("does not allow it to this key"), "{ended}");
}

/// Everything that a tenant could do to another one, tried with its key.
#[test]
fn a_tenant_does_nothing_to_another() {
    let (farm, runtime) = (Farm::new(), runtime());
    farm.set_up(&runtime);
    // The lender has a job in its queue and a package in its store.
    let lender = farm.coordinator("lender", "lender").unwrap();
    let worker = farm.identity("one").name();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| prover().prove_segments(&secrets(), &lender, &|_| ()));
        let jobs =
            || lender.status().unwrap().queues.iter().map(|queue| queue.waiting).sum::<u64>();
        wait_for("the jobs", || (SEGMENTS as u64 == jobs()).then_some(()));
        let counts = || {
            let queues = lender.status().unwrap().queues.into_iter();
            queues.map(|queue| (queue.priority, queue.waiting, queue.in_hand)).collect::<Vec<_>>()
        };
        let before = counts();
        runtime.block_on(try_everything(&farm, &worker));
        assert_eq!(counts(), before);
        assert_eq!(lender.status().unwrap().refused, []);
        // The package is whole, and the run ends well.
        let key = tessera_farm::FarmKey::load(&farm.world.path("farm.key")).unwrap();
        let srs = Arc::new(SrsStore::new(cache()));
        let options = WorkerOptions::new(farm.identity("one"), key, srs);
        let access = farm.access("one");
        let worker = runtime.spawn(async move {
            let worker = tessera_farm::Worker::connect(&access, options).await.unwrap();
            worker.run(std::future::pending()).await
        });
        assert_eq!(run.join().unwrap().unwrap().len(), SEGMENTS);
        worker.abort();
    });
}

async fn try_everything(farm: &Farm, worker: &str) {
    let (client, said) = farm.raw("rival").await;
    let lender: layout::Tenant = "lender".parse().unwrap();
    let (jobs, packages) = (lender.jobs_stream(), lender.packages_stream());
    let consumer = serde_json::json!({
        "stream_name": "TESSERA_JOBS_rival",
        "config": { "durable_name": "x", "deliver_subject": "tessera.refused.lender.x" },
    });
    let stream = serde_json::json!({ "name": "X", "sources": [{ "name": jobs }] });
    let forbidden = [
        (format!("$JS.API.STREAM.MSG.DELETE.{jobs}"), r#"{"seq":1}"#.into()),
        (format!("$JS.API.STREAM.PURGE.{jobs}"), String::new()),
        (format!("$JS.API.STREAM.DELETE.{jobs}"), String::new()),
        (format!("$JS.API.STREAM.UPDATE.{jobs}"), String::new()),
        (format!("$JS.API.STREAM.MSG.GET.{jobs}"), r#"{"seq":1}"#.into()),
        (format!("$JS.API.CONSUMER.MSG.NEXT.{jobs}.normal"), r#"{"batch":1}"#.into()),
        (format!("$JS.API.CONSUMER.DELETE.{jobs}.normal"), String::new()),
        (format!("$JS.API.CONSUMER.CREATE.{jobs}"), String::new()),
        (format!("$JS.ACK.{jobs}.normal.1.1.1.1.0"), "+TERM".into()),
        (format!("$JS.API.STREAM.PURGE.{packages}"), String::new()),
        (format!("$JS.API.STREAM.MSG.DELETE.{packages}"), r#"{"seq":1}"#.into()),
        (format!("$O.{}.C.x", lender.packages_bucket()), "x".into()),
        // Through the broker itself, which would write where it may not.
        ("$JS.API.CONSUMER.CREATE.TESSERA_JOBS_rival.x".into(), consumer.to_string()),
        ("$JS.API.CONSUMER.DURABLE.CREATE.TESSERA_JOBS_rival.x".into(), consumer.to_string()),
        ("$JS.API.STREAM.CREATE.X".into(), stream.to_string()),
        (format!("$JS.API.STREAM.PURGE.{}", layout::REFUSED), String::new()),
        (format!("$JS.API.STREAM.MSG.DELETE.{}", layout::RESULTS), r#"{"seq":1}"#.into()),
        ("tessera.jobs.lender.normal".into(), "x".into()),
        (layout::dead_subject(&lender), "x".into()),
        (layout::refused_subject("lender", worker), "x".into()),
        (layout::results_subject("x"), "x".into()),
        (layout::handed_back_subject("x"), "x".into()),
    ];
    for (index, (subject, payload)) in forbidden.into_iter().enumerate() {
        let reply = client.new_inbox();
        let sent = client.publish_with_reply(subject.clone(), reply, payload.into()).await;
        sent.unwrap();
        client.flush().await.unwrap();
        let wanted = format!("Publish to \"{subject}\"");
        let start = Instant::now();
        while said.lock().unwrap().len() <= index {
            assert!(start.elapsed() < Duration::from_secs(5), "{subject} is allowed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let heard = said.lock().unwrap()[index].clone();
        assert!(heard.contains(&wanted), "{subject}: {heard}");
    }
    let others = [
        format!("_INBOX.{}.>", farm.identity("lender").name()),
        lender.given_up_subject(),
        "tessera.jobs.>".into(),
        ">".into(),
    ];
    let mut count = said.lock().unwrap().len();
    for subject in others {
        let _heard = client.subscribe(subject.clone()).await.unwrap();
        client.flush().await.unwrap();
        let start = Instant::now();
        while said.lock().unwrap().len() <= count {
            assert!(start.elapsed() < Duration::from_secs(5), "hears {subject}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        count = said.lock().unwrap().len();
    }
    // It is the same key that may do this.
    let context = jetstream::new(client);
    let sent = context.publish("tessera.jobs.rival.batch", "x".into()).await.unwrap();
    let sequence = sent.await.unwrap().sequence;
    let own = context.get_stream("TESSERA_JOBS_rival").await.unwrap();
    assert!(own.delete_message(sequence).await.unwrap());
}
