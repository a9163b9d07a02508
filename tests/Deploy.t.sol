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
        vm.removeFile(path);
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
