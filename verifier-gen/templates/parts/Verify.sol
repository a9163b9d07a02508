    // Selectors of the errors, in front of their argument.
    uint256 private constant WORD_NOT_IN_FIELD = {{WORD_NOT_IN_FIELD}};
    uint256 private constant POINT_NOT_ON_CURVE = {{POINT_NOT_ON_CURVE}};
    uint256 private constant PROOF_REJECTED = {{PROOF_REJECTED}};

    /// @inheritdoc ITesseraVerifier
    function verify(Statement calldata, bytes calldata proof) external view returns (bool accepted) {
        if (proof.length != PROOF_LENGTH) revert ProofLength(PROOF_LENGTH, proof.length);
        bool canonical;
        assembly {
            canonical := and(eq(proof.offset, DATA), eq(calldatasize(), add(DATA, proof.length)))
        }
        if (!canonical) revert CalldataLayout();
        decide();
        accepted = true; // not reached
    }
