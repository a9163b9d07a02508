// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential} from "./ICredentialRegistry.sol";
import {IGate, Rule} from "./IGate.sol";
import {Statement} from "./ITesseraVerifier.sol";

// Rates are a year's simple interest in units of 1e-18 (0.12e18 is 12 %), a year being 365 days.
// Times are seconds. Amounts are in the asset's smallest unit.

/// What an attester vouches for besides the features: a credential's `claims` is its EIP-712 `hashStruct`,
/// `keccak256(abi.encode(keccak256("Exposure(address asset,uint128 max)"), asset, max))`.
struct Exposure {
    /// The token that is lent; it gives the amount its unit.
    address asset;
    /// The most that one loan may pay out.
    uint128 max;
}

/// What the borrower asks for. Part of the proof's context, so nobody can change it on the way.
struct Terms {
    /// Who gets the money.
    address receiver;
    uint256 amount;
    /// A class of the gate: a score to reach, and what it entitles to.
    uint256 tier;
    /// Last second at which the request may be carried out.
    uint64 deadline;
}

/// Everything that `borrow` needs besides the proof.
struct BorrowRequest {
    Credential credential;
    /// The key that signed the credential.
    address attester;
    bytes signature;
    /// What the credential's `claims` is the hash of.
    Exposure exposure;
    Terms terms;
    /// How many loans the person took out before (`ICredentialRegistry.personOf`).
    uint256 nonce;
}

/// What a score entitles to: the proof shows the band, never the score.
struct Tier {
    /// The score to reach, in points × 2^32, below 2^62.
    uint64 threshold;
    /// The most that one loan may pay out.
    uint96 maxAmount;
    /// Added to the policy's base rate.
    uint64 premium;
    /// From payout to the due date, which is rounded up to the end of its day (UTC).
    uint32 term;
}

/// The price of time, the same for every tier of a policy.
struct Pricing {
    uint64 baseRate;
    /// Added to a loan's rate after its due date.
    uint64 lateRate;
    /// From the due date until the loan counts as delinquent; whole days.
    uint32 grace;
    /// A tier's amount is the limit of a credit line and its term the line's life, instead of a loan's.
    bool line;
}

/// A policy to be added: who passes, and what it gets.
struct PolicyConfig {
    /// Its thresholds are those of the tiers, and left empty here.
    Rule rule;
    /// The token that the tiers' amounts are of.
    address asset;
    Pricing pricing;
    Tier[] tiers;
}

/// A proof accepted: what the borrower may have, and under which policy.
struct Decision {
    bytes32 policyId;
    bytes32 credentialUid;
    /// Base rate and the tier's premium.
    uint64 rate;
    uint64 lateRate;
    uint32 term;
    uint32 grace;
    /// The one that the proof was made for.
    uint256 context;
    /// A credit line, not a loan.
    bool line;
}

/// @title Decides on requests for loans: a gate with prices
/// @notice On top of the gate's question, whether the borrower reaches a class, it keeps what a class may have
/// and at what price; it holds no money and no loans. The caller of `decide` is the pool that the proof must
/// have been made for, so that one underwriter can serve several pools, and a proof never serves two. Policies
/// name the asset of their amounts, and so do credentials.
interface IUnderwriter is IGate {
    // ------------------------------------------------------------------------------------- events

    event TermsSet(bytes32 indexed policyId, address indexed asset, Pricing pricing);

    // ------------------------------------------------------------------------------------- errors

    /// An amount that must not be zero is.
    error ZeroAmount();
    /// A yearly rate above the ceiling of 1000 %.
    error RateTooHigh(uint256 rate, uint256 max);
    /// A tier's term or a grace period is zero, too long, or not made of whole days.
    error BadDuration(uint256 given);
    /// A rule of a lending policy comes with thresholds of its own.
    error ThresholdsGiven(uint256 count);
    /// The request came too late.
    error DeadlinePassed(uint64 deadline, uint256 timestamp);
    /// The tier's or the credential's amounts are of another token than the pool's.
    error WrongAsset(address expected, address given);
    /// The exposure is not what the attester signed.
    error WrongExposure(bytes32 claims, bytes32 given);
    /// More than the tier pays out.
    error AmountAboveTier(uint256 amount, uint256 max);
    /// More than the attester vouches for.
    error AmountAboveExposure(uint256 amount, uint256 max);

    // ----------------------------------------------------------------------------------- decision

    /// @notice Accepts `borrower`'s request to the calling pool, which lends `asset`, or reverts. Checks all but
    /// what only the pool knows: its cash, the person's lock, and whether `borrower` really asked.
    /// @param proof The bytes that the prover wrote, for `statement(pool, borrower, request)`.
    function decide(address asset, address borrower, BorrowRequest calldata request, bytes calldata proof)
        external
        view
        returns (Decision memory);

    /// @notice Checks all that `decide` checks except the proof, and reverts with the same error.
    /// @return proven The statement that the proof has to prove.
    function preview(address asset, address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory proven);

    /// @notice The context that a proof by `borrower` for `pool` must carry: `contextFor` with the use
    /// `keccak256(abi.encode(keccak256("tessera.borrow.v2"), terms, nonce))`.
    function context(
        address pool,
        address borrower,
        bytes32 credentialUid,
        Terms calldata terms,
        uint256 nonce
    ) external view returns (uint256);

    /// @notice The statement that `borrower` has to prove to `pool` for `request`. Checks nothing but that the
    /// tier exists.
    function statement(address pool, address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory);

    /// @notice EIP-712 `hashStruct` of the `Borrow` that a borrower signs for a relayer; see
    /// `ITesseraPool.borrowFor`.
    function hashBorrow(address borrower, BorrowRequest calldata request) external view returns (bytes32);

    // ----------------------------------------------------------------------------------- policies

    /// @notice Adds a policy next to the existing ones, its tiers after theirs. For the authority.
    /// @return id Commits to the rule, the verifier's code, the registry, asset, prices and tiers: another model,
    /// verifier or price is another policy and voids proofs made for this one.
    function addPolicy(PolicyConfig calldata config) external returns (bytes32 id);

    /// @notice A tier, counted through all policies.
    function tiers(uint256 tier) external view returns (Tier memory);

    /// @notice The prices of a policy, and the token that its amounts are of.
    function termsOf(bytes32 id) external view returns (Pricing memory pricing, address asset);

    /// @notice True if a proof for this tier opens a credit line; false if there is no such tier.
    function isLine(uint256 tier) external view returns (bool);
}
