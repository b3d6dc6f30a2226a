import { IrokoError } from "../errors.ts";
import type { DynamicPartitions } from "./partitions-definition.ts";

/**
 * A partition for each key that the instance holds under this name: tenants that come and go while definitions stay.
 * Definitions of one name share their keys.
 *
 * @example dynamic("tenants")
 * @throws {IrokoError} PARTITIONS_INVALID for a name that is not letters, digits, `_`, `-` and dots
 */
export function dynamic<const Name extends string>(name: Name): DynamicPartitions<Name> {
  if (!/^[A-Za-z_][\w.-]{0,199}$/.test(name)) {
    throw new IrokoError("PARTITIONS_INVALID", `Dynamic partitions cannot be named ${JSON.stringify(name)}.`, {
      hint: 'Use letters, digits, "_", "-" and dots, for example dynamic("tenants").',
    });
  }
  return Object.freeze({ kind: "dynamic", name });
}
