// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What Wildcat's access hooks ask a role provider
/// @notice Timestamps say when a credential was granted, in seconds; the hooks add their own time to live. Zero
/// means that there is none.
interface IRoleProvider {
    /// @notice True: the hooks may call `getCredential` on their own initiative.
    function isPullProvider() external view returns (bool);

    /// @notice When `account` got its credential.
    function getCredential(address account) external view returns (uint32 timestamp);

    /// @notice Takes evidence for `account`, which the hooks pass on as they got it.
    function validateCredential(address account, bytes calldata data) external returns (uint32 timestamp);
}
