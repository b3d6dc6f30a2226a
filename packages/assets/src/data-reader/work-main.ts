/** The process of one piece of work: told by its parent, answered, and gone. */
import { doWork, type Work } from "./work.ts";

export type Answer = { readonly value: unknown } | { readonly error: { readonly message: string } };

process.once("disconnect", () => process.exit(1)); // nobody waits for it any more
process.once("message", (work) => void answer(work as Work));

async function answer(work: Work): Promise<void> {
  let told: Answer;
  try {
    told = { value: await doWork(work) };
  } catch (error) {
    told = { error: { message: (error as Error).message } };
  }
  process.send!(told, () => process.exit(0));
}
