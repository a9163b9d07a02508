// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {Underwriter} from "../contracts/credit/Underwriter.sol";
import {CredentialRegistry} from "../contracts/gate/CredentialRegistry.sol";
import {Roles} from "./Roles.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Script} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";

/// @title Takes the deployer's hands off a deployment
/// @notice Reads `deployments/<chain id>.json`, assigns functions to roles, gives the roles to their holders
/// with their delays, and replays every event that the manager ever emitted: no role has another member, admin or
/// guardian than it should, and no function of any contract another role.
///
///   tools/forge script script/HandOver.s.sol --sig 'run(address,address,address,uint32)' \
///       ADMINISTRATOR CURATOR GUARDIAN DELAY --rpc-url URL --broadcast ...
contract HandOver is Script {
    /// Somebody holds a role who should not, or does not who should.
    error WrongMember(uint64 role, address account);
    /// A role is administered, or its operations called off, by another role than should be.
    error WrongRoleOfRole(uint64 role, uint64 admin, uint64 guardian);
    /// A function is for another role than it should be.
    error WrongRoleOfFunction(address target, bytes4 selector, uint64 role);
    /// A contract is closed: nothing restricted works.
    error TargetIsClosed(address target);
    /// A holder of a role is the deployer, or nobody, or holds another one too.
    error BadHolder(address holder);
    /// Depositors need time to leave.
    error DelayTooShort(uint32 delay, uint32 min);
    /// A loan would be in default before the curator could restore what the guardian marked.
    error DelinquencyTooShort(uint32 period, uint32 min);

    uint32 public constant MIN_DELAY = 1 days;
    /// From the curator's delay to the delinquency period, for the curator to notice and decide.
    uint32 public constant MARGIN = 5 days;

    function run(address administrator, address curator, address guardian, uint32 delay) external {
        string memory path = string.concat("deployments/", vm.toString(block.chainid), ".json");
        string memory json = vm.readFile(path);
        Roles.Targets memory targets = Roles.Targets({
            manager: AccessManager(vm.parseJsonAddress(json, ".manager.address")),
            registry: CredentialRegistry(vm.parseJsonAddress(json, ".registry.address")),
            underwriter: Underwriter(vm.parseJsonAddress(json, ".underwriter.address")),
            pool: TesseraPool(vm.parseJsonAddress(json, ".pool.address")),
            vault: TesseraVault(vm.parseJsonAddress(json, ".vault.address"))
        });
        VmSafe.EthGetLogs[] memory past =
            vm.eth_getLogs(0, block.number, address(targets.manager), new bytes32[](0));
        VmSafe.Log[] memory logs = new VmSafe.Log[](past.length);
        for (uint256 i = 0; i < past.length; i++) {
            logs[i] = VmSafe.Log({topics: past[i].topics, data: past[i].data, emitter: past[i].emitter});
        }
        handOver(
            targets,
            Roles.Holders({administrator: administrator, curator: curator, guardian: guardian, delay: delay}),
            logs
        );
    }

    /// @param past All events of the manager so far.
    function handOver(Roles.Targets memory targets, Roles.Holders memory to, VmSafe.Log[] memory past)
        public
    {
        vm.startBroadcast();
        (, address deployer,) = vm.readCallers();
        address[3] memory holders = [to.administrator, to.curator, to.guardian];
        for (uint256 i = 0; i < holders.length; i++) {
            require(holders[i] != address(0) && holders[i] != deployer, BadHolder(holders[i]));
            require(i == 0 || holders[i] != holders[i - 1], BadHolder(holders[i]));
        }
        require(holders[0] != holders[2], BadHolder(holders[2]));
        require(to.delay >= MIN_DELAY, DelayTooShort(to.delay, MIN_DELAY));
        uint32 period = targets.pool.book().delinquencyPeriod();
        require(period >= to.delay + MARGIN, DelinquencyTooShort(period, to.delay + MARGIN));
        vm.recordLogs();
        Roles.assign(targets);
        Roles.handOver(targets, to, deployer);
        vm.stopBroadcast();
        check(targets, to, past);
        check(targets, to, vm.getRecordedLogs());
    }

    /// @notice Reverts if anything that the manager's events ever touched is now other than it should be.
    function check(Roles.Targets memory targets, Roles.Holders memory to, VmSafe.Log[] memory logs)
        public
        view
    {
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter == address(targets.manager)) checkEvent(targets, to, logs[i]);
        }
        checkMember(targets.manager, to, Roles.ADMIN, to.administrator);
        checkMember(targets.manager, to, Roles.CURATOR, to.curator);
        checkMember(targets.manager, to, Roles.GUARDIAN, to.guardian);
        checkRole(targets.manager, Roles.CURATOR);
        checkRole(targets.manager, Roles.GUARDIAN);
        address[4] memory all = Roles.addresses(targets);
        for (uint256 i = 0; i < all.length; i++) {
            checkList(targets, all[i], Roles.loosening(i));
            checkList(targets, all[i], Roles.tightening(i));
        }
    }

    function checkEvent(Roles.Targets memory targets, Roles.Holders memory to, VmSafe.Log memory log)
        private
        view
    {
        bytes32 kind = log.topics[0];
        if (kind == IAccessManager.RoleGranted.selector || kind == IAccessManager.RoleRevoked.selector) {
            uint64 role = uint64(uint256(log.topics[1]));
            checkMember(targets.manager, to, role, address(uint160(uint256(log.topics[2]))));
        }
        if (
            kind == IAccessManager.RoleAdminChanged.selector
                || kind == IAccessManager.RoleGuardianChanged.selector
        ) {
            checkRole(targets.manager, uint64(uint256(log.topics[1])));
        }
        if (kind == IAccessManager.TargetFunctionRoleUpdated.selector) {
            address target = address(uint160(uint256(log.topics[1])));
            checkFunction(targets, target, abi.decode(log.data, (bytes4)));
        }
        if (kind == IAccessManager.TargetClosed.selector) {
            address target = address(uint160(uint256(log.topics[1])));
            require(!targets.manager.isTargetClosed(target), TargetIsClosed(target));
        }
    }

    /// Only the three holders are anything, each what they should be.
    function checkMember(AccessManager manager, Roles.Holders memory to, uint64 role, address account)
        private
        view
    {
        (bool member, uint32 delay) = manager.hasRole(role, account);
        bool should = (role == Roles.ADMIN && account == to.administrator)
            || (role == Roles.CURATOR && account == to.curator)
            || (role == Roles.GUARDIAN && account == to.guardian);
        require(member == should, WrongMember(role, account));
        if (member) require(delay == (role == Roles.GUARDIAN ? 0 : to.delay), WrongMember(role, account));
    }

    function checkRole(AccessManager manager, uint64 role) private view {
        (uint64 admin, uint64 guardian) = (manager.getRoleAdmin(role), manager.getRoleGuardian(role));
        uint64 expected = role == Roles.CURATOR ? Roles.GUARDIAN : Roles.ADMIN;
        require(admin == Roles.ADMIN && guardian == expected, WrongRoleOfRole(role, admin, guardian));
    }

    function checkList(Roles.Targets memory targets, address target, bytes4[] memory list) private view {
        for (uint256 i = 0; i < list.length; i++) {
            checkFunction(targets, target, list[i]);
        }
    }

    /// What is in no list is the administrator's, in whatever contract.
    function checkFunction(Roles.Targets memory targets, address target, bytes4 selector) private view {
        uint64 role = targets.manager.getTargetFunctionRole(target, selector);
        uint64 expected = Roles.ADMIN;
        address[4] memory all = Roles.addresses(targets);
        for (uint256 i = 0; i < all.length; i++) {
            if (all[i] != target) continue;
            if (has(Roles.loosening(i), selector)) expected = Roles.CURATOR;
            if (has(Roles.tightening(i), selector)) expected = Roles.GUARDIAN;
        }
        require(role == expected, WrongRoleOfFunction(target, selector, role));
    }

    function has(bytes4[] memory list, bytes4 selector) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; i++) {
            if (list[i] == selector) return true;
        }
        return false;
    }
}
