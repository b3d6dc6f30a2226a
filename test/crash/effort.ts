/** `npm run crash:long` asks for many kills; every test run makes a few. */
export const isLong: boolean = process.env["CRASH"] === "long";

/** Of a test that takes its time when it is asked to. */
export const effort = <Value>(short: Value, long: Value): Value => (isLong ? long : short);
