import { meta, type MetadataInput, type Relation } from "@iroko/core";

/** Carried over from what a table was made of: how many rows of the day its edge had not delivered yet. */
export function pendingAt(made: Relation<unknown>): MetadataInput {
  return { pending_in_buffer: made.objects[0]?.metadata["pending_in_buffer"] ?? meta.json(null) };
}
