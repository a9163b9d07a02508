// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraVault} from "./TesseraVault.sol";
import {ICredentialRegistry} from "./interfaces/ICredentialRegistry.sol";
import {Closing, Draw, Line, Payment} from "./interfaces/ILoanBook.sol";
import {Fee, ITesseraPool, Limits, Loan, LoanStatus, PoolConfig} from "./interfaces/ITesseraPool.sol";
import {Statement} from "./interfaces/ITesseraVerifier.sol";
import {BorrowRequest, Decision, IUnderwriter, Terms} from "./interfaces/IUnderwriter.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title TesseraPool
/// @notice Loans against proofs: see the interface. In every function: checks, then state changes, then the
/// event, then the token.
contract TesseraPool is AccessManaged, Multicall, TesseraVault {
    using SafeCast for uint256;

    /// @inheritdoc ITesseraPool
    IUnderwriter public immutable underwriter;
    /// @inheritdoc ITesseraPool
    ICredentialRegistry public immutable registry;

    /// @inheritdoc ITesseraPool
    mapping(address borrower => uint256) public borrowNonce;

    constructor(PoolConfig memory config)
        AccessManaged(config.authority)
        TesseraVault(config.asset, config.name, config.symbol, config.delinquencyPeriod)
    {
        require(config.authority != address(0), ZeroAddress());
        underwriter = config.underwriter;
        registry = config.underwriter.registry();
    }

    // ------------------------------------------------------------------------------------ reading

    // The book's answer is the function's: these end where the book has answered.
    // slither-disable-start incorrect-return

    /// @inheritdoc ITesseraPool
    function loan(uint256 loanId) external view returns (Loan memory) {
        _askBook();
    }

    /// @inheritdoc ITesseraPool
    function line(uint256 loanId) external view returns (Line memory) {
        _askBook();
    }

    /// @inheritdoc ITesseraPool
    function debtOf(uint256 loanId) external view returns (uint256 principal, uint256 interest) {
        _askBook();
    }

    /// @inheritdoc ITesseraPool
    function statusOf(uint256 loanId) external view returns (LoanStatus) {
        _askBook();
    }

    /// @inheritdoc ITesseraPool
    function loanCount() external view returns (uint256) {
        _askBook();
    }

    /// @inheritdoc ITesseraPool
    function outstanding() external view returns (uint256) {
        _askBook();
    }

    // slither-disable-end incorrect-return

    // ------------------------------------------------------------------------------ underwriter

    /// @inheritdoc ITesseraPool
    function context(address borrower, bytes32 credentialUid, Terms calldata terms, uint256 nonce)
        external
        view
        returns (uint256)
    {
        return underwriter.context(address(this), borrower, credentialUid, terms, nonce);
    }

    /// @inheritdoc ITesseraPool
    function statement(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory)
    {
        return underwriter.statement(address(this), borrower, request);
    }

    /// @inheritdoc ITesseraPool
    function policyId() external view returns (bytes32) {
        return underwriter.policyId();
    }

    // ------------------------------------------------------------------------------------ lending

    // What is called before state changes is the pool's own book, and the underwriter and the registry, which
    // never change and call nobody back but attesters' and borrowers' signature checks (static calls); the token
    // comes last. And all of these functions are `nonReentrant`.
    // slither-disable-start reentrancy-no-eth,reentrancy-events,reentrancy-benign

    /// @inheritdoc ITesseraPool
    function previewBorrow(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory proven)
    {
        _checkRequest(borrower, request);
        proven = underwriter.preview(borrower, request);
        registry.checkLock(address(this), request.attester, request.credential.holder);
    }

    /// @inheritdoc ITesseraPool
    function borrow(BorrowRequest calldata request, bytes calldata proof)
        external
        nonReentrant
        returns (uint256 loanId)
    {
        return _borrow(msg.sender, request, proof);
    }

    /// @inheritdoc ITesseraPool
    function borrowFor(
        address borrower,
        BorrowRequest calldata request,
        bytes calldata proof,
        bytes calldata signature
    ) external nonReentrant returns (uint256 loanId) {
        bytes32 digest = _hashTypedDataV4(underwriter.hashBorrow(borrower, request));
        require(
            SignatureChecker.isValidSignatureNowCalldata(borrower, digest, signature),
            BadBorrowerSignature(borrower)
        );
        return _borrow(borrower, request, proof);
    }

    /// @inheritdoc ITesseraPool
    function draw(uint256 loanId, uint256 amount, address receiver)
        external
        nonReentrant
        returns (uint256 principal)
    {
        require(amount != 0, ZeroAmount());
        _checkReceiver(receiver);
        _checkRoom(_accrue(), amount);
        Draw memory made = book.draw(loanId, msg.sender, amount);
        underwriter.checkDraw(made.tier, made.attester, made.credentialUid);
        principal = made.principal;
        _cash -= amount;
        emit Drawn(loanId, msg.sender, receiver, amount, principal);
        _push(receiver, amount);
    }

    /// @inheritdoc ITesseraPool
    function closeLine(uint256 loanId) external nonReentrant {
        Closing memory made = book.closeLine(loanId);
        if (msg.sender != made.borrower && !made.expired) _checkCanCall(msg.sender, msg.data);
        emit LineClosed(loanId, made.borrower);
        if (made.closed) _release(loanId, made.borrower, made.attester, made.holder);
    }

    /// @inheritdoc ITesseraPool
    function repay(uint256 loanId, uint256 amount) external nonReentrant {
        require(amount != 0, ZeroAmount());
        _accrue();
        Payment memory paid = book.pay(loanId, amount);
        uint256 all = paid.interest + paid.principal;
        if (paid.recovered) _recover(loanId, all);
        else _cash += all;
        emit Repaid(
            loanId,
            paid.borrower,
            msg.sender,
            paid.interest,
            paid.principal,
            paid.interestLeft,
            paid.principalLeft
        );
        if (paid.closed) _release(loanId, paid.borrower, paid.attester, paid.holder);
        _pull(msg.sender, all);
    }

    // ---------------------------------------------------------------------------- administration

    /// @inheritdoc ITesseraPool
    function tighten(Limits calldata next) external restricted {
        require(
            next.deposits <= limits.deposits && next.utilisation <= limits.utilisation
                && next.cover >= limits.cover,
            NotTighter()
        );
        _setLimits(next);
    }

    /// @inheritdoc ITesseraPool
    function setLimits(Limits calldata next) external restricted {
        _setLimits(next);
    }

    /// @inheritdoc ITesseraPool
    function setFee(Fee calldata next) external restricted nonReentrant {
        require(next.share <= MAX_FEE, ShareTooHigh(next.share, MAX_FEE));
        require(next.share == 0 || next.receiver != address(0), ZeroAddress());
        _accrue();
        fee = next;
        emit FeeChanged(next.share, next.receiver);
    }

    /// @inheritdoc ITesseraPool
    function provideCover(uint256 amount) external nonReentrant {
        require(amount != 0, ZeroAmount());
        _accrue();
        _cover += amount;
        emit CoverProvided(msg.sender, amount, _cover);
        _pull(msg.sender, amount);
    }

    /// @inheritdoc ITesseraPool
    function withdrawCover(uint256 amount, address receiver) external restricted nonReentrant {
        _checkReceiver(receiver);
        Position memory now_ = _accrue();
        uint256 needed = Math.saturatingAdd(Math.max(now_.losses, _coverFor(now_.value)), amount);
        require(now_.cover >= needed, CoverTooLow(now_.cover, needed));
        _cover -= amount;
        emit CoverWithdrawn(receiver, amount, _cover);
        _push(receiver, amount);
    }

    /// @inheritdoc ITesseraPool
    function impair(uint256 loanId) external restricted nonReentrant {
        _accrue();
        emit LoanImpaired(loanId, book.impair(loanId));
    }

    /// @inheritdoc ITesseraPool
    function restore(uint256 loanId) external restricted nonReentrant {
        _accrue();
        emit LoanRestored(loanId, book.restore(loanId));
    }

    // ----------------------------------------------------------------------------------- internal

    /// Answers a call with what the book answers to the very same call, and ends it.
    function _askBook() private view {
        address to = address(book);
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let success := staticcall(gas(), to, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            if iszero(success) { revert(data, returndatasize()) }
            return(data, returndatasize())
        }
    }

    function _setLimits(Limits calldata next) private {
        require(next.deposits <= MAX_ASSETS, ShareTooHigh(next.deposits, MAX_ASSETS));
        require(next.utilisation <= 1e18, ShareTooHigh(next.utilisation, 1e18));
        require(next.cover <= 1e18, ShareTooHigh(next.cover, 1e18));
        limits = next;
        emit LimitsChanged(next.deposits, next.utilisation, next.cover);
    }

    /// The person is free again.
    function _release(uint256 loanId, address borrower, address attester, bytes32 holder) private {
        emit LoanClosed(loanId, borrower, holder);
        registry.unlock(attester, holder);
    }

    /// Money that nobody counted on: makes good the depositors' losses, then the cover's; what is left is
    /// interest.
    function _recover(uint256 loanId, uint256 amount) private {
        uint256 first = Math.min(amount, _borneByDepositors);
        uint256 toCover = Math.min(amount - first, _borneByCover);
        _borneByDepositors -= first;
        _borneByCover -= toCover;
        _cover += toCover;
        _cash += amount - toCover;
        emit Recovered(loanId, amount - toCover, toCover);
    }

    function _coverFor(uint256 value) private view returns (uint256) {
        return Math.mulDiv(value, limits.cover, 1e18, Math.Rounding.Ceil);
    }

    function _checkReceiver(address receiver) private view {
        require(receiver != address(0), ZeroAddress());
        require(receiver != address(this), BadReceiver(receiver));
    }

    /// Whether the pool can and may pay out another `amount`.
    function _checkRoom(Position memory now_, uint256 amount) private view {
        require(amount <= now_.cash, InsufficientCash(amount, now_.cash));
        uint256 most = Math.mulDiv(now_.cash + now_.value, limits.utilisation, 1e18);
        require(now_.value + amount <= most, UtilisationTooHigh(now_.value + amount, most));
        uint256 needed = _coverFor(now_.value + amount);
        require(now_.cover >= needed, CoverTooLow(now_.cover, needed));
    }

    /// What only the pool knows; the underwriter checks the rest. A credit line needs room when it is drawn on.
    function _checkRequest(address borrower, BorrowRequest calldata request) private view {
        uint256 nonce = borrowNonce[borrower];
        require(request.nonce == nonce, WrongNonce(nonce, request.nonce));
        _checkReceiver(request.terms.receiver);
        if (!underwriter.isLine(request.terms.tier)) _checkRoom(_position(), request.terms.amount);
    }

    function _borrow(address borrower, BorrowRequest calldata request, bytes calldata proof)
        private
        returns (uint256 loanId)
    {
        _checkRequest(borrower, request);
        Decision memory decision = underwriter.decide(borrower, request, proof);

        _accrue();
        borrowNonce[borrower] = request.nonce + 1;
        Loan memory opened = _newLoan(borrower, request, decision);
        uint256 paid = decision.line ? 0 : request.terms.amount;
        loanId = book.open(opened, decision.line ? decision.credentialUid : bytes32(0));
        _cash -= paid;
        _emitBorrowed(loanId, opened, request.terms, decision);
        registry.lock(request.attester, request.credential.holder);
        if (paid != 0) _push(request.terms.receiver, paid);
    }

    function _newLoan(address borrower, BorrowRequest calldata request, Decision memory decision)
        private
        view
        returns (Loan memory opened)
    {
        opened.borrower = borrower;
        opened.attester = request.attester;
        opened.holder = request.credential.holder;
        opened.tier = request.terms.tier.toUint32();
        opened.rate = decision.rate;
        opened.lateRate = decision.lateRate;
        opened.originatedAt = block.timestamp.toUint40();
        opened.settledAt = opened.originatedAt;
        opened.dueAt = _endOfDay(block.timestamp + decision.term).toUint40();
        opened.graceEndsAt = opened.dueAt + decision.grace;
        opened.principal = request.terms.amount.toUint96();
    }

    function _emitBorrowed(uint256 loanId, Loan memory opened, Terms calldata terms, Decision memory decision)
        private
    {
        emit Borrowed(
            loanId,
            opened.borrower,
            opened.holder,
            opened.attester,
            decision.credentialUid,
            decision.policyId,
            terms,
            opened.dueAt,
            decision.context
        );
        if (decision.line) emit LineOpened(loanId, opened.borrower, terms.amount, opened.dueAt);
    }

    /// The next midnight (UTC) at or after `time`.
    function _endOfDay(uint256 time) private pure returns (uint256) {
        return Math.ceilDiv(time, 1 days) * 1 days;
    }

    // slither-disable-end reentrancy-no-eth,reentrancy-events,reentrancy-benign
}
