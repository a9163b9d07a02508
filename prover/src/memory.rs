//! Memory: what this process has had at most, and what is free.

use std::fs;

/// Largest resident set since the start or the last [`reset`], in bytes; `None` off Linux.
pub fn peak() -> Option<u64> {
    bytes("/proc/self/status", "VmHWM:")
}

/// Memory that this process can still have, without swapping and within its limit (`ulimit -v`), in
/// bytes; `None` off Linux.
pub fn available() -> Option<u64> {
    let free = bytes("/proc/meminfo", "MemAvailable:")?;
    Some(address_space().map_or(free, |space| space.min(free)))
}

/// What the limit of the address space leaves, at most: what is reserved and not touched is not
/// counted as taken, for it may be had again. `None` without a limit.
fn address_space() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(bytes("/proc/self/status", "VmRSS:")?))
}

/// The entry `name` of a kernel table, which counts in KiB.
fn bytes(table: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(table).ok()?;
    let entry = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = entry.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Starts the count anew from what is resident now.
pub fn reset() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_touched() {
        let before = peak().unwrap();
        let block = vec![1u8; 64 << 20];
        assert!(std::hint::black_box(&block)[17] == 1);
        assert!(peak().unwrap() >= before.max(64 << 20));
        drop(block);
        assert!(reset());
    }
}
