import { IrokoError } from "@iroko/core";
import type { Bucket } from "./bucket.ts";

/** The HTTP status that the server answered with; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  const metadata = property(error, "$metadata");
  const status = property(metadata, "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}

function nameOf(error: unknown): string {
  const name = property(error, "name");
  return typeof name === "string" ? name : "";
}

const networkCodes = [
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
];

/** A list, because a file system's errors look the same: a full disk here is no store out of reach. */
function networkCodeOf(error: unknown): string | undefined {
  const code = property(error, "code");
  return networkCodes.find((known) => known === code);
}

/** What is at the address speaks, but not this: no TLS, a certificate nobody vouches for, another protocol. */
function handshakeCodeOf(error: unknown): string | undefined {
  const code = property(error, "code");
  return typeof code === "string" &&
    /^(EPROTO$|HPE_|ERR_SSL|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/.test(code)
    ? code
    : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** There is no such object. That is what a HEAD without a body says, too, whatever was missing. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && ["NoSuchKey", "NotFound"].includes(nameOf(error));
}

export function isGoneUpload(error: unknown): boolean {
  return nameOf(error) === "NoSuchUpload";
}

/** A condition did not hold, or two conditional writes met: look at what is there now. */
export function lostTheRace(error: unknown): boolean {
  return statusOf(error) === 412 || statusOf(error) === 409 || isMissing(error) || isGoneUpload(error);
}

/** The server does not know conditional requests, or part copies. */
export function isUnsupported(error: unknown): boolean {
  return (
    statusOf(error) === 501 || statusOf(error) === 405 || ["NotImplemented", "MethodNotAllowed"].includes(nameOf(error))
  );
}

/** The request may have been carried out, or may be the next time: a lost answer, a timeout, a server in trouble. */
export function isUncertain(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined)
    return (status >= 500 && status !== 501 && status !== 507) || status === 408 || status === 429;
  return networkCodeOf(error) !== undefined || nameOf(error) === "TimeoutError";
}

const denials = [
  "InvalidAccessKeyId",
  "XAdminUserNotFound",
  "SignatureDoesNotMatch",
  "AccessDenied",
  "ExpiredToken",
  "InvalidToken",
  "CredentialsProviderError",
  "AccountProblem",
];
const fullNames = ["XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"];

/** An error of the SDK, of the server or of the network as one of ours; a cancellation and our own stay as they are. */
export function explainS3(error: unknown, bucket: Bucket, subject: string): unknown {
  if (error instanceof IrokoError || !(error instanceof Error)) return error;
  const [status, name, code] = [statusOf(error), nameOf(error), networkCodeOf(error)];
  const cause = { cause: error };
  const { endpoint, region } = bucket;
  const server = endpoint?.url ?? `Amazon S3${region === undefined ? "" : ` in ${region}`}`;
  const variable = endpoint?.variable ?? "AWS_ENDPOINT_URL_S3";

  // A server, or what stands before it, that cannot serve now is as good as away.
  const away = code ?? (status !== undefined && [502, 503, 504].includes(status) ? `${status} ${name}` : undefined);
  if (away !== undefined || name === "TimeoutError") {
    return new IrokoError("STORE_UNREACHABLE", `Cannot reach ${server}, where ${subject} lives (${away ?? name}).`, {
      hint:
        endpoint === undefined
          ? "For MinIO or another server, set AWS_ENDPOINT_URL_S3 to its address; for Amazon S3, look at the network."
          : `${variable} gives this address: is it right, is the server up, does a firewall stand between?`,
      ...cause,
    });
  }
  const handshake = handshakeCodeOf(error);
  if (handshake !== undefined) {
    return new IrokoError("STORE_UNREACHABLE", `${server} does not answer as an S3 server should (${handshake}).`, {
      hint: `Is the address in ${variable} right, http or https and port? For a certificate of your own, set NODE_EXTRA_CA_CERTS.`,
      ...cause,
    });
  }
  if (name === "NoSuchBucket") {
    const flag = endpoint === undefined ? "" : ` --endpoint-url ${endpoint.url}`;
    return new IrokoError("STORE_NO_BUCKET", `There is no bucket "${bucket.name}" at ${server}.`, {
      hint: `Create it (aws s3 mb s3://${bucket.name}${flag}, or mc mb ALIAS/${bucket.name}), or name another one in IROKO_STORE.`,
      ...cause,
    });
  }
  if (fullNames.includes(name) || status === 507) {
    return new IrokoError("STORE_FULL", `${server} has no room left for ${subject} (${name}).`, {
      hint: "Make room or raise the quota, or shorten the retention of old versions; then retry the step.",
      ...cause,
    });
  }
  if (name === "PermanentRedirect" || name === "AuthorizationHeaderMalformed" || status === 301) {
    return new IrokoError(
      "STORE_DENIED",
      `The bucket "${bucket.name}" is not in region "${region ?? "(none given)"}".`,
      {
        hint: "Set AWS_REGION to the region that the bucket was created in.",
        ...cause,
      },
    );
  }
  if (denials.includes(name) || status === 401 || status === 403) {
    const why =
      name === "CredentialsProviderError"
        ? "no credentials were found"
        : ["Unknown", "NotFound", "403"].includes(name)
          ? "403 Forbidden"
          : name;
    return new IrokoError("STORE_DENIED", `${server} refuses access to ${subject}: ${why}.`, {
      hint: hintOfDenial(name),
      ...cause,
    });
  }
  if (status !== undefined) {
    return new IrokoError("STORE_FAILED", `${server} failed on ${subject}: ${status} ${name}, ${error.message}.`, {
      hint: "The server's own log says more; retry the step once it is well again.",
      ...cause,
    });
  }
  if (error.message.startsWith("Region is missing")) {
    return new IrokoError("STORE_DENIED", `No region is known for ${bucket.uri}.`, {
      hint: "Set AWS_REGION, or AWS_ENDPOINT_URL_S3 for a server of your own.",
      ...cause,
    });
  }
  return error;
}

function hintOfDenial(name: string): string {
  switch (name) {
    case "InvalidAccessKeyId":
    case "XAdminUserNotFound":
      return "AWS_ACCESS_KEY_ID (or the profile of AWS_PROFILE) names no user of that server.";
    case "SignatureDoesNotMatch":
      return "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID, or a proxy alters the requests.";
    case "ExpiredToken":
    case "InvalidToken":
      return "The session has ended: renew AWS_SESSION_TOKEN and its keys, or log in again.";
    case "CredentialsProviderError":
      return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.";
    default:
      return "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the user needs to list, get, put and delete under this prefix.";
  }
}
