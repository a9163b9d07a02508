// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry, Record} from "../contracts/interfaces/ICredentialRegistry.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// Where the documents behind digests are.
contract RecordTest is Base {
    bytes32 internal constant HASH = keccak256("schema.json");
    string internal constant URI = "ipfs://bafy/schema.json";

    function testFuzz_recorded(bytes32 digest, bytes32 hash, string calldata uri) public {
        vm.assume(hash != 0 && bytes(uri).length != 0);
        vm.startPrank(admin);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.SchemaRecorded(digest, hash, uri);
        registry.recordSchema(digest, hash, uri);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.ModelRecorded(digest, HASH, URI);
        registry.recordModel(digest, HASH, URI);
        Record memory schema = registry.schemaRecord(digest);
        assertEq(schema.contentHash, hash);
        assertEq(schema.uri, uri);
        assertEq(schema.recordedAt, START);
        Record memory model = registry.modelRecord(digest);
        assertEq(model.contentHash, HASH);
        assertEq(model.uri, URI);
    }

    function test_unknown_is_zero() public view {
        assertEq(registry.schemaRecord(HASH).recordedAt, 0);
        assertEq(bytes(registry.modelRecord(HASH).uri).length, 0);
    }

    /// A file may move; another file is another digest's.
    function testFuzz_fixed(bytes32 other) public {
        vm.assume(other != HASH && other != 0);
        vm.startPrank(admin);
        registry.recordSchema(bytes32(SCHEMA), HASH, URI);
        registry.recordSchema(bytes32(SCHEMA), HASH, "https://elsewhere");
        assertEq(registry.schemaRecord(bytes32(SCHEMA)).uri, "https://elsewhere");
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.RecordIsFixed.selector, SCHEMA, HASH));
        registry.recordSchema(bytes32(SCHEMA), other, URI);
    }

    function test_empty() public {
        bytes memory reason = abi.encodeWithSelector(ICredentialRegistry.EmptyRecord.selector, MODEL);
        vm.startPrank(admin);
        vm.expectRevert(reason);
        registry.recordModel(bytes32(MODEL), 0, URI);
        vm.expectRevert(reason);
        registry.recordModel(bytes32(MODEL), HASH, "");
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        bytes memory reason =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        registry.recordSchema(bytes32(SCHEMA), HASH, URI);
        vm.expectRevert(reason);
        registry.recordModel(bytes32(MODEL), HASH, URI);
    }
}
