// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CredentialRegistry} from "../contracts/CredentialRegistry.sol";
import {TesseraPool} from "../contracts/TesseraPool.sol";
import {Underwriter} from "../contracts/Underwriter.sol";
import {DemoToken} from "../contracts/demo/DemoToken.sol";
import {PoolConfig} from "../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVerifier} from "../contracts/interfaces/ITesseraVerifier.sol";
import {PolicyConfig, Pricing, Tier} from "../contracts/interfaces/IUnderwriter.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Script} from "forge-std/Script.sol";

/// @title Deploys a pool and what it stands on
/// @notice Reads what to deploy from a JSON file and writes `deployments/<chain id>.json`.
///
///   tools/forge script script/Deploy.s.sol --sig 'run(string)' deploy.json --rpc-url URL --broadcast ...
///
/// deploy.json: {"verifier": "TesseraVerifier2", "asset": "0x…" (left out on a local chain, where a demo
/// token is made), "name": "…", "symbol": "…", "delinquencyDays": 60, "modelDigest": "0x…", "schema": "0x…",
/// "baseRate": "80000000000000000", "lateRate": "…", "graceDays": 10, "tiers": [{"threshold": "…",
/// "maxAmount": "…", "premium": "…", "termDays": 90}], "attesters": [{"key": "0x…", "issuer": "0x…",
/// "validFrom": 0}]}. Rates: a year's, 1e18 is 100 %. Thresholds: points × 2^32.
contract Deploy is Script {
    using SafeCast for uint256;

    uint256 private constant LOCAL_CHAIN = 31_337;

    /// Anybody could forge proofs for such a verifier.
    error InsecureVerifierOffLocalChain(string verifier, uint256 chainId);
    /// A real chain needs a real asset.
    error AssetMissing(uint256 chainId);

    struct Deployed {
        IERC20 asset;
        AccessManager manager;
        CredentialRegistry registry;
        ITesseraVerifier verifier;
        Underwriter underwriter;
        TesseraPool pool;
    }

    function run(string calldata path) external returns (Deployed memory made) {
        string memory json = vm.readFile(path);
        string memory name = vm.parseJsonString(json, ".verifier");
        refuseInsecure(name);

        vm.startBroadcast();
        (, address deployer,) = vm.readCallers();
        made.asset = asset(json);
        made.manager = new AccessManager(deployer);
        made.registry = new CredentialRegistry(address(made.manager));
        made.verifier = ITesseraVerifier(create(vm.getCode(artifact(name))));
        made.underwriter =
            new Underwriter(made.registry, address(made.manager), policyConfig(json, made.verifier));
        made.pool = new TesseraPool(poolConfig(made, json));
        made.registry.allowPool(address(made.pool));
        addAttesters(json, made.registry);
        vm.stopBroadcast();
        record(made, name, json);
    }

    /// Asks the verifier before anything is sent: the contract is made in the script's memory only.
    function refuseInsecure(string memory name) public {
        ITesseraVerifier trial = ITesseraVerifier(create(vm.getCode(artifact(name))));
        require(
            block.chainid == LOCAL_CHAIN || !trial.INSECURE_SRS(),
            InsecureVerifierOffLocalChain(name, block.chainid)
        );
    }

    function asset(string memory json) private returns (IERC20) {
        if (vm.keyExistsJson(json, ".asset")) return IERC20(vm.parseJsonAddress(json, ".asset"));
        require(block.chainid == LOCAL_CHAIN, AssetMissing(block.chainid));
        return new DemoToken("Demo Dollar", "DUSD", 6);
    }

    function policyConfig(string memory json, ITesseraVerifier verifier)
        private
        view
        returns (PolicyConfig memory config)
    {
        config.verifier = verifier;
        config.modelDigest = vm.parseJsonUint(json, ".modelDigest");
        config.schema = vm.parseJsonUint(json, ".schema");
        config.pricing = Pricing({
            baseRate: vm.parseJsonUint(json, ".baseRate").toUint64(),
            lateRate: vm.parseJsonUint(json, ".lateRate").toUint64(),
            grace: (vm.parseJsonUint(json, ".graceDays") * 1 days).toUint32()
        });
        uint256 count = 0;
        while (vm.keyExistsJson(json, at(".tiers", count, ""))) count++;
        config.tiers = new Tier[](count);
        for (uint256 i = 0; i < count; i++) {
            config.tiers[i] = Tier({
                threshold: vm.parseJsonUint(json, at(".tiers", i, ".threshold")).toUint64(),
                maxAmount: vm.parseJsonUint(json, at(".tiers", i, ".maxAmount")).toUint128(),
                premium: vm.parseJsonUint(json, at(".tiers", i, ".premium")).toUint64(),
                term: (vm.parseJsonUint(json, at(".tiers", i, ".termDays")) * 1 days).toUint32()
            });
        }
    }

    function poolConfig(Deployed memory made, string memory json) private pure returns (PoolConfig memory) {
        return PoolConfig({
            asset: made.asset,
            name: vm.parseJsonString(json, ".name"),
            symbol: vm.parseJsonString(json, ".symbol"),
            underwriter: made.underwriter,
            delinquencyPeriod: (vm.parseJsonUint(json, ".delinquencyDays") * 1 days).toUint32(),
            authority: address(made.manager)
        });
    }

    function addAttesters(string memory json, CredentialRegistry registry) private {
        for (uint256 i = 0; vm.keyExistsJson(json, at(".attesters", i, "")); i++) {
            registry.addAttester(
                vm.parseJsonAddress(json, at(".attesters", i, ".key")),
                vm.parseJsonAddress(json, at(".attesters", i, ".issuer")),
                vm.parseJsonUint(json, at(".attesters", i, ".validFrom")).toUint64()
            );
        }
    }

    /// Addresses, code hashes, source names and constructor arguments: what it takes to use the contracts and
    /// to verify their sources (tools/source-input).
    function record(Deployed memory made, string memory verifierName, string memory json) private {
        (, address deployer,) = vm.readCallers();
        bytes32[] memory policies = new bytes32[](1);
        policies[0] = made.pool.policyId();
        vm.serializeBytes32("d", "policyIds", policies);
        vm.serializeAddress("d", "deployer", deployer);
        vm.serializeUint("d", "chainId", block.chainid);
        vm.serializeUint("d", "block", block.number);
        vm.serializeString("d", "verifierName", verifierName);
        vm.serializeBytes32("d", "verifierKeyDigest", made.verifier.KEY_DIGEST());
        vm.serializeBytes32("d", "srsDigest", made.verifier.SRS_DIGEST());
        vm.serializeBool("d", "insecureSrs", made.verifier.INSECURE_SRS());
        vm.serializeBytes32("d", "policyId", made.pool.policyId());
        bytes memory none;
        vm.serializeString("d", "asset", entry("asset", address(made.asset), "", none));
        bytes memory arguments = abi.encode(deployer);
        vm.serializeString(
            "d",
            "manager",
            entry("manager", address(made.manager), "AccessManager.sol:AccessManager", arguments)
        );
        vm.serializeString(
            "d", "verifier", entry("verifier", address(made.verifier), artifact(verifierName), none)
        );
        string memory all = recordOurs(made, json);
        vm.createDir("deployments", true);
        vm.writeJson(all, string.concat("deployments/", vm.toString(block.chainid), ".json"));
    }

    function recordOurs(Deployed memory made, string memory json) private returns (string memory) {
        address authority = address(made.manager);
        bytes memory arguments = abi.encode(authority);
        string memory source = "CredentialRegistry.sol:CredentialRegistry";
        vm.serializeString("d", "registry", entry("registry", address(made.registry), source, arguments));

        arguments = abi.encode(made.registry, authority, policyConfig(json, made.verifier));
        source = "Underwriter.sol:Underwriter";
        vm.serializeString(
            "d", "underwriter", entry("underwriter", address(made.underwriter), source, arguments)
        );

        arguments = abi.encode(made.pool.delinquencyPeriod());
        source = "LoanBook.sol:LoanBook";
        vm.serializeString("d", "book", entry("book", address(made.pool.book()), source, arguments));

        arguments = abi.encode(poolConfig(made, json));
        source = "TesseraPool.sol:TesseraPool";
        return vm.serializeString("d", "pool", entry("pool", address(made.pool), source, arguments));
    }

    /// @param source `File.sol:Contract` in the compiler's output; empty for what was there before.
    function entry(string memory id, address where, string memory source, bytes memory arguments)
        private
        returns (string memory)
    {
        vm.serializeAddress(id, "address", where);
        vm.serializeString(id, "source", source);
        vm.serializeBytes(id, "constructorArguments", arguments);
        return vm.serializeBytes32(id, "codeHash", where.codehash);
    }

    function at(string memory list, uint256 index, string memory member)
        private
        pure
        returns (string memory)
    {
        return string.concat(list, "[", vm.toString(index), "]", member);
    }

    /// `TesseraVerifier2` stands for the contract of that name in the file of that name.
    function artifact(string memory name) private returns (string memory) {
        return vm.contains(name, ":") ? name : string.concat(name, ".sol:", name);
    }

    function create(bytes memory code) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
        }
        require(created != address(0), "the verifier could not be deployed");
    }
}
