// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IGate, Presentation} from "../interfaces/IGate.sol";
import {Exposure} from "../interfaces/IUnderwriter.sol";
import {IProver, Id} from "./IProver.sol";
import {ProofRecord} from "./ProofRecord.sol";

/// What a class of the gate entitles to in the market.
struct ClassTerms {
    uint256 class;
    /// The largest line, in the smallest unit of the market's token.
    uint128 maxCredit;
    /// The least default risk premium, a second's, in units of 1e-18.
    uint128 leastPremium;
}

/// @title The prover that 3Jane's credit lines ask
/// @notice A line may be set if its borrower reached a class that entitles to it, the attester vouches for as much,
/// and the premium is not below the class's. The value of the borrower's assets is not what a Tessera proof is
/// about: the protocol checks that itself.
contract ThreeJaneProver is IProver, ProofRecord {
    /// The exposure is not what the attester signed.
    error ExposureMismatch(bytes32 claims, bytes32 given);
    /// The exposure is of another token than the market's.
    error AssetMismatch(address expected, address given);
    /// The class entitles to nothing here.
    error ClassNotServed(uint256 class);

    bytes32 private constant EXPOSURE_TYPEHASH = keccak256("Exposure(address asset,uint128 max)");

    /// @notice The one market that this prover answers for.
    Id public immutable market;
    /// @notice The token that the market lends.
    address public immutable asset;

    /// @notice What a class entitles to; zero for nothing.
    mapping(uint256 class => ClassTerms) public termsOf;
    /// @notice What the attester vouches for, of the proof that the account made last.
    mapping(address account => uint128) public exposureOf;

    constructor(IGate gate_, uint256 validity_, Id market_, address asset_, ClassTerms[] memory terms)
        ProofRecord(gate_, validity_)
    {
        market = market_;
        asset = asset_;
        for (uint256 i = 0; i < terms.length; i++) {
            termsOf[terms[i].class] = terms[i];
        }
    }

    /// @notice Takes a proof for `account`, or reverts with the gate's or verifier's error.
    /// @param exposure What the credential's `claims` is the hash of.
    function prove(
        address account,
        Presentation calldata presented,
        Exposure calldata exposure,
        bytes calldata proof
    ) external {
        require(termsOf[presented.class].maxCredit != 0, ClassNotServed(presented.class));
        bytes32 claims = keccak256(abi.encode(EXPOSURE_TYPEHASH, exposure));
        bytes32 signed = presented.credential.claims;
        require(claims == signed, ExposureMismatch(signed, claims));
        require(exposure.asset == asset, AssetMismatch(asset, exposure.asset));
        exposureOf[account] = exposure.max;
        _record(account, presented, proof);
    }

    /// @inheritdoc IProver
    function verify(Id id, address borrower, uint256, uint256 credit, uint128 drp)
        external
        view
        returns (bool)
    {
        if (Id.unwrap(id) != Id.unwrap(market) || !inForce(borrower)) return false;
        ClassTerms storage terms = termsOf[_grade(borrower).class];
        return credit <= terms.maxCredit && credit <= exposureOf[borrower] && drp >= terms.leastPremium;
    }
}
