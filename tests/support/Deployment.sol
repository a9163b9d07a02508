// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CredentialRegistry} from "../../contracts/CredentialRegistry.sol";
import {TesseraPool} from "../../contracts/TesseraPool.sol";
import {Underwriter} from "../../contracts/Underwriter.sol";
import {Id} from "../../contracts/adapters/IProver.sol";
import {TesseraProver} from "../../contracts/adapters/TesseraProver.sol";
import {TesseraRoleProvider} from "../../contracts/adapters/TesseraRoleProvider.sol";
import {DemoToken} from "../../contracts/demo/DemoToken.sol";
import {Credential} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {PoolConfig} from "../../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVerifier} from "../../contracts/interfaces/ITesseraVerifier.sol";
import {
    BorrowRequest,
    PolicyConfig,
    PolicyOptions,
    Pricing,
    Terms,
    Tier
} from "../../contracts/interfaces/IUnderwriter.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {CommonBase} from "forge-std/Base.sol";

/// The world that every test lives in, and that proofs in `tests/fixtures` are made for: same chain, time,
/// keys and deployment order, hence the same addresses and, for the same model, the same context.
abstract contract Deployment is CommonBase {
    uint256 internal constant CHAIN = 31_337;
    /// 2026-01-01 00:00:00 UTC.
    uint256 internal constant START = 1_767_225_600;

    uint256 internal constant UNIT = 1e6;
    uint256 internal constant LIQUIDITY = 1_000_000 * UNIT;
    uint32 internal constant GRACE = 10 days;
    uint32 internal constant DELINQUENCY = 60 days;
    uint64 internal constant BASE_RATE = 0.08e18;
    uint64 internal constant LATE_RATE = 0.05e18;

    uint64 internal constant HUNDRED_POINTS = 100 << 32;

    Id internal constant MARKET = Id.wrap(keccak256("tessera.tests.market"));

    uint256 internal constant DEPLOYER_KEY = uint256(keccak256("tessera.tests.deployer"));
    uint256 internal constant ATTESTER_KEY = uint256(keccak256("tessera.tests.attester"));
    uint256 internal constant BORROWER_KEY = uint256(keccak256("tessera.tests.borrower"));
    uint256 internal constant LENDER_KEY = uint256(keccak256("tessera.tests.lender"));

    address internal admin = vm.addr(DEPLOYER_KEY);
    address internal attester = vm.addr(ATTESTER_KEY);
    address internal borrower = vm.addr(BORROWER_KEY);
    address internal lender = vm.addr(LENDER_KEY);

    DemoToken internal token;
    AccessManager internal manager;
    CredentialRegistry internal registry;
    ITesseraVerifier internal verifier;
    Underwriter internal underwriter;
    TesseraPool internal pool;
    TesseraProver internal prover;
    TesseraRoleProvider internal roleProvider;

    /// @param verifierCode Creation code.
    /// @param threshold Tier 0's, in points × 2^32; tier 1 takes a hundred points more.
    function deploy(bytes memory verifierCode, uint256 modelDigest, uint256 schema, uint64 threshold)
        internal
    {
        _setTheScene();
        _begin(DEPLOYER_KEY);
        token = new DemoToken("Demo Dollar", "DUSD", 6);
        manager = new AccessManager(admin);
        registry = new CredentialRegistry(address(manager));
        verifier = ITesseraVerifier(_create(verifierCode));
        underwriter =
            new Underwriter(registry, address(manager), policyConfig(modelDigest, schema, threshold));
        pool = new TesseraPool(
            PoolConfig({
                asset: token,
                name: "Tessera Demo Dollar",
                symbol: "tDUSD",
                underwriter: underwriter,
                delinquencyPeriod: DELINQUENCY,
                authority: address(manager)
            })
        );
        registry.addAttester(attester, attester, uint64(START - 365 days));
        registry.allowPool(address(pool));
        token.mint(lender, LIQUIDITY);
        _end();

        _begin(LENDER_KEY);
        token.approve(address(pool), LIQUIDITY);
        pool.deposit(LIQUIDITY, lender);
        _end();
    }

    /// Chain and time; a real chain brings its own.
    function _setTheScene() internal virtual {
        vm.chainId(CHAIN);
        vm.warp(START);
    }

    /// From here on calls come from the key's address; a script sends them.
    function _begin(uint256 key) internal virtual {
        vm.startPrank(vm.addr(key));
    }

    function _end() internal virtual {
        vm.stopPrank();
    }

    /// What stands next to the pool: a policy of credit lines (its first tier is 2), and the adapters. After
    /// `deploy`, so that the pool's own addresses stay what they are.
    function deployMore(uint256 modelDigest, uint256 schema, uint64 threshold) internal {
        PolicyOptions memory options;
        options.line = true;
        _begin(DEPLOYER_KEY);
        underwriter.addPolicyWith(policyConfig(modelDigest, schema, threshold), options);
        prover = new TesseraProver(underwriter, 30 days, MARKET);
        roleProvider = new TesseraRoleProvider(underwriter, 30 days);
        _end();
    }

    /// Tier 0 takes a lower score for a small, dear and short loan; tier 1 the opposite.
    function policyConfig(uint256 modelDigest, uint256 schema, uint64 threshold)
        internal
        view
        returns (PolicyConfig memory config)
    {
        config.verifier = verifier;
        config.modelDigest = modelDigest;
        config.schema = schema;
        config.pricing = Pricing({baseRate: BASE_RATE, lateRate: LATE_RATE, grace: GRACE});
        config.tiers = new Tier[](2);
        config.tiers[0] =
            Tier({threshold: threshold, maxAmount: uint128(2000 * UNIT), premium: 0.07e18, term: 90 days});
        config.tiers[1] = Tier({
            threshold: threshold + HUNDRED_POINTS,
            maxAmount: uint128(10_000 * UNIT),
            premium: 0.02e18,
            term: 365 days
        });
    }

    /// A credential of the fixtures' attester for the fixtures' borrower, in force at `START`.
    function credentialFor(bytes32 schema, bytes32 commitment) internal view returns (Credential memory) {
        return Credential({
            schema: schema,
            subject: borrower,
            holder: keccak256("tessera.tests.holder"),
            commitment: commitment,
            issuedAt: uint64(START - 1 days),
            expiresAt: uint64(START + 30 days),
            maxExposure: uint128(5000 * UNIT),
            salt: uint256(keccak256("tessera.tests.salt"))
        });
    }

    /// The borrower's request for 1,500 units on tier 0, signed by the attester.
    function requestFor(Credential memory credential) internal view returns (BorrowRequest memory request) {
        request.credential = credential;
        request.attester = attester;
        request.signature = signCredential(ATTESTER_KEY, credential);
        request.terms =
            Terms({receiver: borrower, amount: 1500 * UNIT, tier: 0, deadline: uint64(START + 1 days)});
        request.nonce = pool.borrowNonce(credential.subject);
    }

    function signCredential(uint256 key, Credential memory credential) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.uidOf(credential));
        return abi.encodePacked(r, s, v);
    }

    function _create(bytes memory code) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
        }
        require(created != address(0), "the verifier could not be deployed");
    }
}
