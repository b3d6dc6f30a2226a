/** How an error leaves the server: a status, and a code, a message and a hint that somebody can act on. */
import { IrokoError, type ErrorCode, type ErrorRecord } from "@iroko/core";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

export interface Failure {
  readonly status: ContentfulStatusCode;
  readonly error: ErrorRecord;
  /** When it may be tried again. */
  readonly retryAfterSeconds?: number | undefined;
}

const statuses: Readonly<Partial<Record<ErrorCode, ContentfulStatusCode>>> = {
  NOT_FOUND: 404,
  ASSET_NOT_FOUND: 404,
  DYNAMIC_PARTITIONS_NOT_FOUND: 404,
  RUN_NOT_FOUND: 404,
  LOCATION_NOT_FOUND: 404,
  SCHEDULE_NOT_FOUND: 404,
  PLAN_UNKNOWN: 404,
  PLAN_SPENT: 409,
  PLAN_OUT_OF_DATE: 409,
  RUN_ENDED: 409,
  RUN_NOT_ENDED: 409,
  RUN_SUCCEEDED: 409,
  PARTITION_BUSY: 409,
  VERSION_NOT_KEPT: 409,
  PREVIEW_REFUSED: 409,
  PREVIEW_TOO_LARGE: 409,
  PREVIEW_FAILED: 503,
  USER_NOT_FOUND: 404,
  TOKEN_NOT_FOUND: 404,
  USER_EXISTS: 409,
  SIGN_IN_NEEDED: 401,
  SIGN_IN_REFUSED: 401,
  TOKEN_REFUSED: 401,
  ROLE_NEEDED: 403,
  PASSWORD_WRONG: 403,
  CSRF_REFUSED: 403,
  HTTPS_NEEDED: 403,
  RATE_LIMITED: 429,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  METHOD_NOT_ALLOWED: 405,
  CONTENT_TYPE: 415,
  BODY_TOO_LARGE: 413,
  PAGE_NOT_BUILT: 503,
  QUERY_TIMEOUT: 503,
  TOO_MANY_STREAMS: 429,
  DATABASE_UNREACHABLE: 503,
  DATABASE_FULL: 503,
  DATABASE_DENIED: 503,
  DATABASE_NEWER: 503,
  DATABASE_OLDER: 503,
};

/** Errors of ours are about the request unless the table says otherwise; what else is thrown is our fault, and stays here. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof IrokoError)) {
    const message = "The server failed to answer this request.";
    return { status: 500, error: { code: "INTERNAL", message, hint: "Its own log says why." } };
  }
  const { code, message, hint, place, details } = error;
  const retryAfter = details?.["retryAfterSeconds"];
  return {
    status: statuses[code] ?? 400,
    error: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(place === undefined ? {} : { place }),
      ...(details === undefined ? {} : { details }),
    },
    retryAfterSeconds: typeof retryAfter === "number" ? retryAfter : undefined,
  };
}

export function failureJson(c: Context, { status, error }: Failure): Response {
  return c.json({ error }, status);
}

/** Where a page should be and cannot: for people, without anything that would have to be loaded. */
export function failureText(c: Context, { status, error }: Failure): Response {
  return c.text(`${error.code}: ${error.message}\n${error.hint ?? ""}\n`, status);
}
