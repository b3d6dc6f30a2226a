/** Ends a test file that hangs, whatever holds it: a run then fails with the file's name instead of never ending. */
const minutes = 15;

// The runner itself imports this too, and may take as long as all files together.
if (process.env["NODE_TEST_CONTEXT"] !== undefined) {
  const file = process.argv[1];
  setTimeout(() => {
    console.error(`${file} was still running after ${minutes} minutes.`);
    process.exit(1);
  }, minutes * 60_000).unref();
}
