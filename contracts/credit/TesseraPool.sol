// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";
import {Change, ILoanBook, Loan, Payment, Totals} from "../interfaces/ILoanBook.sol";
import {IPermit2} from "../interfaces/IPermit2.sol";
import {ITesseraPool, PoolConfig} from "../interfaces/ITesseraPool.sol";
import {ITesseraVault} from "../interfaces/ITesseraVault.sol";
import {Statement} from "../interfaces/ITesseraVerifier.sol";
import {BorrowRequest, Decision, IUnderwriter, Terms} from "../interfaces/IUnderwriter.sol";
import {LoanBook} from "./LoanBook.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title TesseraPool
/// @notice Loans against proofs: see the interface. In every function: checks, then the state of book and registry,
/// then the event, then the vault, which in turn checks for room, changes its state, emits and calls the token.
contract TesseraPool is AccessManaged, EIP712, Multicall, ReentrancyGuardTransient, ITesseraPool {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @inheritdoc ITesseraPool
    uint40 public constant RECOVERY_LOCK = 32 days;

    /// @inheritdoc ITesseraPool
    IPermit2 public constant PERMIT2 = IPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    /// @inheritdoc ITesseraPool
    IUnderwriter public immutable underwriter;
    /// @inheritdoc ITesseraPool
    ICredentialRegistry public immutable registry;
    /// @inheritdoc ITesseraPool
    ILoanBook public immutable book;
    /// @inheritdoc ITesseraPool
    ITesseraVault public immutable vault;
    /// @inheritdoc ITesseraPool
    address public immutable asset;

    mapping(address borrower => mapping(bytes32 digest => bool)) private _cancelled;

    constructor(PoolConfig memory config) AccessManaged(config.authority) EIP712("Tessera Pool", "1") {
        require(config.authority != address(0) && address(config.asset) != address(0), ZeroAddress());
        require(address(config.vault) != address(0), ZeroAddress());
        (underwriter, vault) = (config.underwriter, config.vault);
        registry = config.underwriter.registry();
        asset = address(config.asset);
        book = new LoanBook(config.delinquencyPeriod, address(config.vault));
    }

    // ------------------------------------------------------------------------------------ reading

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
    function requestDigest(address borrower, BorrowRequest calldata request) public view returns (bytes32) {
        return _hashTypedDataV4(underwriter.hashBorrow(borrower, request));
    }

    /// @inheritdoc ITesseraPool
    function previewBorrow(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory proven)
    {
        _checkReceiver(request.terms.receiver);
        proven = underwriter.preview(asset, borrower, request);
        registry.checkLock(address(this), request.attester, request.credential.holder, request.nonce);
        // A credit line needs room when it is drawn on.
        if (!underwriter.isLine(request.terms.tier)) vault.checkRoom(request.terms.amount);
    }

    // ------------------------------------------------------------------------------------ lending

    // What is called before state changes is the underwriter and the registry, which never change and call nobody
    // back but attesters' and borrowers' signature checks (static calls); the vault comes last, and its token. And
    // all of these functions are `nonReentrant`.
    // slither-disable-start reentrancy-no-eth,reentrancy-events,reentrancy-benign

    /// @inheritdoc ITesseraPool
    function borrow(BorrowRequest calldata request, bytes calldata proof)
        external
        nonReentrant
        returns (bytes32 loanId, Loan memory loan)
    {
        return _borrow(msg.sender, request, proof);
    }

    /// @inheritdoc ITesseraPool
    function borrowFor(
        address borrower,
        BorrowRequest calldata request,
        bytes calldata proof,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 loanId, Loan memory loan) {
        bytes32 digest = requestDigest(borrower, request);
        require(!_cancelled[borrower][digest], RequestIsCancelled(digest));
        require(
            SignatureChecker.isValidSignatureNowCalldata(borrower, digest, signature),
            BadBorrowerSignature(borrower)
        );
        return _borrow(borrower, request, proof);
    }

    /// @inheritdoc ITesseraPool
    function cancelRequest(bytes32 digest) external {
        _cancelled[msg.sender][digest] = true;
        emit RequestCancelled(msg.sender, digest);
    }

    /// @inheritdoc ITesseraPool
    function draw(Loan calldata loan, Credential calldata credential, uint256 amount, address receiver)
        external
        nonReentrant
        returns (uint256 principal)
    {
        require(amount != 0, ZeroAmount());
        _checkReceiver(receiver);
        bytes32 uid = registry.uidOf(credential);
        require(uid == loan.credentialUid, WrongCredential(loan.credentialUid, uid));
        require(registry.poolAllowed(address(this)), ICredentialRegistry.PoolNotAllowed(address(this)));
        underwriter.checkStanding(loan.tier, loan.attester, credential);
        bytes32 loanId;
        Totals memory before;
        (loanId, principal, before) = book.draw(loan, msg.sender, amount);
        emit Drawn(loanId, loan.borrower, receiver, amount, principal);
        vault.lend(receiver, amount, before);
    }

    /// @inheritdoc ITesseraPool
    function closeLine(Loan calldata loan) external nonReentrant {
        if (msg.sender != loan.borrower && block.timestamp < loan.dueAt) _checkCanCall(msg.sender, msg.data);
        (bytes32 loanId, bool closed) = book.closeLine(loan);
        if (closed) _release(loanId, loan, false);
        emit LineClosed(loanId, loan.borrower);
    }

    /// @inheritdoc ITesseraPool
    function repay(Loan calldata loan, uint256 amount) public nonReentrant {
        (Payment memory made, Change memory change) = _pay(loan, amount);
        vault.collect(made.loanId, msg.sender, made.interest + made.principal, made.recovered, change);
    }

    /// @inheritdoc ITesseraPool
    function repayWithPermit(
        Loan calldata loan,
        uint256 amount,
        uint256 permitted,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        // Somebody may have used the permit already: then the allowance is there, and what follows works.
        try IERC20Permit(asset).permit(msg.sender, address(vault), permitted, deadline, v, r, s) {} catch {}
        repay(loan, amount);
    }

    /// @inheritdoc ITesseraPool
    function repayWithPermit2(
        Loan calldata loan,
        uint256 amount,
        uint256 permitted,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external nonReentrant {
        require(address(PERMIT2).code.length != 0, NoPermit2(address(PERMIT2)));
        (Payment memory made, Change memory change) = _pay(loan, amount);
        uint256 due = made.interest + made.principal;
        // The signature names the pool, which takes what is due and not a unit more, and hands it on at once.
        PERMIT2.permitTransferFrom(
            IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(asset, permitted), nonce, deadline),
            IPermit2.SignatureTransferDetails(address(this), due),
            msg.sender,
            signature
        );
        IERC20(asset).forceApprove(address(vault), due);
        vault.collect(made.loanId, address(this), due, made.recovered, change);
    }

    // ----------------------------------------------------------------------------------- marking

    /// @inheritdoc ITesseraPool
    function mark(Loan calldata loan, uint64 share) external restricted nonReentrant {
        require(share <= 1e18, ShareTooHigh(share, 1e18));
        _remark(loan, share, true);
    }

    /// @inheritdoc ITesseraPool
    function restore(Loan calldata loan, uint64 share) external restricted nonReentrant {
        _remark(loan, share, false);
    }

    // ----------------------------------------------------------------------------------- internal

    /// A payment in book and registry; the money is still to come.
    function _pay(Loan calldata loan, uint256 amount)
        private
        returns (Payment memory made, Change memory change)
    {
        require(amount != 0, ZeroAmount());
        (made, change) = book.pay(loan, amount);
        if (made.closed) _release(made.loanId, loan, made.recovered);
        emit Repaid(
            made.loanId,
            loan.borrower,
            msg.sender,
            made.interest,
            made.principal,
            made.interestLeft,
            made.principalLeft
        );
    }

    function _remark(Loan calldata loan, uint64 share, bool up) private {
        (bytes32 loanId, uint64 present, Change memory change) = book.remark(loan, share, up);
        emit LoanMarked(loanId, present, share);
        vault.revalue(change);
    }

    /// The person is free again: at once, or after a default when its money is the depositors'.
    function _release(bytes32 loanId, Loan calldata loan, bool recovered) private {
        uint40 freeAt = recovered ? block.timestamp.toUint40() + RECOVERY_LOCK : 0;
        registry.unlock(loan.attester, loan.holder, recovered, freeAt);
        emit LoanClosed(loanId, loan.borrower, loan.holder, recovered);
    }

    function _checkReceiver(address receiver) private view {
        require(receiver != address(0), ZeroAddress());
        require(receiver != address(this) && receiver != address(vault), BadReceiver(receiver));
    }

    function _borrow(address borrower, BorrowRequest calldata request, bytes calldata proof)
        private
        returns (bytes32 loanId, Loan memory loan)
    {
        _checkReceiver(request.terms.receiver);
        Decision memory decision = underwriter.decide(asset, borrower, request, proof);

        loan = _newLoan(borrower, request, decision);
        Totals memory before;
        (loanId, before) = book.enter(loan);
        registry.lock(request.attester, request.credential.holder, request.nonce);
        emit Borrowed(
            loanId, borrower, loan.holder, loan, decision.policyId, request.terms.receiver, decision.context
        );
        if (!decision.line) vault.lend(request.terms.receiver, loan.amount, before);
    }

    function _newLoan(address borrower, BorrowRequest calldata request, Decision memory decision)
        private
        view
        returns (Loan memory opened)
    {
        opened.borrower = borrower;
        opened.tier = request.terms.tier.toUint32();
        opened.line = decision.line;
        opened.attester = request.attester;
        opened.holder = request.credential.holder;
        opened.credentialUid = decision.credentialUid;
        opened.rate = decision.rate;
        opened.lateRate = decision.lateRate;
        opened.originatedAt = block.timestamp.toUint40();
        opened.dueAt = _endOfDay(block.timestamp + decision.term).toUint40();
        opened.graceEndsAt = opened.dueAt + decision.grace;
        opened.amount = request.terms.amount.toUint96();
        // The registry takes no other than the person's, which fits.
        opened.nonce = uint16(request.nonce);
    }

    /// The next midnight (UTC) at or after `time`.
    function _endOfDay(uint256 time) private pure returns (uint256) {
        return Math.ceilDiv(time, 1 days) * 1 days;
    }

    // slither-disable-end reentrancy-no-eth,reentrancy-events,reentrancy-benign
}
