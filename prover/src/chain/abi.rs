//! The contracts' functions, structs and errors, as `contracts/interfaces` declares them.

use alloy::{primitives::U256, sol};
use tessera_core::StatementWords;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct Statement {
        uint256 commitment;
        uint256 schema;
        uint256 modelDigest;
        uint256 threshold;
        uint256 context;
    }

    interface ITesseraVerifier {
        function verify(Statement calldata statement, bytes calldata proof) external view returns (bool);
        function SEGMENTS() external view returns (uint256);
        function INSECURE_SRS() external view returns (bool);
        function SRS_DIGEST() external view returns (bytes32);
        function KEY_DIGEST() external view returns (bytes32);
        function PROOF_LENGTH() external view returns (uint256);
    }

    #[derive(Debug, PartialEq, Eq)]
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

    struct AttesterKey {
        address issuer;
        uint40 validFrom;
        uint40 retiredAt;
        bool revoked;
        bool p256;
    }

    #[derive(Debug)]
    struct Person {
        address pool;
        uint40 freeAt;
        uint40 notBefore;
        uint16 loans;
        uint16 repaid;
        uint16 recovered;
    }

    interface ICredentialRegistry {
        function uidOf(Credential calldata credential) external view returns (bytes32 uid);
        function check(Credential calldata credential, address attester, bytes calldata signature) external view returns (bytes32 uid);
        function addAttester(address attester, address issuer, uint40 validFrom) external;
        function attesterKey(address attester) external view returns (AttesterKey memory);
        function allowPool(address pool) external;
        function lockedBy(address attester, bytes32 holder) external view returns (address pool);
        function personOf(address attester, bytes32 holder) external view returns (Person memory);
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Terms {
        address receiver;
        uint256 amount;
        uint256 tier;
        uint64 deadline;
    }

    /// What a loan is used for, as `IUnderwriter.context` hashes it: all static, so the struct encodes as its
    /// members do.
    struct UsePreimage {
        bytes32 tag;
        Terms terms;
        uint256 nonce;
    }

    /// What `IGate.contextFor` hashes.
    struct ContextPreimage {
        bytes32 tag;
        uint256 chainId;
        address consumer;
        address verifier;
        bytes32 policyId;
        address account;
        uint256 class;
        bytes32 credentialUid;
        bytes32 usage;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Exposure {
        address asset;
        uint128 max;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct BorrowRequest {
        Credential credential;
        address attester;
        bytes signature;
        Exposure exposure;
        Terms terms;
        uint256 nonce;
    }

    #[derive(Debug)]
    struct Tier {
        uint64 threshold;
        uint96 maxAmount;
        uint64 premium;
        uint32 term;
    }

    #[derive(Debug)]
    struct Pricing {
        uint64 baseRate;
        uint64 lateRate;
        uint32 grace;
        bool line;
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

    struct PolicyConfig {
        Rule rule;
        address asset;
        Pricing pricing;
        Tier[] tiers;
    }

    #[derive(Debug)]
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

    interface IUnderwriter {
        event PolicyAdded(
            bytes32 indexed policyId,
            address indexed verifier,
            uint256 modelDigest,
            uint256 firstClass
        );
        function policyId() external view returns (bytes32);
        function policyById(bytes32 id) external view returns (Policy memory);
        function policyOf(uint256 class) external view returns (bytes32);
        function termsOf(bytes32 id) external view returns (Pricing memory pricing, address asset);
        function tiers(uint256 tier) external view returns (Tier memory);
        function classCount() external view returns (uint256);
    }

    struct PoolConfig {
        address asset;
        address underwriter;
        uint32 delinquencyPeriod;
        address authority;
        address vault;
    }

    struct VaultConfig {
        address pool;
        string name;
        string symbol;
        uint32 notice;
    }

    #[derive(Debug)]
    struct Limits {
        uint96 deposits;
        uint64 utilisation;
        uint64 cover;
    }

    #[derive(Debug)]
    struct Fee {
        uint64 share;
        address receiver;
    }

    /// As agreed on; the hash of it is the loan's id.
    #[derive(Debug, PartialEq, Eq)]
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

    #[derive(Debug, PartialEq, Eq)]
    enum LoanStatus { None, Current, Grace, Delinquent, Default, Closed, Recovered }

    interface ITesseraPool {
        event Borrowed(
            bytes32 indexed loanId,
            address indexed borrower,
            bytes32 indexed holder,
            Loan loan,
            bytes32 policyId,
            address receiver,
            uint256 context
        );
        event Repaid(
            bytes32 indexed loanId,
            address indexed borrower,
            address indexed payer,
            uint256 interest,
            uint256 principal,
            uint256 interestLeft,
            uint256 principalLeft
        );

        function previewBorrow(address borrower, BorrowRequest calldata request) external view returns (Statement memory proven);
        function borrow(BorrowRequest calldata request, bytes calldata proof) external returns (bytes32 loanId, Loan memory loan);
        function repay(Loan calldata loan, uint256 amount) external;
        function statement(address borrower, BorrowRequest calldata request) external view returns (Statement memory);
        function underwriter() external view returns (address);
        function registry() external view returns (address);
        function asset() external view returns (address);
        function book() external view returns (address);
        function vault() external view returns (address);
    }

    interface ILoanBook {
        function debtOf(Loan calldata loan) external view returns (uint256 principal, uint256 interest);
        function statusOf(Loan calldata loan) external view returns (LoanStatus);
    }

    interface ITesseraVault {
        function cash() external view returns (uint256);
        function loansValue() external view returns (uint256);
        function notice() external view returns (uint32);
        function totalAssets() external view returns (uint256);
        function limits() external view returns (uint96 deposits, uint64 utilisation, uint64 leastCover);
        function setLimits(Limits calldata next) external;
        function setFee(Fee calldata next) external;
        function previewDeposit(uint256 assets) external view returns (uint256 shares);
        function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    }

    interface IToken {
        function approve(address spender, uint256 value) external returns (bool);
        function allowance(address owner, address spender) external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function decimals() external view returns (uint8);
        function symbol() external view returns (string);
        /// Of the demonstration's token alone.
        function mint(address to, uint256 amount) external;
    }
}

impl From<&tessera_credential::Credential> for Credential {
    fn from(c: &tessera_credential::Credential) -> Self {
        Self {
            schema: c.schema,
            subject: c.subject,
            holder: c.holder,
            commitment: c.commitment,
            issuedAt: c.issuedAt,
            expiresAt: c.expiresAt,
            claims: c.claims,
            salt: c.salt,
        }
    }
}

impl From<&tessera_credential::Exposure> for Exposure {
    fn from(exposure: &tessera_credential::Exposure) -> Self {
        Self { asset: exposure.asset, max: exposure.max }
    }
}

impl From<&tessera_core::Statement> for Statement {
    fn from(statement: &tessera_core::Statement) -> Self {
        let words = StatementWords::from_array(statement.to_bytes().map(U256::from_be_bytes));
        let StatementWords { commitment, schema, model_digest, threshold, context } = words;
        Self { commitment, schema, modelDigest: model_digest, threshold, context }
    }
}

impl From<Statement> for StatementWords<U256> {
    fn from(statement: Statement) -> Self {
        let Statement { commitment, schema, modelDigest, threshold, context } = statement;
        Self { commitment, schema, model_digest: modelDigest, threshold, context }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolValue;
    use tessera_core::{Context, FeatureCommitment, FixedPoint, Fr, ModelDigest, SchemaDigest};

    /// The struct above has the words in the order of the one definition.
    #[test]
    fn the_statement_is_encoded_in_its_order() {
        let statement = tessera_core::Statement {
            commitment: FeatureCommitment(Fr::from(1)),
            schema: SchemaDigest(Fr::from(2)),
            model_digest: ModelDigest(Fr::from(3)),
            threshold: FixedPoint(4),
            context: Context(Fr::from(5)),
        };
        let encoded = Statement::from(&statement);
        assert_eq!(encoded.abi_encode(), statement.to_bytes().concat());
        assert_eq!(StatementWords::from(encoded).into_array(), [1, 2, 3, 4, 5].map(U256::from));
    }
}
