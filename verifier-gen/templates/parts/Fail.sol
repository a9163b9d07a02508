            /// Reverts with an error of one argument.
            function fail(selector, argument) {
                mstore(0x00, selector)
                mstore(0x20, argument)
                revert(0x1c, 0x24)
            }
