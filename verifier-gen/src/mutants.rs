//! Checks of the generated contract that a harness takes out, one at a time, to see a test fail
//! ([`tessera_core::mutants`]).

use tessera_core::mutant;

/// A check: its name, its text in the contract, which is there once or wherever `everywhere` says so,
/// and what stands there without it.
pub(crate) struct Check {
    name: &'static str,
    text: &'static str,
    without: &'static str,
}

const fn taken_out(name: &'static str, text: &'static str, without: &'static str) -> Check {
    Check { name, text, without }
}

/// Of the contract for N segments.
pub(crate) const AGGREGATED: &[Check] = &[
    taken_out("verifier.word", "iszero(lt(word, r))", "0"),
    taken_out("verifier.evaluation", "iszero(lt(mload(at), R))", "0"),
    taken_out("verifier.inverse.word", "iszero(lt(inverse, r))", "0"),
    taken_out(
        "verifier.inverse",
        "iszero(eq(mulmod(mulmod(product_4, vanishing, r), inverse, r), 1))",
        "0",
    ),
    taken_out("verifier.rho", "mstore(RHO, mod(state, R))", "mstore(RHO, 1)"),
    taken_out(
        "verifier.rho.last",
        "state := absorb(state, PROOF_W_PRIME, 0x40)",
        "state := squeeze(state)",
    ),
    taken_out(
        "verifier.model-digest",
        "iszero(eq(shr(8, keccak256(SCRATCH, sub(to, SCRATCH))), mload(MODEL_DIGEST)))",
        "0",
    ),
    // Either alone is caught by the other: without precompiles both answers are missing.
    taken_out("verifier.answer", "eq(returndatasize(), 0x40)", "1"),
    taken_out("verifier.answer", "eq(returndatasize(), 0x20)", "1"),
    taken_out("verifier.length", "proof.length != PROOF_LENGTH", "false"),
    taken_out("verifier.layout", "!canonical", "false"),
    taken_out("verifier.layout.offset", "eq(proof.offset, DATA)", "1"),
    taken_out("verifier.layout.end", "eq(calldatasize(), add(DATA, proof.length))", "1"),
    taken_out(
        "verifier.point.curve",
        "and(on_curve, and(lt(x, Q), lt(y, Q)))",
        "and(lt(x, Q), lt(y, Q))",
    ),
    taken_out("verifier.point.range", "and(on_curve, and(lt(x, Q), lt(y, Q)))", "on_curve"),
    taken_out("verifier.point.deferred", "check_point(at, sub(div(at, 0x20), 1))", ""),
    taken_out("verifier.point.advice", "check_point(advice, sub(div(advice, 0x20), 1))", ""),
    taken_out(
        "verifier.point.proof",
        "check_point(add(accumulator, 0x40), div(sub(at, 0x44), 0x20))",
        "",
    ),
    taken_out("verifier.point.first", "check_point(LEFT, div(sub(PROOF, 0x44), 0x20))", ""),
    taken_out("verifier.pairing", "iszero(eq(mload(SCRATCH), 1))", "0"),
];

/// Of the contract for direct proofs.
pub(crate) const DIRECT: &[Check] = &[
    taken_out("direct-verifier.length", "proof.length != PROOF_LENGTH", "false"),
    taken_out("direct-verifier.layout.offset", "eq(proof.offset, DATA)", "1"),
    taken_out("direct-verifier.layout.end", "eq(calldatasize(), add(DATA, proof.length))", "1"),
    taken_out("direct-verifier.size", "or(lt(k, MIN_K), gt(k, MAX_K))", "0"),
    taken_out("direct-verifier.initial-state", "iszero(lt(mload(0x00), R))", "0"),
    taken_out("direct-verifier.evaluation", "iszero(lt(mload(at), R))", "0"),
    taken_out("direct-verifier.word", "iszero(lt(word, r))", "0"),
    taken_out(
        "direct-verifier.model-digest",
        "iszero(eq(shr(8, keccak256(SCRATCH, 0x140)), mload(MODEL_DIGEST)))",
        "0",
    ),
    taken_out("direct-verifier.inverse.word", "iszero(lt(inverse, r))", "0"),
    taken_out(
        "direct-verifier.inverse",
        "iszero(eq(mulmod(mulmod(product_5, weights, r), inverse, r), 1))",
        "0",
    ),
    taken_out(
        "direct-verifier.point.curve",
        "and(on_curve, and(lt(x, Q), lt(y, Q)))",
        "and(lt(x, Q), lt(y, Q))",
    ),
    taken_out("direct-verifier.point.range", "and(on_curve, and(lt(x, Q), lt(y, Q)))", "on_curve"),
    // Each alone is caught by the others: without precompiles all answers are missing.
    taken_out("direct-verifier.answer", "eq(returndatasize(), 0x40)", "1"),
    taken_out("direct-verifier.answer", "eq(returndatasize(), 0x20)", "1"),
    taken_out("direct-verifier.pairing", "iszero(eq(mload(SCRATCH), 1))", "0"),
];

/// The contract's text without the one of `checks` that is taken out, if one is.
pub(crate) fn apply(text: String, checks: &[Check]) -> String {
    let checks = checks.iter().filter(|check| mutant(check.name));
    checks.fold(text, |text, check| text.replace(check.text, check.without))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_in_the_contract() {
        let contracts = [
            (include_str!("../templates/Verifier.sol"), AGGREGATED),
            (include_str!("../templates/Direct.sol"), DIRECT),
        ];
        for (template, checks) in contracts {
            let template = crate::parts::assemble(template);
            for check in checks {
                let times = template.matches(check.text).count();
                let answers = check.name.ends_with(".answer");
                assert!(times == 1 || answers && times > 0, "{}: {times} times", check.name);
            }
        }
    }
}
