// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Who asked for what to be redeemed, and what of it is settled
/// @notice Made by a vault with a notice period, and written by it alone. Knows shares and assets as numbers; moves
/// neither.
interface IRedemptionQueue {
    /// Only the vault writes here.
    error NotTheQueuesVault(address caller);
    /// An earlier request is not settled yet; they come one at a time.
    error RequestPending(uint256 requestId);
    /// No more than this is settled and unclaimed.
    error ClaimTooHigh(uint256 shares, uint256 assets);

    // ------------------------------------------------------------------------------------ reading

    /// @notice Shares of the controller's request that are not settled.
    function pending(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice Shares of the controller's request that are settled and not claimed.
    function claimable(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice What `controller` may claim now, of all requests.
    function claimOf(address controller) external view returns (uint256 shares, uint256 assets);

    /// @notice True if the notice of somebody is over who has not got everything.
    function isDue(uint256 today) external view returns (bool);

    // ------------------------------------------------------------------------------------ writing

    /// @notice Notes a request that may be settled from `day` on.
    function ask(address controller, uint256 shares, uint256 day) external;

    /// @notice Lets batches whose day has come join the queue, 64 at most.
    /// @return shares All that wait now.
    function join(uint256 today) external returns (uint256 shares);

    /// @notice Notes that `shares` of the queue were redeemed for `assets`.
    /// @return waiting Shares that still wait.
    /// @return dropped Shares of a rest that is less than a billionth, which gets nothing more.
    function settle(uint256 shares, uint256 assets) external returns (uint256 waiting, uint256 dropped);

    /// @notice Takes `shares` of the controller's claim, or `assets`, whichever is not zero.
    function take(address controller, uint256 shares, uint256 assets)
        external
        returns (uint256 takenShares, uint256 takenAssets);
}
