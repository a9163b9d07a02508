//! What a proof may be used for, in one field element.

use super::abi::Terms;
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol,
    sol_types::SolValue,
};
use tessera_core::Context;

sol! {
    /// What `IGate.contextFor` hashes.
    struct ContextPreimage {
        bytes32 tag;
        uint256 chainId;
        address consumer;
        address verifier;
        bytes32 policyId;
        address account;
        uint256 class;
        bytes32 credentialUid;
        bytes32 usage;
    }
}

/// Everything that a context binds besides the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The pool that pays out.
    pub pool: Address,
    /// The verifier of the tier's policy.
    pub verifier: Address,
    /// The tier's policy: verifier code, model, schema, tiers, registry, prices.
    pub policy_id: B256,
    /// Who sends the request.
    pub borrower: Address,
    /// EIP-712 digest of the credential.
    pub credential_uid: B256,
    /// How many loans the person took out before.
    pub nonce: U256,
}

/// `keccak256(abi.encode(keccak256("tessera.use.v2"), chainid, pool, verifier, policyId, borrower, tier,
/// credentialUid, use)) >> 8` with the use `keccak256(abi.encode(keccak256("tessera.borrow.v2"), terms,
/// nonce))`, as `IUnderwriter.context` has it.
pub fn context(of: &Use, terms: &Terms) -> Context {
    // All static, so a tuple is encoded as its members are.
    let usage = (keccak256("tessera.borrow.v2"), terms.clone(), of.nonce);
    let preimage = ContextPreimage {
        tag: keccak256("tessera.use.v2"),
        chainId: U256::from(of.chain_id),
        consumer: of.pool,
        verifier: of.verifier,
        policyId: of.policy_id,
        account: of.borrower,
        class: terms.tier,
        credentialUid: of.credential_uid,
        usage: keccak256(usage.abi_encode()),
    };
    let shifted: U256 = U256::from_be_bytes(keccak256(preimage.abi_encode()).0) >> 8usize;
    Context::from_be_bytes(shifted.to_be_bytes()).expect("248 bits are below the modulus")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (Use, Terms) {
        let of = Use {
            chain_id: 31337,
            pool: Address::repeat_byte(1),
            verifier: Address::repeat_byte(2),
            policy_id: B256::repeat_byte(3),
            borrower: Address::repeat_byte(4),
            credential_uid: B256::repeat_byte(5),
            nonce: U256::from(6),
        };
        let terms = Terms {
            receiver: Address::repeat_byte(7),
            amount: U256::from(8),
            tier: U256::from(9),
            deadline: 10,
        };
        (of, terms)
    }

    /// Six words and nine, one after the other, by hand.
    #[test]
    fn is_the_documented_hash() {
        let (of, terms) = example();
        let address = |byte| [[0; 12].as_slice(), &[byte; 20]].concat();
        let number = |n: u64| U256::from(n).to_be_bytes::<32>().to_vec();
        let usage = [
            keccak256("tessera.borrow.v2").to_vec(),
            address(7),
            number(8),
            number(9),
            number(10),
            number(6),
        ];
        let words = [
            keccak256("tessera.use.v2").to_vec(),
            number(31337),
            address(1),
            address(2),
            vec![3; 32],
            address(4),
            number(9),
            vec![5; 32],
            keccak256(usage.concat()).to_vec(),
        ];
        let digest = keccak256(words.concat());
        let expected = format!("0x00{}", hex::encode(&digest[..31]));
        assert_eq!(context(&of, &terms).to_string(), expected);
    }

    #[test]
    fn binds_every_part() {
        let (of, terms) = example();
        let base = context(&of, &terms);
        let uses = [
            Use { chain_id: 1, ..of },
            Use { pool: Address::ZERO, ..of },
            Use { verifier: Address::ZERO, ..of },
            Use { policy_id: B256::ZERO, ..of },
            Use { borrower: Address::ZERO, ..of },
            Use { credential_uid: B256::ZERO, ..of },
            Use { nonce: U256::ZERO, ..of },
        ];
        assert!(uses.iter().all(|other| context(other, &terms) != base));
        let other_terms = [
            Terms { receiver: Address::ZERO, ..terms.clone() },
            Terms { amount: U256::ZERO, ..terms.clone() },
            Terms { tier: U256::ZERO, ..terms.clone() },
            Terms { deadline: 0, ..terms.clone() },
        ];
        assert!(other_terms.iter().all(|other| context(&of, other) != base));
    }
}
