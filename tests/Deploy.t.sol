// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Deploy} from "../script/Deploy.s.sol";
import {Base} from "./support/Base.sol";

/// The deployment script: what it makes, what it refuses, what it writes down.
contract DeployTest is Base {
    uint256 private constant ELSEWHERE = 99_999;
    string private constant RECORD = "target/deploy-test-record.json";
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
                '"name":"Pool","symbol":"P","delinquencyDays":60,"noticeDays":3,"segments":2,"modelDigest":"0x7b",',
                '"schema":"0x1c8","limits":{"deposits":"1000","utilisation":"900","cover":"7"},',
                '"fee":{"share":"5","receiver":"0x00000000000000000000000000000000000000fe"},',
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
        Deploy.Deployed memory made =
            script.deploy(vm.readFile(config("good", "SecureMockVerifier", assetJson())), RECORD);
        assertEq(address(made.asset), address(token));
        assertEq(made.pool.asset(), address(token));
        assertEq(address(made.pool.underwriter()), address(made.underwriter));
        assertEq(made.underwriter.tiers(0).term, 90 days);
        assertEq(made.registry.attesterKey(attester).validFrom, 5);
        assertTrue(made.registry.poolAllowed(address(made.pool)));
        assertEq(address(made.pool.vault()), address(made.vault));
        assertEq(made.vault.notice(), 3 days);

        checkLimits(made);
        string memory json = vm.readFile(RECORD);
        assertEq(vm.parseJsonAddress(json, ".pool.address"), address(made.pool));
        assertEq(vm.parseJsonBytes32(json, ".pool.codeHash"), address(made.pool).codehash);
        assertEq(vm.parseJsonBytes32(json, ".policyId"), made.underwriter.policyId());
        assertEq(vm.parseJsonBytes32Array(json, ".policyIds")[0], made.underwriter.policyId());
        assertEq(vm.parseJsonBytes32(json, ".verifierKeyDigest"), made.verifier.KEY_DIGEST());
        assertEq(vm.parseJsonUint(json, ".block"), block.number);
        assertEq(vm.parseJsonAddress(json, ".book.address"), address(made.pool.book()));
        string[6] memory names = ["manager", "registry", "verifier", "underwriter", "book", "pool"];
        for (uint256 i = 0; i < names.length; i++) {
            checkArguments(json, string.concat(".", names[i]));
        }
        vm.removeFile(RECORD);
    }

    /// A deployment is open as far as its file says, and no further.
    function checkLimits(Deploy.Deployed memory made) private view {
        (uint96 deposits, uint64 utilisation, uint64 cover) = made.vault.limits();
        assertEq(deposits, 1000);
        assertEq(utilisation, 900);
        assertEq(cover, 7);
        (uint64 share, address receiver) = made.vault.fee();
        assertEq(share, 5);
        assertEq(receiver, address(0xfe));
    }

    /// What a live deployment wrote stays, whatever is only tried out.
    function test_a_dry_run_writes_no_record() public {
        vm.chainId(ELSEWHERE);
        string memory record = string.concat("deployments/", vm.toString(ELSEWHERE), ".json");
        vm.createDir("deployments", true);
        vm.writeFile(record, "precious");
        script.run(config("dry", "SecureMockVerifier", assetJson()));
        assertEq(vm.readFile(record), "precious");
        vm.removeFile(record);
        assertTrue(vm.exists("target/deployment-dry-run.json"));
    }

    function test_verifier_of_other_models() public {
        string memory json = vm.readFile(config("segments", "MockVerifier", assetJson()));
        json = vm.replace(json, '"segments":2', '"segments":4');
        vm.expectRevert(abi.encodeWithSelector(Deploy.WrongSegments.selector, 4, 2));
        script.deploy(json, RECORD);
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
