//! Switches that take single constraints and checks out, so that a harness can show that each has a
//! test which fails without it (`make mutants`, `prover/mutants.json`).
//!
//! Only the feature `mutants` makes them switches. Without it [`mutant`] is the constant `false`,
//! nothing can be taken out, and the compiler leaves no trace of them.

/// Whether the constraint or check `name` is taken out.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn mutant(_name: &str) -> bool {
    false
}

/// Whether the constraint or check `name` is taken out: the one that `TESSERA_MUTANT` names.
#[cfg(feature = "mutants")]
pub fn mutant(name: &str) -> bool {
    static TAKEN_OUT: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("TESSERA_MUTANT").ok());
    TAKEN_OUT.as_deref() == Some(name)
}
