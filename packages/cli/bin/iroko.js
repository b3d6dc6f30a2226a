#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one which is too old says so instead of failing on our syntax.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `iroko needs Node 24.12 or newer, and this is Node ${process.versions.node}: install one from https://nodejs.org or with your version manager.`,
  );
  process.exitCode = 2;
} else {
  void import("./start.js").then(({ start }) => start());
}
