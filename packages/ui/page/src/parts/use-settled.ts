/** What somebody is typing, once they rest: what is asked of the server is not asked for each letter. */
import { useEffect, useState } from "preact/hooks";

const restMs = 400;

export function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), restMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
