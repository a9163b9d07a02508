// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CommonBase} from "forge-std/Base.sol";

interface IDomain {
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}

/// Permit2 where it is on every chain, deployed from its own creation code as it was everywhere: by the factory and
/// salt that make its address a commitment to that code.
abstract contract SharedPermit2 is CommonBase {
    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    address internal constant FACTORY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes32 internal constant SALT = 0x0000000000000000000000000000000000000000d3af2663da51c10215000000;

    bytes32 internal constant PERMISSIONS = keccak256("TokenPermissions(address token,uint256 amount)");
    bytes32 internal constant TRANSFER = keccak256(
        "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)TokenPermissions(address token,uint256 amount)"
    );

    function placePermit2() internal {
        bytes memory code = vm.parseJsonBytes(vm.readFile("tests/fixtures/permit2.json"), ".creationCode");
        bytes32 salt = SALT;
        address made;
        vm.startPrank(FACTORY);
        assembly ("memory-safe") {
            made := create2(0, add(code, 32), mload(code), salt)
        }
        vm.stopPrank();
        require(made == PERMIT2, "not Permit2's code");
    }

    /// What the owner of `token` signs for a transfer.
    function transferDigest(
        address token,
        uint256 permitted,
        address spender,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (bytes32) {
        bytes32 permissions = keccak256(abi.encode(PERMISSIONS, token, permitted));
        bytes32 structHash = keccak256(abi.encode(TRANSFER, permissions, spender, nonce, deadline));
        return keccak256(abi.encodePacked(hex"1901", IDomain(PERMIT2).DOMAIN_SEPARATOR(), structHash));
    }
}
