//! Imports sizes of a `.ptau` file and prints how long that takes.
//!
//! `cargo run --release -p tessera-setup --example import -- FILE.ptau 12 16`

use std::{error::Error, path::Path, time::Instant};
use tessera_setup::import_ptau;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, sizes) = arguments.split_first().ok_or("which file?")?;
    for k in sizes {
        let start = Instant::now();
        let srs = import_ptau(Path::new(file), k.parse()?)?;
        println!("k = {k:>2} {:>8.2} s  {}", start.elapsed().as_secs_f64(), srs.digest());
    }
    Ok(())
}
