                let r := R
                let x := mload(X)
                // Σ instanceᵢ·ω^i/(x − ω^i); numerator and denominator wait in INSTANCE and X_INVERSE
                {
                    let numerator := 0
                    let denominator := 1
                    let power := 1
                    for { let at := INSTANCES } lt(at, ADVICE) { at := add(at, 0x20) } {
                        let word := mload(at)
                        if iszero(lt(word, r)) { fail(WORD_NOT_IN_FIELD, sub(div(at, 0x20), 1)) }
                        let difference := addmod(x, sub(r, power), r)
                        numerator := addmod(
                            mulmod(numerator, difference, r),
                            mulmod(mulmod(word, power, r), denominator, r),
                            r
                        )
                        denominator := mulmod(denominator, difference, r)
                        power := mulmod(power, {{omega}}, r)
                    }
                    mstore(INSTANCE, numerator)
                    mstore(X_INVERSE, denominator)
                }
                // Σ ω^-i/(x − ω^-i) over the last rows, the last of which is the permutation's last row. The
                // sum's numerator waits in L_ACTIVE, that of the last row's own term in L_LAST.
                let last_denominator := 1
                {
                    let numerator := 0
                    let power := 1
                    for { let i := 0 } lt(i, LAST_ROWS) { i := add(i, 1) } {
                        power := mulmod(power, {{omega_inverse}}, r)
                        let difference := addmod(x, sub(r, power), r)
                        let term := mulmod(power, last_denominator, r)
                        numerator := addmod(mulmod(numerator, difference, r), term, r)
                        last_denominator := mulmod(last_denominator, difference, r)
                        mstore(L_LAST, term)
                    }
                    mstore(L_ACTIVE, numerator)
                }
