//! What happens when the machine does: killed at any moment, no room on the disk, a cache that cannot
//! be written, too little memory, two at once, a clock that is off. Nothing is left half-written, the
//! error says what happened, and the next run works.
#![cfg(target_os = "linux")]

mod common;

use common::{
    Said, tessera,
    tiny::{SCHEMA, model},
};
use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::ExitStatusExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tessera_setup::Srs;

const PROVE: &str = "prove --model package --opening ada/opening.json --segments 1 --threshold 480 \
    --context 0x00000000000000000000000000000000000000000000000000000000000000c0";

struct Desk(TempDir);

impl Desk {
    /// With package and opening, its cache empty.
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        fs::write(desk.path("model.json"), model(&["-0.75", "1.5", "0.5"])).unwrap();
        fs::write(desk.path("schema.json"), SCHEMA).unwrap();
        fs::write(desk.path("borrowers.csv"), "income,debt\n48000000,73000000\n").unwrap();
        let import = "model import model.json --schema schema.json --points 600@50:1,pdo=20";
        desk.run(&format!("{import} --out package")).ended(0);
        desk.run("attester new --out attester.key").ended(0);
        desk.run(&desk.issue("--out ada")).ended(0);
        desk.run("verifier generate --segments 1 --cache spare --out generated").ended(0);
        desk
    }

    fn issue(&self, more: &str) -> String {
        format!(
            "attester issue --key attester.key --schema schema.json --csv borrowers.csv --chain-id 1 \
             --registry 0x{:040x} --subject 0x{:040x} --person Ada --max-exposure 5000 {more}",
            0xaa, 0xbb
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = tessera();
        command.args(line.split_whitespace());
        self.at_home(&mut command);
        command
    }

    fn at_home(&self, command: &mut Command) {
        command.current_dir(self.0.path()).env("TESSERA_CACHE", self.path("cache"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    fn run(&self, line: &str) -> Said {
        self.command(line).output().unwrap().into()
    }

    /// [`Self::run`] behind the shell's `ulimit`; writing past a file limit is an error, not a signal.
    fn limited(&self, limit: &str, line: &str) -> std::process::Output {
        let script = format!("trap '' XFSZ; ulimit {limit} || exit 97; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_tessera")]);
        command.args(line.split_whitespace()).env("NO_COLOR", "1").env_remove("TESSERA_SRS");
        self.at_home(&mut command);
        let output = command.output().unwrap();
        assert_ne!(output.status.code(), Some(97), "this shell has no `ulimit {limit}`");
        output
    }

    /// The proof, if there is one, holds; every SRS in the cache is whole.
    #[track_caller]
    fn is_whole(&self) {
        if self.path("proof.json").exists() {
            self.run("verify proof.json --verifier generated/TesseraVerifier1.json").ended(0);
        }
        for path in self.cached() {
            if path.extension().is_some_and(|end| end == "srs") {
                Srs::load(&path).unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }

    fn cached(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("cache/srs")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Files of unfinished writes in a folder.
    fn unfinished(&self, folder: &str) -> usize {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "tmp")).count()
    }

    /// Kills `line` after each of `moments` fractions of the time that it takes; after each kill
    /// everything is whole. Returns how many runs were killed before their end.
    fn kill(&self, line: &str, moments: u32, before: impl Fn(&Self, u32)) -> u32 {
        before(self, 0);
        let start = Instant::now();
        self.run(line).ended(0);
        let whole = start.elapsed();
        let mut killed = 0;
        for moment in 0..moments {
            before(self, moment);
            let mut child = self.command(line).spawn().unwrap();
            std::thread::sleep(whole * moment / moments);
            child.kill().unwrap();
            let status = child.wait_with_output().unwrap().status;
            killed += u32::from(status.signal() == Some(9));
            self.is_whole();
        }
        killed
    }
}

#[test]
fn killed_while_proving() {
    let desk = Desk::new();
    let line = format!("{PROVE} --out proof.json");
    // Every second time from an empty cache; the proof of the last run is there to be replaced.
    let killed = desk.kill(&line, 8, |desk, moment| {
        if moment % 2 == 0 {
            let _ = fs::remove_dir_all(desk.path("cache"));
        }
    });
    assert!(killed > 4, "{killed} of 8 runs were killed in time");
    desk.run(&line).ended(0);
    desk.is_whole();
}

#[test]
fn killed_while_making_or_importing_an_srs() {
    let desk = Desk::new();
    let whole = |desk: &Desk, name: &str| {
        let path = desk.path(name);
        assert!(!path.exists() || Srs::load(&path).is_ok(), "{name} is half-written");
    };
    let made = "srs dev --k 15 --out made.srs";
    let killed = desk.kill(made, 6, |desk, _| {
        whole(desk, "made.srs");
        let _ = fs::remove_dir_all(desk.path("cache"));
    });
    assert!(killed > 3, "{killed} of 6 runs were killed in time");
    whole(&desk, "made.srs");
    desk.run(made).ended(0);
    desk.run("srs check made.srs").ended(0);

    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup/tests/data/snarkjs-6.ptau");
    let imported = format!("srs import {} --k 6 --out imported.srs", sample.display());
    desk.kill(&imported, 5, |desk, _| whole(desk, "imported.srs"));
    desk.run(&imported).ended(0);
    desk.run("srs check imported.srs").ended(0);
}

/// Files of one command that belong together: halves of two runs are told apart.
#[test]
fn killed_while_importing_or_issuing() {
    let desk = Desk::new();
    let import = "model import model.json --schema schema.json --points 600@50:1,pdo=20";
    let import = format!("{import} --out package");
    desk.kill(&import, 4, |desk, _| {
        let said = desk.run("model show package");
        let again = said.code == Some(2) && said.talk.contains("import the model again");
        assert!(said.code == Some(0) || again, "{}", said.talk);
    });
    desk.run(&import).ended(0);
    desk.run("model show package").ended(0);

    // Over what is there: it is renamed first, so for a moment there is nothing.
    let issue = desk.issue("--out ada --force");
    let check =
        "attester check ada/credential.json --opening ada/opening.json --schema schema.json";
    desk.kill(&issue, 4, |desk, _| {
        let said = desk.run(check);
        let other = said.code == Some(1) && said.talk.contains("does not open");
        let half = said.code == Some(2) && said.talk.contains("there is no file");
        assert!(said.code == Some(0) || other || half, "{}", said.talk);
    });
    desk.run(&issue).ended(0);
    desk.run(check).ended(0);
}

/// A file that may not grow stands for a disk without room: `write` fails at the same place.
#[test]
fn no_room_on_the_disk() {
    let desk = Desk::new();
    let line = format!("{PROVE} --out proof.json");
    let out_of_room = |limit: &str, line: &str, names: &str| {
        let said = Said::from(desk.limited(limit, line)).ended(2);
        assert!(said.talk.contains("cannot write"), "{}", said.talk);
        assert!(said.talk.contains(names), "{}", said.talk);
        assert!(said.talk.contains("too large"), "the system's reason: {}", said.talk);
    };
    // The SRS first: hundreds of kilobytes.
    out_of_room("-f 64", &line, ".srs");
    assert!(desk.cached().is_empty());
    assert_eq!(desk.unfinished("cache/srs"), 0);
    desk.run(&line).ended(0);
    let before = fs::read(desk.path("proof.json")).unwrap();

    // Then the proof, and files that are there already.
    for (line, file) in [
        (line.as_str(), "proof.json"),
        ("srs dev --k 8 --out dev.srs", "dev.srs"),
        (&desk.issue("--out bob"), "opening.json"),
        ("attester new --out other.key", "other.key"),
        (
            "model import model.json --schema schema.json --points 600@50:1,pdo=20 --out package",
            "source",
        ),
    ] {
        desk.run("srs dev --k 8").ended(0);
        out_of_room("-f 0", line, file);
    }
    assert_eq!(fs::read(desk.path("proof.json")).unwrap(), before, "the old proof is left");
    for folder in [".", "cache/srs", "package", "bob"] {
        assert_eq!(desk.unfinished(folder), 0, "{folder}");
    }
    desk.is_whole();
    desk.run(&line).ended(0);
}

/// As somebody who may not write there, even where the tests run as root.
#[test]
fn a_cache_that_cannot_be_written() {
    let desk = Desk::new();
    let line = format!("{PROVE} --out out/proof.json");
    // A file where the folder should be.
    fs::write(desk.path("cache"), b"").unwrap();
    let said = desk.run(&line).ended(2);
    assert!(said.talk.contains("cache/srs"), "{}", said.talk);
    fs::remove_file(desk.path("cache")).unwrap();

    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::create_dir_all(desk.path("cache/srs")).unwrap();
    fs::create_dir(desk.path("out")).unwrap();
    for (name, bits) in [(".", 0o755), ("out", 0o777), ("cache/srs", 0o555), ("cache", 0o555)] {
        mode(&desk.path(name), bits);
    }
    let as_nobody = |line: &str| -> Said {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return desk.run(line);
        }
        // Root may write anywhere: as nobody, with a copy of the command that nobody can reach.
        let binary = desk.path("tessera");
        if !binary.exists() {
            fs::copy(env!("CARGO_BIN_EXE_tessera"), &binary).unwrap();
        }
        for name in ["ada/opening.json", "package/package.json"] {
            mode(&desk.path(name), 0o644);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(binary);
        command.args(line.split_whitespace()).env("NO_COLOR", "1").env_remove("TESSERA_SRS");
        desk.at_home(&mut command);
        command.output().expect("`setpriv` of util-linux, which this test needs as root").into()
    };
    let said = as_nobody(&line).ended(2);
    assert!(said.talk.contains("cannot write") && said.talk.contains("cache/srs"), "{}", said.talk);
    assert!(said.talk.contains("ermission denied"), "{}", said.talk);

    // What is in the cache already serves, though nothing can be added.
    for name in ["cache", "cache/srs"] {
        mode(&desk.path(name), 0o755);
    }
    desk.run(&format!("{PROVE} --out proof.json")).ended(0);
    for name in ["cache/srs", "cache"] {
        mode(&desk.path(name), 0o555);
    }
    as_nobody(&line).ended(0);
    desk.run("verify out/proof.json --verifier generated/TesseraVerifier1.json").ended(0);
    for name in ["cache", "cache/srs"] {
        mode(&desk.path(name), 0o755);
    }
}

/// Limits from far too low to enough: where the command starts at all, it proves or says what it lacks.
#[test]
fn too_little_memory() {
    let desk = Desk::new();
    let line = format!("{PROVE} --out proof.json");
    desk.run(&line).ended(0);
    let before = fs::read(desk.path("proof.json")).unwrap();
    let (mut refused, mut proven) = (0, false);
    for megabytes in (32..=512).step_by(16) {
        let limit = format!("-v {}", megabytes << 10);
        if !desk.limited(&limit, "--version").status.success() {
            continue;
        }
        let output = desk.limited(&limit, &line);
        let talk = String::from_utf8_lossy(&output.stderr).to_lowercase();
        println!("{megabytes} MB: {}: {}", output.status, talk.lines().last().unwrap_or_default());
        desk.is_whole();
        if output.status.success() {
            proven = true;
            break;
        }
        // Said beforehand, or by the allocator at the moment.
        assert!(talk.contains("memory") && !talk.contains("bug"), "{megabytes} MB: {talk}");
        assert_eq!(fs::read(desk.path("proof.json")).unwrap(), before);
        refused += 1;
    }
    assert!(refused > 0 && proven, "{refused} limits were too low; proven: {proven}");
    fs::write(desk.path("proof.json"), &before).unwrap();
    desk.run(&line).ended(0);
    desk.is_whole();
}

#[test]
fn several_at_once_on_an_empty_cache() {
    let desk = Desk::new();
    let children: Vec<_> = (0..3)
        .map(|i| desk.command(&format!("{PROVE} --out proof-{i}.json")).spawn().unwrap())
        .collect();
    for child in children {
        Said::from(child.wait_with_output().unwrap()).ended(0);
    }
    desk.is_whole();
    assert_eq!(desk.unfinished("cache/srs"), 0);
    for i in 0..3 {
        let line = format!("verify proof-{i}.json --verifier generated/TesseraVerifier1.json");
        desk.run(&line).ended(0);
    }

    // One key file, made by several at once: one of them, and its key is the one in the file.
    let children: Vec<_> =
        (0..6).map(|_| desk.command("attester new --out shared.key").spawn().unwrap()).collect();
    let said: Vec<Said> =
        children.into_iter().map(|child| child.wait_with_output().unwrap().into()).collect();
    let made: Vec<&Said> = said.iter().filter(|said| said.code == Some(0)).collect();
    assert_eq!(made.len(), 1);
    assert!(said.iter().filter(|said| said.code == Some(2)).count() == 5);
    let file = fs::read_to_string(desk.path("shared.key")).unwrap().to_lowercase();
    assert!(file.contains(&made[0].out.trim().to_lowercase()), "{} in {file}", made[0].out);
}

/// Dates are of the credential and the chain; a proof has none. What the clock decides here is the
/// check of a credential, which says what it compared.
#[test]
fn a_clock_that_is_off() {
    let desk = Desk::new();
    let check = "attester check ada/credential.json";
    desk.run(check).ended(0);
    for (time, says) in [
        ("0", "is the clock right"),
        ("2020-01-01T00:00:00Z", "is the clock right"),
        ("2100-01-01T00:00:00Z", "expired"),
        ("18446744073709551615", "expired"),
    ] {
        let said = desk.run(&format!("{check} --at {time}")).ended(1);
        assert!(said.talk.contains(says) && said.talk.contains("T"), "{time}: {}", said.talk);
    }
    // Issued by a clock that is ahead or behind, as far as it can be.
    for (from, code) in [("0", 1), ("4102444800", 1), ("18446744073709551615", 1)] {
        let issued = desk.run(&desk.issue(&format!("--from {from} --out late-{from}")));
        match from {
            // No room for an end after the start.
            "18446744073709551615" => drop(issued.ended(1)),
            _ => {
                issued.ended(0);
                desk.run(&format!("attester check late-{from}/credential.json")).ended(code);
            }
        }
    }
    // Files from the future are read like others.
    let future = std::time::SystemTime::now() + Duration::from_secs(86_400 * 365 * 30);
    desk.run(&format!("{PROVE} --out proof.json")).ended(0);
    for path in desk.cached().into_iter().chain([desk.path("ada/opening.json")]) {
        fs::File::options().write(true).open(path).unwrap().set_modified(future).unwrap();
    }
    desk.run(&format!("{PROVE} --out proof.json")).ended(0);
}
