            /// Next state of the transcript: hash of the last one and `length` bytes of call data.
            function absorb(state, at, length) -> next {
                mstore(SCRATCH, state)
                calldatacopy(add(SCRATCH, 0x20), at, length)
                next := keccak256(SCRATCH, add(0x20, length))
            }
            /// Next state of the transcript where nothing was absorbed.
            function squeeze(state) -> next {
                mstore(SCRATCH, state)
                mstore8(add(SCRATCH, 0x20), 1)
                next := keccak256(SCRATCH, 0x21)
            }
