                // Permutation: L_first·(1 − z), L_last·(z² − z),
                // L_active·(z(ωx)·(a0 + β·σ + γ) − z(x)·(a0 + β·x + γ))
                {
                    let z := mload(Z_0)
                    sum := addmod(mulmod(sum, y, r), mulmod(mload(L_FIRST), addmod(1, sub(r, z), r), r), r)
                    let term := addmod(mulmod(z, z, r), sub(r, z), r)
                    sum := addmod(mulmod(sum, y, r), mulmod(mload(L_LAST), term, r), r)
                    a0 := addmod(a0, mload(GAMMA), r)
                    term := addmod(a0, mulmod(mload(BETA), mload(X), r), r)
                    term := sub(r, mulmod(z, term, r))
                    z := addmod(a0, mulmod(mload(BETA), mload(SIGMA), r), r)
                    term := addmod(mulmod(mload(Z_1), z, r), term, r)
                    sum := addmod(mulmod(sum, y, r), mulmod(mload(L_ACTIVE), term, r), r)
                }
                mstore(QUOTIENT, mulmod(sum, mload(QUOTIENT), r))
