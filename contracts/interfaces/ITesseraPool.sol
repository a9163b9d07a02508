// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "./ICredentialRegistry.sol";
import {ILoanBook, Loan} from "./ILoanBook.sol";
import {IPermit2} from "./IPermit2.sol";
import {ITesseraVault} from "./ITesseraVault.sol";
import {Statement} from "./ITesseraVerifier.sol";
import {BorrowRequest, IUnderwriter, Terms} from "./IUnderwriter.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// What a pool is made of.
struct PoolConfig {
    /// A token that moves exactly what it is told to: no fee on transfer, no rebasing.
    IERC20 asset;
    IUnderwriter underwriter;
    /// From the end of grace until a loan counts as defaulted; whole days, a week at least.
    uint32 delinquencyPeriod;
    /// An OpenZeppelin AccessManager, which says who may call the restricted functions.
    address authority;
    /// Where the vault will be, which is deployed next and names this pool.
    ITesseraVault vault;
}

/// @title Loans against a proof
/// @notice A borrower gets a loan for a zero-knowledge proof that the attested features reach a tier's score in the
/// lender's private model. The pool computes the proof's statement itself; the caller sends proof bytes, never
/// instances. The pool takes requests and payments; its book keeps the loans and what they are worth, its vault the
/// money and the depositors' shares.
interface ITesseraPool {
    // ------------------------------------------------------------------------------------- events

    /// `context` is the one that the accepted proof was made for; none is ever accepted twice. Of a line, nothing is
    /// paid out yet.
    event Borrowed(
        bytes32 indexed loanId,
        address indexed borrower,
        bytes32 indexed holder,
        Loan loan,
        bytes32 policyId,
        address receiver,
        uint256 context
    );
    /// `principal` is what is owed of it after the payout.
    event Drawn(
        bytes32 indexed loanId,
        address indexed borrower,
        address indexed receiver,
        uint256 amount,
        uint256 principal
    );
    /// Nothing more can be drawn.
    event LineClosed(bytes32 indexed loanId, address indexed borrower);
    /// `principalLeft` and `interestLeft` are what is owed after the payment.
    event Repaid(
        bytes32 indexed loanId,
        address indexed borrower,
        address indexed payer,
        uint256 interest,
        uint256 principal,
        uint256 interestLeft,
        uint256 principalLeft
    );
    /// `share` of the loan is marked down, 1e18 being all of it; it was `before`.
    event LoanMarked(bytes32 indexed loanId, uint64 before, uint64 share);
    event LoanClosed(
        bytes32 indexed loanId, address indexed borrower, bytes32 indexed holder, bool recovered
    );
    event RequestCancelled(address indexed borrower, bytes32 digest);

    // ------------------------------------------------------------------------------------- errors

    /// An amount that must not be zero is.
    error ZeroAmount();
    /// An address that must not be zero is.
    error ZeroAddress();
    /// The credential is not the one that the line was opened on.
    error WrongCredential(bytes32 expected, bytes32 given);
    /// A share of more than the whole.
    error ShareTooHigh(uint256 share, uint256 max);
    /// The money cannot go to the pool or its vault.
    error BadReceiver(address receiver);
    /// The relayed request is not signed by the borrower, or not this request.
    error BadBorrowerSignature(address borrower);
    /// The borrower took the signed request back.
    error RequestIsCancelled(bytes32 digest);
    /// There is no Permit2 on this chain.
    error NoPermit2(address permit2);

    // ------------------------------------------------------------------------------------ lending

    /// @notice Checks all that `borrow` will check except the proof, and reverts with the same error.
    /// @return proven The statement that the proof has to prove.
    function previewBorrow(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory proven);

    /// @notice Takes out a loan, or opens a credit line if the tier's policy is one of lines; the caller is the
    /// borrower. Every check that does not need the proof comes first, the proof last, then the state changes,
    /// then the payout.
    /// @param proof The bytes that the prover wrote, for exactly `statement(msg.sender, request)`.
    function borrow(BorrowRequest calldata request, bytes calldata proof)
        external
        returns (bytes32 loanId, Loan memory loan);

    /// @notice Takes out a loan for `borrower`, who signed for it; anybody may carry the signature here, and
    /// can change nothing.
    /// @param signature Over the EIP-712 struct `Borrow(address borrower,bytes32 credentialUid,address
    /// attester,bytes32 policyId,address receiver,uint256 amount,uint256 tier,uint64 deadline,uint256 nonce)`
    /// in the pool's domain (name "Tessera Pool", version "1"); ECDSA, or EIP-1271 if the borrower is a contract.
    function borrowFor(
        address borrower,
        BorrowRequest calldata request,
        bytes calldata proof,
        bytes calldata signature
    ) external returns (bytes32 loanId, Loan memory loan);

    /// @notice What a borrower signs for `borrowFor`.
    function requestDigest(address borrower, BorrowRequest calldata request) external view returns (bytes32);

    /// @notice Takes back what the caller signed for relayers, by its digest. Nothing that is not signed or sent by
    /// the borrower ever counts, so this is all there is to cancel.
    function cancelRequest(bytes32 digest) external;

    /// @notice Pays out a part of a credit line; for its borrower, until the line expires and as often as the
    /// principal stays within the limit. The policy has to be in use, the registry has to let the pool lock, and
    /// the credential, which comes along, has to be in force still.
    /// @return principal Owed of the line after it.
    function draw(Loan calldata loan, Credential calldata credential, uint256 amount, address receiver)
        external
        returns (uint256 principal);

    /// @notice Ends the drawing on a credit line; what is owed stays owed until `dueAt`, and the holder's lock
    /// is freed when nothing is. For the borrower, for the guardian, and after the line's expiry for anyone.
    function closeLine(Loan calldata loan) external;

    /// @notice Pays back part or all of a loan; anyone may, at any time, for anyone. Interest is paid before
    /// principal, and no more than what is owed is taken, from the caller, who has approved the *vault*. The last
    /// payment frees the person, unless the loan is a credit line that is still open: at once, or after a default
    /// when the depositors have what came late (`RECOVERY_LOCK`).
    /// @param amount `type(uint256).max` for all that is owed at the moment.
    function repay(Loan calldata loan, uint256 amount) external;

    /// @notice Pays back with the asset's own permit (EIP-2612) of the caller for the vault. A permit that cannot be
    /// used is passed over: the transfer after it tells.
    /// @param permitted The amount that the permit is for.
    function repayWithPermit(
        Loan calldata loan,
        uint256 amount,
        uint256 permitted,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Pays back by the caller's Permit2 signature over `PermitTransferFrom`, with the pool as the spender; the
    /// caller has approved Permit2, and neither pool nor vault. Only the caller's own signature counts, and what is
    /// due is taken of it. Permit2's own errors tell what is wrong with a signature.
    /// @param permitted The amount that the signature is for.
    /// @param nonce Any that the caller did not use with Permit2 before.
    function repayWithPermit2(
        Loan calldata loan,
        uint256 amount,
        uint256 permitted,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Permit2, at the one address that it has on every chain.
    function PERMIT2() external view returns (IPermit2);

    /// @notice After default, from the last payment until the person is free.
    function RECOVERY_LOCK() external view returns (uint40);

    // ------------------------------------------------------------------------------------ reading

    /// @notice The context that a proof by `borrower` must carry: what the proof may be used for.
    /// See `IUnderwriter.context`.
    function context(address borrower, bytes32 credentialUid, Terms calldata terms, uint256 nonce)
        external
        view
        returns (uint256);

    /// @notice The statement that `borrower` has to prove for `request`. Checks nothing but the tier.
    function statement(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory);

    /// @notice Who decides on requests to this pool.
    function underwriter() external view returns (IUnderwriter);

    /// @notice The registry of credentials and locks.
    function registry() external view returns (ICredentialRegistry);

    /// @notice The token that is lent.
    function asset() external view returns (address);

    /// @notice The loans; made by the pool.
    function book() external view returns (ILoanBook);

    /// @notice The money and the shares.
    function vault() external view returns (ITesseraVault);

    // ----------------------------------------------------------------------------------- marking

    /// @notice Says that a share of a loan will probably not be repaid: it is worth nothing from now on. Changes
    /// nothing for the borrower, and not the day of default. For the guardian.
    /// @param share 1e18 is all of it; more than now.
    function mark(Loan calldata loan, uint64 share) external;

    /// @notice Takes a mark back in part or in whole; what the shares gain by it is released over time. Not once the
    /// loan is in default. For the curator.
    /// @param share Less than now.
    function restore(Loan calldata loan, uint64 share) external;
}
