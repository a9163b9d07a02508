// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ProofRecord} from "../contracts/adapters/ProofRecord.sol";
import {Statement} from "../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest, Terms} from "../contracts/interfaces/IUnderwriter.sol";
import {Deployment} from "../tests/support/Deployment.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Script} from "forge-std/Script.sol";

/// @title Says what a test fixture's proof has to prove
/// @notice Deploys the world of the tests in memory, signs a credential for a commitment, and writes request
/// and statement. The prover adds a member `proof` to the file, and `tests/RealProof.t.sol` reads it.
///
///   tools/forge script script/LoanFixture.s.sol --sig 'run(string,string)' IN.json OUT.json
///
/// IN.json:  {"verifier": "TesseraVerifier2", "modelDigest": "0x…", "schema": "0x…", "commitment": "0x…",
///            "threshold": "…", "use": "loan"}; the threshold in points × 2^32, of tier 0; use: "loan",
///            "line" (a credit line), "prover" or "role" (the adapters).
/// OUT.json: chainId, timestamp, verifier, verifierCodehash, addresses, borrower, attester, request,
///           statement; numbers as decimal strings, field elements as 0x and 64 digits.
contract LoanFixture is Deployment, Script {
    using SafeCast for uint256;

    function run(string calldata input, string calldata output) external {
        string memory json = vm.readFile(input);
        string memory name = vm.parseJsonString(json, ".verifier");
        deploy(
            vm.getCode(string.concat(name, ".sol:", name)),
            vm.parseJsonUint(json, ".modelDigest"),
            vm.parseJsonUint(json, ".schema"),
            vm.parseJsonUint(json, ".threshold").toUint64()
        );

        string memory use = vm.parseJsonString(json, ".use");
        deployMore(
            vm.parseJsonUint(json, ".modelDigest"),
            vm.parseJsonUint(json, ".schema"),
            vm.parseJsonUint(json, ".threshold").toUint64()
        );

        bytes32 commitment = vm.parseJsonBytes32(json, ".commitment");
        bytes32 schema = vm.parseJsonBytes32(json, ".schema");
        BorrowRequest memory request = requestFor(credentialFor(schema, commitment));
        if (same(use, "line")) request.terms.tier = 2;
        Statement memory statement = pool.statement(borrower, request);
        if (same(use, "prover")) statement = recordStatement(prover, request);
        if (same(use, "role")) statement = recordStatement(roleProvider, request);

        vm.serializeString("f", "use", use);
        vm.serializeString("f", "verifier", name);
        vm.serializeString("f", "chainId", vm.toString(block.chainid));
        vm.serializeString("f", "timestamp", vm.toString(block.timestamp));
        vm.serializeBytes32("f", "verifierCodehash", address(verifier).codehash);
        vm.serializeAddress("f", "pool", address(pool));
        vm.serializeAddress("f", "registry", address(registry));
        vm.serializeAddress("f", "borrower", borrower);
        vm.serializeAddress("f", "attester", attester);
        vm.serializeBytes32("f", "policyId", underwriter.policyId());
        vm.serializeString("f", "request", requestJson(request));
        vm.writeJson(vm.serializeString("f", "statement", statementJson(statement)), output);
    }

    function same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function recordStatement(ProofRecord asks, BorrowRequest memory request)
        private
        view
        returns (Statement memory)
    {
        bytes32 use = asks.useOf(borrower);
        return underwriter.statementFor(address(asks), borrower, presentation(request), use);
    }

    function statementJson(Statement memory statement) private returns (string memory) {
        vm.serializeBytes32("s", "commitment", bytes32(statement.commitment));
        vm.serializeBytes32("s", "schema", bytes32(statement.schema));
        vm.serializeBytes32("s", "modelDigest", bytes32(statement.modelDigest));
        vm.serializeBytes32("s", "threshold", bytes32(statement.threshold));
        return vm.serializeBytes32("s", "context", bytes32(statement.context));
    }

    function requestJson(BorrowRequest memory request) private returns (string memory) {
        vm.serializeBytes32("c", "schema", request.credential.schema);
        vm.serializeAddress("c", "subject", request.credential.subject);
        vm.serializeBytes32("c", "holder", request.credential.holder);
        vm.serializeBytes32("c", "commitment", request.credential.commitment);
        vm.serializeString("c", "issuedAt", vm.toString(request.credential.issuedAt));
        vm.serializeString("c", "expiresAt", vm.toString(request.credential.expiresAt));
        vm.serializeBytes32("c", "claims", request.credential.claims);
        string memory credential =
            vm.serializeString("c", "salt", vm.toString(bytes32(request.credential.salt)));

        Terms memory terms = request.terms;
        vm.serializeAddress("t", "receiver", terms.receiver);
        vm.serializeString("t", "amount", vm.toString(terms.amount));
        vm.serializeString("t", "tier", vm.toString(terms.tier));
        string memory termsJson = vm.serializeString("t", "deadline", vm.toString(terms.deadline));

        vm.serializeAddress("e", "asset", request.exposure.asset);
        string memory exposed = vm.serializeString("e", "max", vm.toString(request.exposure.max));

        vm.serializeString("r", "exposure", exposed);
        vm.serializeString("r", "credential", credential);
        vm.serializeAddress("r", "attester", request.attester);
        vm.serializeBytes("r", "signature", request.signature);
        vm.serializeString("r", "terms", termsJson);
        return vm.serializeString("r", "nonce", vm.toString(request.nonce));
    }
}
