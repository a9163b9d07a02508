// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Limits} from "../contracts/interfaces/ITesseraPool.sol";
import {PolicyConfig} from "../contracts/interfaces/IUnderwriter.sol";
import {HandOver} from "../script/HandOver.s.sol";
import {Roles} from "../script/Roles.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// After the hand-over: loosening waits, tightening does not, the deployer is nobody.
contract HandOverTest is Base {
    uint32 internal constant DELAY = 3 days;
    address internal administrator = makeAddr("administrator");
    address internal curator = makeAddr("curator");
    address internal guardian = makeAddr("guardian");
    HandOver internal script = new HandOver();

    function targets() internal view returns (Roles.Targets memory) {
        return Roles.Targets({manager: manager, registry: registry, underwriter: underwriter, pool: pool});
    }

    function holders() internal view returns (Roles.Holders memory) {
        return
            Roles.Holders({administrator: administrator, curator: curator, guardian: guardian, delay: DELAY});
    }

    /// The script's broadcaster becomes the deployer.
    function handOver() internal {
        vm.prank(admin);
        manager.grantRole(Roles.ADMIN, DEFAULT_SENDER, 0);
        vm.prank(admin);
        manager.renounceRole(Roles.ADMIN, admin);
        script.handOver(targets(), holders());
    }

    function test_the_deployer_is_nobody() public {
        handOver();
        script.check(targets(), DEFAULT_SENDER);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, DEFAULT_SENDER)
        );
        vm.prank(DEFAULT_SENDER);
        registry.addAttester(lender, lender, 0);
    }

    function test_check_notices_what_is_left() public {
        vm.expectPartialRevert(HandOver.StillInCharge.selector);
        script.check(targets(), admin);
    }

    /// The hand-over itself fails if the deployer keeps any role, or any function by another way.
    function test_leftover_roles() public {
        uint64[2] memory roles = [Roles.CURATOR, Roles.GUARDIAN];
        for (uint256 i = 0; i < roles.length; i++) {
            uint256 state = vm.snapshotState();
            vm.prank(admin);
            manager.grantRole(roles[i], DEFAULT_SENDER, i == 0 ? 10 days : 0);
            refuse();
            vm.revertToState(state);
        }
    }

    function test_leftover_of_another_role() public {
        bytes4[] memory one = new bytes4[](1);
        one[0] = pool.setFee.selector;
        handOver();
        script.check(targets(), DEFAULT_SENDER);
        vm.mockCall(
            address(manager),
            abi.encodeCall(manager.canCall, (DEFAULT_SENDER, address(pool), one[0])),
            abi.encode(false, uint32(30 days))
        );
        vm.expectRevert(
            abi.encodeWithSelector(HandOver.StillInCharge.selector, DEFAULT_SENDER, address(pool), one[0])
        );
        script.check(targets(), DEFAULT_SENDER);
    }

    function refuse() private {
        vm.startPrank(admin);
        manager.grantRole(Roles.ADMIN, DEFAULT_SENDER, 0);
        manager.renounceRole(Roles.ADMIN, admin);
        vm.stopPrank();
        vm.expectPartialRevert(HandOver.StillInCharge.selector);
        script.handOver(targets(), holders());
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
        assertEq(underwriter.tierCount(), 4);
    }

    function test_tightening_does_not_wait() public {
        handOver();
        uint256 id = borrow(request());
        bytes32 policy = pool.policyId();
        vm.startPrank(guardian);
        pool.tighten(Limits({deposits: 0, utilisation: 0, cover: 0}));
        pool.impair(id);
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
        vm.startPrank(guardian);
        vm.expectRevert(reason);
        pool.setLimits(Limits({deposits: 1, utilisation: 1, cover: 0}));
        vm.expectRevert(reason);
        pool.restore(1);
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
        script.handOver(targets(), bad);
        vm.stopBroadcast();
        bad = holders();
        bad.delay = 1 hours;
        vm.expectRevert(abi.encodeWithSelector(HandOver.DelayTooShort.selector, 1 hours, 1 days));
        script.handOver(targets(), bad);
    }
}
