// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/TesseraPool.sol";
import {Deploy} from "../script/Deploy.s.sol";
import {Base} from "./support/Base.sol";

/// The deployment script: what it makes, what it refuses, what it writes down.
contract DeployTest is Base {
    uint256 private constant ELSEWHERE = 99_999;
    Deploy private script = new Deploy();

    function config(string memory label, string memory name, string memory asset)
        private
        returns (string memory path)
    {
        path = string.concat("target/deploy-test-", label, ".json");
        vm.createDir("target", true);
        vm.writeFile(
            path,
            string.concat(
                '{"verifier":"MockVerifier.sol:',
                name,
                '",',
                asset,
                '"name":"Pool","symbol":"P","delinquencyDays":60,"modelDigest":"0x7b","schema":"0x1c8",',
                '"baseRate":"80000000000000000","lateRate":"0","graceDays":10,"tiers":[{"threshold":"1",',
                '"maxAmount":"2000","premium":"3","termDays":90}],"attesters":[{"key":"',
                vm.toString(attester),
                '","issuer":"',
                vm.toString(attester),
                '","validFrom":5}]}'
            )
        );
    }

    function assetJson() private view returns (string memory) {
        return string.concat('"asset":"', vm.toString(address(token)), '",');
    }

    function test_elsewhere() public {
        vm.chainId(ELSEWHERE);
        Deploy.Deployed memory made = script.run(config("good", "SecureMockVerifier", assetJson()));
        assertEq(address(made.asset), address(token));
        assertEq(made.pool.asset(), address(token));
        assertEq(address(made.pool.underwriter()), address(made.underwriter));
        assertEq(made.underwriter.tiers(0).term, 90 days);
        assertEq(made.registry.attesterKey(attester).validFrom, 5);
        assertTrue(made.registry.poolAllowed(address(made.pool)));

        string memory path = string.concat("deployments/", vm.toString(ELSEWHERE), ".json");
        string memory json = vm.readFile(path);
        assertEq(vm.parseJsonAddress(json, ".pool.address"), address(made.pool));
        assertEq(vm.parseJsonBytes32(json, ".pool.codeHash"), address(made.pool).codehash);
        assertEq(vm.parseJsonBytes32(json, ".policyId"), made.pool.policyId());
        assertEq(vm.parseJsonBytes32Array(json, ".policyIds")[0], made.pool.policyId());
        assertEq(vm.parseJsonBytes32(json, ".verifierKeyDigest"), made.verifier.KEY_DIGEST());
        assertEq(vm.parseJsonUint(json, ".block"), block.number);
        assertEq(vm.parseJsonAddress(json, ".book.address"), address(made.pool.book()));
        string[6] memory names = ["manager", "registry", "verifier", "underwriter", "book", "pool"];
        for (uint256 i = 0; i < names.length; i++) {
            checkArguments(json, string.concat(".", names[i]));
        }
        vm.removeFile(path);
    }

    /// Source and arguments make the contract anew: the very code that was deployed, its immutables included.
    /// (A book's pool is whoever makes it; a pool's domain and book depend on its address.)
    function checkArguments(string memory json, string memory key) private {
        string memory source = vm.parseJsonString(json, string.concat(key, ".source"));
        bytes memory arguments = vm.parseJsonBytes(json, string.concat(key, ".constructorArguments"));
        address deployed = vm.parseJsonAddress(json, string.concat(key, ".address"));
        assertEq(vm.parseJsonBytes32(json, string.concat(key, ".codeHash")), deployed.codehash);
        bytes memory code = bytes.concat(vm.getCode(source), arguments);
        address again;
        assembly ("memory-safe") {
            again := create(0, add(code, 32), mload(code))
        }
        assertEq(again.code.length, deployed.code.length, source);
        assertGt(again.code.length, 0, source);
    }

    function test_development_srs_elsewhere() public {
        string memory path = config("insecure", "MockVerifier", assetJson());
        vm.chainId(ELSEWHERE);
        vm.expectRevert(
            abi.encodeWithSelector(
                Deploy.InsecureVerifierOffLocalChain.selector, "MockVerifier.sol:MockVerifier", ELSEWHERE
            )
        );
        script.run(path);
    }

    function test_no_asset_elsewhere() public {
        string memory path = config("no-asset", "SecureMockVerifier", "");
        vm.chainId(ELSEWHERE);
        vm.expectRevert(abi.encodeWithSelector(Deploy.AssetMissing.selector, ELSEWHERE));
        script.run(path);
    }
}
