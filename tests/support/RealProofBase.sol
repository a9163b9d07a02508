// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Statement} from "../../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest, Exposure, Terms} from "../../contracts/interfaces/IUnderwriter.sol";
import {Deployment} from "./Deployment.sol";
import {Test} from "forge-std/Test.sol";

/// Tests with a generated verifier and a proof that the prover made: reads a fixture, and deploys the world
/// that the fixture's proof was made for (`script/LoanFixture.s.sol` wrote down what it is).
abstract contract RealProofBase is Deployment, Test {
    BorrowRequest internal made;
    Statement internal proven;
    bytes internal proof;

    function load(string memory path) internal {
        string memory json = read(path);
        string memory name = vm.parseJsonString(json, ".verifier");
        deploy(
            vm.getCode(string.concat(name, ".sol:", name)),
            proven.modelDigest,
            proven.schema,
            uint64(proven.threshold)
        );
        assertEq(
            address(verifier).codehash,
            vm.parseJsonBytes32(json, ".verifierCodehash"),
            string.concat(path, " was made for another verifier contract; run tools/make-fixtures")
        );
        deployMore(proven.modelDigest, proven.schema, uint64(proven.threshold));
        assertEq(
            expected().context,
            proven.context,
            string.concat(path, " was made for another deployment; run tools/make-fixtures")
        );
    }

    /// Request, statement and proof of a fixture, without a world.
    function read(string memory path) internal returns (string memory json) {
        json = vm.readFile(path);
        proven = Statement({
            commitment: vm.parseJsonUint(json, ".statement.commitment"),
            schema: vm.parseJsonUint(json, ".statement.schema"),
            modelDigest: vm.parseJsonUint(json, ".statement.modelDigest"),
            threshold: vm.parseJsonUint(json, ".statement.threshold"),
            context: vm.parseJsonUint(json, ".statement.context")
        });
        proof = vm.parseJsonBytes(json, ".proof");
        made = _request(json);
    }

    /// What the contract that the proof is for wants proven.
    function expected() internal view virtual returns (Statement memory) {
        return pool.statement(borrower, made);
    }

    function _request(string memory json) private pure returns (BorrowRequest memory) {
        Credential memory credential = Credential({
            schema: vm.parseJsonBytes32(json, ".request.credential.schema"),
            subject: vm.parseJsonAddress(json, ".request.credential.subject"),
            holder: vm.parseJsonBytes32(json, ".request.credential.holder"),
            commitment: vm.parseJsonBytes32(json, ".request.credential.commitment"),
            issuedAt: uint64(vm.parseJsonUint(json, ".request.credential.issuedAt")),
            expiresAt: uint64(vm.parseJsonUint(json, ".request.credential.expiresAt")),
            claims: vm.parseJsonBytes32(json, ".request.credential.claims"),
            salt: vm.parseJsonUint(json, ".request.credential.salt")
        });
        Terms memory terms = Terms({
            receiver: vm.parseJsonAddress(json, ".request.terms.receiver"),
            amount: vm.parseJsonUint(json, ".request.terms.amount"),
            tier: vm.parseJsonUint(json, ".request.terms.tier"),
            deadline: uint64(vm.parseJsonUint(json, ".request.terms.deadline"))
        });
        return BorrowRequest({
            credential: credential,
            attester: vm.parseJsonAddress(json, ".request.attester"),
            signature: vm.parseJsonBytes(json, ".request.signature"),
            exposure: Exposure({
                asset: vm.parseJsonAddress(json, ".request.exposure.asset"),
                max: uint128(vm.parseJsonUint(json, ".request.exposure.max"))
            }),
            terms: terms,
            nonce: vm.parseJsonUint(json, ".request.nonce")
        });
    }
}
