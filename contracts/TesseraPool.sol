// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraVault} from "./TesseraVault.sol";
import {ICredentialRegistry} from "./interfaces/ICredentialRegistry.sol";
import {ITesseraPool, Limits, Loan, LoanStatus, PoolConfig} from "./interfaces/ITesseraPool.sol";
import {Statement} from "./interfaces/ITesseraVerifier.sol";
import {BorrowRequest, Decision, IUnderwriter, Terms} from "./interfaces/IUnderwriter.sol";
import {Books, BooksLib} from "./libraries/BooksLib.sol";
import {InterestLib} from "./libraries/InterestLib.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title TesseraPool
/// @notice Loans against proofs: see the interface. In every function: checks, then state changes, then the
/// event, then the token.
contract TesseraPool is AccessManaged, Multicall, TesseraVault {
    using BooksLib for Books;
    using InterestLib for Loan;
    using SafeCast for uint256;

    bytes32 private constant BORROW_TYPEHASH = keccak256(
        "Borrow(address borrower,bytes32 credentialUid,address attester,bytes32 policyId,address receiver,uint256 amount,uint256 tier,uint64 deadline,uint256 nonce)"
    );

    /// @inheritdoc ITesseraPool
    IUnderwriter public immutable underwriter;
    /// @inheritdoc ITesseraPool
    ICredentialRegistry public immutable registry;

    /// @inheritdoc ITesseraPool
    mapping(address borrower => uint256) public borrowNonce;
    /// @inheritdoc ITesseraPool
    uint256 public loanCount;
    /// @inheritdoc ITesseraPool
    uint256 public outstanding;

    mapping(uint256 loanId => Loan) private _loans;

    constructor(PoolConfig memory config)
        AccessManaged(config.authority)
        TesseraVault(config.asset, config.name, config.symbol, config.delinquencyPeriod)
    {
        require(config.authority != address(0), ZeroAddress());
        underwriter = config.underwriter;
        registry = config.underwriter.registry();
    }

    // ------------------------------------------------------------------------------------ reading

    /// @inheritdoc ITesseraPool
    function loan(uint256 loanId) public view returns (Loan memory) {
        return _loans[loanId];
    }

    /// @inheritdoc ITesseraPool
    function debtOf(uint256 loanId) public view returns (uint256 principal, uint256 interest) {
        Loan memory found = loan(loanId);
        if (found.principal == 0) return (0, 0);
        found.settle(block.timestamp);
        return (found.principal, InterestLib.toAssetsUp(found.interestScaled + found.suspendedScaled));
    }

    /// @inheritdoc ITesseraPool
    function statusOf(uint256 loanId) external view returns (LoanStatus) {
        Loan storage found = _loans[loanId];
        if (found.originatedAt == 0) return LoanStatus.None;
        if (found.principal == 0) return LoanStatus.Closed;
        uint256 end = found.graceEndsAt;
        if (block.timestamp >= end + delinquencyPeriod) return LoanStatus.Default;
        if (block.timestamp >= end) return LoanStatus.Delinquent;
        return block.timestamp < found.dueAt ? LoanStatus.Current : LoanStatus.Grace;
    }

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
        bytes32 digest = _hashTypedDataV4(_hashBorrow(borrower, request));
        require(
            SignatureChecker.isValidSignatureNowCalldata(borrower, digest, signature),
            BadBorrowerSignature(borrower)
        );
        return _borrow(borrower, request, proof);
    }

    /// @inheritdoc ITesseraPool
    function repay(uint256 loanId, uint256 amount) external nonReentrant {
        Loan memory open = _openLoan(loanId);
        require(amount != 0, ZeroAmount());

        Books memory books = _accrue();
        open.settle(block.timestamp);
        books.post(_calendar, delinquencyPeriod, open, -1);
        (uint256 interest, uint256 principal) = open.pay(amount);
        if (open.principal != 0) books.post(_calendar, delinquencyPeriod, open, 1);
        _keep(books, loanId, open);
        _cash += interest + principal;
        outstanding -= principal;
        emit Repaid(loanId, open.borrower, msg.sender, interest, principal, open.interestUp(), open.principal);
        if (open.principal == 0) {
            emit LoanClosed(loanId, open.borrower, open.holder);
            registry.unlock(open.attester, open.holder);
        }
        _pull(msg.sender, interest + principal);
    }

    // ---------------------------------------------------------------------------- administration

    /// @inheritdoc ITesseraPool
    function tighten(Limits calldata next) external restricted {
        require(next.deposits <= limits.deposits && next.utilisation <= limits.utilisation, NotTighter());
        _setLimits(next);
    }

    /// @inheritdoc ITesseraPool
    function setLimits(Limits calldata next) external restricted {
        require(next.deposits <= MAX_ASSETS, ShareTooHigh(next.deposits, MAX_ASSETS));
        require(next.utilisation <= 1e18, ShareTooHigh(next.utilisation, 1e18));
        _setLimits(next);
    }

    /// @inheritdoc ITesseraPool
    function impair(uint256 loanId) external restricted nonReentrant {
        Loan memory open = _openLoan(loanId);
        uint256 end = (block.timestamp / 1 days + 1) * 1 days;
        require(end < open.graceEndsAt, NotImpairable(loanId, open.graceEndsAt));
        emit LoanImpaired(loanId, end);
        _moveGrace(loanId, open, end);
    }

    /// @inheritdoc ITesseraPool
    function restore(uint256 loanId) external restricted nonReentrant {
        Loan memory open = _openLoan(loanId);
        uint256 end = open.dueAt + underwriter.policyById(underwriter.policyOf(open.tier)).pricing.grace;
        require(open.graceEndsAt < end && block.timestamp < end, NotRestorable(loanId, open.graceEndsAt));
        emit LoanRestored(loanId, end);
        _moveGrace(loanId, open, end);
    }

    // ----------------------------------------------------------------------------------- internal

    function _openLoan(uint256 loanId) private view returns (Loan memory open) {
        open = loan(loanId);
        require(open.principal != 0, LoanNotOpen(loanId));
    }

    function _keep(Books memory books, uint256 loanId, Loan memory changed) private {
        _keepBooks(books);
        _loans[loanId] = changed;
    }

    function _setLimits(Limits calldata next) private {
        limits = next;
        emit LimitsChanged(next.deposits, next.utilisation);
    }

    /// Re-enters a loan with another end of grace, which lies in the future: interest until then is booked.
    function _moveGrace(uint256 loanId, Loan memory open, uint256 end) private {
        Books memory books = _accrue();
        open.settle(block.timestamp);
        books.post(_calendar, delinquencyPeriod, open, -1);
        open.interestScaled += open.suspendedScaled;
        open.suspendedScaled = 0;
        open.graceEndsAt = end.toUint40();
        books.post(_calendar, delinquencyPeriod, open, 1);
        _keep(books, loanId, open);
    }

    /// What only the pool knows; the underwriter checks the rest.
    function _checkRequest(address borrower, BorrowRequest calldata request) private view {
        uint256 nonce = borrowNonce[borrower];
        require(request.nonce == nonce, WrongNonce(nonce, request.nonce));
        Terms calldata terms = request.terms;
        require(terms.receiver != address(0), ZeroAddress());
        require(terms.receiver != address(this), BadReceiver(terms.receiver));
        require(terms.amount <= _cash, InsufficientCash(terms.amount, _cash));
        uint256 loans = loansValue();
        uint256 most = Math.mulDiv(_cash + loans, limits.utilisation, 1e18);
        require(loans + terms.amount <= most, UtilisationTooHigh(loans + terms.amount, most));
    }

    function _borrow(address borrower, BorrowRequest calldata request, bytes calldata proof)
        private
        returns (uint256 loanId)
    {
        _checkRequest(borrower, request);
        Decision memory decision = underwriter.decide(borrower, request, proof);

        Books memory books = _accrue();
        borrowNonce[borrower] = request.nonce + 1;
        loanId = ++loanCount;
        Loan memory opened = _newLoan(borrower, request, decision);
        books.post(_calendar, delinquencyPeriod, opened, 1);
        _keep(books, loanId, opened);
        _cash -= request.terms.amount;
        outstanding += request.terms.amount;
        _emitBorrowed(loanId, opened, request.terms, decision);
        registry.lock(request.attester, request.credential.holder);
        _push(request.terms.receiver, request.terms.amount);
    }

    function _hashBorrow(address borrower, BorrowRequest calldata request) private view returns (bytes32) {
        bytes memory what = abi.encode(
            BORROW_TYPEHASH,
            borrower,
            registry.uidOf(request.credential),
            request.attester,
            underwriter.policyOf(request.terms.tier),
            request.terms,
            request.nonce
        );
        return keccak256(what);
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
    }

    /// The next midnight (UTC) at or after `time`.
    function _endOfDay(uint256 time) private pure returns (uint256) {
        return Math.ceilDiv(time, 1 days) * 1 days;
    }
}
