import { changed, type DirtKind } from "./kind.ts";

const notNumbers = ["true", "false", '"3891.25"', '" "', "[1]", "[]", '{"ngn":1}'];
const tooManyDecimals = ["3891.255", "3891.250", "-1.005", "0.001", "1.000"];
const exponents = ["1e3", "1E2", "1.5e1", "38912.5e-1", "0e0", "1e999", "1e-999"];
const tooLong = ["10000000000000000", "-10000000000000000.00", "12345678901234567.89", "9".repeat(60)];

export const badAmounts: readonly DirtKind[] = [notNumbers, tooManyDecimals, exponents, tooLong]
  .flat()
  .map((amount) => changed(`bad_amount: ${amount}`, "bad_amount", () => ({ amount_ngn: amount })));

const zeros = ["0", "0.0", "0.00", "-0", "-0.00"];
const negative = ["-250.5", "-0.01", "-9999999999999999.99"];
const withinLimits = ["0.01", "0.1", "8192.10", "99999999.99"];
const tooLarge = [
  "100000000",
  "100000000.00",
  "100000000.01",
  "1000000000.5",
  "9007199254740993",
  "9999999999999999.99",
];

export const oddAmounts: readonly DirtKind[] = [zeros, negative, withinLimits, tooLarge]
  .flat()
  .map((amount) => changed(`amount: ${amount}`, "accepted", () => ({ amount_ngn: amount })));
