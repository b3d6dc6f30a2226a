/** While the server is away: how old what is shown is, and that nothing can be changed. */
import type { JSX } from "preact";
import { isAway, silentSeconds } from "../api/connection.ts";
import { span } from "../parts/amounts.ts";

export function Banner(): JSX.Element | null {
  if (!isAway.value) return null;
  const seconds = Math.max(1, Math.round(silentSeconds.value));
  return (
    <p class="banner" role="status">
      <span aria-hidden="true">⚡</span> The server does not answer. What you see is {span(seconds)} old and can only be
      read; it goes on by itself when the server is back.
    </p>
  );
}
