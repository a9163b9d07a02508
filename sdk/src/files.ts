// SPDX-License-Identifier: MIT OR Apache-2.0
// The files of the `tessera` command. Every number that may pass 2^53 is a bigint here and a string there.

import { Address as OxAddress } from "ox";
import { credentialUid, exposureClaims } from "./digest.js";
import { TesseraError } from "./error.js";
import { STATEMENT_WORDS } from "./generated/abi.js";
import type { Address, Credential, Hex, Proof, Request, SignedCredential, Statement } from "./types.js";

const FIELD_MODULUS = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

/** One JSON object, read field by field; each error names the place. */
class Reader {
  constructor(
    private readonly value: Record<string, unknown>,
    private readonly at: string,
  ) {}

  static parse(text: string, kind: string, version: number): Reader {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw bad(kind, "not JSON: the file is cut short, or is something else");
    }
    const reader = Reader.of(value, kind);
    if (reader.value.kind !== kind) {
      throw bad(kind, `not a ${kind} but ${JSON.stringify(reader.value.kind) ?? "a file without a kind"}`);
    }
    if (reader.value.version !== version) {
      throw bad(kind, `version ${String(reader.value.version)}, and this SDK reads version ${version}`);
    }
    return reader;
  }

  static of(value: unknown, at: string): Reader {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(at, "not an object");
    return new Reader(value as Record<string, unknown>, at);
  }

  private place(name: string): string {
    return `${this.at}.${name}`;
  }

  object(name: string): Reader {
    return Reader.of(this.value[name], this.place(name));
  }

  boolean(name: string): boolean {
    const value = this.value[name];
    if (typeof value !== "boolean") throw bad(this.place(name), "neither true nor false");
    return value;
  }

  hex(name: string, bytes?: number): Hex {
    const value = this.value[name];
    const digits = bytes === undefined ? "*" : `{${2 * bytes}}`;
    const good = typeof value === "string" && new RegExp(`^0x[0-9a-fA-F]${digits}$`).test(value);
    if (!good || value.length % 2 !== 0) {
      throw bad(
        this.place(name),
        bytes === undefined ? "not 0x and pairs of hexadecimal digits" : `not ${bytes} bytes`,
      );
    }
    return value as Hex;
  }

  address(name: string): Address {
    const value = this.value[name];
    if (typeof value !== "string" || !OxAddress.validate(value, { strict: false })) {
      throw bad(this.place(name), "not an address");
    }
    return value as Address;
  }

  /** A decimal or hexadecimal string, or a number that a double holds exactly; below 2^`bits`. */
  integer(name: string, bits: number): bigint {
    const value = this.value[name];
    const isText = typeof value === "string" && /^(0|[1-9][0-9]*|0x[0-9a-fA-F]+)$/.test(value);
    const isNumber = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    if (!isText && !isNumber) {
      throw bad(this.place(name), "not a whole number (above 2^53 it has to be a string)");
    }
    const number = BigInt(value as string | number);
    if (number >> BigInt(bits) !== 0n) throw bad(this.place(name), `not below 2^${bits}`);
    return number;
  }

  element(name: string): bigint {
    const number = BigInt(this.hex(name, 32));
    if (number >= FIELD_MODULUS) throw bad(this.place(name), "not below the field's modulus");
    return number;
  }
}

function bad(at: string, fault: string): TesseraError {
  return new TesseraError("BadFile", `${at}: ${fault}.`, { hint: "Use the file that the tessera command wrote." });
}

function statementOf(reader: Reader): Statement {
  const read = (word: (typeof STATEMENT_WORDS)[number]) =>
    word === "threshold" ? reader.integer(word, 62) : reader.element(word);
  return Object.fromEntries(STATEMENT_WORDS.map((word) => [word, read(word)])) as unknown as Statement;
}

function credentialOf(reader: Reader): SignedCredential {
  const fields = reader.object("credential");
  const credential: Credential = {
    schema: fields.hex("schema", 32),
    subject: fields.address("subject"),
    holder: fields.hex("holder", 32),
    commitment: fields.hex("commitment", 32),
    issuedAt: fields.integer("issuedAt", 64),
    expiresAt: fields.integer("expiresAt", 64),
    claims: fields.hex("claims", 32),
    salt: BigInt(fields.hex("salt", 32)),
  };
  const exposed = reader.object("exposure");
  const signed: SignedCredential = {
    uid: reader.hex("uid", 32),
    chainId: Number(reader.integer("chainId", 53)),
    registry: reader.address("registry"),
    credential,
    exposure: { asset: exposed.address("asset"), max: exposed.integer("max", 128) },
    attester: reader.address("attester"),
    signature: reader.hex("signature"),
  };
  if (credentialUid(signed, credential).toLowerCase() !== signed.uid.toLowerCase()) {
    throw bad("credential.uid", "not the digest of this credential: one of its fields was changed");
  }
  if (exposureClaims(signed.exposure).toLowerCase() !== credential.claims.toLowerCase()) {
    throw bad("credential.exposure", "not what the credential's claims are the hash of");
  }
  return signed;
}

/** Reads *credential.json*. Its digest is computed anew; who signed it, only the registry knows. */
export function parseCredential(text: string): SignedCredential {
  return credentialOf(Reader.parse(text, "tessera.credential", 2));
}

/** Reads *request.json*. */
export function parseRequest(text: string): Request {
  const reader = Reader.parse(text, "tessera.request", 2);
  const terms = reader.object("terms");
  return {
    pool: reader.address("pool"),
    borrower: reader.address("borrower"),
    terms: {
      receiver: terms.address("receiver"),
      amount: terms.integer("amount", 256),
      tier: terms.integer("tier", 32),
      deadline: terms.integer("deadline", 64),
    },
    nonce: reader.integer("nonce", 256),
    statement: statementOf(reader.object("statement")),
    credential: credentialOf(reader.object("credential")),
  };
}

/** Reads *proof.json*. */
export function parseProof(text: string): Proof {
  const reader = Reader.parse(text, "tessera.proof", 1);
  return {
    statement: statementOf(reader.object("statement")),
    proof: reader.hex("proof"),
    insecureSrs: reader.boolean("insecureSrs"),
  };
}

/** Addresses of a deployment: *deployment.json*, as `tessera pool deploy` writes it. */
export interface Deployment {
  readonly chainId: number;
  readonly pool: Address;
  readonly vault: Address;
  readonly registry: Address;
  readonly underwriter: Address;
  readonly asset: Address;
}

/** Reads *deployment.json*. */
export function parseDeployment(text: string): Deployment {
  const reader = Reader.parse(text, "tessera.deployment", 1);
  const at = (name: string) => reader.object(name).address("address");
  return {
    chainId: Number(reader.integer("chainId", 53)),
    pool: at("pool"),
    vault: at("vault"),
    registry: at("registry"),
    underwriter: at("underwriter"),
    asset: at("asset"),
  };
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** A second of a file, which the command reads as a number. */
function seconds(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new TesseraError("BadFile", `The time ${value} is not one that a file can hold.`);
  }
  return Number(value);
}

/** The statement as it stands in files. */
export function statementJson(statement: Statement): Record<string, string> {
  const text = (name: (typeof STATEMENT_WORDS)[number]) =>
    name === "threshold" ? statement.threshold.toString() : word(statement[name]);
  return Object.fromEntries(STATEMENT_WORDS.map((name) => [name, text(name)]));
}

/** Writes *request.json* as the `tessera` command reads it. */
export function serializeRequest(request: Request): string {
  const { credential: signed, terms } = request;
  const { credential } = signed;
  const file = {
    kind: "tessera.request",
    version: 2,
    pool: request.pool,
    borrower: request.borrower,
    terms: {
      receiver: terms.receiver,
      amount: terms.amount.toString(),
      tier: Number(terms.tier),
      deadline: seconds(terms.deadline),
    },
    nonce: request.nonce.toString(),
    statement: statementJson(request.statement),
    credential: {
      uid: signed.uid,
      chainId: signed.chainId,
      registry: signed.registry,
      credential: {
        ...credential,
        issuedAt: seconds(credential.issuedAt),
        expiresAt: seconds(credential.expiresAt),
        salt: word(credential.salt),
      },
      exposure: { asset: signed.exposure.asset, max: signed.exposure.max.toString() },
      attester: signed.attester,
      signature: signed.signature,
    },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
