            for { let at := EVALUATIONS } lt(at, add(EVALUATIONS, {{evaluation_bytes}})) { at := add(at, 0x20) } {
                if iszero(lt(mload(at), R)) {
                    fail(WORD_NOT_IN_FIELD, div(add(sub(at, EVALUATIONS), sub(PROOF_EVALUATIONS, 0x44)), 0x20))
                }
            }
