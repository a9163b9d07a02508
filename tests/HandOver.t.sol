// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../contracts/interfaces/ILoanBook.sol";
import {Limits} from "../contracts/interfaces/ITesseraVault.sol";
import {PolicyConfig} from "../contracts/interfaces/IUnderwriter.sol";
import {HandOver} from "../script/HandOver.s.sol";
import {Roles} from "../script/Roles.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {VmSafe} from "forge-std/Vm.sol";

/// After the hand-over: loosening waits, tightening does not, the deployer is nobody.
contract HandOverTest is Base {
    uint32 internal constant DELAY = 3 days;
    address internal administrator = makeAddr("administrator");
    address internal curator = makeAddr("curator");
    address internal guardian = makeAddr("guardian");
    HandOver internal script = new HandOver();

    function targets() internal view returns (Roles.Targets memory) {
        return Roles.Targets({
            manager: manager, registry: registry, underwriter: underwriter, pool: pool, vault: vault
        });
    }

    function holders() internal view returns (Roles.Holders memory) {
        return
            Roles.Holders({administrator: administrator, curator: curator, guardian: guardian, delay: DELAY});
    }

    /// Every event of the manager, from its making.
    VmSafe.Log[] internal past;

    function setUp() public override {
        vm.recordLogs();
        super.setUp();
    }

    function history() internal returns (VmSafe.Log[] memory) {
        VmSafe.Log[] memory news = vm.getRecordedLogs();
        for (uint256 i = 0; i < news.length; i++) {
            past.push(news[i]);
        }
        return past;
    }

    /// The script's broadcaster becomes the deployer.
    function handOver() internal {
        vm.prank(admin);
        manager.grantRole(Roles.ADMIN, DEFAULT_SENDER, 0);
        vm.prank(admin);
        manager.renounceRole(Roles.ADMIN, admin);
        script.handOver(targets(), holders(), history());
    }

    function test_the_deployer_is_nobody() public {
        handOver();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, DEFAULT_SENDER)
        );
        vm.prank(DEFAULT_SENDER);
        registry.addAttester(lender, lender, 0);
    }

    /// The hand-over fails if anybody keeps a role that is not theirs, whatever its number.
    function testFuzz_leftover_roles(uint64 role, address who, uint32 delay) public {
        vm.assume(role != type(uint64).max && who != address(0));
        vm.assume(who != administrator && who != curator && who != guardian);
        vm.assume(who != DEFAULT_SENDER || role != 0);
        vm.assume(who != admin || role != 0);
        vm.prank(admin);
        manager.grantRole(role, who, delay % 30 days);
        refuse(abi.encodeWithSelector(HandOver.WrongMember.selector, role, who));
    }

    /// A role of the deployer's own that administers the curator's, as an audit kept one.
    function test_another_roles_admin() public {
        vm.startPrank(admin);
        manager.grantRole(77, DEFAULT_SENDER, 0);
        manager.setRoleAdmin(Roles.CURATOR, 77);
        vm.stopPrank();
        refuse(abi.encodeWithSelector(HandOver.WrongMember.selector, uint64(77), DEFAULT_SENDER));
    }

    /// Without a member it could get one.
    function testFuzz_roles_of_roles(uint64 role, uint64 other, bool guards) public {
        role = uint64(bound(role, 3, type(uint64).max - 1));
        other = uint64(bound(other, 1, type(uint64).max - 1));
        vm.startPrank(admin);
        if (guards) manager.setRoleGuardian(role, other);
        else manager.setRoleAdmin(role, other);
        vm.stopPrank();
        refuse(
            abi.encodeWithSelector(
                HandOver.WrongRoleOfRole.selector, role, guards ? 0 : other, guards ? other : 0
            )
        );
    }

    function test_a_function_for_another_role() public {
        bytes4[] memory one = new bytes4[](1);
        one[0] = bytes4(keccak256("later()"));
        vm.prank(admin);
        manager.setTargetFunctionRole(address(registry), one, 5);
        refuse(
            abi.encodeWithSelector(
                HandOver.WrongRoleOfFunction.selector, address(registry), one[0], uint64(5)
            )
        );
    }

    function test_a_closed_target() public {
        vm.prank(admin);
        manager.setTargetClosed(address(vault), true);
        refuse(abi.encodeWithSelector(HandOver.TargetIsClosed.selector, address(vault)));
    }

    function refuse(bytes memory reason) private {
        vm.startPrank(admin);
        manager.grantRole(Roles.ADMIN, DEFAULT_SENDER, 0);
        manager.renounceRole(Roles.ADMIN, admin);
        vm.stopPrank();
        VmSafe.Log[] memory logs = history();
        vm.expectRevert(reason);
        script.handOver(targets(), holders(), logs);
    }

    /// The guardian calls off what the curator announced: that is what the delay is for.
    function test_the_guardian_vetoes() public {
        handOver();
        bytes memory call = abi.encodeCall(vault.setLimits, (Limits(1, 1, 0)));
        vm.prank(curator);
        manager.schedule(address(vault), call, 0);
        vm.prank(guardian);
        manager.cancel(curator, address(vault), call);
        vm.warp(block.timestamp + DELAY);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotScheduled.selector);
        vm.prank(curator);
        vault.setLimits(Limits(1, 1, 0));
    }

    /// A guardian's mark must not outlive the curator's answer to it.
    function testFuzz_delinquency_within_the_delay(uint32 delay) public {
        delay = uint32(bound(delay, DELINQUENCY - script.MARGIN() + 1, 3650 days));
        Roles.Holders memory slow = holders();
        slow.delay = delay;
        vm.expectRevert(
            abi.encodeWithSelector(
                HandOver.DelinquencyTooShort.selector, DELINQUENCY, delay + script.MARGIN()
            )
        );
        script.handOver(targets(), slow, history());
    }

    function test_a_new_policy_waits() public {
        handOver();
        PolicyConfig memory config = policyConfig(MODEL + 1, SCHEMA, TIER_0);
        bytes memory call = abi.encodeCall(underwriter.addPolicy, (config));
        bytes32 operation = manager.hashOperation(curator, address(underwriter), call);

        vm.startPrank(curator);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
        underwriter.addPolicy(config);
        manager.schedule(address(underwriter), call, 0);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
        underwriter.addPolicy(config);
        vm.warp(block.timestamp + 1);
        underwriter.addPolicy(config);
        assertEq(underwriter.classCount(), 4);
    }

    function test_tightening_does_not_wait() public {
        handOver();
        uint256 id = borrow(request());
        bytes32 policy = underwriter.policyId();
        vm.startPrank(guardian);
        vault.tighten(Limits({deposits: 0, utilisation: 0, cover: 0}));
        pool.mark(rec(id), 1e18);
        underwriter.retirePolicy(policy);
        registry.disallowPool(address(pool));
        registry.retireAttester(attester);
        registry.revokeAttester(attester);
        vm.stopPrank();
        assertTrue(underwriter.policyById(policy).retired);
        // The borrower's way out is nobody's to close.
        repayAs(borrower, id, type(uint256).max);
        assertEq(registry.lockedBy(attester, credential().holder), address(0));
    }

    function test_the_guardian_cannot_loosen() public {
        handOver();
        bytes memory reason =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian);
        PolicyConfig memory config = policyConfig(MODEL + 1, SCHEMA, TIER_0);
        Loan memory none;
        vm.startPrank(guardian);
        vm.expectRevert(reason);
        vault.setLimits(Limits({deposits: 1, utilisation: 1, cover: 0}));
        vm.expectRevert(reason);
        pool.restore(none, 0);
        vm.expectRevert(reason);
        underwriter.addPolicy(config);
        vm.expectRevert(reason);
        registry.addAttester(guardian, guardian, 0);
        vm.expectRevert(reason);
        registry.allowPool(guardian);
    }

    /// Even the administrator cannot make itself a curator without a delay: its own, and the role's, which
    /// the manager puts in force five days after it was set.
    function test_roles_wait() public {
        handOver();
        vm.warp(block.timestamp + manager.minSetback());
        bytes memory call = abi.encodeCall(manager.grantRole, (Roles.CURATOR, administrator, 0));
        vm.startPrank(administrator);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotScheduled.selector);
        manager.grantRole(Roles.CURATOR, administrator, 0);
        manager.schedule(address(manager), call, 0);
        vm.warp(block.timestamp + DELAY);
        manager.grantRole(Roles.CURATOR, administrator, 0);
        (bool member,) = manager.hasRole(Roles.CURATOR, administrator);
        assertFalse(member);
    }

    function test_bad_holders() public {
        Roles.Holders memory bad = holders();
        bad.guardian = DEFAULT_SENDER;
        vm.expectRevert(abi.encodeWithSelector(HandOver.BadHolder.selector, DEFAULT_SENDER));
        script.handOver(targets(), bad, history());
        vm.stopBroadcast();
        bad = holders();
        bad.delay = 1 hours;
        vm.expectRevert(abi.encodeWithSelector(HandOver.DelayTooShort.selector, 1 hours, 1 days));
        script.handOver(targets(), bad, history());
    }
}
