// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";
import {IGate, Passed, Policy, Presentation, Rule} from "../interfaces/IGate.sol";
import {ITesseraVerifier, Statement} from "../interfaces/ITesseraVerifier.sol";
import {FieldLib} from "../libraries/FieldLib.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title What every gate does: see the interface
/// @notice Who adds policies, and with what besides a rule, is left to the contracts built on it. Policies are
/// added and retired, never edited.
abstract contract GateBase is AccessManaged, IGate {
    using SafeCast for uint256;

    /// What a presentation refers to, looked up once.
    struct Case {
        address consumer;
        address account;
        uint256 class;
        bytes32 use;
        bytes32 uid;
        bytes32 policyId;
        uint64 threshold;
        uint192 terms;
        Policy policy;
    }

    /// A class in storage.
    struct Class {
        bytes32 policyId;
        uint64 threshold;
        /// What the class entitles to, for the contract that is built on the gate.
        uint192 terms;
    }

    bytes32 private constant CONTEXT_TAG = keccak256("tessera.use.v2");
    uint256 private constant MAX_CLASSES = type(uint32).max;
    uint64 private constant THRESHOLD_END = 1 << 62;
    uint256 private constant LOCAL_CHAIN = 31_337;
    uint16 private constant SLOTS = 10_000;

    /// @inheritdoc IGate
    ICredentialRegistry public immutable registry;
    /// @inheritdoc IGate
    bytes32 public policyId;
    /// @inheritdoc IGate
    uint256 public classCount;

    mapping(bytes32 id => Policy) private _policies;
    mapping(bytes32 id => mapping(address issuer => bool)) private _issuers;
    mapping(uint256 class => Class) private _classes;
    mapping(address consumer => mapping(uint256 context => bool)) private _consumed;

    /// @param authority An OpenZeppelin AccessManager, which says who may add and retire policies.
    constructor(ICredentialRegistry registry_, address authority) AccessManaged(authority) {
        require(address(registry_) != address(0) && authority != address(0), ZeroAddress());
        registry = registry_;
    }

    // ----------------------------------------------------------------------------------- decision

    /// @inheritdoc IGate
    function check(address account, Presentation calldata presented, bytes32 use, bytes calldata proof)
        external
        view
        returns (Passed memory)
    {
        return _check(account, presented, use, proof);
    }

    /// @inheritdoc IGate
    function consume(address account, Presentation calldata presented, bytes32 use, bytes calldata proof)
        external
        returns (Passed memory passed)
    {
        passed = _check(account, presented, use, proof);
        require(!_consumed[msg.sender][passed.context], AlreadyConsumed(passed.context));
        _consumed[msg.sender][passed.context] = true;
        emit Consumed(msg.sender, account, passed.context, passed.policyId);
    }

    /// @inheritdoc IGate
    function precheck(address account, Presentation calldata presented, bytes32 use)
        external
        view
        returns (Statement memory)
    {
        Case memory found = _case(msg.sender, account, presented.class, use);
        _present(found, presented.credential, presented.attester, presented.signature);
        return _statement(found, presented.credential.commitment);
    }

    /// @inheritdoc IGate
    function statementFor(address consumer, address account, Presentation calldata presented, bytes32 use)
        external
        view
        returns (Statement memory)
    {
        Case memory found = _case(consumer, account, presented.class, use);
        found.uid = registry.uidOf(presented.credential);
        return _statement(found, presented.credential.commitment);
    }

    /// @inheritdoc IGate
    function contextFor(address consumer, address account, uint256 class, bytes32 credentialUid, bytes32 use)
        external
        view
        returns (uint256)
    {
        Case memory found = _case(consumer, account, class, use);
        found.uid = credentialUid;
        return _context(found);
    }

    /// @inheritdoc IGate
    function consumed(address consumer, uint256 context) external view returns (bool) {
        return _consumed[consumer][context];
    }

    /// @inheritdoc IGate
    function checkStanding(uint256 class, address attester, Credential calldata credential) external view {
        bytes32 id = policyOf(class);
        Policy storage found = _policies[id];
        require(!found.retired, PolicyIsRetired(id));
        _checkAge(found.maxAge, credential.issuedAt);
        registry.checkStanding(
            attester, credential.holder, registry.uidOf(credential), credential.issuedAt, credential.expiresAt
        );
    }

    // ----------------------------------------------------------------------------------- policies

    /// @inheritdoc IGate
    function policyById(bytes32 id) public view returns (Policy memory found) {
        found = _policies[id];
        require(found.classCount != 0, UnknownPolicy(id));
    }

    /// @inheritdoc IGate
    function policyOf(uint256 class) public view returns (bytes32 id) {
        id = _classes[class].policyId;
        require(id != 0, UnknownTier(class, classCount));
    }

    /// @inheritdoc IGate
    function thresholdOf(uint256 class) public view returns (uint64) {
        require(_classes[class].policyId != 0, UnknownTier(class, classCount));
        return _classes[class].threshold;
    }

    /// @inheritdoc IGate
    function acceptsIssuer(bytes32 id, address issuer) public view returns (bool) {
        return _policies[id].someIssuers ? _issuers[id][issuer] : _policies[id].classCount != 0;
    }

    /// @inheritdoc IGate
    function slotOf(address issuer, bytes32 holder) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(issuer, holder))) % SLOTS;
    }

    /// @inheritdoc IGate
    function retirePolicy(bytes32 id) external restricted {
        Policy storage found = _policies[id];
        require(found.classCount != 0, UnknownPolicy(id));
        require(!found.retired, PolicyIsRetired(id));
        found.retired = true;
        emit PolicyRetired(id);
    }

    // ----------------------------------------------------------------------------------- internal

    function _check(address account, Presentation calldata presented, bytes32 use, bytes calldata proof)
        private
        view
        returns (Passed memory)
    {
        Case memory found = _case(msg.sender, account, presented.class, use);
        _present(found, presented.credential, presented.attester, presented.signature);
        return _prove(found, presented.credential.commitment, proof);
    }

    /// All but the credential's uid.
    function _case(address consumer, address account, uint256 class, bytes32 use)
        internal
        view
        returns (Case memory found)
    {
        found.consumer = consumer;
        found.account = account;
        found.class = class;
        found.use = use;
        found.policyId = policyOf(class);
        (found.threshold, found.terms) = (_classes[class].threshold, _classes[class].terms);
        // All but which classes it has, which nobody asks for here.
        Policy storage policy = _policies[found.policyId];
        (found.policy.verifier, found.policy.maxAge) = (policy.verifier, policy.maxAge);
        (found.policy.from, found.policy.to) = (policy.from, policy.to);
        (found.policy.retired, found.policy.someIssuers) = (policy.retired, policy.someIssuers);
        (found.policy.codehash, found.policy.modelDigest) = (policy.codehash, policy.modelDigest);
        found.policy.schema = policy.schema;
    }

    /// Checks everything about the credential, and completes the case by its uid.
    function _present(
        Case memory found,
        Credential calldata credential,
        address attester,
        bytes calldata signature
    ) internal view {
        Policy memory policy = found.policy;
        require(!policy.retired, PolicyIsRetired(found.policyId));
        require(credential.subject == found.account, NotTheSubject(credential.subject, found.account));
        bytes32 schema = bytes32(policy.schema);
        require(credential.schema == schema, SchemaMismatch(schema, credential.schema));
        if (policy.someIssuers || policy.to != 0) {
            address issuer = registry.attesterKey(attester).issuer;
            bool accepted = !policy.someIssuers || _issuers[found.policyId][issuer];
            require(accepted, IssuerNotAccepted(issuer, found.policyId));
            uint256 slot = slotOf(issuer, credential.holder);
            bool assigned = policy.to == 0 || (slot >= policy.from && slot < policy.to);
            require(assigned, NotAssigned(found.policyId, slot));
        }
        found.uid = registry.check(credential, attester, signature);
        _checkAge(policy.maxAge, credential.issuedAt);
    }

    /// The code is compared first, so that an address whose code is gone or changed is never asked.
    function _prove(Case memory found, bytes32 commitment, bytes calldata proof)
        internal
        view
        returns (Passed memory)
    {
        Statement memory proven = _statement(found, commitment);
        ITesseraVerifier verifier = found.policy.verifier;
        bytes32 codehash = address(verifier).codehash;
        require(
            codehash == found.policy.codehash,
            VerifierChanged(address(verifier), found.policy.codehash, codehash)
        );
        require(verifier.verify(proven, proof), ProofNotAccepted());
        return Passed({policyId: found.policyId, credentialUid: found.uid, context: proven.context});
    }

    function _statement(Case memory found, bytes32 commitment) internal view returns (Statement memory) {
        return Statement({
            commitment: uint256(commitment),
            schema: found.policy.schema,
            modelDigest: found.policy.modelDigest,
            threshold: found.threshold,
            context: _context(found)
        });
    }

    function _context(Case memory found) internal view returns (uint256) {
        bytes memory bound = abi.encode(
            CONTEXT_TAG,
            block.chainid,
            found.consumer,
            found.policy.verifier,
            found.policyId,
            found.account,
            found.class,
            found.uid,
            found.use
        );
        return uint256(keccak256(bound)) >> 8;
    }

    /// @param terms Whatever else the policy commits to: its id does, and by it every proof.
    /// @param classTerms What each class entitles to; empty if that is nothing.
    function _addPolicy(Rule memory rule, bytes32 terms, uint192[] memory classTerms)
        internal
        returns (bytes32 id)
    {
        _checkRule(rule);
        bytes32 codehash = address(rule.verifier).codehash;
        id = keccak256(abi.encode(rule, codehash, registry, terms));
        require(_policies[id].classCount == 0, PolicyExists(id));

        uint256 first = classCount;
        for (uint256 i = 0; i < rule.thresholds.length; i++) {
            uint192 own = classTerms.length == 0 ? 0 : classTerms[i];
            _classes[first + i] = Class({policyId: id, threshold: rule.thresholds[i], terms: own});
        }
        classCount = first + rule.thresholds.length;
        for (uint256 i = 0; i < rule.issuers.length; i++) {
            require(rule.issuers[i] != address(0), ZeroAddress());
            _issuers[id][rule.issuers[i]] = true;
        }
        _policies[id] = Policy({
            verifier: rule.verifier,
            maxAge: rule.maxAge,
            from: rule.from,
            to: rule.to,
            retired: false,
            someIssuers: rule.issuers.length != 0,
            codehash: codehash,
            modelDigest: rule.modelDigest,
            schema: rule.schema,
            firstClass: first.toUint32(),
            classCount: rule.thresholds.length.toUint32()
        });
        policyId = id;
        emit PolicyAdded(id, address(rule.verifier), rule.modelDigest, first);
    }

    function _termsOf(uint256 class) internal view returns (uint192) {
        return _classes[class].terms;
    }

    function _checkAge(uint32 maxAge, uint64 issuedAt) private view {
        bool fresh = maxAge == 0 || block.timestamp <= uint256(issuedAt) + maxAge;
        require(fresh, CredentialTooOld(issuedAt, maxAge));
    }

    function _checkRule(Rule memory rule) private view {
        address verifier = address(rule.verifier);
        require(verifier.code.length != 0, NotAVerifier(verifier));
        require(
            block.chainid == LOCAL_CHAIN || !rule.verifier.INSECURE_SRS(),
            InsecureVerifier(verifier, block.chainid)
        );
        uint256 segments = rule.verifier.SEGMENTS();
        require(segments == rule.segments, WrongSegments(rule.segments, segments));
        require(FieldLib.isElement(rule.modelDigest), NotAFieldElement(rule.modelDigest));
        require(FieldLib.isElement(rule.schema), NotAFieldElement(rule.schema));
        bool all = rule.from == 0 && rule.to == 0;
        require(all || (rule.from < rule.to && rule.to <= SLOTS), BadSlots(rule.from, rule.to));
        uint256 count = rule.thresholds.length;
        require(count != 0 && classCount + count <= MAX_CLASSES, TierCount(count, MAX_CLASSES));
        for (uint256 i = 0; i < count; i++) {
            require(rule.thresholds[i] < THRESHOLD_END, ThresholdTooHigh(rule.thresholds[i]));
        }
    }
}
