// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CredentialRegistry} from "../contracts/CredentialRegistry.sol";
import {TesseraPool} from "../contracts/TesseraPool.sol";
import {Underwriter} from "../contracts/Underwriter.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// What the roles are for: the curator loosens, after a delay that depositors can leave in; the guardian
/// tightens, at once. Everything else is the administrator's: the roles themselves.
library Roles {
    uint64 internal constant ADMIN = 0;
    uint64 internal constant CURATOR = 1;
    uint64 internal constant GUARDIAN = 2;

    struct Targets {
        AccessManager manager;
        CredentialRegistry registry;
        Underwriter underwriter;
        TesseraPool pool;
    }

    struct Holders {
        address administrator;
        address curator;
        address guardian;
        /// Seconds that everything but tightening waits between announcement and execution.
        uint32 delay;
    }

    /// @notice Who may call what.
    function assign(Targets memory targets) internal {
        AccessManager manager = targets.manager;
        manager.labelRole(CURATOR, "curator");
        manager.labelRole(GUARDIAN, "guardian");
        manager.setTargetFunctionRole(address(targets.registry), registryLoosening(), CURATOR);
        manager.setTargetFunctionRole(address(targets.registry), registryTightening(), GUARDIAN);
        manager.setTargetFunctionRole(address(targets.underwriter), underwriterLoosening(), CURATOR);
        manager.setTargetFunctionRole(address(targets.underwriter), underwriterTightening(), GUARDIAN);
        manager.setTargetFunctionRole(address(targets.pool), poolLoosening(), CURATOR);
        manager.setTargetFunctionRole(address(targets.pool), poolTightening(), GUARDIAN);
    }

    /// @notice Hands everything over, with its delays. The caller, who holds it so far, keeps nothing.
    function handOver(Targets memory targets, Holders memory to, address from) internal {
        AccessManager manager = targets.manager;
        manager.grantRole(CURATOR, to.curator, to.delay);
        manager.grantRole(GUARDIAN, to.guardian, 0);
        // Later grants and changes of who may call what wait as long, or a grant would be a way around.
        manager.setGrantDelay(CURATOR, to.delay);
        manager.setGrantDelay(GUARDIAN, to.delay);
        manager.setTargetAdminDelay(address(targets.registry), to.delay);
        manager.setTargetAdminDelay(address(targets.underwriter), to.delay);
        manager.setTargetAdminDelay(address(targets.pool), to.delay);
        manager.grantRole(ADMIN, to.administrator, to.delay);
        manager.renounceRole(ADMIN, from);
    }

    function registryLoosening() internal pure returns (bytes4[] memory list) {
        list = new bytes4[](4);
        list[0] = CredentialRegistry.addAttester.selector;
        list[1] = CredentialRegistry.allowPool.selector;
        list[2] = CredentialRegistry.recordSchema.selector;
        list[3] = CredentialRegistry.recordModel.selector;
    }

    function registryTightening() internal pure returns (bytes4[] memory list) {
        list = new bytes4[](3);
        list[0] = CredentialRegistry.retireAttester.selector;
        list[1] = CredentialRegistry.revokeAttester.selector;
        list[2] = CredentialRegistry.disallowPool.selector;
    }

    function underwriterLoosening() internal pure returns (bytes4[] memory list) {
        list = new bytes4[](2);
        list[0] = Underwriter.addPolicy.selector;
        list[1] = Underwriter.addPolicyWith.selector;
    }

    function underwriterTightening() internal pure returns (bytes4[] memory list) {
        list = new bytes4[](1);
        list[0] = Underwriter.retirePolicy.selector;
    }

    function poolLoosening() internal pure returns (bytes4[] memory list) {
        list = new bytes4[](4);
        list[0] = TesseraPool.setLimits.selector;
        list[1] = TesseraPool.restore.selector;
        list[2] = TesseraPool.setFee.selector;
        list[3] = TesseraPool.withdrawCover.selector;
    }

    function poolTightening() internal pure returns (bytes4[] memory list) {
        list = new bytes4[](3);
        list[0] = TesseraPool.tighten.selector;
        list[1] = TesseraPool.impair.selector;
        list[2] = TesseraPool.closeLine.selector;
    }
}
