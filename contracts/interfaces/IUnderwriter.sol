// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "./ICredentialRegistry.sol";
import {ITesseraVerifier, Statement} from "./ITesseraVerifier.sol";

// Rates are a year's simple interest in units of 1e-18 (0.12e18 is 12 %), a year being 365 days.
// Times are seconds. Amounts are in the asset's smallest unit.

/// What the borrower asks for. Part of the proof's context, so nobody can change it on the way.
struct Terms {
    /// Who gets the money.
    address receiver;
    uint256 amount;
    /// Index of a tier of this pool, which also decides the policy.
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
    Terms terms;
    /// The borrower's `borrowNonce` in this pool.
    uint256 nonce;
}

/// One band of scores and what it entitles to: the proof shows the band, never the score.
struct Tier {
    /// The score to reach, in points × 2^32, below 2^62.
    uint64 threshold;
    /// The most that one loan may pay out.
    uint128 maxAmount;
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
}

/// A policy to be added.
struct PolicyConfig {
    ITesseraVerifier verifier;
    uint256 modelDigest;
    uint256 schema;
    Pricing pricing;
    Tier[] tiers;
}

/// A policy as it stands: which model decides, in which schema, by which verifier, at what price.
struct Policy {
    ITesseraVerifier verifier;
    /// The verifier's code when the policy was added; a loan needs it unchanged.
    bytes32 codehash;
    uint256 modelDigest;
    uint256 schema;
    Pricing pricing;
    /// Its tiers are `firstTier .. firstTier + tierCount`.
    uint32 firstTier;
    uint32 tierCount;
    /// No new loans.
    bool retired;
    /// Its tiers are credit lines.
    bool line;
    /// How many issuers it takes credentials of; 0 for all that the registry knows.
    uint32 issuerCount;
}

/// What most policies go without.
struct PolicyOptions {
    /// A tier's amount is the limit of a credit line and its term the line's life, instead of a loan's.
    bool line;
    /// Institutions whose credentials count (`AttesterKey.issuer`); none for all that the registry knows.
    address[] issuers;
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

/// @title Decides on requests: policies, tiers, credentials, proofs
/// @notice A policy says which model decides, read by which verifier, in which schema, and what a score is
/// worth. The underwriter keeps policies and judges a request under them; it holds no money and no loans.
/// The caller of `decide` is the pool that the proof must have been made for, so that one underwriter can
/// serve several pools and protocols, and a proof never serves two.
interface IUnderwriter {
    // ------------------------------------------------------------------------------------- events

    event PolicyAdded(
        bytes32 indexed policyId, address indexed verifier, uint256 modelDigest, uint256 firstTier
    );
    /// Of a policy that was added with options, after its `PolicyAdded`.
    event PolicyOptionsSet(bytes32 indexed policyId, bool line, address[] issuers);
    event PolicyRetired(bytes32 indexed policyId);

    // ------------------------------------------------------------------------------------- errors

    /// An address that must not be zero is.
    error ZeroAddress();
    /// An amount that must not be zero is.
    error ZeroAmount();
    /// There is no such tier.
    error UnknownTier(uint256 tier, uint256 count);
    /// There is no such policy.
    error UnknownPolicy(bytes32 policyId);
    /// The very same policy exists already.
    error PolicyExists(bytes32 policyId);
    /// The tier's policy makes no new loans.
    error PolicyIsRetired(bytes32 policyId);
    /// A policy needs at least one tier and no more than `max` fit in a pool.
    error TierCount(uint256 count, uint256 max);
    /// Scores are below 2^62; a proof for a higher threshold cannot exist.
    error ThresholdTooHigh(uint64 threshold);
    /// A yearly rate above the ceiling of 1000 %.
    error RateTooHigh(uint256 rate, uint256 max);
    /// A tier's term or a grace period is zero, too long, or not made of whole days.
    error BadDuration(uint256 given);
    /// A digest that is to be an instance of the circuit is not below the field's modulus.
    error NotAFieldElement(uint256 value);
    /// There is no code at the verifier's address.
    error NotAVerifier(address verifier);
    /// The verifier's structured reference string is for development; off chain id 31337 anybody could
    /// forge its proofs.
    error InsecureVerifier(address verifier, uint256 chainId);
    /// The verifier's code is not what it was when the policy was added.
    error VerifierChanged(address verifier, bytes32 expected, bytes32 actual);
    /// The request came too late.
    error DeadlinePassed(uint64 deadline, uint256 timestamp);
    /// The credential is somebody else's.
    error NotTheSubject(address subject, address borrower);
    /// The credential's features follow another schema than the policy's model.
    error SchemaMismatch(bytes32 expected, bytes32 given);
    /// The policy takes other issuers' credentials only.
    error IssuerNotAccepted(address issuer, bytes32 policyId);
    /// More than the tier pays out.
    error AmountAboveTier(uint256 amount, uint256 max);
    /// More than the attester vouches for.
    error AmountAboveExposure(uint256 amount, uint256 max);
    /// The verifier answered `false` instead of reverting.
    error ProofNotAccepted();

    // ----------------------------------------------------------------------------------- decision

    /// @notice Accepts `borrower`'s request to the calling pool, or reverts. Checks all but what only the
    /// pool knows: its nonces, its cash, and whether `borrower` really asked.
    /// @param proof The bytes that the prover wrote, for `statement(pool, borrower, request)`.
    function decide(address borrower, BorrowRequest calldata request, bytes calldata proof)
        external
        view
        returns (Decision memory);

    /// @notice Checks all that `decide` checks except the proof, and reverts with the same error.
    /// @return proven The statement that the proof has to prove.
    function preview(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory proven);

    /// @notice The context that a proof by `borrower` for `pool` must carry: what it may be used for.
    /// `keccak256(abi.encode(keccak256("tessera.borrow.v1"), chainid, pool, verifier, policyId, borrower,
    /// terms, credentialUid, nonce)) >> 8`, with verifier and policy those of the tier.
    function context(
        address pool,
        address borrower,
        bytes32 credentialUid,
        Terms calldata terms,
        uint256 nonce
    ) external view returns (uint256);

    /// @notice The statement that `borrower` has to prove to `pool` for `request`. Checks nothing but that
    /// the tier exists.
    function statement(address pool, address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory);

    /// @notice EIP-712 `hashStruct` of the `Borrow` that a borrower signs for a relayer; see
    /// `ITesseraPool.borrowFor`.
    function hashBorrow(address borrower, BorrowRequest calldata request) external view returns (bytes32);

    // ----------------------------------------------------------------------------------- policies

    /// @notice Adds a policy next to the existing ones, its tiers after theirs. For the authority.
    /// @return id `keccak256(abi.encode(verifier, codehash, modelDigest, schema, tiers, registry,
    /// pricing))`: another model, verifier or price is another policy and voids proofs made for this one.
    function addPolicy(PolicyConfig calldata config) external returns (bytes32 id);

    /// @notice Adds a policy of credit lines, or for the credentials of some issuers only, or both.
    /// @return id Without options that of `addPolicy`, otherwise `keccak256(abi.encode(thatId, line,
    /// issuers))`.
    function addPolicyWith(PolicyConfig calldata config, PolicyOptions calldata options)
        external
        returns (bytes32 id);

    /// @notice Ends a policy: no new loans and no drawing, at once and for good. For the authority.
    function retirePolicy(bytes32 id) external;

    /// @notice The newest policy.
    function policyId() external view returns (bytes32);

    /// @notice The newest policy.
    function policy() external view returns (Policy memory);

    /// @notice The policy with this id; reverts if there is none.
    function policyById(bytes32 id) external view returns (Policy memory);

    /// @notice The policy that a tier belongs to.
    function policyOf(uint256 tier) external view returns (bytes32);

    /// @notice True if a proof for this tier opens a credit line; false if there is no such tier.
    function isLine(uint256 tier) external view returns (bool);

    /// @notice True if the policy takes credentials of this issuer.
    function acceptsIssuer(bytes32 id, address issuer) external view returns (bool);

    /// @notice Reverts if nothing may be drawn on a line of this tier that was opened on the credential
    /// `credentialUid`: its policy is retired, or the credential or its key revoked.
    function checkDraw(uint256 tier, address attester, bytes32 credentialUid) external view;

    /// @notice A tier, counted through all policies.
    function tiers(uint256 tier) external view returns (Tier memory);

    /// @notice Number of tiers of all policies together.
    function tierCount() external view returns (uint256);

    /// @notice The registry of credentials and locks.
    function registry() external view returns (ICredentialRegistry);
}
