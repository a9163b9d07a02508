//! Makes development strings and prints how long that, saving, loading and checking take.
//!
//! `cargo run --release -p tessera-setup --example development -- 16 20`

use std::{error::Error, time::Instant};
use tessera_setup::{Srs, development};

fn main() -> Result<(), Box<dyn Error>> {
    let sizes: Vec<u32> = std::env::args().skip(1).map(|k| k.parse()).collect::<Result<_, _>>()?;
    let folder = tempfile::tempdir()?;
    println!("{:>3} {:>10} {:>10} {:>10} {:>10}", "k", "make", "save", "load", "check");
    for k in sizes {
        let path = folder.path().join("development.srs");
        let (made, make) = timed(|| development(k));
        let srs = made?;
        let (saved, save) = timed(|| srs.save(&path));
        saved?;
        let (loaded, load) = timed(|| Srs::load(&path));
        let loaded = loaded?;
        let (report, check) = timed(|| loaded.check());
        report?;
        println!("{k:>3} {make:>8.2} s {save:>8.2} s {load:>8.2} s {check:>8.2} s");
    }
    Ok(())
}

/// The result of `work` and its seconds.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}
