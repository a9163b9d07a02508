// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CredentialRegistry} from "../../contracts/CredentialRegistry.sol";
import {TesseraPool} from "../../contracts/TesseraPool.sol";
import {DemoToken} from "../../contracts/demo/DemoToken.sol";
import {Fee, Limits, Loan, LoanStatus} from "../../contracts/interfaces/ITesseraPool.sol";
import {BorrowRequest, IUnderwriter} from "../../contracts/interfaces/IUnderwriter.sol";
import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

/// What the handler needs of the test: requests with valid credentials and proofs.
interface IRequests {
    function makeRequest(address who, uint256 amount, uint256 tier)
        external
        view
        returns (BorrowRequest memory request, bytes memory proof);
}

/// Depositors and borrowers who only do what is allowed: a revert is a failed test. Counts what had an effect.
contract PoolHandler is CommonBase, StdUtils {
    TesseraPool private immutable _pool;
    DemoToken private immutable _token;
    CredentialRegistry private immutable _registry;
    IRequests private immutable _requests;

    address[] public lenders;
    address[] public borrowers;
    uint256 public donated;
    /// Actions that were called, and those among them that did something.
    uint256 public calls;
    uint256 public effective;
    mapping(string action => uint256) public effects;
    mapping(uint256 context => uint256) public acceptedContexts;
    mapping(uint256 id => bool) public impaired;
    bool public contextTwice;
    bool public priceFell;
    bool public intruded;
    address public constant TREASURY = address(0x3000);

    constructor(TesseraPool pool, DemoToken token, IRequests requests, address firstLender) {
        (_pool, _token, _requests) = (pool, token, requests);
        _registry = CredentialRegistry(address(pool.registry()));
        lenders.push(firstLender);
        for (uint256 i = 1; i < 4; i++) {
            lenders.push(address(uint160(0x1000 + i)));
        }
        for (uint256 i = 0; i < 6; i++) {
            borrowers.push(address(uint160(0x2000 + i)));
        }
    }

    function lenderCount() external view returns (uint256) {
        return lenders.length;
    }

    modifier called() {
        calls++;
        _;
    }

    function _did(string memory action) private {
        effects[action]++;
        effective++;
    }

    /// Nothing that happens within one second makes a share worth less.
    modifier counted(string memory action) {
        _pool.accrue();
        (uint256 assets, uint256 supply) = (_pool.totalAssets() + 1, _pool.totalSupply() + 1e6);
        _;
        if ((_pool.totalAssets() + 1) * supply < assets * (_pool.totalSupply() + 1e6)) priceFell = true;
        _did(action);
    }

    // ------------------------------------------------------------------------------------ lenders

    function deposit(uint256 who, uint256 amount) external called counted("deposit") {
        address lender = lenders[who % lenders.length];
        amount = bound(amount, 0, 1e12);
        _fund(lender, amount);
        vm.prank(lender);
        _pool.deposit(amount, lender);
    }

    function mint(uint256 who, uint256 shares) external called counted("mint") {
        address lender = lenders[who % lenders.length];
        shares = bound(shares, 0, 1e18);
        _fund(lender, _pool.previewMint(shares));
        vm.prank(lender);
        _pool.mint(shares, lender);
    }

    function withdraw(uint256 who, uint256 amount) external called {
        address lender = lenders[who % lenders.length];
        uint256 most = _pool.maxWithdraw(lender);
        if (most != 0) _withdraw(lender, bound(amount, 1, most));
    }

    function _withdraw(address lender, uint256 amount) private counted("withdraw") {
        vm.prank(lender);
        _pool.withdraw(amount, lender, lender);
    }

    function redeem(uint256 who, uint256 shares) external called {
        address lender = lenders[who % lenders.length];
        uint256 most = _pool.maxRedeem(lender);
        if (most != 0) _redeem(lender, bound(shares, 1, most));
    }

    function _redeem(address lender, uint256 shares) private counted("redeem") {
        vm.prank(lender);
        _pool.redeem(shares, lender, lender);
    }

    function donate(uint256 amount) external called counted("donate") {
        amount = bound(amount, 1, 1e15);
        _token.mint(address(_pool), amount);
        donated += amount;
    }

    // ---------------------------------------------------------------------------------- borrowers

    function borrow(uint256 who, uint256 amount, uint256 tier) external called {
        address borrower = borrowers[who % borrowers.length];
        tier %= 2;
        uint256 most = _least(_room(), tier == 0 ? 2000e6 : 5000e6);
        if (openLoan(borrower) == 0 && most != 0) _borrow(borrower, bound(amount, 1, most), tier);
    }

    function openLine(uint256 who, uint256 limit) external called {
        address borrower = borrowers[who % borrowers.length];
        if (openLoan(borrower) != 0) return;
        _borrow(borrower, bound(limit, 1, 2000e6), 2);
        effects["open line"]++;
    }

    function draw(uint256 who, uint256 amount) external called {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        uint256 limit = _pool.line(id).limit;
        Loan memory loan = _pool.loan(id);
        if (limit == 0 || impaired[id] || block.timestamp >= loan.dueAt) return;
        uint256 most = _least(_room(), limit - loan.principal);
        if (most != 0) _draw(id, loan.borrower, bound(amount, 1, most));
    }

    function _draw(uint256 id, address borrower, uint256 amount) private counted("draw") {
        vm.prank(borrower);
        _pool.draw(id, amount, borrower);
    }

    function closeLine(uint256 who) external called {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (_pool.line(id).limit == 0) return;
        vm.prank(_pool.loan(id).borrower);
        _pool.closeLine(id);
        _did("close line");
    }

    /// What the pool can and may pay out.
    function _room() private view returns (uint256) {
        (,, uint64 share) = _pool.limits();
        if (share == 0) return _pool.cash();
        uint256 most = _pool.cover() * 1e18 / share;
        uint256 value = _pool.loansValue();
        return most > value ? _least(_pool.cash(), most - value) : 0;
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _borrow(address borrower, uint256 amount, uint256 tier) private counted("borrow") {
        (BorrowRequest memory request, bytes memory proof) = _requests.makeRequest(borrower, amount, tier);
        uint256 context = _pool.statement(borrower, request).context;
        vm.prank(borrower);
        uint256 id = _pool.borrow(request, proof);
        if (acceptedContexts[context] != 0) contextTwice = true;
        acceptedContexts[context] = id;
    }

    function repay(uint256 who, uint256 amount) external called {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (_pool.loan(id).principal != 0) _repay(id, bound(amount, 1, 6000e6));
    }

    function repayAll(uint256 who) external called {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (_pool.loan(id).principal != 0) _repay(id, type(uint256).max);
    }

    function _repay(uint256 id, uint256 amount) private counted("repay") {
        (uint256 principal, uint256 interest) = _pool.debtOf(id);
        uint256 owed = principal + interest;
        // Paid by whoever: here the handler.
        _token.mint(address(this), amount < owed ? amount : owed);
        _token.approve(address(_pool), type(uint256).max);
        if (_pool.statusOf(id) == LoanStatus.Default) effects["recover"]++;
        _pool.repay(id, amount);
        if (openLoan(_pool.loan(id).borrower) == 0) effects["close"]++;
    }

    // -------------------------------------------------------------------------------------- cover

    function provideCover(uint256 amount) external called counted("provide cover") {
        amount = bound(amount, 1, 2000e6);
        _token.mint(address(this), amount);
        _token.approve(address(_pool), type(uint256).max);
        _pool.provideCover(amount);
    }

    function withdrawCover(uint256 amount) external called {
        (,, uint64 share) = _pool.limits();
        uint256 needed = (_pool.loansValue() * share + 1e18 - 1) / 1e18;
        if (_pool.unrealisedLosses() > needed) needed = _pool.unrealisedLosses();
        if (_pool.cover() > needed) _withdrawCover(bound(amount, 1, _pool.cover() - needed));
    }

    function _withdrawCover(uint256 amount) private counted("withdraw cover") {
        _pool.withdrawCover(amount, TREASURY);
    }

    // ----------------------------------------------------------------------------- administration

    function impair(uint256 who) external called {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (id == 0 || (block.timestamp / 1 days + 1) * 1 days >= _pool.loan(id).graceEndsAt) return;
        _pool.impair(id);
        impaired[id] = true;
        _did("impair");
    }

    function restore(uint256 who) external called {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (id == 0 || !impaired[id] || block.timestamp >= _pool.loan(id).dueAt) return;
        if (block.timestamp >= uint256(_pool.loan(id).graceEndsAt) + _pool.delinquencyPeriod()) return;
        _pool.restore(id);
        impaired[id] = false;
        _did("restore");
    }

    function setFee(uint64 share) external called counted("set fee") {
        _pool.setFee(Fee({share: uint64(bound(share, 0, 0.25e18)), receiver: TREASURY}));
    }

    function setCoverLimit(uint64 share) external called counted("set limits") {
        (uint128 deposits, uint64 utilisation,) = _pool.limits();
        share = uint64(bound(share, 0, 0.2e18));
        _pool.setLimits(Limits({deposits: deposits, utilisation: utilisation, cover: share}));
    }

    /// Somebody without a role, a line or a loan tries everything that wants one.
    function intrude(uint256 who, uint256 id) external called {
        address stranger = lenders[who % lenders.length];
        id = _pool.loanCount() == 0 ? id : 1 + id % _pool.loanCount();
        _try(stranger, address(_pool), abi.encodeCall(_pool.impair, (id)));
        _try(stranger, address(_pool), abi.encodeCall(_pool.restore, (id)));
        _try(stranger, address(_pool), abi.encodeCall(_pool.draw, (id, 1, stranger)));
        _try(stranger, address(_pool), abi.encodeCall(_pool.withdrawCover, (0, stranger)));
        _try(stranger, address(_pool), abi.encodeCall(_pool.setFee, (Fee(1, stranger))));
        _try(stranger, address(_pool), abi.encodeCall(_pool.setLimits, (Limits(1, 1, 0))));
        _try(stranger, address(_pool), abi.encodeCall(_pool.tighten, (Limits(0, 0, 1e18))));
        _try(stranger, address(_pool.book()), abi.encodeCall(_pool.book().pay, (id, 1)));
        _try(stranger, address(_pool.book()), abi.encodeCall(_pool.book().advance, ()));
        _try(stranger, address(_registry), abi.encodeCall(_registry.allowPool, (stranger)));
        Loan memory loan = _pool.loan(id);
        _try(stranger, address(_registry), abi.encodeCall(_registry.unlock, (loan.attester, loan.holder)));
        if (block.timestamp < loan.dueAt) {
            _try(stranger, address(_pool), abi.encodeCall(_pool.closeLine, (id)));
        }
        IUnderwriter underwriter = _pool.underwriter();
        bytes32 policy = underwriter.policyId();
        _try(stranger, address(underwriter), abi.encodeCall(underwriter.retirePolicy, (policy)));
        _did("intrude");
    }

    function _try(address stranger, address target, bytes memory call) private {
        vm.prank(stranger);
        (bool success,) = target.call(call);
        if (success) intruded = true;
    }

    // --------------------------------------------------------------------------------------- time

    function wait(uint256 time) external called {
        _warp(block.timestamp + bound(time, 1, 20 days));
    }

    /// Long enough to carry loans through all of their life.
    function waitLong(uint256 time) external called {
        _warp(block.timestamp + bound(time, 1, 200 days));
    }

    function waitForMidnight() external called {
        _warp((block.timestamp / 1 days + 1) * 1 days);
    }

    function _warp(uint256 time) private {
        vm.warp(time);
        _did("wait");
        for (uint256 i = 0; i < borrowers.length; i++) {
            uint256 id = openLoan(borrowers[i]);
            if (id == 0) continue;
            LoanStatus status = _pool.statusOf(id);
            if (status == LoanStatus.Grace) effects["grace"]++;
            if (status == LoanStatus.Delinquent) effects["delinquent"]++;
            if (status == LoanStatus.Default) effects["default"]++;
        }
    }

    /// The open loan of a borrower; 0 if there is none.
    function openLoan(address borrower) public view returns (uint256) {
        for (uint256 id = _pool.loanCount(); id != 0; id--) {
            Loan memory loan = _pool.loan(id);
            if (loan.borrower != borrower) continue;
            if (loan.principal != 0 || _pool.line(id).limit != 0) return id;
        }
        return 0;
    }

    function _fund(address who, uint256 amount) private {
        _token.mint(who, amount);
        vm.prank(who);
        _token.approve(address(_pool), type(uint256).max);
    }
}
