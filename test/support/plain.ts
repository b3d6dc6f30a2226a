/**
 * Temporal's values as text, so that they can be compared: to assert.deepEqual any two instants are equal (they have no
 * properties of their own).
 */
export function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
