// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CredentialRegistry} from "../contracts/CredentialRegistry.sol";
import {TesseraPool} from "../contracts/TesseraPool.sol";
import {Underwriter} from "../contracts/Underwriter.sol";
import {Roles} from "./Roles.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Script} from "forge-std/Script.sol";

/// @title Takes the deployer's hands off a deployment
/// @notice Reads `deployments/<chain id>.json`, assigns functions to roles, gives the roles to their holders
/// with their delays, and checks that the deployer can do nothing any more.
///
///   tools/forge script script/HandOver.s.sol --sig 'run(address,address,address,uint32)' \
///       ADMINISTRATOR CURATOR GUARDIAN DELAY --rpc-url URL --broadcast ...
contract HandOver is Script {
    /// The deployer could still do something.
    error StillInCharge(address deployer, address target, bytes4 selector);
    /// A holder of a role is the deployer, or nobody.
    error BadHolder(address holder);
    /// Depositors need time to leave.
    error DelayTooShort(uint32 delay, uint32 min);

    uint32 public constant MIN_DELAY = 1 days;

    function run(address administrator, address curator, address guardian, uint32 delay) external {
        string memory path = string.concat("deployments/", vm.toString(block.chainid), ".json");
        string memory json = vm.readFile(path);
        Roles.Targets memory targets = Roles.Targets({
            manager: AccessManager(vm.parseJsonAddress(json, ".manager.address")),
            registry: CredentialRegistry(vm.parseJsonAddress(json, ".registry.address")),
            underwriter: Underwriter(vm.parseJsonAddress(json, ".underwriter.address")),
            pool: TesseraPool(vm.parseJsonAddress(json, ".pool.address"))
        });
        handOver(
            targets,
            Roles.Holders({administrator: administrator, curator: curator, guardian: guardian, delay: delay})
        );
    }

    function handOver(Roles.Targets memory targets, Roles.Holders memory to) public {
        vm.startBroadcast();
        (, address deployer,) = vm.readCallers();
        address[3] memory holders = [to.administrator, to.curator, to.guardian];
        for (uint256 i = 0; i < holders.length; i++) {
            require(holders[i] != address(0) && holders[i] != deployer, BadHolder(holders[i]));
        }
        require(to.delay >= MIN_DELAY, DelayTooShort(to.delay, MIN_DELAY));
        Roles.assign(targets);
        Roles.handOver(targets, to, deployer);
        vm.stopBroadcast();
        check(targets, deployer);
    }

    /// @notice Reverts if `deployer` may call anything that is restricted, now or after a delay.
    function check(Roles.Targets memory targets, address deployer) public view {
        checkTarget(targets.manager, address(targets.registry), Roles.registryLoosening(), deployer);
        checkTarget(targets.manager, address(targets.registry), Roles.registryTightening(), deployer);
        checkTarget(targets.manager, address(targets.underwriter), Roles.underwriterLoosening(), deployer);
        checkTarget(targets.manager, address(targets.underwriter), Roles.underwriterTightening(), deployer);
        checkTarget(targets.manager, address(targets.pool), Roles.poolLoosening(), deployer);
        checkTarget(targets.manager, address(targets.pool), Roles.poolTightening(), deployer);
        for (uint64 role = 0; role <= Roles.GUARDIAN; role++) {
            (bool member,) = targets.manager.hasRole(role, deployer);
            require(!member, StillInCharge(deployer, address(targets.manager), bytes4(0)));
        }
    }

    function checkTarget(AccessManager manager, address target, bytes4[] memory list, address deployer)
        private
        view
    {
        for (uint256 i = 0; i < list.length; i++) {
            (bool immediate, uint32 delay) = manager.canCall(deployer, target, list[i]);
            require(!immediate && delay == 0, StillInCharge(deployer, target, list[i]));
        }
    }
}
