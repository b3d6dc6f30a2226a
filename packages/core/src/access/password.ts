/**
 * Passwords, as they are kept: scrypt, with its parameters beside the key, so that they can be raised. A few are looked
 * at at once, the others wait: each takes 32 MiB and a tenth of a second, and whoever asks need not be anybody yet.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { IrokoError } from "../errors.ts";

interface Cost {
  /** log2 of scrypt's N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

const present: Cost = { ln: 15, r: 8, p: 3 };
const keyBytes = 32;
const shortest = 12;
const longest = 256;
const fewestLetters = 5;

/** @throws {IrokoError} PASSWORD_WEAK */
export function requirePassword(password: string): void {
  const letters = Array.from(password.normalize("NFC"));
  const weak =
    letters.length < shortest
      ? `has ${letters.length} characters, and needs ${shortest}`
      : letters.length > longest
        ? `has more than ${longest} characters`
        : new Set(letters).size < fewestLetters
          ? "is made of few different characters"
          : undefined;
  if (weak === undefined) return;
  throw new IrokoError("PASSWORD_WEAK", `The password ${weak}.`, {
    hint: "Take four words that have nothing to do with each other, or let a password manager make one.",
  });
}

export async function hashPassword(password: string, cost: Cost = present): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${salt.toString("base64")}$${key.toString("base64")}`;
}

/** `outdated`: right, and to be hashed anew by the present parameters. */
export async function checkPassword(password: string, stored: string): Promise<"wrong" | "right" | "outdated"> {
  const [, ln, r, p, salt = "", key = ""] = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored) ?? [];
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  const wanted = Buffer.from(key, "base64");
  const found = await derive(password, Buffer.from(salt, "base64"), cost);
  if (wanted.length !== found.length || !timingSafeEqual(wanted, found)) return "wrong";
  return cost.ln === present.ln && cost.r === present.r && cost.p === present.p ? "right" : "outdated";
}

/** A hash that no password has: an unknown name takes as long as a known one. */
export const nobodysHash: string = `$scrypt$ln=${present.ln},r=${present.r},p=${present.p}$${Buffer.alloc(16).toString("base64")}$${Buffer.alloc(keyBytes).toString("base64")}`;

const atOnce = 2;
const mostWaiting = 20;
const waiting: (() => void)[] = [];
let deriving = 0;

async function derive(password: string, salt: Uint8Array, { ln, r, p }: Cost): Promise<Buffer> {
  if (deriving >= atOnce) {
    if (waiting.length >= mostWaiting) {
      throw new IrokoError("RATE_LIMITED", "Too many passwords are being looked at.", {
        hint: "Try again in a few seconds.",
        details: { retryAfterSeconds: 5 },
      });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
  } else deriving += 1;
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const N = 2 ** ln;
    scrypt(password.normalize("NFC"), salt, keyBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
    return await promise;
  } finally {
    const next = waiting.shift();
    if (next === undefined) deriving -= 1;
    else next();
  }
}
