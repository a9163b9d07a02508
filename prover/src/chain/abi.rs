//! The contracts' functions, structs and errors, as compiled; and ours in their words.

pub use super::contracts::*;
use alloy::primitives::U256;
use tessera_core::StatementWords;

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
