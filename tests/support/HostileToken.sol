// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token that calls somebody in the middle of a transfer, and can move less than it is told to.
contract HostileToken is ERC20 {
    address public target;
    bytes public payload;
    uint256 public fee;
    bool public attacked;
    /// What the pool said when it was called back.
    bytes public answer;
    bool public success;

    constructor() ERC20("Hostile", "HOS") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target_, bytes calldata payload_) external {
        (target, payload, attacked) = (target_, payload_, false);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (target != address(0) && !attacked) {
            attacked = true;
            (success, answer) = target.call(payload);
        }
        super._update(from, to, value - (from == address(0) ? 0 : fee));
    }
}
