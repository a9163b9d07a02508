// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {Underwriter} from "../contracts/credit/Underwriter.sol";
import {DemoToken} from "../contracts/demo/DemoToken.sol";
import {CredentialRegistry} from "../contracts/gate/CredentialRegistry.sol";
import {PoolConfig} from "../contracts/interfaces/ITesseraPool.sol";
import {Fee, Limits, VaultConfig} from "../contracts/interfaces/ITesseraVault.sol";
import {ITesseraVerifier} from "../contracts/interfaces/ITesseraVerifier.sol";
import {PolicyConfig, Pricing, Tier} from "../contracts/interfaces/IUnderwriter.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Script} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";

/// @title Deploys a pool and what it stands on
/// @notice Reads what to deploy from a JSON file and writes `deployments/<chain id>.json`; a dry run (without
/// `--broadcast`) writes `target/deployment-dry-run.json` instead. A record that is there is never overwritten: move
/// it away first.
///
///   tools/forge script script/Deploy.s.sol --sig 'run(string)' deploy.json --rpc-url URL --broadcast ...
///
/// deploy.json: {"verifier": "TesseraVerifier2", "segments": 2, "asset": "0x…" (left out on a local chain, where a
/// demo token is made), "name": "…", "symbol": "…", "delinquencyDays": 60, "noticeDays": 0, "modelDigest": "0x…",
/// "schema": "0x…", "baseRate": "80000000000000000", "lateRate": "…", "graceDays": 10, "tiers": [{"threshold": "…",
/// "maxAmount": "…", "premium": "…", "termDays": 90}], "attesters": [{"key": "0x…", "issuer": "0x…", "validFrom":
/// 0}], "limits": {"deposits": "…", "utilisation": "…", "cover": "…"}, "fee": {"share": "…", "receiver": "0x…"}}.
/// Rates and shares: 1e18 is 100 %, rates a year's. Thresholds: points × 2^32. Amounts: the asset's smallest unit.
contract Deploy is Script {
    using SafeCast for uint256;

    uint256 private constant LOCAL_CHAIN = 31_337;

    /// Anybody could forge proofs for such a verifier.
    error InsecureVerifierOffLocalChain(string verifier, uint256 chainId);
    /// A real chain needs a real asset.
    error AssetMissing(uint256 chainId);
    /// Another deployment's record is in the way: move it.
    error RecordExists(string path);
    /// The verifier is for models of another number of segments.
    error WrongSegments(uint256 expected, uint256 actual);

    struct Deployed {
        IERC20 asset;
        AccessManager manager;
        CredentialRegistry registry;
        ITesseraVerifier verifier;
        Underwriter underwriter;
        TesseraPool pool;
        TesseraVault vault;
    }

    function run(string calldata path) external returns (Deployed memory) {
        bool live = vm.isContext(VmSafe.ForgeContext.ScriptBroadcast);
        string memory id = vm.toString(block.chainid);
        string memory to =
            live ? string.concat("deployments/", id, ".json") : "target/deployment-dry-run.json";
        require(!live || !vm.exists(to), RecordExists(to));
        vm.createDir(live ? "deployments" : "target", true);
        return deploy(vm.readFile(path), to);
    }

    /// @param to Where the record goes.
    function deploy(string memory json, string memory to) public returns (Deployed memory made) {
        string memory name = vm.parseJsonString(json, ".verifier");
        checkVerifier(name, vm.parseJsonUint(json, ".segments"));

        vm.startBroadcast();
        (, address deployer,) = vm.readCallers();
        made.asset = asset(json);
        made.manager = new AccessManager(deployer);
        made.registry = new CredentialRegistry(address(made.manager));
        made.verifier = ITesseraVerifier(create(vm.getCode(artifact(name))));
        made.underwriter = new Underwriter(made.registry, address(made.manager), policyConfig(made, json));
        made.vault = TesseraVault(vm.computeCreateAddress(deployer, vm.getNonce(deployer) + 1));
        made.pool = new TesseraPool(poolConfig(made, json));
        made.vault = new TesseraVault(vaultConfig(made, json));
        made.registry.allowPool(address(made.pool));
        setLimits(json, made.vault);
        addAttesters(json, made.registry);
        vm.stopBroadcast();
        record(made, name, json, to);
    }

    /// Asks the verifier before anything is sent: the contract is made in the script's memory only.
    function checkVerifier(string memory name, uint256 segments) public {
        ITesseraVerifier trial = ITesseraVerifier(create(vm.getCode(artifact(name))));
        require(
            block.chainid == LOCAL_CHAIN || !trial.INSECURE_SRS(),
            InsecureVerifierOffLocalChain(name, block.chainid)
        );
        require(trial.SEGMENTS() == segments, WrongSegments(segments, trial.SEGMENTS()));
    }

    /// Until then the vault is closed.
    function setLimits(string memory json, TesseraVault vault) private {
        vault.setLimits(
            Limits({
                deposits: vm.parseJsonUint(json, ".limits.deposits").toUint96(),
                utilisation: vm.parseJsonUint(json, ".limits.utilisation").toUint64(),
                cover: vm.parseJsonUint(json, ".limits.cover").toUint64()
            })
        );
        uint64 share = vm.parseJsonUint(json, ".fee.share").toUint64();
        if (share != 0) vault.setFee(Fee(share, vm.parseJsonAddress(json, ".fee.receiver")));
    }

    function asset(string memory json) private returns (IERC20) {
        if (vm.keyExistsJson(json, ".asset")) return IERC20(vm.parseJsonAddress(json, ".asset"));
        require(block.chainid == LOCAL_CHAIN, AssetMissing(block.chainid));
        return new DemoToken("Demo Dollar", "DUSD", 6);
    }

    function policyConfig(Deployed memory made, string memory json)
        private
        view
        returns (PolicyConfig memory config)
    {
        config.rule.verifier = made.verifier;
        config.rule.modelDigest = vm.parseJsonUint(json, ".modelDigest");
        config.rule.schema = vm.parseJsonUint(json, ".schema");
        config.rule.segments = vm.parseJsonUint(json, ".segments");
        config.asset = address(made.asset);
        config.pricing = Pricing({
            baseRate: vm.parseJsonUint(json, ".baseRate").toUint64(),
            lateRate: vm.parseJsonUint(json, ".lateRate").toUint64(),
            grace: (vm.parseJsonUint(json, ".graceDays") * 1 days).toUint32(),
            line: false
        });
        uint256 count = 0;
        while (vm.keyExistsJson(json, at(".tiers", count, ""))) count++;
        config.tiers = new Tier[](count);
        for (uint256 i = 0; i < count; i++) {
            config.tiers[i] = Tier({
                threshold: vm.parseJsonUint(json, at(".tiers", i, ".threshold")).toUint64(),
                maxAmount: vm.parseJsonUint(json, at(".tiers", i, ".maxAmount")).toUint96(),
                premium: vm.parseJsonUint(json, at(".tiers", i, ".premium")).toUint64(),
                term: (vm.parseJsonUint(json, at(".tiers", i, ".termDays")) * 1 days).toUint32()
            });
        }
    }

    function poolConfig(Deployed memory made, string memory json) private pure returns (PoolConfig memory) {
        return PoolConfig({
            asset: made.asset,
            underwriter: made.underwriter,
            delinquencyPeriod: (vm.parseJsonUint(json, ".delinquencyDays") * 1 days).toUint32(),
            authority: address(made.manager),
            vault: made.vault
        });
    }

    function vaultConfig(Deployed memory made, string memory json) private pure returns (VaultConfig memory) {
        return VaultConfig({
            pool: made.pool,
            name: vm.parseJsonString(json, ".name"),
            symbol: vm.parseJsonString(json, ".symbol"),
            notice: (vm.parseJsonUint(json, ".noticeDays") * 1 days).toUint32()
        });
    }

    function addAttesters(string memory json, CredentialRegistry registry) private {
        for (uint256 i = 0; vm.keyExistsJson(json, at(".attesters", i, "")); i++) {
            registry.addAttester(
                vm.parseJsonAddress(json, at(".attesters", i, ".key")),
                vm.parseJsonAddress(json, at(".attesters", i, ".issuer")),
                vm.parseJsonUint(json, at(".attesters", i, ".validFrom")).toUint40()
            );
        }
    }

    /// Addresses, code hashes, source names and constructor arguments: what it takes to use the contracts and
    /// to verify their sources (tools/source-input).
    function record(Deployed memory made, string memory verifierName, string memory json, string memory to)
        private
    {
        (, address deployer,) = vm.readCallers();
        bytes32[] memory policies = new bytes32[](1);
        policies[0] = made.underwriter.policyId();
        vm.serializeBytes32("d", "policyIds", policies);
        vm.serializeAddress("d", "deployer", deployer);
        vm.serializeUint("d", "chainId", block.chainid);
        vm.serializeUint("d", "block", block.number);
        vm.serializeString("d", "verifierName", verifierName);
        vm.serializeBytes32("d", "verifierKeyDigest", made.verifier.KEY_DIGEST());
        vm.serializeBytes32("d", "srsDigest", made.verifier.SRS_DIGEST());
        vm.serializeBool("d", "insecureSrs", made.verifier.INSECURE_SRS());
        vm.serializeBytes32("d", "policyId", made.underwriter.policyId());
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
        vm.writeJson(all, to);
    }

    function recordOurs(Deployed memory made, string memory json) private returns (string memory) {
        address authority = address(made.manager);
        bytes memory arguments = abi.encode(authority);
        string memory source = "CredentialRegistry.sol:CredentialRegistry";
        vm.serializeString("d", "registry", entry("registry", address(made.registry), source, arguments));

        arguments = abi.encode(made.registry, authority, policyConfig(made, json));
        source = "Underwriter.sol:Underwriter";
        vm.serializeString(
            "d", "underwriter", entry("underwriter", address(made.underwriter), source, arguments)
        );

        arguments = abi.encode(made.pool.book().delinquencyPeriod(), made.vault);
        source = "LoanBook.sol:LoanBook";
        vm.serializeString("d", "book", entry("book", address(made.pool.book()), source, arguments));

        arguments = abi.encode(vaultConfig(made, json));
        source = "TesseraVault.sol:TesseraVault";
        vm.serializeString("d", "vault", entry("vault", address(made.vault), source, arguments));

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
