/**
 * After a power cut: the workers of an earlier start of this machine are gone, and nobody has to wait for their TTL. Only for
 * a database that no other machine reaches, as the embedded one: of two machines no name tells that they are two.
 */
import type { Database } from "../instance/database.ts";
import { listWorkers } from "../instance/workers.ts";
import { bootId } from "./boot-id.ts";
import { buryWorkers } from "./sweep.ts";

export async function buryRestarted(db: Database): Promise<void> {
  const here = bootId();
  const dead = (await listWorkers(db)).filter((worker) => worker.bootId !== here);
  if (dead.length === 0) return;
  await db.transaction((tx) =>
    buryWorkers(
      tx,
      dead.map(({ id, beat, host }) => ({ id, beat, death: { host, cause: "machine restarted" as const } })),
    ),
  );
}
