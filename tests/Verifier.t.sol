// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {Underwriter} from "../contracts/credit/Underwriter.sol";
import {IGate} from "../contracts/interfaces/IGate.sol";
import {ITesseraVerifier} from "../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest, PolicyConfig} from "../contracts/interfaces/IUnderwriter.sol";
import {CannedVerifier, EndlessVerifier} from "./support/BadVerifiers.sol";
import {Base} from "./support/Base.sol";
import {SecureMockVerifier} from "./support/MockVerifier.sol";

/// Whatever sits at the verifier's address, only `true` opens the pool.
contract VerifierTest is Base {
    function poolWith(address bad) internal returns (TesseraPool another) {
        verifier = ITesseraVerifier(bad);
        PolicyConfig memory config = policyConfig(MODEL, SCHEMA, TIER_0);
        Underwriter by = new Underwriter(registry, address(manager), config);
        TesseraVault with;
        (another, with) = openPool(token, by);
        token.mint(address(this), LIQUIDITY);
        token.approve(address(with), LIQUIDITY);
        with.deposit(LIQUIDITY, address(this));
        vm.roll(block.number + 1);
    }

    function expectRefused(TesseraPool where) internal {
        BorrowRequest memory made = request();
        vm.expectRevert();
        vm.prank(borrower);
        where.borrow(made, abi.encode(uint256(1)));
        assertEq(registry.personOf(attester, made.credential.holder).loans, 0);
        assertEq(token.balanceOf(address(where.vault())), LIQUIDITY);
    }

    function test_answers_true() public {
        TesseraPool another = poolWith(address(new CannedVerifier(abi.encode(true))));
        BorrowRequest memory made = request();
        vm.prank(borrower);
        another.borrow(made, "");
        assertEq(token.balanceOf(borrower), made.terms.amount);
    }

    function test_answers_false() public {
        TesseraPool another = poolWith(address(new CannedVerifier(abi.encode(false))));
        BorrowRequest memory made = request();
        vm.expectRevert(IGate.ProofNotAccepted.selector);
        vm.prank(borrower);
        another.borrow(made, "");
    }

    function test_answers_nothing() public {
        expectRefused(poolWith(address(new CannedVerifier(""))));
    }

    function testFuzz_answers_too_little(bytes calldata answer) public {
        vm.assume(answer.length > 0);
        expectRefused(poolWith(address(new CannedVerifier(answer[:(answer.length - 1) % 32]))));
    }

    function testFuzz_answers_garbage(uint256 answer) public {
        expectRefused(poolWith(address(new CannedVerifier(abi.encode(bound(answer, 2, type(uint256).max))))));
    }

    function test_burns_all_gas() public {
        expectRefused(poolWith(address(new EndlessVerifier())));
    }

    function test_no_code() public {
        PolicyConfig memory config = policyConfig(MODEL, SCHEMA, TIER_0);
        config.rule.verifier = ITesseraVerifier(makeAddr("nothing here"));
        vm.expectRevert(abi.encodeWithSelector(IGate.NotAVerifier.selector, makeAddr("nothing here")));
        vm.prank(admin);
        underwriter.addPolicy(config);
    }

    function test_code_gone_or_changed_later() public {
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(borrower, made);
        bytes32 before = address(verifier).codehash;
        bytes[2] memory codes = [bytes(""), address(new CannedVerifier(abi.encode(true))).code];
        for (uint256 i = 0; i < codes.length; i++) {
            vm.etch(address(verifier), codes[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IGate.VerifierChanged.selector, address(verifier), before, address(verifier).codehash
                )
            );
            vm.prank(borrower);
            pool.borrow(made, proof);
        }
    }

    /// A development reference string lets anybody forge: local chains only.
    function testFuzz_development_srs(uint64 chain) public {
        vm.assume(chain != CHAIN && chain != 0);
        PolicyConfig memory config = policyConfig(MODEL + 1, SCHEMA, TIER_0);
        vm.chainId(chain);
        vm.expectRevert(abi.encodeWithSelector(IGate.InsecureVerifier.selector, address(verifier), chain));
        vm.prank(admin);
        underwriter.addPolicy(config);

        config.rule.verifier = new SecureMockVerifier();
        vm.prank(admin);
        underwriter.addPolicy(config);
    }
}
