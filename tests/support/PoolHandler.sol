// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LoanBook} from "../../contracts/credit/LoanBook.sol";
import {TesseraPool} from "../../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../../contracts/credit/TesseraVault.sol";
import {DemoToken} from "../../contracts/demo/DemoToken.sol";
import {CredentialRegistry} from "../../contracts/gate/CredentialRegistry.sol";
import {Credential} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Balance, Loan, LoanStatus, Stage} from "../../contracts/interfaces/ILoanBook.sol";
import {Fee, Limits} from "../../contracts/interfaces/ITesseraVault.sol";
import {BorrowRequest, IUnderwriter} from "../../contracts/interfaces/IUnderwriter.sol";
import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

/// What the handler needs of the test: requests with valid credentials and proofs.
interface IRequests {
    function makeRequest(address who, uint256 amount, uint256 tier)
        external
        view
        returns (BorrowRequest memory request, bytes memory proof);
    function issuer() external view returns (address);
}

/// Depositors and borrowers who only do what is allowed: a revert is a failed test. Counts what had an effect.
contract PoolHandler is CommonBase, StdUtils {
    TesseraPool private immutable _pool;
    LoanBook private immutable _book;
    TesseraVault private immutable _vault;
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
    /// The loans so far, numbered from 1, and the credentials that they were made on.
    Loan[] private _loans;
    Credential[] private _credentials;
    bool public contextTwice;
    bool public priceFell;
    bool public priceRose;
    bool public intruded;
    address public constant TREASURY = address(0x3000);

    constructor(TesseraPool pool, DemoToken token, IRequests requests, address firstLender) {
        (_pool, _token, _requests) = (pool, token, requests);
        _registry = CredentialRegistry(address(pool.registry()));
        (_book, _vault) = (LoanBook(address(pool.book())), TesseraVault(address(pool.vault())));
        lenders.push(firstLender);
        for (uint256 i = 1; i < 4; i++) {
            lenders.push(address(uint160(0x1000 + i)));
        }
        for (uint256 i = 0; i < 6; i++) {
            borrowers.push(address(uint160(0x2000 + i)));
        }
    }

    function loans() external view returns (Loan[] memory) {
        return _loans;
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

    /// Nothing that happens within one second makes a share worth less; and nothing makes the redemption of a
    /// share worth more, but for two units of rounding.
    modifier counted(string memory action) {
        _vault.accrue();
        (uint256 assets, uint256 supply) = (_vault.totalAssets() + 1, _vault.totalSupply() + 1e6);
        _;
        uint256 now_ = _vault.totalSupply() + 1e6;
        if ((_vault.totalAssets() + 1) * supply < assets * now_) priceFell = true;
        // Deposits are made at the price that ignores losses: others gain what the depositor gives up.
        bool entry =
            keccak256(bytes(action)) == keccak256("deposit") || keccak256(bytes(action)) == keccak256("mint");
        if (!entry && (_vault.totalAssets() - _least(2, _vault.totalAssets())) * supply > assets * now_) {
            priceRose = true;
        }
        _did(action);
    }

    // ------------------------------------------------------------------------------------ lenders

    function deposit(uint256 who, uint256 amount) external called counted("deposit") {
        address lender = lenders[who % lenders.length];
        amount = bound(amount, 0, 1e12);
        _fund(lender, amount);
        vm.prank(lender);
        _vault.deposit(amount, lender);
    }

    function mint(uint256 who, uint256 shares) external called counted("mint") {
        address lender = lenders[who % lenders.length];
        shares = bound(shares, 0, 1e18);
        _fund(lender, _vault.previewMint(shares));
        vm.prank(lender);
        _vault.mint(shares, lender);
    }

    function withdraw(uint256 who, uint256 amount) external called {
        address lender = lenders[who % lenders.length];
        uint256 most = _vault.maxWithdraw(lender);
        if (most != 0) _withdraw(lender, bound(amount, 1, most));
    }

    function _withdraw(address lender, uint256 amount) private counted("withdraw") {
        vm.prank(lender);
        _vault.withdraw(amount, lender, lender);
    }

    function redeem(uint256 who, uint256 shares) external called {
        address lender = lenders[who % lenders.length];
        uint256 most = _vault.maxRedeem(lender);
        if (most != 0) _redeem(lender, bound(shares, 1, most));
    }

    function _redeem(address lender, uint256 shares) private counted("redeem") {
        vm.prank(lender);
        _vault.redeem(shares, lender, lender);
    }

    function donate(uint256 amount) external called counted("donate") {
        amount = bound(amount, 1, 1e15);
        _token.mint(address(_vault), amount);
        donated += amount;
    }

    // ---------------------------------------------------------------------------------- borrowers

    function borrow(uint256 who, uint256 amount, uint256 tier) external called {
        address borrower = borrowers[who % borrowers.length];
        tier %= 2;
        uint256 most = _least(_room(), tier == 0 ? 2000e6 : 5000e6);
        if (_isFree(borrower) && most != 0) _borrow(borrower, bound(amount, 1, most), tier);
    }

    function openLine(uint256 who, uint256 limit) external called {
        address borrower = borrowers[who % borrowers.length];
        if (!_isFree(borrower)) return;
        _borrow(borrower, bound(limit, 1, 2000e6), 2);
        effects["open line"]++;
    }

    function draw(uint256 who, uint256 amount) external called {
        uint256 number = openLoan(borrowers[who % borrowers.length]);
        if (number == 0) return;
        Loan memory loan = _loans[number - 1];
        Balance memory account = _book.accountOf(_book.idOf(loan));
        bool drawable = loan.line && account.stage == Stage.Open && account.marked == 0;
        if (!drawable || block.timestamp >= loan.dueAt) return;
        if (block.timestamp >= _credentials[number - 1].expiresAt) return;
        uint256 most = _least(_room(), loan.amount - account.principal);
        if (most != 0) _draw(number, bound(amount, 1, most));
    }

    function _draw(uint256 number, uint256 amount) private counted("draw") {
        Loan memory loan = _loans[number - 1];
        vm.prank(loan.borrower);
        _pool.draw(loan, _credentials[number - 1], amount, loan.borrower);
    }

    function closeLine(uint256 who) external called {
        uint256 number = openLoan(borrowers[who % borrowers.length]);
        if (number == 0) return;
        Loan memory loan = _loans[number - 1];
        if (!loan.line || _book.accountOf(_book.idOf(loan)).stage != Stage.Open) return;
        vm.prank(loan.borrower);
        _pool.closeLine(loan);
        _did("close line");
    }

    /// What the pool can and may pay out.
    function _room() private returns (uint256) {
        (,, uint64 share) = _vault.limits();
        // The handler's time stands still in a block: deposits of it would not count.
        vm.roll(block.number + 1);
        if (share == 0) return _vault.cash();
        uint256 most = _vault.cover() * 1e18 / share;
        uint256 value = _vault.loansValue();
        return most > value ? _least(_vault.cash(), most - value) : 0;
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _borrow(address borrower, uint256 amount, uint256 tier) private counted("borrow") {
        (BorrowRequest memory request, bytes memory proof) = _requests.makeRequest(borrower, amount, tier);
        uint256 context = _pool.statement(borrower, request).context;
        vm.prank(borrower);
        (, Loan memory loan) = _pool.borrow(request, proof);
        _loans.push(loan);
        _credentials.push(request.credential);
        if (acceptedContexts[context] != 0) contextTwice = true;
        acceptedContexts[context] = _loans.length;
    }

    function repay(uint256 who, uint256 amount) external called {
        uint256 number = openLoan(borrowers[who % borrowers.length]);
        if (number != 0 && _principalOf(number) != 0) _repay(number, bound(amount, 1, 6000e6));
    }

    function repayAll(uint256 who) external called {
        uint256 number = openLoan(borrowers[who % borrowers.length]);
        if (number != 0 && _principalOf(number) != 0) _repay(number, type(uint256).max);
    }

    function _repay(uint256 number, uint256 amount) private counted("repay") {
        Loan memory loan = _loans[number - 1];
        (uint256 principal, uint256 interest) = _book.debtOf(loan);
        uint256 owed = principal + interest;
        // Paid by whoever: here the handler.
        _token.mint(address(this), amount < owed ? amount : owed);
        _token.approve(address(_vault), type(uint256).max);
        if (_book.statusOf(loan) == LoanStatus.Default) effects["recover"]++;
        _pool.repay(loan, amount);
        if (openLoan(loan.borrower) == 0) effects["close"]++;
    }

    function _principalOf(uint256 number) private view returns (uint256) {
        return _book.accountOf(_book.idOf(_loans[number - 1])).principal;
    }

    function _isFree(address borrower) private view returns (bool) {
        bytes32 holder = keccak256(abi.encode(borrower));
        return _registry.lockedBy(_requests.issuer(), holder) == address(0);
    }

    // -------------------------------------------------------------------------------------- cover

    function provideCover(uint256 amount) external called counted("provide cover") {
        amount = bound(amount, 1, 2000e6);
        _token.mint(address(this), amount);
        _token.approve(address(_vault), type(uint256).max);
        _vault.provideCover(amount);
    }

    function withdrawCover(uint256 amount) external called {
        (,, uint64 share) = _vault.limits();
        uint256 needed = (_vault.loansValue() * share + 1e18 - 1) / 1e18;
        uint256 late = _book.totals().late;
        if (late > needed) needed = late;
        if (_vault.cover() > needed) _withdrawCover(bound(amount, 1, _vault.cover() - needed));
    }

    function _withdrawCover(uint256 amount) private counted("withdraw cover") {
        _vault.withdrawCover(amount, TREASURY);
    }

    // ----------------------------------------------------------------------------- administration

    function mark(uint256 who, uint64 share) external called {
        uint256 number = openLoan(borrowers[who % borrowers.length]);
        if (number == 0) return;
        Loan memory loan = _loans[number - 1];
        uint64 present = _book.accountOf(_book.idOf(loan)).marked;
        if (present == 1e18 || _isOver(loan)) return;
        // No price may rise by it; that it falls is its purpose.
        _pool.mark(loan, uint64(bound(share, present + 1, 1e18)));
        _did("mark");
    }

    function restore(uint256 who, uint64 share) external called {
        uint256 number = openLoan(borrowers[who % borrowers.length]);
        if (number == 0) return;
        Loan memory loan = _loans[number - 1];
        uint64 present = _book.accountOf(_book.idOf(loan)).marked;
        if (present == 0 || _isOver(loan)) return;
        _restore(loan, uint64(bound(share, 0, present - 1)));
    }

    function _isOver(Loan memory loan) private view returns (bool) {
        return block.timestamp >= uint256(loan.graceEndsAt) + _book.delinquencyPeriod();
    }

    function _restore(Loan memory loan, uint64 share) private counted("restore") {
        _pool.restore(loan, share);
    }

    function setFee(uint64 share) external called counted("set fee") {
        _vault.setFee(Fee({share: uint64(bound(share, 0, 0.25e18)), receiver: TREASURY}));
    }

    function setCoverLimit(uint64 share) external called counted("set limits") {
        (uint96 deposits, uint64 utilisation,) = _vault.limits();
        share = uint64(bound(share, 0, 0.2e18));
        _vault.setLimits(Limits({deposits: deposits, utilisation: utilisation, cover: share}));
    }

    /// Somebody without a role, a line or a loan tries everything that wants one.
    function intrude(uint256 who, uint256 id) external called {
        address stranger = lenders[who % lenders.length];
        if (_loans.length == 0) return;
        Loan memory loan = _loans[id % _loans.length];
        Credential memory credential = _credentials[id % _loans.length];
        _try(stranger, address(_pool), abi.encodeCall(_pool.mark, (loan, 1)));
        _try(stranger, address(_pool), abi.encodeCall(_pool.restore, (loan, 0)));
        _try(stranger, address(_pool), abi.encodeCall(_pool.draw, (loan, credential, 1, stranger)));
        _try(stranger, address(_vault), abi.encodeCall(_vault.withdrawCover, (0, stranger)));
        _try(stranger, address(_vault), abi.encodeCall(_vault.setFee, (Fee(1, stranger))));
        _try(stranger, address(_vault), abi.encodeCall(_vault.setLimits, (Limits(1, 1, 0))));
        _try(stranger, address(_vault), abi.encodeCall(_vault.tighten, (Limits(0, 0, 1e18))));
        _try(stranger, address(_vault), abi.encodeCall(_vault.lend, (stranger, 1, _book.totals())));
        _try(stranger, address(_book), abi.encodeCall(_book.pay, (loan, 1)));
        _try(stranger, address(_book), abi.encodeCall(_book.advance, (true)));
        _try(stranger, address(_book), abi.encodeCall(_book.enter, (loan)));
        _try(stranger, address(_registry), abi.encodeCall(_registry.allowPool, (stranger)));
        _try(
            stranger,
            address(_registry),
            abi.encodeCall(_registry.unlock, (loan.attester, loan.holder, false, 0))
        );
        if (block.timestamp < loan.dueAt) {
            _try(stranger, address(_pool), abi.encodeCall(_pool.closeLine, (loan)));
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
            uint256 number = openLoan(borrowers[i]);
            if (number == 0) continue;
            LoanStatus status = _book.statusOf(_loans[number - 1]);
            if (status == LoanStatus.Grace) effects["grace"]++;
            if (status == LoanStatus.Delinquent) effects["delinquent"]++;
            if (status == LoanStatus.Default) effects["default"]++;
        }
    }

    /// The number of the open loan of a borrower; 0 if there is none.
    function openLoan(address borrower) public view returns (uint256) {
        for (uint256 number = _loans.length; number != 0; number--) {
            Loan memory loan = _loans[number - 1];
            if (loan.borrower != borrower) continue;
            Stage stage = _book.accountOf(_book.idOf(loan)).stage;
            if (stage == Stage.Open || stage == Stage.Ended) return number;
        }
        return 0;
    }

    function _fund(address who, uint256 amount) private {
        _token.mint(who, amount);
        vm.prank(who);
        _token.approve(address(_vault), type(uint256).max);
    }
}
