// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRedemptionQueue} from "../interfaces/IRedemptionQueue.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title RedemptionQueue
/// @notice Requests of one day are a batch. When its notice is over a batch joins the queue, where shares count as
/// *units*: a batch gets as many units as make its part of the queue's shares. A settlement redeems a part of the
/// queue's shares and pays the same for every unit, so that however many there are, nobody is walked over, and
/// everybody who waits gets the same part. Rounding goes against whoever claims.
contract RedemptionQueue is IRedemptionQueue {
    using Math for uint256;

    struct Queue {
        uint256 units;
        /// Waiting for cash.
        uint256 shares;
        /// Assets paid for a unit so far, × `PRECISION`, in this generation.
        uint256 index;
        /// Counts how often the queue became empty: then units start anew.
        uint256 generation;
    }

    struct Batch {
        uint256 shares;
        /// Once it is in the queue:
        uint256 units;
        uint256 generation;
        uint256 entry;
        bool queued;
    }

    /// Of one controller.
    struct Request {
        uint256 day;
        uint256 shares;
        /// Of these: settled, and moved to the controller's claim.
        uint256 settledShares;
        uint256 settledAssets;
    }

    struct Claim {
        uint256 shares;
        uint256 assets;
    }

    uint256 private constant PRECISION = 1e36;
    /// A share stands for this many units at most, or units would outgrow the precision: less than that part of the
    /// queue is not left waiting.
    uint256 private constant MAX_UNITS = 1e9;
    /// Batches that join the queue in one transaction.
    uint256 private constant MAX_BATCHES = 64;

    address private immutable _vault;

    Queue private _queue;
    uint256[] private _days;
    uint256 private _next;
    mapping(uint256 day => Batch) private _batches;
    mapping(uint256 generation => uint256) private _lastIndex;
    mapping(address controller => Request) private _requests;
    mapping(address controller => Claim) private _claims;

    modifier onlyVault() {
        require(msg.sender == _vault, NotTheQueuesVault(msg.sender));
        _;
    }

    /// The caller becomes the vault.
    constructor() {
        _vault = msg.sender;
    }

    // ------------------------------------------------------------------------------------ reading

    /// @inheritdoc IRedemptionQueue
    function pending(uint256 requestId, address controller) external view returns (uint256) {
        Request storage request = _requests[controller];
        if (request.day != requestId) return 0;
        (uint256 shares,) = _settled(request);
        return request.shares - shares;
    }

    /// @inheritdoc IRedemptionQueue
    function claimable(uint256 requestId, address controller) external view returns (uint256) {
        Request storage request = _requests[controller];
        if (request.day != requestId) return 0;
        (uint256 shares,) = _settled(request);
        return Math.min(shares, _claimOf(controller).shares);
    }

    /// @inheritdoc IRedemptionQueue
    function claimOf(address controller) external view returns (uint256 shares, uint256 assets) {
        Claim memory claim = _claimOf(controller);
        return (claim.shares, claim.assets);
    }

    /// @inheritdoc IRedemptionQueue
    function isDue(uint256 today) external view returns (bool) {
        return _queue.shares != 0 || (_next < _days.length && _days[_next] <= today);
    }

    function _claimOf(address controller) private view returns (Claim memory claim) {
        claim = _claims[controller];
        Request storage request = _requests[controller];
        (uint256 shares, uint256 assets) = _settled(request);
        claim.shares += shares - request.settledShares;
        claim.assets += assets - request.settledAssets;
    }

    // ------------------------------------------------------------------------------------ writing

    /// @inheritdoc IRedemptionQueue
    function ask(address controller, uint256 shares, uint256 day) external onlyVault {
        Request storage request = _requests[controller];
        if (request.shares != 0 && request.day != day) {
            _credit(controller);
            require(request.settledShares == request.shares, RequestPending(request.day));
            delete _requests[controller];
        }
        uint256 count = _days.length;
        if (count == 0 || _days[count - 1] != day) _days.push(day);
        _batches[day].shares += shares;
        (request.day, request.shares) = (day, request.shares + shares);
    }

    /// @inheritdoc IRedemptionQueue
    function join(uint256 today) external onlyVault returns (uint256 shares) {
        Queue memory queue = _queue;
        uint256 next = _next;
        uint256 end = Math.min(_days.length, next + MAX_BATCHES);
        for (; next < end && _days[next] <= today; ++next) {
            Batch storage batch = _batches[_days[next]];
            uint256 units = queue.shares == 0 ? batch.shares : batch.shares.mulDiv(queue.units, queue.shares);
            (batch.units, batch.generation) = (units, queue.generation);
            (batch.entry, batch.queued) = (queue.index, true);
            queue.units += units;
            queue.shares += batch.shares;
        }
        (_next, _queue) = (next, queue);
        return queue.shares;
    }

    /// @inheritdoc IRedemptionQueue
    function settle(uint256 shares, uint256 assets)
        external
        onlyVault
        returns (uint256 waiting, uint256 dropped)
    {
        Queue memory queue = _queue;
        queue.index += assets.mulDiv(PRECISION, queue.units);
        queue.shares -= shares;
        if (queue.shares < queue.units / MAX_UNITS) (dropped, queue.shares) = (queue.shares, 0);
        if (queue.shares == 0) {
            _lastIndex[queue.generation] = queue.index;
            queue = Queue({units: 0, shares: 0, index: 0, generation: queue.generation + 1});
        }
        _queue = queue;
        waiting = queue.shares;
    }

    /// @inheritdoc IRedemptionQueue
    function take(address controller, uint256 shares, uint256 assets)
        external
        onlyVault
        returns (uint256 takenShares, uint256 takenAssets)
    {
        _credit(controller);
        Claim memory claim = _claims[controller];
        require(shares <= claim.shares && assets <= claim.assets, ClaimTooHigh(claim.shares, claim.assets));
        if (shares != 0) {
            (takenShares, takenAssets) = (shares, claim.assets.mulDiv(shares, claim.shares));
        } else if (assets != 0) {
            takenShares = claim.shares.mulDiv(assets, claim.assets, Math.Rounding.Ceil);
            takenAssets = assets;
        }
        _claims[controller] = Claim(claim.shares - takenShares, claim.assets - takenAssets);
    }

    // ----------------------------------------------------------------------------------- private

    function _credit(address controller) private {
        _claims[controller] = _claimOf(controller);
        Request storage request = _requests[controller];
        (request.settledShares, request.settledAssets) = _settled(request);
    }

    /// What of a request is settled, and for how much.
    function _settled(Request storage request) private view returns (uint256 shares, uint256 assets) {
        Batch storage batch = _batches[request.day];
        if (!batch.queued || request.shares == 0) return (0, 0);
        uint256 units = batch.units.mulDiv(request.shares, batch.shares);
        bool current = batch.generation == _queue.generation;
        uint256 index = current ? _queue.index : _lastIndex[batch.generation];
        uint256 waiting = current ? units.mulDiv(_queue.shares, _queue.units, Math.Rounding.Ceil) : 0;
        shares = request.shares - Math.min(waiting, request.shares);
        assets = units.mulDiv(index - batch.entry, PRECISION);
    }
}
