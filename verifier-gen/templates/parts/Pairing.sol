            mcopy(SCRATCH, LEFT, 0x40)
            mstore(add(SCRATCH, 0x40), G2_X_IMAGINARY)
            mstore(add(SCRATCH, 0x60), G2_X_REAL)
            mstore(add(SCRATCH, 0x80), G2_Y_IMAGINARY)
            mstore(add(SCRATCH, 0xa0), G2_Y_REAL)
            mstore(add(SCRATCH, 0xc0), {{right_x}})
            mstore(add(SCRATCH, 0xe0), {{right_y}})
            mstore(add(SCRATCH, 0x100), TAU_X_IMAGINARY)
            mstore(add(SCRATCH, 0x120), TAU_X_REAL)
            mstore(add(SCRATCH, 0x140), TAU_Y_IMAGINARY)
            mstore(add(SCRATCH, 0x160), TAU_Y_REAL)
            if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), 0x08, SCRATCH, 0x180, SCRATCH, 0x20))) {
                revert(0, 0)
            }
            if iszero(eq(mload(SCRATCH), 1)) { reject() }
            mstore(0x00, 1)
            return(0x00, 0x20)
