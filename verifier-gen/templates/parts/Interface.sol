    /// @inheritdoc ITesseraVerifier
    bool public constant INSECURE_SRS = {{INSECURE}};
    /// @inheritdoc ITesseraVerifier
    bytes32 public constant SRS_DIGEST = {{SRS_DIGEST}};
    /// @inheritdoc ITesseraVerifier
    bytes32 public constant KEY_DIGEST = {{KEY_DIGEST}};
    /// @inheritdoc ITesseraVerifier
    uint256 public constant PROOF_LENGTH = {{PROOF_LENGTH}};

    /// Order of the scalar field and of the curve's group.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// Order of the base field.
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
