// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "./ICredentialRegistry.sol";
import {ITesseraVerifier, Statement} from "./ITesseraVerifier.sol";

/// What an account presents to be let through.
struct Presentation {
    Credential credential;
    /// The key that signed the credential.
    address attester;
    bytes signature;
    /// The class that the proof is for, counted through all policies.
    uint256 class;
}

/// Which model decides, and on whose data.
struct Rule {
    ITesseraVerifier verifier;
    uint256 modelDigest;
    uint256 schema;
    /// Segments of the model, which the verifier has to be made for.
    uint256 segments;
    /// Scores to reach, in points × 2^32, below 2^62: a class each.
    uint64[] thresholds;
    /// Institutions whose credentials count (`AttesterKey.issuer`); none for all that the registry knows.
    address[] issuers;
    /// Oldest credential that counts, in seconds since it was issued; 0 for any that is in force.
    uint32 maxAge;
    /// The persons that the policy is for: those whose `slotOf` is in `from .. to`, of 10,000. Both 0 for all. A
    /// challenger model next to a champion gets persons who did not choose it.
    uint16 from;
    uint16 to;
}

/// A rule in force.
struct Policy {
    ITesseraVerifier verifier;
    uint32 maxAge;
    uint16 from;
    uint16 to;
    /// Lets nobody through any more.
    bool retired;
    /// Takes the credentials of some issuers only.
    bool someIssuers;
    /// The verifier's code when the policy was added; it has to be unchanged.
    bytes32 codehash;
    uint256 modelDigest;
    uint256 schema;
    /// Its classes are `firstClass .. firstClass + classCount`.
    uint32 firstClass;
    uint32 classCount;
}

/// Who got through.
struct Passed {
    bytes32 policyId;
    bytes32 credentialUid;
    /// What the proof was made for: the same for every proof of the same use, whatever its bytes.
    uint256 context;
}

/// @title Is this account's attested data, through this model, at least this class, for this use?
/// @notice Knows neither loans nor prices. A policy says which model decides, read by which verifier, in which
/// schema, on whose word; a class is a score to reach. The gate builds the proof's statement itself: a proof
/// serves one consumer (the caller of `check`), one account, one credential, one class and one `use`, which is
/// whatever the consumer hashes into it. Whether a use comes once or many times is the consumer's choice:
/// `check` remembers nothing, `consume` takes every context once.
interface IGate {
    // ------------------------------------------------------------------------------------- events

    event PolicyAdded(
        bytes32 indexed policyId, address indexed verifier, uint256 modelDigest, uint256 firstClass
    );
    event PolicyRetired(bytes32 indexed policyId);
    event Consumed(
        address indexed consumer, address indexed account, uint256 indexed context, bytes32 policyId
    );

    // ------------------------------------------------------------------------------------- errors

    /// An address that must not be zero is.
    error ZeroAddress();
    /// There is no such class (a tier, in a lender's words).
    error UnknownTier(uint256 tier, uint256 count);
    /// There is no such policy.
    error UnknownPolicy(bytes32 policyId);
    /// The very same policy exists already.
    error PolicyExists(bytes32 policyId);
    /// The policy lets nobody through any more.
    error PolicyIsRetired(bytes32 policyId);
    /// A policy needs at least one class and no more than `max` fit in a gate.
    error TierCount(uint256 count, uint256 max);
    /// Scores are below 2^62; a proof for a higher threshold cannot exist.
    error ThresholdTooHigh(uint64 threshold);
    /// The slots `from .. to` are not a part of 0 .. 10,000.
    error BadSlots(uint16 from, uint16 to);
    /// A digest that is to be an instance of the circuit is not below the field's modulus.
    error NotAFieldElement(uint256 value);
    /// There is no code at the verifier's address.
    error NotAVerifier(address verifier);
    /// The verifier is for models of another number of segments.
    error WrongSegments(uint256 expected, uint256 actual);
    /// The verifier's structured reference string is for development; off chain id 31337 anybody could forge its
    /// proofs.
    error InsecureVerifier(address verifier, uint256 chainId);
    /// The verifier's code is not what it was when the policy was added.
    error VerifierChanged(address verifier, bytes32 expected, bytes32 actual);
    /// The credential is somebody else's.
    error NotTheSubject(address subject, address borrower);
    /// The credential's features follow another schema than the policy's model.
    error SchemaMismatch(bytes32 expected, bytes32 given);
    /// The policy takes other issuers' credentials only.
    error IssuerNotAccepted(address issuer, bytes32 policyId);
    /// The credential is older than the policy takes.
    error CredentialTooOld(uint64 issuedAt, uint32 maxAge);
    /// The policy is for other persons.
    error NotAssigned(bytes32 policyId, uint256 slot);
    /// The verifier answered `false` instead of reverting.
    error ProofNotAccepted();
    /// The calling consumer consumed this context already.
    error AlreadyConsumed(uint256 context);

    // ----------------------------------------------------------------------------------- decision

    /// @notice Lets `account` through for the calling consumer, or reverts.
    /// @param proof The bytes that the prover wrote, for `statement(consumer, account, presented, use)`.
    function check(address account, Presentation calldata presented, bytes32 use, bytes calldata proof)
        external
        view
        returns (Passed memory);

    /// @notice The same, once for every context.
    function consume(address account, Presentation calldata presented, bytes32 use, bytes calldata proof)
        external
        returns (Passed memory);

    /// @notice Checks all that `check` checks except the proof, and reverts with the same error.
    /// @return proven The statement that the proof has to prove.
    function precheck(address account, Presentation calldata presented, bytes32 use)
        external
        view
        returns (Statement memory proven);

    /// @notice The statement that `account` has to prove. Checks nothing but that the class exists.
    function statementFor(address consumer, address account, Presentation calldata presented, bytes32 use)
        external
        view
        returns (Statement memory);

    /// @notice What a proof may be used for: `keccak256(abi.encode(keccak256("tessera.use.v2"), chainid, consumer,
    /// verifier, policyId, account, class, credentialUid, use)) >> 8`, with verifier and policy those of the class.
    function contextFor(address consumer, address account, uint256 class, bytes32 credentialUid, bytes32 use)
        external
        view
        returns (uint256);

    /// @notice True if `consumer` consumed this context.
    function consumed(address consumer, uint256 context) external view returns (bool);

    /// @notice Reverts if what `account` showed for a class counts no longer: the policy is retired, or the
    /// credential, presented again, is expired, superseded, too old or revoked.
    function checkStanding(uint256 class, address attester, Credential calldata credential) external view;

    // ----------------------------------------------------------------------------------- policies

    /// @notice Ends a policy, at once and for good. For the authority.
    function retirePolicy(bytes32 id) external;

    /// @notice The newest policy.
    function policyId() external view returns (bytes32);

    /// @notice The policy with this id; reverts if there is none.
    function policyById(bytes32 id) external view returns (Policy memory);

    /// @notice The policy that a class belongs to.
    function policyOf(uint256 class) external view returns (bytes32);

    /// @notice The score that a class asks for, in points × 2^32.
    function thresholdOf(uint256 class) external view returns (uint64);

    /// @notice Number of classes of all policies together.
    function classCount() external view returns (uint256);

    /// @notice True if the policy takes credentials of this issuer.
    function acceptsIssuer(bytes32 id, address issuer) external view returns (bool);

    /// @notice Where a person falls among 10,000 slots: `keccak256(abi.encode(issuer, holder)) % 10000`.
    function slotOf(address issuer, bytes32 holder) external pure returns (uint256);

    /// @notice The registry of credentials.
    function registry() external view returns (ICredentialRegistry);
}
