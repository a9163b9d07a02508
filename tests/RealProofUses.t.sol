// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraVerifier, Statement} from "../contracts/interfaces/ITesseraVerifier.sol";
import {RealProofBase} from "./support/RealProofBase.sol";

/// A credit line on a real proof.
contract RealProofLineTest is RealProofBase {
    function setUp() public {
        load("tests/fixtures/line-n1.json");
    }

    function test_line() public {
        vm.startPrank(borrower);
        (, Loan memory line) = pool.borrow(made, proof);
        assertEq(token.balanceOf(borrower), 0);
        assertEq(line.amount, made.terms.amount);
        pool.draw(line, made.credential, 1000 * UNIT, borrower);
        vm.warp(START + 29 days);
        pool.draw(line, made.credential, 500 * UNIT, borrower);
        vm.stopPrank();
        assertEq(token.balanceOf(borrower), made.terms.amount);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
    }

    /// The proof opens a line of this policy, not a loan of the other.
    function test_not_a_loan() public {
        made.terms.tier = 0;
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        vm.prank(borrower);
        pool.borrow(made, proof);
    }
}

/// A real proof for the prover that 3Jane's credit lines ask.
contract RealProofProverTest is RealProofBase {
    function setUp() public {
        load("tests/fixtures/prover-n1.json");
    }

    function expected() internal view override returns (Statement memory) {
        bytes32 use = prover.useOf(borrower);
        return underwriter.statementFor(address(prover), borrower, presentation(made), use);
    }

    function test_prover() public {
        uint128 premium = uint128(uint256(0.07e18) / 365 days);
        assertFalse(prover.verify(MARKET, borrower, 0, 1, premium));
        prover.prove(borrower, presentation(made), made.exposure, proof);
        assertTrue(prover.verify(MARKET, borrower, 0, 2000 * UNIT, premium));
        assertFalse(prover.verify(MARKET, borrower, 0, 2000 * UNIT + 1, premium));
    }

    /// A proof for the prover serves neither the pool nor the other adapter.
    function test_nowhere_else() public {
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        roleProvider.prove(borrower, presentation(made), proof);
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        vm.prank(borrower);
        pool.borrow(made, proof);
    }
}

/// A real proof for the role provider that Wildcat's hooks ask.
contract RealProofRoleTest is RealProofBase {
    function setUp() public {
        load("tests/fixtures/role-n1.json");
    }

    function expected() internal view override returns (Statement memory) {
        bytes32 use = roleProvider.useOf(borrower);
        return underwriter.statementFor(address(roleProvider), borrower, presentation(made), use);
    }

    function test_role() public {
        assertEq(roleProvider.getCredential(borrower), 0);
        assertEq(roleProvider.validateCredential(borrower, abi.encode(presentation(made), proof)), START);
        vm.warp(START + 30 days - 1);
        assertEq(roleProvider.getCredential(borrower), START);
        vm.warp(START + 30 days);
        assertEq(roleProvider.getCredential(borrower), 0);
    }

    function test_of_another_account() public {
        vm.expectPartialRevert(bytes4(keccak256("NotTheSubject(address,address)")));
        roleProvider.validateCredential(lender, abi.encode(presentation(made), proof));
    }
}
