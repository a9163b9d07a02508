// SPDX-License-Identifier: MIT OR Apache-2.0
// A pool: what it offers, borrowing, repaying.

import { AbiEvent, AbiFunction, Hex as OxHex } from "ox";
import { Context, type PoolInfo, type PoolOptions } from "./context.js";
import { borrowTypedData, loanId as idOf } from "./digest.js";
import { TesseraError } from "./error.js";
import { bookAbi, poolAbi, registryAbi, STATEMENT_WORDS, underwriterAbi, verifierAbi } from "./generated/abi.js";
import { GovernanceClient } from "./governance.js";
import { pay, type Route } from "./pay.js";
import { checkProof, type Prover } from "./prover.js";
import type { DebugReport } from "./report.js";
import { buildRequest, type Offer, toBorrowArgs, toBorrowRequest } from "./request.js";
import { type Log, sendAndWait } from "./send.js";
import type { SignedCredential } from "./types.js";
import { type Address, type Hex, LOAN_STATUS, type Loan, type LoanStatus, type Proof, type Request } from "./types.js";
import { VaultClient } from "./vault.js";
import { call, read } from "./wallet.js";

/** The only chain on which proofs of the development reference string count. */
const LOCAL_CHAIN = 31_337;
const VALID_SECONDS = 3600n;
const DAY = 86_400n;
const YEAR = 365n * DAY;
const UNIT = 10n ** 18n;
const ALL = 2n ** 256n - 1n;
/** `Stage.Open` of the loan book. */
const OPEN = 1;

export interface Wish {
  /** In the token's smallest unit. */
  readonly amount: bigint;
  readonly tier: bigint;
  /** Who gets the money; the borrower if nobody is named. */
  readonly receiver?: Address;
  /** Seconds for which the request may be carried out; an hour if it is not given. */
  readonly validFor?: bigint;
}

export interface Borrowed {
  readonly loanId: Hex;
  readonly loan: Loan;
  readonly transactionHash: Hex;
  readonly gasUsed: bigint;
}

export interface LoanState {
  readonly loanId: Hex;
  readonly loan: Loan;
  readonly status: LoanStatus;
  /** Owed now, in the token's smallest unit. */
  readonly principal: bigint;
  readonly interest: bigint;
  /** What can still be drawn on a credit line; 0 of a loan, and of a line that is closed. */
  readonly drawable: bigint;
}

export interface Repaid {
  readonly interest: bigint;
  readonly principal: bigint;
  /** Still owed. */
  readonly left: bigint;
  readonly route: Route;
}

/** One pool on one chain, seen and used through one wallet. */
export class Pool {
  readonly vault: VaultClient;
  readonly governance: GovernanceClient;
  private readonly context: Context;

  constructor(options: PoolOptions) {
    this.context = new Context(options);
    this.vault = new VaultClient(this.context);
    this.governance = new GovernanceClient(this.context);
  }

  /** Its contracts and its token. */
  info(): Promise<PoolInfo> {
    return this.context.run(() => this.context.info());
  }

  /** What happened lately, without anything secret or personal. */
  getDebugReport(): DebugReport {
    return this.context.recorder.report();
  }

  /** Every tier of every policy. */
  offers(): Promise<Offer[]> {
    return this.context.run(async () => {
      const { underwriter } = await this.context.info();
      const count = await read(this.context.provider, underwriter, underwriterAbi, "classCount");
      return Promise.all(Array.from({ length: Number(count) }, (_, tier) => this.offer(BigInt(tier))));
    });
  }

  private async offer(tier: bigint): Promise<Offer> {
    const { provider } = this.context;
    const { underwriter } = await this.context.info();
    const [terms, policyId] = await Promise.all([
      read(provider, underwriter, underwriterAbi, "tiers", [tier]),
      read(provider, underwriter, underwriterAbi, "policyOf", [tier]),
    ]);
    const [policy, [pricing]] = await Promise.all([
      read(provider, underwriter, underwriterAbi, "policyById", [policyId]),
      read(provider, underwriter, underwriterAbi, "termsOf", [policyId]),
    ]);
    const { threshold, maxAmount, term } = terms;
    const { modelDigest, schema, verifier, retired } = policy;
    const { lateRate, grace, line } = pricing;
    const rate = pricing.baseRate + terms.premium;
    return {
      tier,
      threshold,
      maxAmount,
      rate,
      lateRate,
      term,
      grace,
      line,
      policyId,
      retired,
      modelDigest,
      schema,
      verifier,
    };
  }

  /**
   * A request of the credential's subject, with the statement to prove. The statement is computed here and compared
   * with the pool's own, and everything but the proof is checked: a proof is not made for nothing.
   */
  request(credential: SignedCredential, wish: Wish): Promise<Request> {
    return this.context.run(async () => {
      const { provider } = this.context;
      const info = await this.context.info();
      checkHome(credential, info);
      const offer = await this.offer(wish.tier);
      await this.checkVerifier(offer, info);
      const { holder, subject } = credential.credential;
      const person = await read(provider, info.registry, registryAbi, "personOf", [credential.attester, holder]);
      const deadline = (await this.context.now()) + (wish.validFor ?? VALID_SECONDS);
      const terms = { receiver: wish.receiver ?? subject, amount: wish.amount, tier: wish.tier, deadline };
      const request = buildRequest(info.pool, offer, credential, terms, BigInt(person.loans));
      const theirs = await read(provider, info.pool, poolAbi, "statement", [subject, toBorrowRequest(request)]);
      const other = STATEMENT_WORDS.find((word) => theirs[word] !== request.statement[word]);
      if (other) {
        throw new TesseraError("StatementMismatch", `The pool would have another ${other} proven than it offers.`, {
          hint: "Do not prove for this pool: its contracts are not those that this SDK knows.",
        });
      }
      await this.checked(request);
      return request;
    });
  }

  private async checkVerifier(offer: Offer, info: PoolInfo): Promise<void> {
    const insecure = await read(this.context.provider, offer.verifier, verifierAbi, "INSECURE_SRS");
    if (insecure && info.chainId !== LOCAL_CHAIN) {
      throw new TesseraError("InsecureProof", "Anybody can forge proofs for the verifier of this tier.", {
        hint: "Do not use this pool: its reference string is for development.",
      });
    }
  }

  private async checked(request: Request): Promise<void> {
    this.context.recorder.progress({ step: "preview" });
    const args = [request.borrower, toBorrowRequest(request)];
    await read(this.context.provider, this.context.address, poolAbi, "previewBorrow", args, { block: "pending" });
  }

  /** Asks the pool for every check of `request` but the proof. Throws what `borrow` would. */
  preview(request: Request): Promise<void> {
    return this.context.run(() => this.checked(request));
  }

  /**
   * Borrows: previews, has the proof made if `proof` is a prover, simulates, sends, and waits until it is mined.
   */
  borrow(request: Request, proof: Proof | Prover, options: { signal?: AbortSignal } = {}): Promise<Borrowed> {
    return this.context.run(async () => {
      const { wallet, address } = this.context;
      const account = await wallet.account();
      if (account.toLowerCase() !== request.borrower.toLowerCase()) {
        const sentence = `The credential is for ${request.borrower}, and the wallet's account is ${account}.`;
        throw new TesseraError("NotTheSubject", sentence, {
          hint: "Connect the account that the credential was issued to.",
        });
      }
      await this.checked(request);
      const args = toBorrowArgs(request, await this.prove(request, proof, options.signal));
      options.signal?.throwIfAborted();
      const data = AbiFunction.encodeData(AbiFunction.fromAbi(poolAbi, "borrow"), args);
      const sent = await this.send(data, account);
      return borrowedOf(sent.logs, address, sent.transactionHash, BigInt(sent.gasUsed));
    });
  }

  private async prove(request: Request, proof: Proof | Prover, signal: AbortSignal | undefined): Promise<Proof> {
    const { recorder } = this.context;
    const { chainId } = await this.context.info();
    signal?.throwIfAborted();
    let made: Proof;
    if ("prove" in proof) {
      recorder.progress({ step: "prove", detail: proof.name });
      const onStage = (detail: string) => recorder.progress({ step: "prove", detail });
      made = await proof.prove(request, { ...(signal && { signal }), onStage });
    } else {
      made = proof;
    }
    checkProof(request, made);
    if (made.insecureSrs && chainId !== LOCAL_CHAIN) {
      throw new TesseraError("InsecureProof", "The proof was made with the development reference string.", {
        hint: "Prove with the reference string that the pool's verifier names.",
      });
    }
    return made;
  }

  /** The borrower's signature under `request`, for a relayer's `borrowFor`. */
  sign(request: Request): Promise<Hex> {
    return this.context.run(async () => {
      const offer = await this.offer(request.terms.tier);
      this.context.recorder.progress({ step: "sign" });
      return this.context.wallet.signTypedData(borrowTypedData(request, offer.policyId));
    });
  }

  /** Carries a request that its borrower signed. */
  borrowFor(request: Request, proof: Proof, signature: Hex): Promise<Borrowed> {
    return this.context.run(async () => {
      const args = toBorrowArgs(request, proof);
      const item = AbiFunction.fromAbi(poolAbi, "borrowFor");
      const data = AbiFunction.encodeData(item, [request.borrower, ...args, signature]);
      const sent = await this.send(data, await this.context.wallet.account());
      return borrowedOf(sent.logs, this.context.address, sent.transactionHash, BigInt(sent.gasUsed));
    });
  }

  /** Simulates and sends a call of the pool. */
  private async send(data: Hex, from: Address) {
    const { provider, wallet, address: to, recorder } = this.context;
    recorder.progress({ step: "simulate" });
    await call(provider, to, data, { from, block: "pending" });
    recorder.progress({ step: "send" });
    const receipt = await sendAndWait(wallet, { to, data }, () => recorder.progress({ step: "wait" }));
    recorder.progress({ step: "done" });
    return receipt;
  }

  /** Loans and lines that `borrower` took out here, the oldest first, as they are now. */
  loans(borrower: Address, fromBlock = 0n): Promise<LoanState[]> {
    return this.context.run(async () => {
      const { provider, address } = this.context;
      const { topics } = AbiEvent.encode(BORROWED, { borrower });
      const filter = { address, topics, fromBlock: OxHex.fromNumber(fromBlock), toBlock: "latest" };
      const logs = (await provider.request({ method: "eth_getLogs", params: [filter] })) as Log[];
      return Promise.all(logs.map((log) => this.stateOf(loanOf(log))));
    });
  }

  /** A loan as it is now. */
  loan(loan: Loan): Promise<LoanState> {
    return this.context.run(() => this.stateOf(loan));
  }

  private async stateOf(loan: Loan): Promise<LoanState> {
    const { provider } = this.context;
    const { book } = await this.context.info();
    const loanId = idOf(loan);
    const [status, [principal, interest], account] = await Promise.all([
      read(provider, book, bookAbi, "statusOf", [loan], { block: "pending" }),
      this.debtOf(book, loan),
      read(provider, book, bookAbi, "accountOf", [loanId], { block: "pending" }),
    ]);
    const open = loan.line && account.stage === OPEN && account.marked === 0n && status === 1;
    const drawable = open ? loan.amount - account.principal : 0n;
    return { loanId, loan, status: LOAN_STATUS[status] ?? "none", principal, interest, drawable };
  }

  private async debtOf(book: Address, loan: Loan): Promise<readonly [bigint, bigint]> {
    try {
      return await read(this.context.provider, book, bookAbi, "debtOf", [loan], { block: "pending" });
    } catch (error) {
      if (error instanceof TesseraError && error.code === "LoanNotOpen") return [0n, 0n];
      throw error;
    }
  }

  /** Pays out `amount` of a credit line. The credential that it was opened on has to be in force still. */
  draw(loan: Loan, credential: SignedCredential, amount: bigint, receiver = loan.borrower): Promise<LoanState> {
    return this.context.run(async () => {
      const args = [loan, credential.credential, amount, receiver] as const;
      const data = AbiFunction.encodeData(AbiFunction.fromAbi(poolAbi, "draw"), args);
      await this.send(data, await this.context.wallet.account());
      return this.stateOf(loan);
    });
  }

  /** Ends the drawing on a credit line; what is owed stays owed. */
  closeLine(loan: Loan): Promise<LoanState> {
    return this.context.run(async () => {
      const data = AbiFunction.encodeData(AbiFunction.fromAbi(poolAbi, "closeLine"), [loan]);
      await this.send(data, await this.context.wallet.account());
      return this.stateOf(loan);
    });
  }

  /** Repays `amount` of a loan, or all that is owed when it is mined. */
  repay(loan: Loan, amount: bigint | "all"): Promise<Repaid> {
    return this.context.run(async () => {
      const { book } = await this.context.info();
      const [principal, interest] = await this.debtOf(book, loan);
      if (principal + interest === 0n) {
        throw new TesseraError("NothingOwed", "Nothing is owed of this loan.", { hint: "It is repaid already." });
      }
      // What a day adds, so that the permission still suffices when it is mined.
      const aDay = (principal * (loan.rate + loan.lateRate) * DAY) / (YEAR * UNIT) + 1n;
      const most = amount === "all" ? principal + interest + aDay : amount;
      const asked = amount === "all" ? ALL : amount;
      const to = this.context.address;
      const { route, logs } = await pay(this.context, {
        amount: most,
        plain: { to, data: AbiFunction.encodeData(AbiFunction.fromAbi(poolAbi, "repay"), [loan, asked]) },
        withPermit: ({ deadline, v, r, s }) => ({
          to,
          data: AbiFunction.encodeData(AbiFunction.fromAbi(poolAbi, "repayWithPermit"), [
            loan,
            asked,
            most,
            deadline,
            v,
            r,
            s,
          ]),
        }),
      });
      const paid = AbiEvent.decode(REPAID, lastLog(logs, to, REPAID) as never);
      const left = paid.interestLeft + paid.principalLeft;
      return { interest: paid.interest, principal: paid.principal, left, route };
    });
  }
}

/** Opens a pool. */
export function createPool(options: PoolOptions): Pool {
  return new Pool(options);
}

function checkHome(credential: SignedCredential, info: PoolInfo): void {
  if (credential.chainId !== info.chainId) {
    const sentence = `The credential is for chain ${credential.chainId}, and the wallet is on ${info.chainId}.`;
    throw new TesseraError("WrongChain", sentence, { hint: "Switch the wallet's chain, or use another credential." });
  }
  if (credential.registry.toLowerCase() !== info.registry.toLowerCase()) {
    const sentence = `The credential is for the registry ${credential.registry}, and the pool's is ${info.registry}.`;
    throw new TesseraError("WrongChain", sentence, {
      hint: "Use a credential that was issued for this pool's registry.",
    });
  }
}

const BORROWED = AbiEvent.fromAbi(poolAbi, "Borrowed");
const REPAID = AbiEvent.fromAbi(poolAbi, "Repaid");

/** The last event of that kind that `address` emitted. */
function lastLog(logs: readonly Log[], address: Address, declared: AbiEvent.AbiEvent): Log {
  const selector = AbiEvent.getSelector(declared);
  const log = logs.findLast(
    ({ address: emitter, topics }) => emitter.toLowerCase() === address.toLowerCase() && topics[0] === selector,
  );
  if (!log) {
    throw new TesseraError("UnknownRevert", `The transaction was mined without the event ${declared.name}.`, {
      hint: "See whether the address is that of a pool.",
    });
  }
  return log;
}

function loanOf(log: Log): Loan {
  return AbiEvent.decode(BORROWED, log as never).loan;
}

function borrowedOf(logs: readonly Log[], pool: Address, transactionHash: Hex, gasUsed: bigint): Borrowed {
  const loan = loanOf(lastLog(logs, pool, BORROWED));
  return { loanId: idOf(loan), loan, transactionHash, gasUsed };
}
