/** A server in a process of its own, to be killed: prints its address when it listens. */
import { startServer } from "@iroko/ui";

const server = await startServer({
  instance: { databaseUrl: process.env["TEST_DATABASE_URL"]! },
  port: Number(process.env["TEST_PORT"]),
  checkAnswers: true,
  stream: { everyMs: 20 },
});
console.log(server.url);
