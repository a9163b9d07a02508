// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILoanBook, Loan} from "../contracts/interfaces/ILoanBook.sol";
import {Base} from "./support/Base.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// Depositing and repaying with the asset's permit, and several calls in one transaction.
contract PermitTest is Base {
    uint256 internal constant KEY = uint256(keccak256("saver"));
    address internal saver = vm.addr(KEY);

    struct Signature {
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    function setUp() public override {
        super.setUp();
        token.mint(saver, 1000 * UNIT);
    }

    function permit(uint256 amount, uint256 deadline) internal view returns (Signature memory made) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash =
            keccak256(abi.encode(typeHash, saver, address(vault), amount, token.nonces(saver), deadline));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (made.v, made.r, made.s) = vm.sign(KEY, digest);
    }

    function deposit(uint256 deadline, Signature memory signed) internal {
        vm.prank(saver);
        vault.depositWithPermit(1000 * UNIT, saver, deadline, signed.v, signed.r, signed.s);
    }

    function test_deposit() public {
        deposit(START, permit(1000 * UNIT, START));
        assertEq(vault.balanceOf(saver), 1000 * UNIT * 1e6);
    }

    /// A permit is public once it is sent: whoever uses it first does no harm.
    function test_used_by_somebody_else() public {
        Signature memory signed = permit(1000 * UNIT, START);
        token.permit(saver, address(vault), 1000 * UNIT, START, signed.v, signed.r, signed.s);
        deposit(START, signed);
        assertEq(vault.balanceOf(saver), 1000 * UNIT * 1e6);
    }

    function test_bad_permit() public {
        Signature memory signed = permit(1000 * UNIT, START - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 0, 1000 * UNIT
            )
        );
        deposit(START - 1, signed);
    }

    /// Anybody pays for anybody, and a permit is enough.
    function test_repay_for_somebody_else() public {
        uint256 id = borrow(request());
        Signature memory signed = permit(1000 * UNIT, START);
        vm.prank(saver);
        pool.repayWithPermit(rec(id), 1000 * UNIT, 1000 * UNIT, START, signed.v, signed.r, signed.s);
        assertEq(principalOf(id), 500 * UNIT);
        assertEq(token.balanceOf(saver), 0);
    }

    function test_all_or_nothing() public {
        uint256 id = borrow(request());
        Loan memory forged = rec(id);
        forged.amount++;
        Signature memory signed = permit(1000 * UNIT, START);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(
            pool.repayWithPermit, (rec(id), 900 * UNIT, 1000 * UNIT, START, signed.v, signed.r, signed.s)
        );
        calls[1] = abi.encodeCall(pool.repay, (forged, 1));
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, book.idOf(forged)));
        vm.prank(saver);
        pool.multicall(calls);
        assertEq(principalOf(id), 1500 * UNIT);
    }
}
