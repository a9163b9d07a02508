//! Reverts in words.

use alloy::{
    primitives::U256,
    sol,
    sol_types::{ContractError, SolInterface},
};
use std::fmt;

sol! {
    /// Every error that a call can end with: the verifier's, the registry's, the underwriter's, the
    /// pool's, and those of the OpenZeppelin contracts under them.
    #[derive(Debug)]
    interface Reverts {
        error ProofLength(uint256 expected, uint256 actual);
        error CalldataLayout();
        error WordNotInField(uint256 index);
        error PointNotOnCurve(uint256 index);
        error ProofRejected();

        error UnknownAttester(address attester);
        error AttesterKnown(address attester);
        error AttesterRevoked(address attester);
        error AttesterAlreadyRetired(address attester, uint64 retiredAt);
        error AttesterNotYetValid(address attester, uint64 validFrom, uint64 issuedAt);
        error IssuedAfterRetirement(address attester, uint64 retiredAt, uint64 issuedAt);
        error CredentialNotYetValid(uint64 issuedAt, uint256 timestamp);
        error CredentialExpired(uint64 expiresAt, uint256 timestamp);
        error CredentialRevoked(bytes32 uid);
        error BadSignature(address attester, bytes32 uid);
        error CredentialSuperseded(bytes32 holder, uint40 notBefore, uint64 issuedAt);
        error BadNotBefore(uint40 present, uint40 given);
        error NotAP256Key(bytes32 x, bytes32 y);
        error MissingPrecompile(address precompile);
        error PoolNotGone(address pool);
        error EmptyRecord(bytes32 digest);
        error RecordIsFixed(bytes32 digest, bytes32 contentHash);
        error PoolNotAllowed(address pool);
        error HolderAlreadyLocked(address issuer, bytes32 holder, address pool);
        error NotLocker(address caller, address locker);
        error ZeroAddress();

        error ZeroAmount();
        error UnknownTier(uint256 tier, uint256 count);
        error UnknownPolicy(bytes32 policyId);
        error PolicyExists(bytes32 policyId);
        error PolicyIsRetired(bytes32 policyId);
        error TierCount(uint256 count, uint256 max);
        error ThresholdTooHigh(uint64 threshold);
        error RateTooHigh(uint256 rate, uint256 max);
        error BadDuration(uint256 given);
        error NotAFieldElement(uint256 value);
        error NotAVerifier(address verifier);
        error InsecureVerifier(address verifier, uint256 chainId);
        error VerifierChanged(address verifier, bytes32 expected, bytes32 actual);
        error DeadlinePassed(uint64 deadline, uint256 timestamp);
        error NotTheSubject(address subject, address borrower);
        error SchemaMismatch(bytes32 expected, bytes32 given);
        error IssuerNotAccepted(address issuer, bytes32 policyId);
        error AmountAboveTier(uint256 amount, uint256 max);
        error AmountAboveExposure(uint256 amount, uint256 max);
        error ProofNotAccepted();
        error BadSlots(uint16 from, uint16 to);
        error WrongSegments(uint256 expected, uint256 actual);
        error CredentialTooOld(uint64 issuedAt, uint32 maxAge);
        error NotAssigned(bytes32 policyId, uint256 slot);
        error AlreadyConsumed(uint256 context);
        error ThresholdsGiven(uint256 count);
        error WrongAsset(address expected, address given);
        error WrongExposure(bytes32 claims, bytes32 given);

        error WrongNonce(uint256 expected, uint256 given);
        error InsufficientCash(uint256 amount, uint256 cash);
        error BadReceiver(address receiver);
        error BadBorrowerSignature(address borrower);
        error LoanNotOpen(bytes32 loanId);
        error TransferMismatch(uint256 expected, uint256 moved);

        error UtilisationTooHigh(uint256 lent, uint256 max);
        error CoverTooLow(uint256 cover, uint256 needed);
        error NotALine(bytes32 loanId);
        error LineExpired(uint256 expiresAt, uint256 timestamp);
        error AmountAboveLimit(uint256 amount, uint256 left);
        error LoanIsMarked(bytes32 loanId);
        error NotTheBorrower(bytes32 loanId, address caller);
        error NotThePool(address caller);
        error NotTighter();
        error ShareTooHigh(uint256 share, uint256 max);
        error WrongDirection(uint64 present, uint64 share);
        error LoanInDefault(bytes32 loanId);
        error WrongCredential(bytes32 expected, bytes32 given);
        error RequestIsCancelled(bytes32 digest);
        error NoPermit2(address permit2);
        error NotTheVault(address caller);
        error NoticeIs(uint32 notice);
        error NotTheOperator(address controller, address caller);
        error WrongPool(address pool);
        error NotTheQueuesVault(address caller);
        error RequestPending(uint256 requestId);
        error ClaimTooHigh(uint256 shares, uint256 assets);

        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        error ERC4626ExceededMaxDeposit(address receiver, uint256 assets, uint256 max);
        error ERC4626ExceededMaxWithdraw(address owner, uint256 assets, uint256 max);
        error ERC4626ExceededMaxRedeem(address owner, uint256 shares, uint256 max);
        error AccessManagedUnauthorized(address caller);
        error AccessManagerNotScheduled(bytes32 operationId);
        error AccessManagerNotReady(bytes32 operationId);
        error AccessManagerUnauthorizedAccount(address msgsender, uint64 roleId);
        error ReentrancyGuardReentrantCall();
        error SafeERC20FailedOperation(address token);
    }
}

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
            format!("the attester {} is retired since {}", e.attester, date64(e.retiredAt))
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
            "the issuer knows better since: it wants a credential of {} or later, and this one is of {}",
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
        E::PoolNotAllowed(e) => format!("the registry lets the pool {} lock nobody", e.pool),
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

        E::BadSlots(e) => format!("the slots {} to {} are no part of 0 to 10000", e.from, e.to),
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
    use alloy::{
        primitives::{Address, keccak256},
        sol_types::SolError,
    };
    use std::{fs, path::Path};

    /// `error Name(type a, type b);` lines of a Solidity file, as `Name(type,type)`.
    fn errors_of(source: &str) -> Vec<String> {
        let declaration = |line: &str| {
            let (name, rest) = line.trim().strip_prefix("error ")?.split_once('(')?;
            let (arguments, _) = rest.split_once(')')?;
            let types = arguments.split(',').filter_map(|a| a.split_whitespace().next());
            Some(format!("{name}({})", types.collect::<Vec<_>>().join(",")))
        };
        source.lines().filter_map(declaration).collect()
    }

    #[test]
    fn every_error_of_the_interfaces_is_explained() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/interfaces");
        let mut seen = 0;
        for file in fs::read_dir(folder).unwrap() {
            for signature in errors_of(&fs::read_to_string(file.unwrap().path()).unwrap()) {
                let selector = keccak256(&signature)[..4].try_into().unwrap();
                assert!(Reverts::RevertsErrors::valid_selector(selector), "{signature}");
                seen += 1;
            }
        }
        assert!(seen > 30, "only {seen} errors found: the interfaces have moved");
    }

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
