// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Id} from "../../contracts/adapters/IProver.sol";
import {ClassTerms, ThreeJaneProver} from "../../contracts/adapters/ThreeJaneProver.sol";
import {WildcatRoleProvider} from "../../contracts/adapters/WildcatRoleProvider.sol";
import {LoanBook} from "../../contracts/credit/LoanBook.sol";
import {TesseraPool} from "../../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../../contracts/credit/TesseraVault.sol";
import {Underwriter} from "../../contracts/credit/Underwriter.sol";
import {DemoToken} from "../../contracts/demo/DemoToken.sol";
import {CredentialRegistry} from "../../contracts/gate/CredentialRegistry.sol";
import {Credential} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Presentation, Rule} from "../../contracts/interfaces/IGate.sol";
import {PoolConfig} from "../../contracts/interfaces/ITesseraPool.sol";
import {Limits, VaultConfig} from "../../contracts/interfaces/ITesseraVault.sol";
import {ITesseraVerifier} from "../../contracts/interfaces/ITesseraVerifier.sol";
import {
    BorrowRequest,
    Exposure,
    PolicyConfig,
    Pricing,
    Terms,
    Tier
} from "../../contracts/interfaces/IUnderwriter.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
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
    LoanBook internal book;
    TesseraVault internal vault;
    ThreeJaneProver internal prover;
    WildcatRoleProvider internal roleProvider;

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
        deployPool();
        registry.addAttester(attester, attester, uint40(START - 365 days));
        token.mint(lender, LIQUIDITY);
        _end();

        _begin(LENDER_KEY);
        token.approve(address(vault), LIQUIDITY);
        vault.deposit(LIQUIDITY, lender);
        _end();
        _nextBlock();
    }

    /// A pool and its vault, open without limits; by the caller that is set.
    function deployPool() internal {
        deployPoolWithoutLimits();
        registry.allowPool(address(pool));
        vault.setLimits(Limits({deposits: type(uint96).max, utilisation: 1e18, cover: 0}));
    }

    function deployPoolWithoutLimits() internal {
        (pool, vault) = newPool(admin, token, underwriter);
        book = LoanBook(address(pool.book()));
    }

    /// Closed, as they are at first.
    /// @param creator Whose contracts they are at the moment: a prank's account, or the test.
    function newPool(address creator, IERC20 asset, Underwriter by)
        internal
        returns (TesseraPool made, TesseraVault with)
    {
        with = TesseraVault(vm.computeCreateAddress(creator, vm.getNonce(creator) + 1));
        made = new TesseraPool(
            PoolConfig({
                asset: asset,
                underwriter: by,
                delinquencyPeriod: DELINQUENCY,
                authority: address(manager),
                vault: with
            })
        );
        with = new TesseraVault(
            VaultConfig({pool: made, name: "Tessera Demo Dollar", symbol: "tDUSD", notice: _notice()})
        );
    }

    /// As `deployPool`, from the test itself; `admin` opens it.
    function openPool(IERC20 asset, Underwriter by) internal returns (TesseraPool made, TesseraVault with) {
        (made, with) = newPool(address(this), asset, by);
        _begin(DEPLOYER_KEY);
        registry.allowPool(address(made));
        with.setLimits(Limits({deposits: type(uint96).max, utilisation: 1e18, cover: 0}));
        _end();
    }

    /// Seconds of the vault's notice.
    function _notice() internal view virtual returns (uint32) {
        return 0;
    }

    /// What was deposited in a block can't be lent in it.
    function _nextBlock() internal virtual {
        vm.roll(block.number + 1);
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
        PolicyConfig memory lines = policyConfig(modelDigest, schema, threshold);
        lines.pricing.line = true;
        ClassTerms[] memory terms = new ClassTerms[](2);
        terms[0] = ClassTerms({
            class: 0, maxCredit: uint128(2000 * UNIT), leastPremium: uint128(uint256(0.07e18) / 365 days)
        });
        terms[1] = ClassTerms({
            class: 1, maxCredit: uint128(10_000 * UNIT), leastPremium: uint128(uint256(0.02e18) / 365 days)
        });
        _begin(DEPLOYER_KEY);
        underwriter.addPolicy(lines);
        prover = new ThreeJaneProver(underwriter, 30 days, MARKET, address(token), terms);
        roleProvider = new WildcatRoleProvider(underwriter, 30 days);
        _end();
    }

    /// Tier 0 takes a lower score for a small, dear and short loan; tier 1 the opposite.
    function policyConfig(uint256 modelDigest, uint256 schema, uint64 threshold)
        internal
        view
        returns (PolicyConfig memory config)
    {
        config.rule = ruleFor(modelDigest, schema);
        config.asset = address(token);
        config.pricing = Pricing({baseRate: BASE_RATE, lateRate: LATE_RATE, grace: GRACE, line: false});
        config.tiers = new Tier[](2);
        config.tiers[0] =
            Tier({threshold: threshold, maxAmount: uint96(2000 * UNIT), premium: 0.07e18, term: 90 days});
        config.tiers[1] = Tier({
            threshold: threshold + HUNDRED_POINTS,
            maxAmount: uint96(10_000 * UNIT),
            premium: 0.02e18,
            term: 365 days
        });
    }

    function ruleFor(uint256 modelDigest, uint256 schema) internal view returns (Rule memory rule) {
        rule.verifier = verifier;
        rule.modelDigest = modelDigest;
        rule.schema = schema;
        rule.segments = verifier.SEGMENTS();
    }

    /// What the fixtures' attester vouches for.
    function exposure() internal view virtual returns (Exposure memory) {
        return Exposure({asset: address(token), max: uint128(5000 * UNIT)});
    }

    function claimsOf(Exposure memory vouched) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("Exposure(address asset,uint128 max)"), vouched));
    }

    /// The same for a consumer of the gate that lends nothing.
    function presentation(BorrowRequest memory request) internal pure returns (Presentation memory) {
        return Presentation({
            credential: request.credential,
            attester: request.attester,
            signature: request.signature,
            class: request.terms.tier
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
            claims: claimsOf(exposure()),
            salt: uint256(keccak256("tessera.tests.salt"))
        });
    }

    /// The borrower's request for 1,500 units on tier 0, signed by the attester.
    function requestFor(Credential memory credential) internal view returns (BorrowRequest memory request) {
        request.credential = credential;
        request.attester = attester;
        request.signature = signCredential(ATTESTER_KEY, credential);
        request.exposure = exposure();
        request.terms =
            Terms({receiver: borrower, amount: 1500 * UNIT, tier: 0, deadline: uint64(START + 1 days)});
        request.nonce = registry.personOf(attester, credential.holder).loans;
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
