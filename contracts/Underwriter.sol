// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "./interfaces/ICredentialRegistry.sol";
import {Credential} from "./interfaces/ICredentialRegistry.sol";
import {Statement} from "./interfaces/ITesseraVerifier.sol";
import {
    BorrowRequest,
    Decision,
    IUnderwriter,
    Policy,
    PolicyConfig,
    PolicyOptions,
    Pricing,
    Terms,
    Tier
} from "./interfaces/IUnderwriter.sol";
import {FieldLib} from "./libraries/FieldLib.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Underwriter
/// @notice Policies and decisions: see the interface. Policies are added and retired, never edited.
contract Underwriter is AccessManaged, IUnderwriter {
    using SafeCast for uint256;

    /// What a request refers to, looked up once.
    struct Case {
        address pool;
        address borrower;
        bytes32 uid;
        bytes32 policyId;
        Policy policy;
        Tier tier;
    }

    bytes32 private constant BORROW_TYPEHASH = keccak256(
        "Borrow(address borrower,bytes32 credentialUid,address attester,bytes32 policyId,address receiver,uint256 amount,uint256 tier,uint64 deadline,uint256 nonce)"
    );
    bytes32 private constant CONTEXT_TAG = keccak256("tessera.borrow.v1");
    uint256 private constant MAX_RATE = 10e18;
    uint256 private constant MAX_TIERS = type(uint32).max;
    uint64 private constant THRESHOLD_END = 1 << 62;
    uint32 private constant MAX_DURATION = 3650 days;
    uint256 private constant LOCAL_CHAIN = 31_337;

    /// @inheritdoc IUnderwriter
    ICredentialRegistry public immutable registry;
    /// @inheritdoc IUnderwriter
    bytes32 public policyId;

    mapping(bytes32 id => Policy) private _policies;
    mapping(bytes32 id => mapping(address issuer => bool)) private _issuers;
    mapping(uint256 tier => bytes32 id) private _policyOf;
    Tier[] private _tiers;

    /// @param authority An OpenZeppelin AccessManager, which says who may add and retire policies.
    constructor(ICredentialRegistry registry_, address authority, PolicyConfig memory firstPolicy)
        AccessManaged(authority)
    {
        require(address(registry_) != address(0) && authority != address(0), ZeroAddress());
        registry = registry_;
        _addPolicy(firstPolicy, _noOptions());
    }

    // ----------------------------------------------------------------------------------- decision

    /// @inheritdoc IUnderwriter
    function decide(address borrower, BorrowRequest calldata request, bytes calldata proof)
        external
        view
        returns (Decision memory)
    {
        (Case memory made, Statement memory proven) = _check(borrower, request);
        _checkProof(made.policy, proven, proof);
        return Decision({
            policyId: made.policyId,
            credentialUid: made.uid,
            rate: made.policy.pricing.baseRate + made.tier.premium,
            lateRate: made.policy.pricing.lateRate,
            term: made.tier.term,
            grace: made.policy.pricing.grace,
            context: proven.context,
            line: made.policy.line
        });
    }

    /// @inheritdoc IUnderwriter
    function preview(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory proven)
    {
        (, proven) = _check(borrower, request);
    }

    /// @inheritdoc IUnderwriter
    function context(
        address pool,
        address borrower,
        bytes32 credentialUid,
        Terms calldata terms,
        uint256 nonce
    ) external view returns (uint256) {
        // The tier's threshold and price are no part of a context.
        // slither-disable-next-line uninitialized-local
        Case memory made;
        made.pool = pool;
        made.borrower = borrower;
        made.uid = credentialUid;
        made.policyId = policyOf(terms.tier);
        made.policy = policyById(made.policyId);
        return _context(made, terms, nonce);
    }

    /// @inheritdoc IUnderwriter
    function statement(address pool, address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory)
    {
        Case memory made = _case(pool, borrower, request);
        made.uid = registry.uidOf(request.credential);
        return _statement(made, request);
    }

    /// @inheritdoc IUnderwriter
    function hashBorrow(address borrower, BorrowRequest calldata request) external view returns (bytes32) {
        bytes memory what = abi.encode(
            BORROW_TYPEHASH,
            borrower,
            registry.uidOf(request.credential),
            request.attester,
            policyOf(request.terms.tier),
            request.terms,
            request.nonce
        );
        return keccak256(what);
    }

    // ----------------------------------------------------------------------------------- policies

    /// @inheritdoc IUnderwriter
    function policy() external view returns (Policy memory) {
        return _policies[policyId];
    }

    /// @inheritdoc IUnderwriter
    function policyById(bytes32 id) public view returns (Policy memory found) {
        found = _policies[id];
        require(found.tierCount != 0, UnknownPolicy(id));
    }

    /// @inheritdoc IUnderwriter
    function policyOf(uint256 tier) public view returns (bytes32) {
        require(tier < _tiers.length, UnknownTier(tier, _tiers.length));
        return _policyOf[tier];
    }

    /// @inheritdoc IUnderwriter
    function isLine(uint256 tier) external view returns (bool) {
        return _policies[_policyOf[tier]].line;
    }

    /// @inheritdoc IUnderwriter
    function acceptsIssuer(bytes32 id, address issuer) public view returns (bool) {
        return _policies[id].issuerCount == 0 ? _policies[id].tierCount != 0 : _issuers[id][issuer];
    }

    /// @inheritdoc IUnderwriter
    function checkDraw(uint256 tier, address attester, bytes32 credentialUid) external view {
        bytes32 id = policyOf(tier);
        require(!_policies[id].retired, PolicyIsRetired(id));
        registry.checkStanding(attester, credentialUid);
    }

    /// @inheritdoc IUnderwriter
    function tiers(uint256 tier) public view returns (Tier memory) {
        require(tier < _tiers.length, UnknownTier(tier, _tiers.length));
        return _tiers[tier];
    }

    /// @inheritdoc IUnderwriter
    function tierCount() external view returns (uint256) {
        return _tiers.length;
    }

    /// @inheritdoc IUnderwriter
    function addPolicy(PolicyConfig calldata config) external restricted returns (bytes32) {
        return _addPolicy(config, _noOptions());
    }

    /// @inheritdoc IUnderwriter
    function addPolicyWith(PolicyConfig calldata config, PolicyOptions calldata options)
        external
        restricted
        returns (bytes32)
    {
        return _addPolicy(config, options);
    }

    /// @inheritdoc IUnderwriter
    function retirePolicy(bytes32 id) external restricted {
        Policy storage found = _policies[id];
        require(found.tierCount != 0, UnknownPolicy(id));
        require(!found.retired, PolicyIsRetired(id));
        found.retired = true;
        emit PolicyRetired(id);
    }

    // ----------------------------------------------------------------------------------- internal

    /// All but the credential's uid, which `registry.check` returns where it is called anyway.
    function _case(address pool, address borrower, BorrowRequest calldata request)
        private
        view
        returns (Case memory made)
    {
        made.pool = pool;
        made.borrower = borrower;
        made.policyId = policyOf(request.terms.tier);
        made.policy = policyById(made.policyId);
        made.tier = tiers(request.terms.tier);
    }

    function _check(address borrower, BorrowRequest calldata request)
        private
        view
        returns (Case memory made, Statement memory proven)
    {
        made = _case(msg.sender, borrower, request);
        _checkRequest(made, request);
        made.uid = registry.check(request.credential, request.attester, request.signature);
        proven = _statement(made, request);
    }

    function _checkRequest(Case memory made, BorrowRequest calldata request) private view {
        Terms calldata terms = request.terms;
        Credential calldata credential = request.credential;
        require(!made.policy.retired, PolicyIsRetired(made.policyId));
        require(block.timestamp <= terms.deadline, DeadlinePassed(terms.deadline, block.timestamp));
        require(credential.subject == made.borrower, NotTheSubject(credential.subject, made.borrower));
        bytes32 schema = bytes32(made.policy.schema);
        require(credential.schema == schema, SchemaMismatch(schema, credential.schema));
        if (made.policy.issuerCount != 0) {
            address issuer = registry.attesterKey(request.attester).issuer;
            require(_issuers[made.policyId][issuer], IssuerNotAccepted(issuer, made.policyId));
        }
        require(terms.amount != 0, ZeroAmount());
        require(terms.amount <= made.tier.maxAmount, AmountAboveTier(terms.amount, made.tier.maxAmount));
        require(
            terms.amount <= credential.maxExposure, AmountAboveExposure(terms.amount, credential.maxExposure)
        );
    }

    /// The code is compared first, so that an address whose code is gone or changed is never asked.
    function _checkProof(Policy memory current, Statement memory proven, bytes calldata proof) private view {
        address verifier = address(current.verifier);
        bytes32 codehash = verifier.codehash;
        require(codehash == current.codehash, VerifierChanged(verifier, current.codehash, codehash));
        require(current.verifier.verify(proven, proof), ProofNotAccepted());
    }

    function _statement(Case memory made, BorrowRequest calldata request)
        private
        view
        returns (Statement memory)
    {
        return Statement({
            commitment: uint256(request.credential.commitment),
            schema: made.policy.schema,
            modelDigest: made.policy.modelDigest,
            threshold: made.tier.threshold,
            context: _context(made, request.terms, request.nonce)
        });
    }

    function _context(Case memory made, Terms calldata terms, uint256 nonce) private view returns (uint256) {
        bytes memory uses = abi.encode(
            CONTEXT_TAG,
            block.chainid,
            made.pool,
            made.policy.verifier,
            made.policyId,
            made.borrower,
            terms,
            made.uid,
            nonce
        );
        return uint256(keccak256(uses)) >> 8;
    }

    function _noOptions() private pure returns (PolicyOptions memory none) {}

    function _policyId(PolicyConfig memory config, PolicyOptions memory options)
        private
        view
        returns (bytes32 id)
    {
        id = keccak256(
            abi.encode(
                config.verifier,
                address(config.verifier).codehash,
                config.modelDigest,
                config.schema,
                config.tiers,
                registry,
                config.pricing
            )
        );
        if (options.line || options.issuers.length != 0) {
            id = keccak256(abi.encode(id, options.line, options.issuers));
        }
    }

    function _addPolicy(PolicyConfig memory config, PolicyOptions memory options)
        private
        returns (bytes32 id)
    {
        _checkPolicy(config);
        id = _policyId(config, options);
        require(_policies[id].tierCount == 0, PolicyExists(id));

        uint256 first = _tiers.length;
        for (uint256 i = 0; i < config.tiers.length; i++) {
            _policyOf[first + i] = id;
            _tiers.push(config.tiers[i]);
        }
        _policies[id] = Policy({
            verifier: config.verifier,
            codehash: address(config.verifier).codehash,
            modelDigest: config.modelDigest,
            schema: config.schema,
            pricing: config.pricing,
            firstTier: first.toUint32(),
            tierCount: config.tiers.length.toUint32(),
            retired: false,
            line: options.line,
            issuerCount: options.issuers.length.toUint32()
        });
        policyId = id;
        emit PolicyAdded(id, address(config.verifier), config.modelDigest, first);
        _setOptions(id, options);
    }

    function _setOptions(bytes32 id, PolicyOptions memory options) private {
        address[] memory issuers = options.issuers;
        if (!options.line && issuers.length == 0) return;
        for (uint256 i = 0; i < issuers.length; i++) {
            require(issuers[i] != address(0), ZeroAddress());
            _issuers[id][issuers[i]] = true;
        }
        emit PolicyOptionsSet(id, options.line, issuers);
    }

    function _checkPolicy(PolicyConfig memory config) private view {
        address verifier = address(config.verifier);
        require(verifier.code.length != 0, NotAVerifier(verifier));
        require(
            block.chainid == LOCAL_CHAIN || !config.verifier.INSECURE_SRS(),
            InsecureVerifier(verifier, block.chainid)
        );
        require(FieldLib.isElement(config.modelDigest), NotAFieldElement(config.modelDigest));
        require(FieldLib.isElement(config.schema), NotAFieldElement(config.schema));

        Pricing memory pricing = config.pricing;
        require(pricing.grace <= MAX_DURATION && pricing.grace % 1 days == 0, BadDuration(pricing.grace));
        uint256 count = config.tiers.length;
        require(count != 0 && _tiers.length + count <= MAX_TIERS, TierCount(count, MAX_TIERS));
        for (uint256 i = 0; i < count; i++) {
            Tier memory tier = config.tiers[i];
            require(tier.threshold < THRESHOLD_END, ThresholdTooHigh(tier.threshold));
            require(tier.maxAmount != 0, ZeroAmount());
            require(tier.term != 0 && tier.term <= MAX_DURATION, BadDuration(tier.term));
            uint256 highest = uint256(pricing.baseRate) + tier.premium + pricing.lateRate;
            require(highest <= MAX_RATE, RateTooHigh(highest, MAX_RATE));
        }
    }
}
