// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {Base} from "./support/Base.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// Several calls in one transaction, the asset's permit among them.
contract MulticallTest is Base {
    uint256 internal constant KEY = uint256(keccak256("saver"));
    address internal saver = vm.addr(KEY);

    function setUp() public override {
        super.setUp();
        token.mint(saver, 1000 * UNIT);
    }

    function permit(uint256 amount, uint256 deadline) internal view returns (bytes memory) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash =
            keccak256(abi.encode(typeHash, saver, address(pool), amount, token.nonces(saver), deadline));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(KEY, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
        return abi.encodeCall(pool.permitAsset, (amount, deadline, v, r, s));
    }

    function test_permit_and_deposit() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = permit(1000 * UNIT, START);
        calls[1] = abi.encodeCall(pool.deposit, (1000 * UNIT, saver));
        vm.prank(saver);
        pool.multicall(calls);
        assertEq(pool.balanceOf(saver), 1000 * UNIT * 1e6);
    }

    /// A permit is public once it is sent: whoever uses it first does no harm.
    function test_permit_used_by_somebody_else() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = permit(1000 * UNIT, START);
        calls[1] = abi.encodeCall(pool.deposit, (1000 * UNIT, saver));
        (,, uint8 v, bytes32 r, bytes32 s) =
            abi.decode(slice(calls[0]), (uint256, uint256, uint8, bytes32, bytes32));
        token.permit(saver, address(pool), 1000 * UNIT, START, v, r, s);
        vm.prank(saver);
        pool.multicall(calls);
        assertEq(pool.balanceOf(saver), 1000 * UNIT * 1e6);
    }

    function test_bad_permit() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = permit(1000 * UNIT, START - 1);
        calls[1] = abi.encodeCall(pool.deposit, (1000 * UNIT, saver));
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(pool), 0, 1000 * UNIT
            )
        );
        vm.prank(saver);
        pool.multicall(calls);
    }

    function test_all_or_nothing() public {
        uint256 id = borrow(request());
        bytes[] memory calls = new bytes[](3);
        calls[0] = permit(1000 * UNIT, START);
        calls[1] = abi.encodeCall(pool.repay, (id, 1000 * UNIT));
        calls[2] = abi.encodeCall(pool.repay, (id + 1, 1));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.LoanNotOpen.selector, id + 1));
        vm.prank(saver);
        pool.multicall(calls);
        (uint256 principal,) = pool.debtOf(id);
        assertEq(principal, 1500 * UNIT);
    }

    function slice(bytes memory data) private pure returns (bytes memory rest) {
        rest = new bytes(data.length - 4);
        for (uint256 i = 0; i < rest.length; i++) {
            rest[i] = data[i + 4];
        }
    }
}
