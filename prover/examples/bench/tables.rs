//! What the benchmark prints: Markdown, as the README shows it.

use crate::{
    aggregated::Row, commands::CommandRow, direct::DirectRow, kernels::MsmRow, stock::Stock,
};
use verifier_gen::Bill;

fn head(title: &str, columns: &[&str]) {
    println!("\n{title}\n\n| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()));
}

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or("–".into(), |bytes| format!("{} MB", bytes >> 20))
}

/// Models in segments.
pub fn aggregated(rows: &[Row], baseline: f64) {
    head(
        &format!(
            "Aggregated. The baseline of the ratio is the German-credit model as one segment's proof, not \
             aggregated: {baseline:.2} s"
        ),
        &[
            "model",
            "size",
            "N",
            "k",
            "keys",
            "segments",
            "aggregation: MSM / FFT / rest",
            "features → proof",
            "expected",
            "ratio",
            "memory",
            "expected",
            "gas",
            "code",
        ],
    );
    for row in rows {
        let (parts, expected) = (&row.aggregation, &row.expected);
        println!(
            "| {} | {} | {} | {} + {} | {:.2} s | {:.2} s | {:.2} s: {:.2} / {:.2} / {:.2} | {:.2} s | {:.2} s ({:+.0} %) | {:.2} | {} | {} MB | {} | {} B |",
            row.model,
            row.size,
            row.segments,
            row.segment_k,
            row.aggregation_k,
            row.keys_seconds,
            row.stages["segments"],
            row.stages["aggregate"],
            parts.msm_seconds,
            parts.fft_seconds,
            parts.other_seconds,
            row.prove_seconds,
            expected.prove_seconds,
            100.0 * (expected.prove_seconds / row.prove_seconds - 1.0),
            row.ratio,
            megabytes(row.peak_memory_bytes),
            expected.memory >> 20,
            row.gas.today.total,
            row.verifier_code_bytes,
        );
    }
}

/// Models in one circuit.
pub fn direct(rows: &[DirectRow]) {
    head(
        "Direct, without aggregation",
        &[
            "model",
            "k",
            "keys",
            "features → proof",
            "proofs a minute",
            "memory",
            "of it after the second proof",
            "proofs that confirm nothing",
            "gas",
            "code",
        ],
    );
    for row in rows {
        println!(
            "| {} | {} | {:.2} s | {:.2} s | {:.0} | {} | {} | {} | {} | {} B |",
            row.model,
            row.k,
            row.keys_seconds,
            row.prove_seconds,
            row.proofs_a_minute,
            megabytes(row.peak_memory_bytes),
            megabytes(row.memory_growth_bytes),
            row.proofs,
            row.gas.today.total,
            row.verifier_code_bytes,
        );
    }
}

/// Where the gas goes, today and at the prices of the next upgrade's drafts.
pub fn gas(rows: &[(String, Bill, Bill)]) {
    head(
        "Gas of a bare transaction that verifies, by what it is spent on; the last column at the prices of the \
         next upgrade's drafts (EIP-2780, 7976, 8037, 8038)",
        &[
            "proof",
            "pairing",
            "ecMul",
            "ecAdd",
            "inversions",
            "call data",
            "base",
            "rest",
            "total",
            "next upgrade",
        ],
    );
    for (name, today, next) in rows {
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            today.pairing,
            today.multiplications,
            today.additions,
            today.exponentiations,
            today.call_data,
            today.base,
            today.rest,
            today.total,
            next.total,
        );
    }
}

/// What a person waits for.
pub fn commands(rows: &[CommandRow]) {
    head("Whole commands, from a cold process, German credit", &["command", "seconds", "parts"]);
    for row in rows {
        let part = |(name, seconds): &(String, f64)| format!("{name} {seconds:.2}");
        let parts: Vec<_> = row.parts.iter().map(part).collect();
        println!("| {} | {:.2} s | {} |", row.command, row.seconds, parts.join(", "));
    }
}

/// Our multi-scalar multiplication against halo2's.
pub fn multiplications(rows: &[MsmRow]) {
    head(
        "Multi-scalar multiplication, against halo2's on the same points",
        &["points", "scalars", "ours", "halo2's", "ratio"],
    );
    for row in rows {
        println!(
            "| 2^{} | {} | {:.4} s | {:.4} s | {:.2} |",
            row.k,
            row.scalars,
            row.seconds,
            row.halo2_seconds,
            row.halo2_seconds / row.seconds,
        );
    }
}

/// The stock aggregation against ours of as many segments.
pub fn stock(stock: &Stock, ours: &Row) {
    head(
        "Against snark-verifier's own aggregation of as many proofs of as many rows, in the same run",
        &["", "keys", "segments → proof", "memory", "gas"],
    );
    let keys = stock.keys_seconds / ours.keys_seconds;
    let prove = stock.prove_seconds() / ours.prove_seconds;
    println!(
        "| snark-verifier, 2^{} rows | {:.1} s | {:.1} s | {} | {} |",
        stock.aggregation_k,
        stock.keys_seconds,
        stock.prove_seconds(),
        megabytes(stock.peak_memory_bytes),
        stock.gas
    );
    println!(
        "| Tessera, 2^{} rows | {:.2} s | {:.2} s | {} | {} |",
        ours.aggregation_k,
        ours.keys_seconds,
        ours.prove_seconds,
        megabytes(ours.peak_memory_bytes),
        ours.gas.today.total
    );
    let memory = stock.peak_memory_bytes.zip(ours.peak_memory_bytes);
    let memory = memory.map_or("–".into(), |(a, b)| format!("{:.0}", a as f64 / b as f64));
    let gas = stock.gas as f64 / ours.gas.today.total as f64;
    println!("| ratio | {keys:.0} | {prove:.0} | {memory} | {gas:.2} |");
}
