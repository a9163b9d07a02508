//! Reverts in words.

use super::contracts::Reverts;
use alloy::{
    primitives::U256,
    sol_types::{ContractError, SolInterface},
};
use std::fmt;

/// Why a contract refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error's name in the contract, `Panic`, `Error`, or `unknown`.
    pub name: String,
    /// What was wrong, in words and with the error's values.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.name)
    }
}

impl Refusal {
    /// Reads what a call reverted with.
    pub fn decode(data: &[u8]) -> Self {
        let (name, message) = match ContractError::<Reverts::RevertsErrors>::abi_decode(data) {
            Ok(ContractError::CustomError(error)) => {
                let name =
                    data.first_chunk().and_then(|s| Reverts::RevertsErrors::name_by_selector(*s));
                (name.unwrap_or("unknown").into(), explain(&error))
            }
            Ok(ContractError::Revert(revert)) => ("Error".into(), revert.reason),
            Ok(ContractError::Panic(panic)) => ("Panic".into(), panic.to_string()),
            Err(_) if data.is_empty() => (
                "unknown".into(),
                "it reverted without saying why; is there a contract at this address?".into(),
            ),
            Err(_) => {
                let shown = &data[..data.len().min(36)];
                (
                    "unknown".into(),
                    format!("it reverted with the unknown error 0x{}…", hex::encode(shown)),
                )
            }
        };
        Self { name, message }
    }
}

/// A block's timestamp for people.
fn date(seconds: U256) -> String {
    tessera_credential::date(seconds.saturating_to())
}

/// Every error of the contracts: one that they gain is missing here until it is explained.
fn explain(error: &Reverts::RevertsErrors) -> String {
    use Reverts::RevertsErrors as E;
    let date64 = tessera_credential::date;
    match error {
        E::ProofLength(e) => format!("a proof has {} bytes here, not {}", e.expected, e.actual),
        E::CalldataLayout(_) => "the call data is not the canonical encoding".into(),
        E::WordNotInField(e) => format!("word {} is not below the field's modulus", e.index),
        E::PointNotOnCurve(e) => format!("point {} of the proof is not on the curve", e.index),
        E::ProofRejected(_) => "the proof does not prove this statement".into(),

        E::UnknownAttester(e) => format!("the registry does not know the attester {}", e.attester),
        E::AttesterKnown(e) => format!("the attester {} is registered already", e.attester),
        E::AttesterRevoked(e) => {
            format!("the key of attester {} was reported compromised", e.attester)
        }
        E::AttesterAlreadyRetired(e) => {
            format!("the attester {} was retired at {}", e.attester, date64(e.retiredAt))
        }
        E::AttesterNotYetValid(e) => format!(
            "the credential was issued at {}, and its attester's key is valid from {}",
            date64(e.issuedAt),
            date64(e.validFrom)
        ),
        E::IssuedAfterRetirement(e) => format!(
            "the credential was issued at {}, and its attester's key was retired at {}",
            date64(e.issuedAt),
            date64(e.retiredAt)
        ),
        E::CredentialNotYetValid(e) => {
            format!(
                "the credential is valid from {}, and it is {}",
                date64(e.issuedAt),
                date(e.timestamp)
            )
        }
        E::CredentialExpired(e) => {
            format!(
                "the credential expired at {}, and it is {}",
                date64(e.expiresAt),
                date(e.timestamp)
            )
        }
        E::CredentialRevoked(e) => format!("the issuer took the credential {} back", e.uid),
        E::BadSignature(e) => {
            format!("the signature on credential {} is not that of {}", e.uid, e.attester)
        }
        E::CredentialSuperseded(e) => format!(
            "the issuer has replaced this credential: those from {} on count, and this one is from {}",
            date64(e.notBefore.to()),
            date64(e.issuedAt)
        ),
        E::BadNotBefore(e) => format!(
            "{} is in the future, or not after {}",
            date64(e.given.to()),
            date64(e.present.to())
        ),
        E::NotAP256Key(e) => format!("({}, {}) is not a point of the curve P-256", e.x, e.y),
        E::MissingPrecompile(_) => {
            "this chain does not verify P-256 signatures (EIP-7951, RIP-7212)".into()
        }
        E::PoolNotGone(e) => {
            format!("the pool {} is not gone: it may lock, or never could", e.pool)
        }
        E::EmptyRecord(e) => format!("the record of {} names no file", e.digest),
        E::RecordIsFixed(e) => {
            format!("the record of {} is of another file, {}", e.digest, e.contentHash)
        }
        E::PoolNotAllowed(e) => {
            format!("the registry does not let the pool {} lock anybody", e.pool)
        }
        E::HolderAlreadyLocked(e) => {
            format!("this person has an open loan at the pool {}: repay it first", e.pool)
        }
        E::NotLocker(e) => format!("{} did not lock this person, {} did", e.caller, e.locker),
        E::ZeroAddress(_) => "an address is zero that must not be".into(),

        E::ZeroAmount(_) => "the amount is zero".into(),
        E::UnknownTier(e) => format!(
            "there is no tier {}: they are counted from 0 to {}",
            e.tier,
            e.count.saturating_sub(U256::from(1))
        ),
        E::UnknownPolicy(e) => format!("there is no policy {}", e.policyId),
        E::PolicyExists(e) => format!("the policy {} exists already", e.policyId),
        E::PolicyIsRetired(e) => format!("the policy {} makes no new loans", e.policyId),
        E::TierCount(e) => format!("{} tiers, and a policy has 1 to {}", e.count, e.max),
        E::ThresholdTooHigh(e) => {
            format!("no score reaches the threshold {} × 2^-32 points", e.threshold)
        }
        E::RateTooHigh(e) => format!("the rate {} × 1e-18 a year is above {}", e.rate, e.max),
        E::BadDuration(e) => format!("{} seconds is zero, too long, or not whole days", e.given),
        E::NotAFieldElement(e) => format!("{:#x} is not below the field's modulus", e.value),
        E::NotAVerifier(e) => {
            format!("there is no contract at the verifier's address {}", e.verifier)
        }
        E::InsecureVerifier(e) => format!(
            "the verifier {} is of a development SRS, whose proofs anybody can forge: not on chain {}",
            e.verifier, e.chainId
        ),
        E::VerifierChanged(e) => {
            format!("the code of the verifier {} is not what the policy names", e.verifier)
        }
        E::DeadlinePassed(e) => {
            format!(
                "the request was good until {}, and it is {}",
                date64(e.deadline),
                date(e.timestamp)
            )
        }
        E::NotTheSubject(e) => {
            format!("the credential is for {}, and {} sent it", e.subject, e.borrower)
        }
        E::SchemaMismatch(e) => format!(
            "the credential follows the schema {}, the policy's model reads {}",
            e.given, e.expected
        ),
        E::IssuerNotAccepted(e) => {
            format!("the policy {} takes no credentials of {}", e.policyId, e.issuer)
        }
        E::AmountAboveTier(e) => format!("the amount {} is above the tier's {}", e.amount, e.max),
        E::AmountAboveExposure(e) => {
            format!("the amount {} is above the {} that the attester vouches for", e.amount, e.max)
        }
        E::ProofNotAccepted(_) => "the verifier did not accept the proof".into(),

        E::BadSlots(e) => format!("the slots {} to {} are not within 0 to 10000", e.from, e.to),
        E::WrongSegments(e) => format!(
            "the verifier is for models of {} segments, and the policy's model has {}",
            e.actual, e.expected
        ),
        E::CredentialTooOld(e) => format!(
            "the credential is of {}, and the policy takes none that is older than {} days",
            date64(e.issuedAt),
            e.maxAge / 86_400
        ),
        E::NotAssigned(e) => {
            format!("the policy {} is for other borrowers: ask for another tier", e.policyId)
        }
        E::AlreadyConsumed(e) => format!("the context {:#x} was used already", e.context),
        E::ThresholdsGiven(e) => {
            format!("{} thresholds in the rule: they are those of the tiers", e.count)
        }
        E::WrongAsset(e) => format!(
            "the amounts are of the token {}, and the pool lends {}: the credential's exposure or the tier is for another pool",
            e.given, e.expected
        ),
        E::WrongExposure(_) => "the exposure is not the one that the attester signed".into(),

        E::WrongNonce(e) => {
            format!(
                "the borrower has taken out {} loans, the request was made after {}: it was used already",
                e.expected, e.given
            )
        }
        E::InsufficientCash(e) => {
            format!("the amount {} is above the pool's cash {}", e.amount, e.cash)
        }
        E::BadReceiver(e) => format!("the money cannot go to {}", e.receiver),
        E::BadBorrowerSignature(e) => {
            format!("the signature on the request is not that of the borrower {}", e.borrower)
        }
        E::LoanNotOpen(e) => format!("there is no open loan {}", e.loanId),
        E::TransferMismatch(e) => format!("the token moved {} instead of {}", e.moved, e.expected),

        E::UtilisationTooHigh(e) => {
            format!("{} would be lent out, and the pool's limit is {}: ask for less", e.lent, e.max)
        }
        E::CoverTooLow(e) => {
            format!("the first-loss cover is {}, and {} is needed", e.cover, e.needed)
        }
        E::NotALine(e) => format!("loan {} is not an open credit line", e.loanId),
        E::LineExpired(e) => {
            let end = date(e.expiresAt);
            format!("the credit line expired at {end}, and it is {}", date(e.timestamp))
        }
        E::AmountAboveLimit(e) => {
            format!("the amount {} is above the {} that are left of the line", e.amount, e.left)
        }
        E::LoanIsMarked(e) => format!("loan {} is marked down: nothing can be drawn", e.loanId),
        E::WrongDirection(e) => format!(
            "the marked share is {} × 1e-18 and would be {}: marking raises it, restoring lowers it",
            e.present, e.share
        ),
        E::LoanInDefault(e) => {
            format!("loan {} is in default: only payment brings it back", e.loanId)
        }
        E::WrongCredential(e) => {
            format!("the line was opened on the credential {}, not on {}", e.expected, e.given)
        }
        E::RequestIsCancelled(_) => "the borrower took this signed request back".into(),
        E::NoPermit2(e) => {
            format!("this chain has no Permit2 at {}: approve the vault and repay", e.permit2)
        }
        E::NotTheVault(e) => format!("only the pool's vault may do this, not {}", e.caller),
        E::NoticeIs(e) if e.notice == 0 => {
            "shares are redeemed at once here: there is nothing to request".into()
        }
        E::NoticeIs(e) => {
            format!("shares are redeemed by request here, {} days ahead", e.notice / 86_400)
        }
        E::NotTheOperator(e) => format!("{} may not act for {}", e.caller, e.controller),
        E::WrongPool(e) => format!("the pool {} names another vault", e.pool),
        E::NotTheQueuesVault(e) => format!("only the vault may do this, not {}", e.caller),
        E::RequestPending(e) => {
            format!("the request of day {} is not settled yet: one at a time", e.requestId)
        }
        E::ClaimTooHigh(e) => format!(
            "no more than {} shares or {} of the token's smallest unit can be claimed",
            e.shares, e.assets
        ),
        E::NotTheBorrower(e) => {
            format!("{} is not the borrower of loan {}", e.caller, e.loanId)
        }
        E::NotThePool(e) => format!("only the pool writes its book, not {}", e.caller),
        E::NotTighter(_) => "a limit would be loosened, which takes another call".into(),
        E::ShareTooHigh(e) => format!("the share {} is above {}", e.share, e.max),
        E::ERC20InsufficientBalance(e) => {
            format!("{} has {} tokens and needs {}", e.sender, e.balance, e.needed)
        }
        E::ERC20InsufficientAllowance(e) => {
            format!(
                "{} may take {} tokens and needs {}: approve more",
                e.spender, e.allowance, e.needed
            )
        }
        E::ERC4626ExceededMaxDeposit(e) => {
            format!("the deposit {} is above the most, {}", e.assets, e.max)
        }
        E::ERC4626ExceededMaxWithdraw(e) => {
            format!("the withdrawal {} is above the most, {}", e.assets, e.max)
        }
        E::ERC4626ExceededMaxRedeem(e) => {
            format!("{} shares are more than can be redeemed now, {}", e.shares, e.max)
        }
        E::AccessManagerNotScheduled(_) => {
            "this waits: announce it with AccessManager.schedule, and call again after the delay"
                .into()
        }
        E::AccessManagerNotReady(_) => "this was announced, and its delay is not over yet".into(),
        E::AccessManagedUnauthorized(e) => format!("{} may not do this", e.caller),
        E::AccessManagerUnauthorizedAccount(e) => {
            format!("{} lacks the role {}", e.msgsender, e.roleId)
        }
        E::ReentrancyGuardReentrantCall(_) => "the call came from within another".into(),
        E::SafeERC20FailedOperation(e) => format!("the token {} refused the transfer", e.token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::{primitives::Address, sol_types::SolError};

    #[test]
    fn values_reach_the_message() {
        let error = Reverts::CredentialExpired {
            expiresAt: 1_800_000_000,
            timestamp: U256::from(1_800_000_060),
        };
        let refusal = Refusal::decode(&error.abi_encode());
        assert_eq!(refusal.name, "CredentialExpired");
        assert_eq!(
            refusal.message,
            "the credential expired at 2027-01-15T08:00:00Z, and it is 2027-01-15T08:01:00Z"
        );
        let error =
            Reverts::NotTheSubject { subject: Address::ZERO, borrower: Address::repeat_byte(1) };
        assert!(Refusal::decode(&error.abi_encode()).message.contains("0x0101"));
    }

    #[test]
    fn any_bytes_are_explained() {
        for data in [&[][..], &[1], &[1, 2, 3, 4], &[0xff; 100], &hex::decode("08c379a0").unwrap()]
        {
            assert_eq!(Refusal::decode(data).name, "unknown");
        }
        let reason = alloy::sol_types::Revert::from("no").abi_encode();
        assert_eq!(Refusal::decode(&reason).message, "no");
    }
}
