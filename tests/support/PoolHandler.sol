// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CredentialRegistry} from "../../contracts/CredentialRegistry.sol";
import {TesseraPool} from "../../contracts/TesseraPool.sol";
import {DemoToken} from "../../contracts/demo/DemoToken.sol";
import {Loan, LoanStatus} from "../../contracts/interfaces/ITesseraPool.sol";
import {BorrowRequest} from "../../contracts/interfaces/IUnderwriter.sol";
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
    mapping(string action => uint256) public effects;
    mapping(uint256 context => uint256) public acceptedContexts;
    mapping(uint256 id => bool) public impaired;
    bool public contextTwice;
    bool public priceFell;

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

    /// Nothing that happens within one second makes a share worth less.
    modifier counted(string memory action) {
        _pool.accrue();
        (uint256 assets, uint256 supply) = (_pool.totalAssets() + 1, _pool.totalSupply() + 1e6);
        _;
        if ((_pool.totalAssets() + 1) * supply < assets * (_pool.totalSupply() + 1e6)) priceFell = true;
        effects[action]++;
    }

    // ------------------------------------------------------------------------------------ lenders

    function deposit(uint256 who, uint256 amount) external counted("deposit") {
        address lender = lenders[who % lenders.length];
        amount = bound(amount, 0, 1e12);
        _fund(lender, amount);
        vm.prank(lender);
        _pool.deposit(amount, lender);
    }

    function mint(uint256 who, uint256 shares) external counted("mint") {
        address lender = lenders[who % lenders.length];
        shares = bound(shares, 0, 1e18);
        _fund(lender, _pool.previewMint(shares));
        vm.prank(lender);
        _pool.mint(shares, lender);
    }

    function withdraw(uint256 who, uint256 amount) external {
        address lender = lenders[who % lenders.length];
        uint256 most = _pool.maxWithdraw(lender);
        if (most != 0) _withdraw(lender, bound(amount, 1, most));
    }

    function _withdraw(address lender, uint256 amount) private counted("withdraw") {
        vm.prank(lender);
        _pool.withdraw(amount, lender, lender);
    }

    function redeem(uint256 who, uint256 shares) external {
        address lender = lenders[who % lenders.length];
        uint256 most = _pool.maxRedeem(lender);
        if (most != 0) _redeem(lender, bound(shares, 1, most));
    }

    function _redeem(address lender, uint256 shares) private counted("redeem") {
        vm.prank(lender);
        _pool.redeem(shares, lender, lender);
    }

    function donate(uint256 amount) external counted("donate") {
        amount = bound(amount, 1, 1e15);
        _token.mint(address(_pool), amount);
        donated += amount;
    }

    // ---------------------------------------------------------------------------------- borrowers

    function borrow(uint256 who, uint256 amount, uint256 tier) external {
        address borrower = borrowers[who % borrowers.length];
        if (openLoan(borrower) != 0 || _pool.cash() == 0) return;
        tier %= 2;
        uint256 most = tier == 0 ? 2000e6 : 5000e6;
        if (most > _pool.cash()) most = _pool.cash();
        _borrow(borrower, bound(amount, 1, most), tier);
    }

    function _borrow(address borrower, uint256 amount, uint256 tier) private counted("borrow") {
        (BorrowRequest memory request, bytes memory proof) = _requests.makeRequest(borrower, amount, tier);
        uint256 context = _pool.statement(borrower, request).context;
        vm.prank(borrower);
        uint256 id = _pool.borrow(request, proof);
        if (acceptedContexts[context] != 0) contextTwice = true;
        acceptedContexts[context] = id;
    }

    function repay(uint256 who, uint256 amount) external {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (id != 0) _repay(id, bound(amount, 1, 6000e6));
    }

    function repayAll(uint256 who) external {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (id != 0) _repay(id, type(uint256).max);
    }

    function _repay(uint256 id, uint256 amount) private counted("repay") {
        (uint256 principal, uint256 interest) = _pool.debtOf(id);
        uint256 owed = principal + interest;
        // Paid by whoever: here the handler.
        _token.mint(address(this), amount < owed ? amount : owed);
        _token.approve(address(_pool), type(uint256).max);
        _pool.repay(id, amount);
        if (_pool.loan(id).principal == 0) effects["close"]++;
    }

    // ----------------------------------------------------------------------------- administration

    function impair(uint256 who) external {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (id == 0 || (block.timestamp / 1 days + 1) * 1 days >= _pool.loan(id).graceEndsAt) return;
        _pool.impair(id);
        impaired[id] = true;
        effects["impair"]++;
    }

    function restore(uint256 who) external {
        uint256 id = openLoan(borrowers[who % borrowers.length]);
        if (id == 0 || !impaired[id] || block.timestamp >= _pool.loan(id).dueAt) return;
        _pool.restore(id);
        impaired[id] = false;
        effects["restore"]++;
    }

    // --------------------------------------------------------------------------------------- time

    function wait(uint256 time) external {
        _warp(block.timestamp + bound(time, 1, 20 days));
    }

    /// Long enough to carry loans through all of their life.
    function waitLong(uint256 time) external {
        _warp(block.timestamp + bound(time, 1, 200 days));
    }

    function waitForMidnight() external {
        _warp((block.timestamp / 1 days + 1) * 1 days);
    }

    function _warp(uint256 time) private {
        vm.warp(time);
        effects["wait"]++;
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
            if (loan.borrower == borrower && loan.principal != 0) return id;
        }
        return 0;
    }

    function _fund(address who, uint256 amount) private {
        _token.mint(who, amount);
        vm.prank(who);
        _token.approve(address(_pool), type(uint256).max);
    }
}
