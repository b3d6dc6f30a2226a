import type { Tx } from "../instance/database.ts";
import { admitSteps } from "../instance/admission.ts";

/** Admitted steps per live slot: enough that no slot waits for the next finish, few enough that a new run gets in soon. */
const stepsPerSlot = 4;

/** Fills the location's window and wakes what got in. The last thing a transaction does. */
export async function admit(tx: Tx, location: string): Promise<number> {
  return admitSteps(tx, location, stepsPerSlot);
}
