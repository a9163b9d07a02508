//! A real nats-server, which can be killed and started again on the files it left.

use crate::world::root;
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Whether it is one of the versions before 2.10, which do not know `sync_interval: always`.
fn is_old() -> bool {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let said =
            Command::new(root().join("tools/nats-server")).arg("--version").output().unwrap();
        String::from_utf8(said.stdout).unwrap()
    });
    ["v2.8.", "v2.9."].iter().any(|old| VERSION.contains(old))
}

pub struct Broker {
    dir: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Broker {
    /// With an open door and a store of its own.
    pub fn start() -> Self {
        Self::configured(|store, port| {
            format!(
                "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{store}\", sync_interval: always }}\n"
            )
        })
    }

    /// With the configuration that `text` makes of store and port.
    pub fn configured(text: impl FnOnce(&str, u16) -> String) -> Self {
        let dir = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let store = dir.path().join("store");
        let mut text = text(store.to_str().unwrap(), port);
        if is_old() {
            text = text.replace(", sync_interval: always", "").replace("sync_interval: always", "");
        }
        fs::write(dir.path().join("nats.conf"), text).unwrap();
        let mut broker = Self { dir, port, child: None };
        broker.restart();
        broker
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// What is on its disk.
    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// Keeps what is on its disk now; [`Self::restart_from`] goes back to it.
    pub fn keep(&self) -> TempDir {
        let kept = TempDir::new().unwrap();
        copy(&self.store(), kept.path());
        kept
    }

    /// Killed, and started again on what was on its disk when `kept` was: whatever it acknowledged since is
    /// lost, as in a power cut.
    pub fn restart_from(&mut self, kept: &TempDir) {
        self.kill();
        fs::remove_dir_all(self.store()).unwrap();
        copy(kept.path(), &self.store());
        self.restart();
    }

    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let log = fs::File::create(self.dir.path().join("log")).unwrap();
        let child = Command::new(root().join("tools/nats-server"))
            .arg("-c")
            .arg(self.dir.path().join("nats.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap();
            assert!(start.elapsed() < Duration::from_secs(60), "nats-server: {log}");
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "nats-server: {log}");
            sleep(Duration::from_millis(20));
        }
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
