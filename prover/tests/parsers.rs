//! Any bytes as any file: a typed error that names the file, or a value; never a panic, a hang, or
//! memory for a length that the file merely claims.
//!
//! Each parser is given its corpus (`tests/corpus/<parser>/`, real files and hostile ones), then
//! random bytes, then the corpus spoilt at random. `PROPTEST_CASES` sets how often (`make fuzz`).

mod common;

use common::tiny::SCHEMA;
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, FileFailurePersistence},
};
use std::{
    fmt::{Debug, Display},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tessera::chain::{Artifacts, Deployment, Request};
use tessera_aggregate::VerifierSpec;
use tessera_credential::{AccountKey, Opening, SignedCredential};
use tessera_import::{ImportOptions, InferOptions, Table, import, infer};
use tessera_model::{Package, Scaling, Schema, Score, package, schema::parse_grid};
use tessera_proving::ProofFile;
use tessera_report::Report;
use tessera_segment::Proof;
use tessera_setup::{Srs, import_ptau};

/// The slowest parse of a file of some kilobytes that is no hang.
const PATIENCE: Duration = Duration::from_secs(10);
/// Memory that parsing such a file may take, in KiB.
const ROOM: u64 = 256 << 10;

static SCHEMA_READ: LazyLock<Schema> = LazyLock::new(|| {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("schema.json"), SCHEMA).unwrap();
    Schema::load(&dir.path().join("schema.json")).unwrap()
});

/// What reading a file says, the value dropped.
type Parse = fn(&Path) -> Result<(), String>;

fn verdict<T, E: Display + Debug>(result: Result<T, E>) -> Result<(), String> {
    result.map(drop).map_err(|error| {
        let _ = format!("{error:?}");
        error.to_string()
    })
}

/// A folder with the file as the package.
fn as_package(path: &Path) -> Result<(), String> {
    let folder = path.with_extension("package");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(path, folder.join(package::FILE)).unwrap();
    verdict(Package::load(&folder))
}

/// A folder with the file as the report, about the package of the corpus.
fn as_report(path: &Path) -> Result<(), String> {
    let folder = path.with_extension("report");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(path, folder.join(tessera_report::FILE)).unwrap();
    let about = folder.join("about");
    fs::create_dir_all(&about).unwrap();
    fs::copy(corpus("package").join("package.json"), about.join(package::FILE)).unwrap();
    let package = Package::load(&about).map_err(|error| error.to_string())?;
    verdict(Report::load(&folder, &package))
}

/// Also verified, whatever the verdict: the corpus outlives the keys.
fn as_proof(path: &Path) -> Result<(), String> {
    static SPEC: LazyLock<VerifierSpec> = LazyLock::new(|| {
        let path = common::root().join("contracts/generated/TesseraVerifier1.json");
        VerifierSpec::load(&path).unwrap()
    });
    let mut proof = ProofFile::load(path).map_err(|error| error.to_string())?;
    proof.verifier = SPEC.digest();
    let _ = verdict(tessera_proving::verify(&proof, &SPEC));
    Ok(())
}

fn as_segment(path: &Path) -> Result<(), String> {
    static SRS: LazyLock<Srs> = LazyLock::new(|| tessera_setup::development(4).unwrap());
    let (proof, _) = Proof::read(path).map_err(|error| error.to_string())?;
    let _ = verdict(proof.verify(SRS.params()));
    Ok(())
}

fn as_credential(path: &Path) -> Result<(), String> {
    let credential = SignedCredential::load(path).map_err(|error| error.to_string())?;
    verdict(credential.check(1_800_000_000)).map_err(|e| format!("{}: {e}", path.display()))
}

fn as_table(path: &Path) -> Result<(), String> {
    let mut table = Table::open(path).map_err(|error| error.to_string())?;
    let in_file = |error: String| format!("{}: {error}", path.display());
    let columns =
        SCHEMA_READ.columns(table.header()).map_err(|error| in_file(error.to_string()))?;
    for (row, record) in table.by_ref().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let cells: Vec<&str> = record.iter().collect();
        SCHEMA_READ
            .encode_row(&columns, row + 1, &cells)
            .map_err(|error| in_file(error.to_string()))?;
    }
    verdict(infer(path, &InferOptions::default()))
}

fn as_model(path: &Path) -> Result<(), String> {
    let scaling: Scaling = "600@50:1,pdo=20".parse().unwrap();
    let options = ImportOptions::default();
    verdict(import(path, &SCHEMA_READ, &scaling, Some([7; 32]), &options))
}

/// A contract as forge leaves it, `<file>.sol/<name>.json`.
fn as_contract(path: &Path) -> Result<(), String> {
    let folder = path.with_extension("sol");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(path, folder.join("contract.json")).unwrap();
    verdict(Artifacts::new(path.parent().unwrap()).creation_code("contract", "contract"))
}

/// Every file that is read, by the name of its corpus.
const PARSERS: [(&str, Parse); 16] = [
    ("proof", as_proof),
    ("segment-proof", as_segment),
    ("credential", as_credential),
    ("opening", |path| verdict(Opening::load(path, &SCHEMA_READ))),
    ("key", |path| verdict(AccountKey::load(path))),
    ("package", as_package),
    ("report", as_report),
    ("schema", |path| verdict(Schema::load(path))),
    ("table", as_table),
    ("model", as_model),
    ("srs", |path| verdict(Srs::load(path))),
    ("ptau", |path| verdict(import_ptau(path, 2))),
    ("request", |path| verdict(Request::load(path))),
    ("deployment", |path| verdict(Deployment::load(path))),
    ("verifier", |path| verdict(VerifierSpec::load(path))),
    ("contract", as_contract),
];

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// The files of a corpus, in the order of their names.
fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpus(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut seeds: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    seeds.sort();
    seeds
}

/// Most address space that this process has had, in KiB: what was reserved counts, touched or not.
fn reserved() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// One file through one parser.
#[track_caller]
fn feed(folder: &Path, (name, parse): (&str, Parse), bytes: &[u8]) -> Result<(), String> {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    let (start, before) = (Instant::now(), reserved());
    let verdict = parse(&path);
    let (time, taken) = (start.elapsed(), reserved() - before);
    assert!(time < PATIENCE, "{name}: {time:.1?} for {} bytes", bytes.len());
    assert!(taken < ROOM, "{name}: {taken} KiB for {} bytes", bytes.len());
    if let Err(message) = &verdict {
        assert!(message.contains(name), "{name}: the error names no file: {message}");
        assert!(message.len() < 4096, "{name}: {} characters of error", message.len());
    }
    verdict
}

/// Files called `bad…` are refused, all others read; every import format has some of both.
#[test]
fn every_corpus_has_the_verdicts_that_its_names_say() {
    let dir = TempDir::new().unwrap();
    let mut files = 0;
    for (name, parse) in PARSERS {
        let seeds = seeds(name);
        assert!(seeds.iter().any(|(file, _)| !file.starts_with("bad")), "{name} has no good file");
        for (file, bytes) in seeds {
            let verdict = feed(dir.path(), (name, parse), &bytes);
            match file.starts_with("bad") {
                true => assert!(verdict.is_err(), "{name}/{file} was read"),
                false => assert_eq!(verdict, Ok(()), "{name}/{file}"),
            }
            files += 1;
        }
    }
    println!("{files} files");
}

/// Every parser on every other parser's files.
#[test]
fn files_of_another_kind_are_called_so() {
    let dir = TempDir::new().unwrap();
    for (name, parse) in PARSERS {
        for (other, _) in PARSERS.iter().filter(|(other, _)| *other != name) {
            for (file, bytes) in seeds(other) {
                let verdict = feed(dir.path(), (name, parse), &bytes);
                assert!(verdict.is_err(), "{other}/{file} was read as {name}");
            }
        }
    }
}

/// How a file is spoilt.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, u8),
    Double(Index, u8),
    Insert(Index, Vec<u8>),
    /// A number of digits in the text becomes another one.
    Number(Index, String),
}

fn spoils() -> impl Strategy<Value = Vec<Spoil>> {
    let index = any::<Index>;
    let number = prop_oneof![
        Just("-1".to_string()),
        Just("1e999999999".into()),
        Just("-1e-999999999".into()),
        Just("18446744073709551616".into()),
        Just("9223372036854775808".into()),
        Just("340282366920938463463374607431768211456".into()),
        Just("9".repeat(400)),
        Just("0".into()),
        Just("null".into()),
        Just("[]".into()),
        Just("[".repeat(300)),
        Just("\"\\ud800\"".into()),
        "[0-9]{1,30}\\.?[0-9]{0,5}([eE]-?[0-9]{1,4})?",
    ];
    let one = prop_oneof![
        (index(), 1u8..).prop_map(|(at, bits)| Spoil::Flip(at, bits)),
        index().prop_map(Spoil::Cut),
        (index(), any::<u8>()).prop_map(|(at, length)| Spoil::Remove(at, length)),
        (index(), any::<u8>()).prop_map(|(at, length)| Spoil::Double(at, length)),
        (index(), prop::collection::vec(any::<u8>(), 1..20))
            .prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
        (index(), number).prop_map(|(at, text)| Spoil::Number(at, text)),
    ];
    prop::collection::vec(one, 1..4)
}

fn spoil(bytes: &mut Vec<u8>, spoil: &Spoil) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    let range = |at: &Index, count: u8| {
        let start = at.index(length);
        start..(start + usize::from(count)).min(length)
    };
    match spoil {
        Spoil::Flip(at, bits) => bytes[at.index(length)] ^= bits,
        Spoil::Cut(at) => bytes.truncate(at.index(length)),
        Spoil::Remove(at, count) => drop(bytes.drain(range(at, *count))),
        Spoil::Double(at, count) => {
            let range = range(at, *count);
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, copy);
        }
        Spoil::Insert(at, inserted) => {
            let at = at.index(length);
            bytes.splice(at..at, inserted.iter().copied());
        }
        Spoil::Number(at, text) => {
            let start = at.index(length);
            let digits =
                |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
            let start = (start..length).find(|at| digits(*at) > 0).unwrap_or(start);
            let end = start + digits(start);
            bytes.splice(start..end, text.bytes());
        }
    }
}

/// As many cases as the environment says, by default few enough for every day.
fn cases() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    // Failures are remembered in a file beside this one, and tried first.
    let memory = FileFailurePersistence::Direct("tests/parsers.proptest-regressions");
    Config {
        cases: cases.unwrap_or(512),
        failure_persistence: Some(Box::new(memory)),
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let dir = TempDir::new().unwrap();
        for parser in PARSERS {
            prop_assert!(feed(dir.path(), parser, &bytes).is_err());
        }
    }

    #[test]
    fn any_text(text in "[\\[\\]{}\",:0-9a-z=<?~ \\n.eE+-]{0,300}") {
        let dir = TempDir::new().unwrap();
        for parser in PARSERS {
            let _ = feed(dir.path(), parser, text.as_bytes());
        }
    }

    #[test]
    fn spoilt_files(which in any::<Index>(), changes in spoils()) {
        let dir = TempDir::new().unwrap();
        for (name, parse) in PARSERS {
            let seeds = seeds(name);
            let (_, mut bytes) = seeds[which.index(seeds.len())].clone();
            changes.iter().for_each(|change| spoil(&mut bytes, change));
            let _ = feed(dir.path(), (name, parse), &bytes);
        }
    }

    /// Numbers of the command line.
    #[test]
    fn any_number(text in prop_oneof![
        any::<String>(), "[-+]?[0-9]{0,40}[.,]?[0-9]{0,40}([eE][-+]?[0-9]{0,12})?",
    ]) {
        let start = Instant::now();
        let _ = Score::from_points(&text).map_err(|error| error.to_string());
        for decimals in [0, 9, 18] {
            let _ = parse_grid(&text, decimals);
        }
        let _ = format!("{text}@50:1,pdo=20").parse::<Scaling>();
        let _ = format!("600@{text}:1,pdo={text}").parse::<Scaling>();
        let _ = text.parse::<Scaling>().map_err(|error| error.to_string());
        prop_assert!(start.elapsed() < PATIENCE);
    }
}
