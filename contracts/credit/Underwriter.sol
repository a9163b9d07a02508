// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {GateBase} from "../gate/GateBase.sol";
import {ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";
import {Passed} from "../interfaces/IGate.sol";
import {Statement} from "../interfaces/ITesseraVerifier.sol";
import {
    BorrowRequest,
    Decision,
    IUnderwriter,
    PolicyConfig,
    Pricing,
    Terms,
    Tier
} from "../interfaces/IUnderwriter.sol";

/// @title Underwriter
/// @notice Prices and decisions: see the interface.
contract Underwriter is GateBase, IUnderwriter {
    /// A policy's part of what the gate does not know.
    struct Price {
        Pricing pricing;
        address asset;
    }

    bytes32 private constant BORROW_TYPEHASH = keccak256(
        "Borrow(address borrower,bytes32 credentialUid,address attester,bytes32 policyId,address receiver,uint256 amount,uint256 tier,uint64 deadline,uint256 nonce)"
    );
    bytes32 private constant EXPOSURE_TYPEHASH = keccak256("Exposure(address asset,uint128 max)");
    bytes32 private constant USE_TAG = keccak256("tessera.borrow.v2");
    uint256 private constant MAX_RATE = 10e18;
    uint32 private constant MAX_DURATION = 3650 days;

    mapping(bytes32 policyId => Price) private _prices;

    /// @param authority An OpenZeppelin AccessManager, which says who may add and retire policies.
    constructor(ICredentialRegistry registry_, address authority, PolicyConfig memory firstPolicy)
        GateBase(registry_, authority)
    {
        _addPriced(firstPolicy);
    }

    // ----------------------------------------------------------------------------------- decision

    /// @inheritdoc IUnderwriter
    function decide(address asset, address borrower, BorrowRequest calldata request, bytes calldata proof)
        external
        view
        returns (Decision memory decision)
    {
        Case memory found = _request(asset, borrower, request);
        Passed memory passed = _prove(found, request.credential.commitment, proof);
        Pricing memory pricing = _prices[found.policyId].pricing;
        (, uint64 premium, uint32 term) = _unpack(found.terms);
        decision.policyId = passed.policyId;
        decision.credentialUid = passed.credentialUid;
        decision.rate = pricing.baseRate + premium;
        decision.lateRate = pricing.lateRate;
        decision.term = term;
        decision.grace = pricing.grace;
        decision.context = passed.context;
        decision.line = pricing.line;
    }

    /// @inheritdoc IUnderwriter
    function preview(address asset, address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory)
    {
        return _statement(_request(asset, borrower, request), request.credential.commitment);
    }

    /// @inheritdoc IUnderwriter
    function context(
        address pool,
        address borrower,
        bytes32 credentialUid,
        Terms calldata terms,
        uint256 nonce
    ) external view returns (uint256) {
        Case memory found = _case(pool, borrower, terms.tier, _use(terms, nonce));
        found.uid = credentialUid;
        return _context(found);
    }

    /// @inheritdoc IUnderwriter
    function statement(address pool, address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory)
    {
        Case memory found = _case(pool, borrower, request.terms.tier, _use(request.terms, request.nonce));
        found.uid = registry.uidOf(request.credential);
        return _statement(found, request.credential.commitment);
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
    function addPolicy(PolicyConfig calldata config) external restricted returns (bytes32) {
        return _addPriced(config);
    }

    /// @inheritdoc IUnderwriter
    function tiers(uint256 tier) external view returns (Tier memory) {
        (uint96 most, uint64 premium, uint32 term) = _unpack(_termsOf(tier));
        return Tier({threshold: thresholdOf(tier), maxAmount: most, premium: premium, term: term});
    }

    /// @inheritdoc IUnderwriter
    function termsOf(bytes32 id) external view returns (Pricing memory, address) {
        return (_prices[id].pricing, _prices[id].asset);
    }

    /// @inheritdoc IUnderwriter
    function isLine(uint256 tier) external view returns (bool) {
        return tier < classCount && _prices[policyOf(tier)].pricing.line;
    }

    // ----------------------------------------------------------------------------------- internal

    function _request(address asset, address borrower, BorrowRequest calldata request)
        private
        view
        returns (Case memory found)
    {
        Terms calldata terms = request.terms;
        found = _case(msg.sender, borrower, terms.tier, _use(terms, request.nonce));
        require(block.timestamp <= terms.deadline, DeadlinePassed(terms.deadline, block.timestamp));
        address priced = _prices[found.policyId].asset;
        require(priced == asset, WrongAsset(asset, priced));
        require(request.exposure.asset == asset, WrongAsset(asset, request.exposure.asset));
        bytes32 claims = keccak256(abi.encode(EXPOSURE_TYPEHASH, request.exposure));
        require(claims == request.credential.claims, WrongExposure(request.credential.claims, claims));
        require(terms.amount != 0, ZeroAmount());
        (uint256 most,,) = _unpack(found.terms);
        require(terms.amount <= most, AmountAboveTier(terms.amount, most));
        most = request.exposure.max;
        require(terms.amount <= most, AmountAboveExposure(terms.amount, most));
        _present(found, request.credential, request.attester, request.signature);
    }

    function _use(Terms calldata terms, uint256 nonce) private pure returns (bytes32) {
        return keccak256(abi.encode(USE_TAG, terms, nonce));
    }

    function _addPriced(PolicyConfig memory config) private returns (bytes32 id) {
        require(config.asset != address(0), ZeroAddress());
        require(config.rule.thresholds.length == 0, ThresholdsGiven(config.rule.thresholds.length));
        _checkPrices(config);
        uint256 count = config.tiers.length;
        config.rule.thresholds = new uint64[](count);
        uint192[] memory offers = new uint192[](count);
        for (uint256 i = 0; i < count; i++) {
            config.rule.thresholds[i] = config.tiers[i].threshold;
            offers[i] = _pack(config.tiers[i]);
        }
        bytes32 prices = keccak256(abi.encode(config.asset, config.pricing, config.tiers));
        id = _addPolicy(config.rule, prices, offers);
        _prices[id] = Price({pricing: config.pricing, asset: config.asset});
        emit TermsSet(id, config.asset, config.pricing);
    }

    /// What a tier offers, as the gate keeps it.
    function _pack(Tier memory tier) private pure returns (uint192) {
        return (uint192(tier.maxAmount) << 96) | (uint192(tier.premium) << 32) | tier.term;
    }

    function _unpack(uint192 offer) private pure returns (uint96 maxAmount, uint64 premium, uint32 term) {
        return (uint96(offer >> 96), uint64(offer >> 32), uint32(offer));
    }

    function _checkPrices(PolicyConfig memory config) private pure {
        Pricing memory pricing = config.pricing;
        require(pricing.grace <= MAX_DURATION && pricing.grace % 1 days == 0, BadDuration(pricing.grace));
        for (uint256 i = 0; i < config.tiers.length; i++) {
            Tier memory tier = config.tiers[i];
            require(tier.maxAmount != 0, ZeroAmount());
            require(tier.term != 0 && tier.term <= MAX_DURATION, BadDuration(tier.term));
            uint256 highest = uint256(pricing.baseRate) + tier.premium + pricing.lateRate;
            require(highest <= MAX_RATE, RateTooHigh(highest, MAX_RATE));
        }
    }
}
