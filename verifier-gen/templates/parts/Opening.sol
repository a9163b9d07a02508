                let d01 := mulmod(d0, d1, r)
                let d23 := mulmod(d2, d3, r)

                // Value of the advice's interpolation at z'.
                let value
                {
                    let x_inverse := mload(X_INVERSE)
                    value := mulmod(mulmod(mload(A_0), {{weight_0}}, r), mulmod(d1, d23, r), r)
                    value := addmod(value, mulmod(mulmod(mload(A_1), {{weight_1}}, r), mulmod(d0, d23, r), r), r)
                    value := addmod(value, mulmod(mulmod(mload(A_2), {{weight_2}}, r), mulmod(d3, d01, r), r), r)
                    value := addmod(value, mulmod(mulmod(mload(A_3), {{weight_3}}, r), mulmod(d2, d01, r), r), r)
                    value := mulmod(value, mulmod(x_inverse, mulmod(x_inverse, x_inverse, r), r), r)
                }
                // The product's, with coefficient ν·d2·d3.
                let scalar := mulmod(mload(NU), d23, r)
                {
                    let slope := mulmod(mload(X_INVERSE), {{pair_weight}}, r)
                    let z := mload(Z_0)
                    slope := mulmod(slope, addmod(mload(Z_1), sub(r, z), r), r)
                    z := addmod(z, mulmod(slope, d0, r), r)
                    value := addmod(value, mulmod(scalar, z, r), r)
                }
