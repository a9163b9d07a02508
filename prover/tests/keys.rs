//! `tessera keys check`: whether a digest is a model's.

mod common;

use common::{
    Said, tessera,
    tiny::{SCHEMA, model},
};
use std::fs;
use tempfile::TempDir;

struct Auditor(TempDir);

impl Auditor {
    /// An auditor who is shown a package.
    fn new() -> Self {
        let auditor = Self(TempDir::new().unwrap());
        auditor.import("package", "-0.75");
        auditor
    }

    fn import(&self, package: &str, leaf: &str) {
        fs::write(self.0.path().join("model.json"), model(&[leaf, "1.5", "0.5"])).unwrap();
        fs::write(self.0.path().join("schema.json"), SCHEMA).unwrap();
        self.run(&format!(
            "model import model.json --schema schema.json --points 600@50:1,pdo=20 --segments 1 \
             --out {package}"
        ))
        .ended(0);
    }

    fn run(&self, line: &str) -> Said {
        let mut command = tessera();
        command.args(line.split_whitespace()).current_dir(self.0.path()).output().unwrap().into()
    }

    /// The digest of `package`'s keys, made with these options.
    fn digest(&self, package: &str, options: &str) -> String {
        let said = self.run(&format!("keys build --model {package} {options} --json")).ended(0);
        said.json()["modelDigest"].as_str().unwrap().to_owned()
    }

    fn check(&self, digest: &str, options: &str) -> Said {
        self.run(&format!("keys check --model package --digest {digest} {options}"))
    }
}

#[test]
fn a_digest_is_the_models_or_is_not() {
    let auditor = Auditor::new();
    let own = auditor.digest("package", "");
    let said = auditor.check(&own, "").ended(0);
    assert_eq!(said.out, "the digest is that of this model\n");

    // Of another model, though it has the same shape; and of the same one, imported elsewhere: the salt is
    // another.
    auditor.import("other", "-0.5");
    auditor.import("again", "-0.75");
    for package in ["other", "again"] {
        let theirs = auditor.digest(package, "");
        let said = auditor.check(&theirs, "").ended(1);
        assert!(said.talk.contains(&own), "it says which it is: {}", said.talk);
        assert_eq!(said.out, "");
    }
    let one_off =
        format!("{}{}", &own[..own.len() - 1], if own.ends_with('0') { '1' } else { '0' });
    auditor.check(&one_off, "").ended(1);
    auditor.check("0x12", "--segments 3").ended(2);
}

#[test]
fn a_digest_is_of_one_way_to_prove() {
    let auditor = Auditor::new();
    let [one, two, direct] = ["--segments 1", "--segments 2", "--profile direct"].map(|options| {
        let digest = auditor.digest("package", options);
        auditor.check(&digest, options).ended(0);
        digest
    });
    for (digest, options) in
        [(&two, "--segments 1"), (&one, "--segments 2"), (&direct, ""), (&one, "--profile direct")]
    {
        let said = auditor.check(digest, options).ended(1);
        assert!(said.talk.contains("--profile"), "what else it depends on: {}", said.talk);
    }
}
