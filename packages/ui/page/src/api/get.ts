/** The one way to the API: JSON in and out, a failure as an `ApiError` that says what to do next. */
import { heard, missed } from "./connection.ts";
import { takeTold } from "./told.ts";

export class ApiError extends Error {
  override name = "ApiError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly status: number;
  /** Facts beside the words, as the code has them. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    hint: string | undefined,
    status: number,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.status = status;
    this.details = details;
  }
}

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** `/runs/{id}` with its names filled in, and what else is given as the query. */
export function address(path: string, input: Query = {}): string {
  const rest = { ...input };
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name]);
    delete rest[name];
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value != null && value !== "") query.set(name, String(value));
  const text = query.toString();
  return `/api/v1${filled}${text === "" ? "" : `?${text}`}`;
}

/** Answers over a bad link are late, not lost: one is given up after this long. */
const patienceMs = 30_000;

export async function getJson<Answer>(href: string, timeoutMs: number = patienceMs): Promise<Answer> {
  return (takeTold(href) as Answer | undefined) ?? (await send<Answer>(href, { method: "GET" }, timeoutMs));
}

export async function post<Answer>(
  path: string,
  body: object = {},
  method: "POST" | "PUT" | "DELETE" = "POST",
): Promise<Answer> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  const token = csrfToken();
  if (token !== undefined) headers["x-iroko-csrf"] = token;
  return await send<Answer>(path.startsWith("/") ? path : `/api/v1/${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
}

/** Only a page of this very server can read it: what is sent back with it was not forged by another. */
function csrfToken(): string | undefined {
  return /(?:^|; )__Host-iroko-csrf=([^;]+)/.exec(document.cookie)?.[1];
}

async function send<Answer>(href: string, init: RequestInit, timeoutMs: number = patienceMs): Promise<Answer> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(href, { ...init, signal: AbortSignal.timeout(timeoutMs), credentials: "same-origin" });
    text = await answer.text();
  } catch {
    missed();
    throw new ApiError(
      "SERVER_AWAY",
      "The server does not answer.",
      "What is shown is as it was; it is asked again by itself.",
      0,
    );
  }
  heard();
  if (answer.status === 401 && !location.pathname.startsWith("/login")) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  let value: unknown;
  try {
    value = text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(
      "ANSWER_INVALID",
      "The server's answer was cut short.",
      "It is asked again by itself.",
      answer.status,
    );
  }
  if (answer.ok) return value as Answer;
  const { error } = value as { error: { code: string; message: string; hint?: string; details?: ApiError["details"] } };
  throw new ApiError(error.code, error.message, error.hint, answer.status, error.details);
}
