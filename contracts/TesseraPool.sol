// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraVault} from "./TesseraVault.sol";
import {ICredentialRegistry} from "./interfaces/ICredentialRegistry.sol";
import {ITesseraPool, Loan, LoanStatus, PoolConfig} from "./interfaces/ITesseraPool.sol";
import {Statement} from "./interfaces/ITesseraVerifier.sol";
import {BorrowRequest, Decision, IUnderwriter, Policy, Terms, Tier} from "./interfaces/IUnderwriter.sol";
import {InterestLib} from "./libraries/InterestLib.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title TesseraPool
/// @notice Loans against proofs: see the interface. In every function: checks, then state changes, then the
/// event, then the token.
contract TesseraPool is AccessManaged, TesseraVault {
    using InterestLib for Loan;
    using SafeCast for uint256;

    uint32 private constant MAX_DELINQUENCY = 3650 days;

    /// @inheritdoc ITesseraPool
    IUnderwriter public immutable underwriter;
    /// @inheritdoc ITesseraPool
    ICredentialRegistry public immutable registry;
    /// @inheritdoc ITesseraPool
    uint32 public immutable delinquencyPeriod;

    /// @inheritdoc ITesseraPool
    mapping(address borrower => uint256) public borrowNonce;
    /// @inheritdoc ITesseraPool
    uint256 public loanCount;
    /// @inheritdoc ITesseraPool
    uint256 public outstanding;

    mapping(uint256 loanId => Loan) private _loans;

    constructor(PoolConfig memory config)
        AccessManaged(config.authority)
        TesseraVault(config.asset, config.name, config.symbol)
    {
        require(config.authority != address(0), ZeroAddress());
        uint32 period = config.delinquencyPeriod;
        require(period != 0 && period <= MAX_DELINQUENCY && period % 1 days == 0, BadDuration(period));
        underwriter = config.underwriter;
        registry = config.underwriter.registry();
        delinquencyPeriod = period;
    }

    // ------------------------------------------------------------------------------------ reading

    /// Cash and principal owed; interest counts when it is paid.
    function totalAssets() public view override returns (uint256) {
        return _cash + outstanding;
    }

    /// @inheritdoc ITesseraPool
    function loan(uint256 loanId) external view returns (Loan memory) {
        return _loans[loanId];
    }

    /// @inheritdoc ITesseraPool
    function debtOf(uint256 loanId) public view returns (uint256 principal, uint256 interest) {
        Loan memory found = _loans[loanId];
        if (found.principal == 0) return (0, 0);
        return (found.principal, InterestLib.toAssetsUp(found.scaledAt(block.timestamp)));
    }

    /// @inheritdoc ITesseraPool
    function statusOf(uint256 loanId) external view returns (LoanStatus) {
        Loan storage found = _loans[loanId];
        if (found.originatedAt == 0) return LoanStatus.None;
        if (found.principal == 0) return LoanStatus.Closed;
        if (block.timestamp <= found.dueAt) return LoanStatus.Current;
        if (block.timestamp <= found.graceEndsAt) return LoanStatus.Grace;
        bool late = block.timestamp <= found.graceEndsAt + delinquencyPeriod;
        return late ? LoanStatus.Delinquent : LoanStatus.Default;
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

    /// @inheritdoc ITesseraPool
    function policy() external view returns (Policy memory) {
        return underwriter.policy();
    }

    /// @inheritdoc ITesseraPool
    function tiers(uint256 tier) external view returns (Tier memory) {
        return underwriter.tiers(tier);
    }

    // ------------------------------------------------------------------------------------ lending

    /// @inheritdoc ITesseraPool
    function borrow(BorrowRequest calldata request, bytes calldata proof)
        external
        nonReentrant
        returns (uint256 loanId)
    {
        _checkRequest(msg.sender, request);
        Decision memory decision = underwriter.decide(msg.sender, request, proof);

        borrowNonce[msg.sender] = request.nonce + 1;
        loanId = ++loanCount;
        Loan memory opened = _newLoan(msg.sender, request, decision);
        _loans[loanId] = opened;
        _cash -= request.terms.amount;
        outstanding += request.terms.amount;
        _emitBorrowed(loanId, opened, request.terms, decision);
        registry.lock(request.attester, request.credential.holder);
        _push(request.terms.receiver, request.terms.amount);
    }

    /// @inheritdoc ITesseraPool
    function repay(uint256 loanId, uint256 amount) external nonReentrant {
        Loan memory open = _loans[loanId];
        require(open.principal != 0, LoanNotOpen(loanId));
        require(amount != 0, ZeroAmount());

        uint256 scaled = open.scaledAt(block.timestamp);
        uint256 interest = Math.min(amount, InterestLib.toAssetsUp(scaled));
        uint256 principal = Math.min(amount - interest, open.principal);
        open.interestScaled = Math.saturatingSub(scaled, interest * InterestLib.SCALE);
        open.settledAt = block.timestamp.toUint64();
        open.principal -= principal.toUint128();
        _loans[loanId] = open;
        _cash += interest + principal;
        outstanding -= principal;
        emit Repaid(
            loanId,
            open.borrower,
            msg.sender,
            interest,
            principal,
            InterestLib.toAssetsUp(open.interestScaled),
            open.principal
        );
        if (open.principal == 0) {
            emit LoanClosed(loanId, open.borrower, open.holder);
            registry.unlock(open.attester, open.holder);
        }
        _pull(msg.sender, interest + principal);
    }

    // ----------------------------------------------------------------------------------- internal

    /// What only the pool knows; the underwriter checks the rest.
    function _checkRequest(address borrower, BorrowRequest calldata request) private view {
        uint256 nonce = borrowNonce[borrower];
        require(request.nonce == nonce, WrongNonce(nonce, request.nonce));
        Terms calldata terms = request.terms;
        require(terms.receiver != address(0), ZeroAddress());
        require(terms.receiver != address(this), BadReceiver(terms.receiver));
        require(terms.amount <= _cash, InsufficientCash(terms.amount, _cash));
    }

    function _newLoan(address borrower, BorrowRequest calldata request, Decision memory decision)
        private
        view
        returns (Loan memory opened)
    {
        opened.borrower = borrower;
        opened.attester = request.attester;
        opened.holder = request.credential.holder;
        opened.policyId = decision.policyId;
        opened.tier = request.terms.tier.toUint32();
        opened.rate = decision.rate;
        opened.lateRate = decision.lateRate;
        opened.originatedAt = block.timestamp.toUint64();
        opened.settledAt = opened.originatedAt;
        opened.dueAt = _endOfDay(block.timestamp + decision.term).toUint64();
        opened.graceEndsAt = opened.dueAt + decision.grace;
        opened.principal = request.terms.amount.toUint128();
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
