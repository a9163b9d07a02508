//! What can't be made again is not written over: packages, schemas, openings, keys. And what a command
//! has to say reaches its reader, or the command says that it did not.
#![cfg(unix)]

mod common;

use common::{
    Said, tessera,
    tiny::{SCHEMA, model},
};
use std::{fs, path::PathBuf, process::Stdio};
use tempfile::TempDir;

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        desk.write("model.json", &model(&["-0.75", "1.5", "0.5"]));
        desk.write("schema.json", SCHEMA);
        desk.write("borrowers.csv", "income,debt\n48000000,73000000\n");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, line: &str) -> Said {
        let mut command = tessera();
        command.args(line.split_whitespace()).current_dir(self.0.path());
        command.env("TESSERA_CACHE", self.path("cache")).output().unwrap().into()
    }

    /// Runs `line`, which writes `name` over what is there: refused with what to do, and with `--force`
    /// the old one is renamed.
    fn keeps(&self, line: &str, name: &str, file: &str) {
        let before = self.read(&format!("{name}{file}"));
        let said = self.run(line).ended(2);
        assert!(said.talk.contains("is there already"), "{}", said.talk);
        assert!(said.talk.contains("hint: --force"), "{}", said.talk);
        assert_eq!(self.read(&format!("{name}{file}")), before, "{line}");
        let said = self.run(&format!("{line} --force")).ended(0);
        assert!(said.talk.contains(&format!("renamed {name} to {name}.1")), "{}", said.talk);
        assert_eq!(self.read(&format!("{name}.1{file}")), before, "{line}");
        assert_ne!(self.read(&format!("{name}{file}")), before, "{line}");
    }
}

const IMPORT: &str =
    "model import model.json --schema schema.json --points 600@50:1,pdo=20 --segments 1";

#[test]
fn a_package_is_kept_and_the_same_file_keeps_its_salt() {
    let desk = Desk::new();
    let import = format!("{IMPORT} --out package");
    desk.run(&import).ended(0);
    let package = desk.read("package/package.json");
    // The same again is the same package.
    desk.run(&import).ended(0);
    assert_eq!(desk.read("package/package.json"), package);
    // Without a number of segments it stays in as many as it was in.
    desk.run(&import.replace(" --segments 1", "")).ended(0);
    assert_eq!(desk.read("package/package.json"), package);
    // Other points from the same file: the salt is kept, and the package is another one.
    let other = import.replace("pdo=20", "pdo=21");
    desk.keeps(&other, "package", "/package.json");
    let salt = |text: &str| text.lines().find(|line| line.contains("\"salt\"")).unwrap().to_owned();
    assert_eq!(salt(&desk.read("package/package.json")), salt(&package));
    // Another file has a salt of its own.
    desk.write("model.json", &model(&["-0.5", "1.5", "0.5"]));
    desk.run(&other).ended(2);
    desk.run(&format!("{other} --force")).ended(0);
    assert_ne!(salt(&desk.read("package/package.json")), salt(&package));
    assert_eq!(desk.read("package.1/package.json"), package);
    assert!(desk.path("package.2/source").exists(), "the folder is renamed as a whole");
}

#[test]
fn a_damaged_package_is_an_error_unless_it_is_moved() {
    let desk = Desk::new();
    let import = format!("{IMPORT} --out package");
    desk.run(&import).ended(0);
    desk.write("package/package.json", "{");
    desk.run(&import).ended(2);
    assert_eq!(desk.read("package/package.json"), "{");
    desk.run(&format!("{import} --force")).ended(0);
    assert_eq!(desk.read("package.1/package.json"), "{");
}

#[test]
fn keys_openings_and_schemas_are_kept() {
    let desk = Desk::new();
    desk.run("attester new --out bank.key").ended(0);
    let issue = format!(
        "attester issue --key bank.key --schema schema.json --csv borrowers.csv --chain-id 1 \
         --registry 0x{:040x} --subject 0x{:040x} --person Ada --max-exposure 5000 --out ada",
        0xaa, 0xbb
    );
    desk.run(&issue).ended(0);
    desk.keeps(&issue, "ada/opening.json", "");
    desk.keeps("attester new --out bank.key", "bank.key", "");
    desk.run("schema infer --csv borrowers.csv --out inferred.json").ended(0);
    desk.write("inferred.json", "edited by hand");
    desk.keeps("schema infer --csv borrowers.csv --out inferred.json", "inferred.json", "");
}

/// Every command whose answer is on stdout, help and version too.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_nobody_gets_is_an_error() {
    let desk = Desk::new();
    desk.run(&format!("{IMPORT} --out package")).ended(0);
    let answers = [
        "--version",
        "--help",
        "model import --help",
        "model show package",
        "model show package --json",
        "attester new --out new.key",
        &format!("{IMPORT} --out other"),
    ];
    for line in answers {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = tessera();
        command.args(line.split_whitespace()).current_dir(desk.0.path()).stdout(full);
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{line}: {talk}");
        assert!(talk.contains("cannot write to stdout"), "{line}: {talk}");
    }
}
