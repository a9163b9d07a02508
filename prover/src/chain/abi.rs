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
        uint128 maxExposure;
        uint256 salt;
    }

    struct AttesterKey {
        address issuer;
        uint64 validFrom;
        uint64 retiredAt;
        bool revoked;
    }

    interface ICredentialRegistry {
        function uidOf(Credential calldata credential) external view returns (bytes32 uid);
        function check(Credential calldata credential, address attester, bytes calldata signature) external view returns (bytes32 uid);
        function addAttester(address attester, address issuer, uint64 validFrom) external;
        function attesterKey(address attester) external view returns (AttesterKey memory);
        function allowPool(address pool) external;
        function lockedBy(address attester, bytes32 holder) external view returns (address pool);
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Terms {
        address receiver;
        uint256 amount;
        uint256 tier;
        uint64 deadline;
    }

    /// What `IUnderwriter.context` hashes: all static, so the struct encodes as its members do.
    struct ContextPreimage {
        bytes32 tag;
        uint256 chainId;
        address pool;
        address verifier;
        bytes32 policyId;
        address borrower;
        Terms terms;
        bytes32 credentialUid;
        uint256 nonce;
    }

    #[derive(Debug, PartialEq, Eq)]
    struct BorrowRequest {
        Credential credential;
        address attester;
        bytes signature;
        Terms terms;
        uint256 nonce;
    }

    #[derive(Debug)]
    struct Tier {
        uint64 threshold;
        uint128 maxAmount;
        uint64 premium;
        uint32 term;
    }

    #[derive(Debug)]
    struct Pricing {
        uint64 baseRate;
        uint64 lateRate;
        uint32 grace;
    }

    struct PolicyConfig {
        address verifier;
        uint256 modelDigest;
        uint256 schema;
        Pricing pricing;
        Tier[] tiers;
    }

    #[derive(Debug)]
    struct Policy {
        address verifier;
        bytes32 codehash;
        uint256 modelDigest;
        uint256 schema;
        Pricing pricing;
        uint32 firstTier;
        uint32 tierCount;
        bool retired;
        bool line;
        uint32 issuerCount;
    }

    interface IUnderwriter {
        function policyById(bytes32 id) external view returns (Policy memory);
        function policyOf(uint256 tier) external view returns (bytes32);
        function tiers(uint256 tier) external view returns (Tier memory);
        function tierCount() external view returns (uint256);
    }

    struct PoolConfig {
        address asset;
        string name;
        string symbol;
        address underwriter;
        uint32 delinquencyPeriod;
        address authority;
    }

    #[derive(Debug)]
    struct Loan {
        address borrower;
        uint32 tier;
        uint64 rate;
        address attester;
        uint64 lateRate;
        bytes32 holder;
        uint40 originatedAt;
        uint40 dueAt;
        uint40 graceEndsAt;
        uint40 settledAt;
        uint96 principal;
        uint256 interestScaled;
        uint256 suspendedScaled;
    }

    #[derive(Debug, PartialEq, Eq)]
    enum LoanStatus { None, Current, Grace, Delinquent, Default, Closed }

    interface ITesseraPool {
        event Borrowed(
            uint256 indexed loanId,
            address indexed borrower,
            bytes32 indexed holder,
            address attester,
            bytes32 credentialUid,
            bytes32 policyId,
            Terms terms,
            uint256 dueAt,
            uint256 context
        );
        event Repaid(
            uint256 indexed loanId,
            address indexed borrower,
            address indexed payer,
            uint256 interest,
            uint256 principal,
            uint256 interestLeft,
            uint256 principalLeft
        );

        function previewBorrow(address borrower, BorrowRequest calldata request) external view returns (Statement memory proven);
        function borrow(BorrowRequest calldata request, bytes calldata proof) external returns (uint256 loanId);
        function repay(uint256 loanId, uint256 amount) external;
        function statement(address borrower, BorrowRequest calldata request) external view returns (Statement memory);
        function borrowNonce(address borrower) external view returns (uint256);
        function loan(uint256 loanId) external view returns (Loan memory);
        function debtOf(uint256 loanId) external view returns (uint256 principal, uint256 interest);
        function statusOf(uint256 loanId) external view returns (LoanStatus);
        function loanCount() external view returns (uint256);
        function underwriter() external view returns (address);
        function policyId() external view returns (bytes32);
        function registry() external view returns (address);
        function cash() external view returns (uint256);
        function outstanding() external view returns (uint256);
        function asset() external view returns (address);
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
            maxExposure: c.maxExposure,
            salt: c.salt,
        }
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
