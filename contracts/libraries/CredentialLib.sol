// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential} from "../interfaces/ICredentialRegistry.sol";

/// @title EIP-712 encoding of a credential
library CredentialLib {
    bytes32 internal constant TYPEHASH = keccak256(
        "Credential(bytes32 schema,address subject,bytes32 holder,bytes32 commitment,uint64 issuedAt,uint64 expiresAt,bytes32 claims,uint256 salt)"
    );

    /// @notice `hashStruct(credential)`: every member is a static word, so the struct encodes as it is.
    function hash(Credential calldata credential) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, credential));
    }
}
