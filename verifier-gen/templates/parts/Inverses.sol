                mstore(L_FIRST, mulmod(factor, mulmod(inverse, product_3, r), r))
                inverse := mulmod(inverse, x_minus_one, r)
                {
                    let last := mulmod(factor, mulmod(inverse, product_2, r), r)
                    mstore(L_LAST, mulmod(last, mload(L_LAST), r))
                    mstore(L_ACTIVE, addmod(1, sub(r, mulmod(last, mload(L_ACTIVE), r)), r))
                }
                inverse := mulmod(inverse, last_denominator, r)
                mstore(INSTANCE, mulmod(mulmod(factor, mload(INSTANCE), r), mulmod(inverse, x, r), r))
                mstore(X_INVERSE, mulmod(inverse, mload(X_INVERSE), r))
