//! What of the contracts is called and read. Generated from the compiled contracts by `make bindings`: do not edit.

use alloy::sol;

sol! {
    #![sol(all_derives)]

    struct Statement {
        uint256 commitment;
        uint256 schema;
        uint256 modelDigest;
        uint256 threshold;
        uint256 context;
    }

    struct AttesterKey {
        address issuer;
        uint40 validFrom;
        uint40 retiredAt;
        bool revoked;
        bool p256;
    }

    struct Credential {
        bytes32 schema;
        address subject;
        bytes32 holder;
        bytes32 commitment;
        uint64 issuedAt;
        uint64 expiresAt;
        bytes32 claims;
        uint256 salt;
    }

    struct Person {
        address pool;
        uint40 freeAt;
        uint40 notBefore;
        uint16 loans;
        uint16 repaid;
        uint16 recovered;
    }

    struct Rule {
        address verifier;
        uint256 modelDigest;
        uint256 schema;
        uint256 segments;
        uint64[] thresholds;
        address[] issuers;
        uint32 maxAge;
        uint16 from;
        uint16 to;
    }

    struct Pricing {
        uint64 baseRate;
        uint64 lateRate;
        uint32 grace;
        bool line;
    }

    struct Tier {
        uint64 threshold;
        uint96 maxAmount;
        uint64 premium;
        uint32 term;
    }

    struct PolicyConfig {
        Rule rule;
        address asset;
        Pricing pricing;
        Tier[] tiers;
    }

    struct Policy {
        address verifier;
        uint32 maxAge;
        uint16 from;
        uint16 to;
        bool retired;
        bool someIssuers;
        bytes32 codehash;
        uint256 modelDigest;
        uint256 schema;
        uint32 firstClass;
        uint32 classCount;
    }

    struct PoolConfig {
        address asset;
        address underwriter;
        uint32 delinquencyPeriod;
        address authority;
        address vault;
    }

    struct Loan {
        address borrower;
        uint32 tier;
        bool line;
        address attester;
        bytes32 holder;
        bytes32 credentialUid;
        uint64 rate;
        uint64 lateRate;
        uint40 originatedAt;
        uint40 dueAt;
        uint40 graceEndsAt;
        uint96 amount;
        uint16 nonce;
    }

    struct Exposure {
        address asset;
        uint128 max;
    }

    struct Terms {
        address receiver;
        uint256 amount;
        uint256 tier;
        uint64 deadline;
    }

    struct BorrowRequest {
        Credential credential;
        address attester;
        bytes signature;
        Exposure exposure;
        Terms terms;
        uint256 nonce;
    }

    struct VaultConfig {
        address pool;
        string name;
        string symbol;
        uint32 notice;
    }

    struct Fee {
        uint64 share;
        address receiver;
    }

    struct Limits {
        uint96 deposits;
        uint64 utilisation;
        uint64 cover;
    }

    enum LoanStatus { None, Current, Grace, Delinquent, Default, Closed, Recovered }

    interface ITesseraVerifier {
        function INSECURE_SRS() external view returns (bool);
        function KEY_DIGEST() external view returns (bytes32);
        function PROOF_LENGTH() external view returns (uint256);
        function SEGMENTS() external view returns (uint256);
        function SRS_DIGEST() external view returns (bytes32);
        function verify(Statement calldata statement, bytes calldata proof) external view returns (bool);
    }

    interface ICredentialRegistry {
        function addAttester(address attester, address issuer, uint40 validFrom) external;
        function allowPool(address pool) external;
        function attesterKey(address attester) external view returns (AttesterKey memory);
        function check(Credential calldata credential, address attester, bytes calldata signature) external view returns (bytes32 uid);
        function lockedBy(address attester, bytes32 holder) external view returns (address pool);
        function personOf(address attester, bytes32 holder) external view returns (Person memory);
        function uidOf(Credential calldata credential) external view returns (bytes32 uid);
    }

    interface IUnderwriter {
        event PolicyAdded(bytes32 indexed policyId, address indexed verifier, uint256 modelDigest, uint256 firstClass);
        function classCount() external view returns (uint256);
        function policyById(bytes32 id) external view returns (Policy memory);
        function policyId() external view returns (bytes32);
        function policyOf(uint256 class) external view returns (bytes32);
        function termsOf(bytes32 id) external view returns (Pricing memory pricing, address asset);
        function tiers(uint256 tier) external view returns (Tier memory);
    }

    interface ITesseraPool {
        event Borrowed(bytes32 indexed loanId, address indexed borrower, bytes32 indexed holder, Loan loan, bytes32 policyId, address receiver, uint256 context);
        event Repaid(bytes32 indexed loanId, address indexed borrower, address indexed payer, uint256 interest, uint256 principal, uint256 interestLeft, uint256 principalLeft);
        function asset() external view returns (address);
        function book() external view returns (address);
        function borrow(BorrowRequest calldata request, bytes calldata proof) external returns (bytes32 loanId, Loan memory loan);
        function previewBorrow(address borrower, BorrowRequest calldata request) external view returns (Statement memory proven);
        function registry() external view returns (address);
        function repay(Loan calldata loan, uint256 amount) external;
        function statement(address borrower, BorrowRequest calldata request) external view returns (Statement memory);
        function underwriter() external view returns (address);
        function vault() external view returns (address);
    }

    interface ILoanBook {
        function debtOf(Loan calldata loan) external view returns (uint256 principal, uint256 interest);
        function statusOf(Loan calldata loan) external view returns (LoanStatus);
    }

    interface ITesseraVault {
        function cash() external view returns (uint256);
        function deposit(uint256 assets, address receiver) external returns (uint256 shares);
        function limits() external view returns (uint96 deposits, uint64 utilisation, uint64 cover);
        function loansValue() external view returns (uint256);
        function notice() external view returns (uint32);
        function previewDeposit(uint256 assets) external view returns (uint256);
        function setFee(Fee calldata next) external;
        function setLimits(Limits calldata next) external;
        function totalAssets() external view returns (uint256);
    }

    interface IToken {
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function decimals() external view returns (uint8);
        function mint(address to, uint256 amount) external;
        function symbol() external view returns (string memory);
    }

    /// Every error that a call can end with: those of the contracts, and of OpenZeppelin's under them.
    interface Reverts {
        error AccessManagedUnauthorized(address caller);
        error AccessManagerNotReady(bytes32 operationId);
        error AccessManagerNotScheduled(bytes32 operationId);
        error AccessManagerUnauthorizedAccount(address msgsender, uint64 roleId);
        error AlreadyConsumed(uint256 context);
        error AmountAboveExposure(uint256 amount, uint256 max);
        error AmountAboveLimit(uint256 amount, uint256 left);
        error AmountAboveTier(uint256 amount, uint256 max);
        error AttesterAlreadyRetired(address attester, uint64 retiredAt);
        error AttesterKnown(address attester);
        error AttesterNotYetValid(address attester, uint64 validFrom, uint64 issuedAt);
        error AttesterRevoked(address attester);
        error BadBorrowerSignature(address borrower);
        error BadDuration(uint256 given);
        error BadNotBefore(uint40 present, uint40 given);
        error BadReceiver(address receiver);
        error BadSignature(address attester, bytes32 uid);
        error BadSlots(uint16 from, uint16 to);
        error CalldataLayout();
        error ClaimTooHigh(uint256 shares, uint256 assets);
        error CoverTooLow(uint256 cover, uint256 needed);
        error CredentialExpired(uint64 expiresAt, uint256 timestamp);
        error CredentialNotYetValid(uint64 issuedAt, uint256 timestamp);
        error CredentialRevoked(bytes32 uid);
        error CredentialSuperseded(bytes32 holder, uint40 notBefore, uint64 issuedAt);
        error CredentialTooOld(uint64 issuedAt, uint32 maxAge);
        error DeadlinePassed(uint64 deadline, uint256 timestamp);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC4626ExceededMaxDeposit(address receiver, uint256 assets, uint256 max);
        error ERC4626ExceededMaxRedeem(address owner, uint256 shares, uint256 max);
        error ERC4626ExceededMaxWithdraw(address owner, uint256 assets, uint256 max);
        error EmptyRecord(bytes32 digest);
        error HolderAlreadyLocked(address issuer, bytes32 holder, address pool);
        error InsecureVerifier(address verifier, uint256 chainId);
        error InsufficientCash(uint256 amount, uint256 cash);
        error IssuedAfterRetirement(address attester, uint64 retiredAt, uint64 issuedAt);
        error IssuerNotAccepted(address issuer, bytes32 policyId);
        error LineExpired(uint256 expiresAt, uint256 timestamp);
        error LoanInDefault(bytes32 loanId);
        error LoanIsMarked(bytes32 loanId);
        error LoanNotOpen(bytes32 loanId);
        error MissingPrecompile(address);
        error NoPermit2(address permit2);
        error NotAFieldElement(uint256 value);
        error NotALine(bytes32 loanId);
        error NotAP256Key(bytes32 x, bytes32 y);
        error NotAVerifier(address verifier);
        error NotAssigned(bytes32 policyId, uint256 slot);
        error NotLocker(address caller, address locker);
        error NotTheBorrower(bytes32 loanId, address caller);
        error NotTheOperator(address controller, address caller);
        error NotThePool(address caller);
        error NotTheQueuesVault(address caller);
        error NotTheSubject(address subject, address borrower);
        error NotTheVault(address caller);
        error NotTighter();
        error NoticeIs(uint32 notice);
        error PointNotOnCurve(uint256 index);
        error PolicyExists(bytes32 policyId);
        error PolicyIsRetired(bytes32 policyId);
        error PoolNotAllowed(address pool);
        error PoolNotGone(address pool);
        error ProofLength(uint256 expected, uint256 actual);
        error ProofNotAccepted();
        error ProofRejected();
        error RateTooHigh(uint256 rate, uint256 max);
        error RecordIsFixed(bytes32 digest, bytes32 contentHash);
        error ReentrancyGuardReentrantCall();
        error RequestIsCancelled(bytes32 digest);
        error RequestPending(uint256 requestId);
        error SafeERC20FailedOperation(address token);
        error SchemaMismatch(bytes32 expected, bytes32 given);
        error ShareTooHigh(uint256 share, uint256 max);
        error ThresholdTooHigh(uint64 threshold);
        error ThresholdsGiven(uint256 count);
        error TierCount(uint256 count, uint256 max);
        error TransferMismatch(uint256 expected, uint256 moved);
        error UnknownAttester(address attester);
        error UnknownPolicy(bytes32 policyId);
        error UnknownTier(uint256 tier, uint256 count);
        error UtilisationTooHigh(uint256 lent, uint256 max);
        error VerifierChanged(address verifier, bytes32 expected, bytes32 actual);
        error WordNotInField(uint256 index);
        error WrongAsset(address expected, address given);
        error WrongCredential(bytes32 expected, bytes32 given);
        error WrongDirection(uint64 present, uint64 share);
        error WrongExposure(bytes32 claims, bytes32 given);
        error WrongNonce(uint256 expected, uint256 given);
        error WrongPool(address pool);
        error WrongSegments(uint256 expected, uint256 actual);
        error ZeroAddress();
        error ZeroAmount();
    }
}
