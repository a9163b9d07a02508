// SPDX-License-Identifier: MIT OR Apache-2.0
// What to do about each refusal, and in words what OpenZeppelin's errors mean.

/** The sentences of errors that our interfaces do not declare. */
export const FOREIGN: Readonly<Record<string, string>> = {
  AccessManagedInvalidAuthority: "The new authority is not a contract.",
  AccessManagedRequiredDelay: "This operation has to be announced, and then waits.",
  AccessManagedUnauthorized: "The caller lacks the role for this.",
  AccessManagerAlreadyScheduled: "The same operation was announced already.",
  AccessManagerBadConfirmation: "A role is given up by its holder, who names itself.",
  AccessManagerExpired: "The operation was announced too long ago.",
  AccessManagerInvalidInitialAdmin: "The first administrator's address is not usable.",
  AccessManagerLockedFunction: "This function is locked for everybody.",
  AccessManagerLockedRole: "This role cannot be changed.",
  AccessManagerNotReady: "The operation was announced, and its delay is not over yet.",
  AccessManagerNotScheduled: "The operation was not announced.",
  AccessManagerUnauthorizedAccount: "The account lacks the role for this.",
  AccessManagerUnauthorizedCall: "The caller may not make this call.",
  AccessManagerUnauthorizedCancel: "The caller may not call this operation off.",
  AccessManagerUnauthorizedConsume: "Only the target of an operation may use its announcement up.",
  AddressEmptyCode: "There is no contract at this address.",
  ECDSAInvalidSignature: "This is not a signature.",
  ECDSAInvalidSignatureLength: "A signature has another length.",
  ECDSAInvalidSignatureS: "The signature's second half is not the lower of its two forms.",
  ERC20InsufficientAllowance: "The spender may not take that many tokens.",
  ERC20InsufficientBalance: "The account has fewer tokens than that.",
  ERC20InvalidApprover: "The zero address approves nothing.",
  ERC20InvalidReceiver: "Tokens cannot go to this address.",
  ERC20InvalidSender: "Tokens cannot come from this address.",
  ERC20InvalidSpender: "The zero address cannot be a spender.",
  ERC2612ExpiredSignature: "The permit's deadline is over.",
  ERC2612InvalidSigner: "The permit is signed by somebody else than the tokens' owner.",
  ERC4626ExceededMaxDeposit: "The vault does not take that much now.",
  ERC4626ExceededMaxMint: "The vault does not issue that many shares now.",
  ERC4626ExceededMaxRedeem: "That many shares cannot be redeemed now.",
  ERC4626ExceededMaxWithdraw: "That much cannot be withdrawn now.",
  FailedCall: "A call that the contract made failed without a reason.",
  InsufficientBalance: "The contract has less ether than that.",
  InvalidAccountNonce: "The signature's nonce was used already.",
  InvalidShortString: "A name is stored in the wrong form.",
  MissingPrecompile: "This chain does not verify P-256 signatures.",
  ReentrancyGuardReentrantCall: "The call came from inside another one.",
  SafeCastOverflowedIntDowncast: "A number is too large for where it is kept.",
  SafeCastOverflowedUintDowncast: "A number is too large for where it is kept.",
  SafeERC20FailedOperation: "The token refused the transfer.",
  StringTooLong: "A name is too long.",
};

const AGAIN = "Make a new request and a new proof for it.";
const LESS = "Ask for a smaller amount.";
const ATTESTER = "Ask the attester for a new credential.";
const LENDER = "Tell the lender: only the pool's curator can change this.";
const TOOL = "Update this application: it sends something that the contracts do not take.";
const OTHER_TIER = "Choose another tier.";
const WAIT = "Wait until the announced time, and try again.";
const OPERATOR = "Correct the call: this is for those who set a pool up.";

const HINTS: Readonly<Record<string, string>> = {
  // The request.
  WrongNonce: `The request was used already, or another loan was taken out since. ${AGAIN}`,
  DeadlinePassed: AGAIN,
  NotTheSubject: "Connect the account that the credential was issued to.",
  SchemaMismatch: "Use a credential of the schema that the pool's model reads, or another pool.",
  UnknownTier: OTHER_TIER,
  WrongAsset: "Use a credential whose exposure is in the pool's token.",
  WrongExposure: "Use the credential file as the attester gave it.",
  CredentialTooOld: ATTESTER,
  NotAssigned: OTHER_TIER,
  PolicyIsRetired: OTHER_TIER,
  ZeroAmount: "Enter an amount above zero.",
  IssuerNotAccepted: "Use a credential of an attester that this pool accepts, or another tier.",
  AmountAboveTier: `${LESS} A better tier may pay out more.`,
  AmountAboveExposure: `${LESS} The attester vouches for no more than that.`,
  InsufficientCash: `${LESS} Or wait until the vault has more cash.`,
  UtilisationTooHigh: `${LESS} Or wait until loans are repaid or more is deposited.`,
  CoverTooLow: `${LESS} Or wait until the lender adds to the first-loss cover.`,
  BadReceiver: "Name another receiver than the pool or its vault.",
  BadBorrowerSignature: "Let the borrower sign this very request.",
  RequestIsCancelled: AGAIN,
  AlreadyConsumed: AGAIN,
  // The credential and the lock.
  AttesterNotYetValid: ATTESTER,
  IssuedAfterRetirement: ATTESTER,
  AttesterRevoked: ATTESTER,
  UnknownAttester: "Use a credential of an attester that the registry knows.",
  CredentialNotYetValid: "Wait until the credential's first second.",
  CredentialExpired: ATTESTER,
  CredentialSuperseded: ATTESTER,
  CredentialRevoked: ATTESTER,
  BadSignature: "Use the credential file as the attester gave it, on the chain that it was issued for.",
  PoolNotAllowed: LENDER,
  HolderAlreadyLocked: "Repay the open loan first.",
  MissingPrecompile: "Use an attester whose key is an account's.",
  // The proof.
  ProofLength: "Prove with the number of segments that the pool's verifier is for.",
  CalldataLayout: TOOL,
  WordNotInField: AGAIN,
  PointNotOnCurve: AGAIN,
  ProofRejected: `${AGAIN} Prove with the model package and the reference string that the pool names.`,
  ProofNotAccepted: AGAIN,
  VerifierChanged: LENDER,
  // Loans and lines.
  LoanNotOpen: "Reload the loan: it is repaid, or its record is another one.",
  NotALine: "Take out a new line: this one is closed.",
  NotTheBorrower: "Connect the account that borrowed.",
  LineExpired: "Take out a new line.",
  AmountAboveLimit: LESS,
  LoanIsMarked: "Nothing can be drawn until the mark is taken back.",
  WrongCredential: "Bring the credential that the line was opened on.",
  // Shares and tokens.
  ERC20InsufficientAllowance: "Approve the vault for at least that amount.",
  ERC20InsufficientBalance: "Get more tokens first, or choose a smaller amount.",
  ERC2612ExpiredSignature: "Sign the permit again.",
  ERC2612InvalidSigner: "Sign the permit with the account that holds the tokens.",
  ERC4626ExceededMaxDeposit: "Deposit less: the curator limits how much the pool takes.",
  ERC4626ExceededMaxMint: "Ask for fewer shares: the curator limits how much the pool takes.",
  ERC4626ExceededMaxRedeem: "Redeem fewer shares, or ask for redemption where the vault has a notice period.",
  ERC4626ExceededMaxWithdraw: "Withdraw less, or ask for redemption where the vault has a notice period.",
  NoticeIs: "Ask for redemption if the vault has a notice period; redeem at once if it has none.",
  RequestPending: "Wait until the earlier request is settled.",
  ClaimTooHigh: "Claim no more than is settled.",
  NotTheOperator: "Let the controller act, or be made its operator.",
  NoPermit2: "Repay with the token's own permit, or after an approval of the vault.",
  TransferMismatch: "The token charges fees or rebases, and cannot be used here.",
  SafeERC20FailedOperation: "See whether the token is paused, or blocks one of the accounts.",
  // Roles.
  AccessManagedUnauthorized: "Connect an account that has the role.",
  AccessManagerUnauthorizedAccount: "Connect an account that has the role.",
  AccessManagedRequiredDelay: "Announce the operation first, and carry it out after its delay.",
  AccessManagerNotScheduled: "Announce the operation first, and carry it out after its delay.",
  AccessManagerNotReady: WAIT,
  AccessManagerExpired: "Announce the operation again.",
};

/** What to do about the contracts' error `code`. */
export function hintOf(code: string): string {
  return HINTS[code] ?? OPERATOR;
}
