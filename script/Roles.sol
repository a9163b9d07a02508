// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {Underwriter} from "../contracts/credit/Underwriter.sol";
import {CredentialRegistry} from "../contracts/gate/CredentialRegistry.sol";
import {GateBase} from "../contracts/gate/GateBase.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// What the roles are for: the curator loosens, after a delay that depositors can leave in and in which the guardian
/// can call it off; the guardian tightens, at once. Everything else is the administrator's: the roles themselves.
/// tools/check-roles reads these lists.
library Roles {
    uint64 internal constant ADMIN = 0;
    uint64 internal constant CURATOR = 1;
    uint64 internal constant GUARDIAN = 2;

    struct Targets {
        AccessManager manager;
        CredentialRegistry registry;
        Underwriter underwriter;
        TesseraPool pool;
        TesseraVault vault;
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
        manager.setRoleGuardian(CURATOR, GUARDIAN);
        address[4] memory all = addresses(targets);
        for (uint256 i = 0; i < all.length; i++) {
            manager.setTargetFunctionRole(all[i], loosening(i), CURATOR);
            manager.setTargetFunctionRole(all[i], tightening(i), GUARDIAN);
        }
    }

    /// @notice Hands everything over, with its delays. The caller, who holds it so far, keeps nothing.
    function handOver(Targets memory targets, Holders memory to, address from) internal {
        AccessManager manager = targets.manager;
        manager.grantRole(CURATOR, to.curator, to.delay);
        manager.grantRole(GUARDIAN, to.guardian, 0);
        // Later grants and changes of who may call what wait as long, or a grant would be a way around.
        manager.setGrantDelay(CURATOR, to.delay);
        manager.setGrantDelay(GUARDIAN, to.delay);
        address[4] memory all = addresses(targets);
        for (uint256 i = 0; i < all.length; i++) {
            manager.setTargetAdminDelay(all[i], to.delay);
        }
        manager.grantRole(ADMIN, to.administrator, to.delay);
        manager.renounceRole(ADMIN, from);
    }

    /// @notice The contracts with restricted functions, in the order of the lists below.
    function addresses(Targets memory targets) internal pure returns (address[4] memory) {
        return [
            address(targets.registry),
            address(targets.underwriter),
            address(targets.pool),
            address(targets.vault)
        ];
    }

    function loosening(uint256 target) internal pure returns (bytes4[] memory list) {
        list = new bytes4[](target == 0 ? 6 : target == 3 ? 3 : 1);
        if (target == 0) {
            list[0] = CredentialRegistry.addAttester.selector;
            list[1] = CredentialRegistry.addP256Attester.selector;
            list[2] = CredentialRegistry.allowPool.selector;
            list[3] = CredentialRegistry.abandonPool.selector;
            list[4] = CredentialRegistry.recordSchema.selector;
            list[5] = CredentialRegistry.recordModel.selector;
        }
        if (target == 1) list[0] = Underwriter.addPolicy.selector;
        if (target == 2) list[0] = TesseraPool.restore.selector;
        if (target == 3) {
            list[0] = TesseraVault.setLimits.selector;
            list[1] = TesseraVault.setFee.selector;
            list[2] = TesseraVault.withdrawCover.selector;
        }
    }

    function tightening(uint256 target) internal pure returns (bytes4[] memory list) {
        list = new bytes4[](target == 0 ? 3 : target == 2 ? 2 : 1);
        if (target == 0) {
            list[0] = CredentialRegistry.retireAttester.selector;
            list[1] = CredentialRegistry.revokeAttester.selector;
            list[2] = CredentialRegistry.disallowPool.selector;
        }
        if (target == 1) list[0] = GateBase.retirePolicy.selector;
        if (target == 2) {
            list[0] = TesseraPool.mark.selector;
            list[1] = TesseraPool.closeLine.selector;
        }
        if (target == 3) list[0] = TesseraVault.tighten.selector;
    }
}
