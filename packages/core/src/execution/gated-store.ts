import { IrokoError } from "../errors.ts";
import type { NetworkGate, TransferRecord, TransferRequest } from "./network-gate.ts";
import type { Moved, Store, UploadProgress } from "./store.ts";

/** The gate put a transfer off: nothing was moved, and the step that wanted it waits until then. */
export class DeferredByGate extends IrokoError {
  readonly until: Temporal.Instant;
  readonly reason: string;

  constructor(request: TransferRequest, until: Temporal.Instant, reason: string) {
    super(
      "TRANSFER_DEFERRED",
      `The transfer of ${request.key} (${request.bytes} bytes) waits until ${until.toString()}: ${reason}.`,
      {
        hint: "It goes on by itself then; its file is kept.",
        details: { until: until.toString(), reason, bytes: request.bytes },
      },
    );
    this.name = "DeferredByGate";
    this.until = until;
    this.reason = reason;
  }
}

/** For whom bytes are moved, and what for where that is not plain from the call: a download is an input by default. */
export type TransferContext = Partial<Pick<TransferRequest, "run" | "step" | "purpose">>;

export interface GatedStore extends Store {
  /** The same store, its transfers entered in the ledger under this run and step. */
  for(context: TransferContext): GatedStore;
}

/**
 * A store whose every transfer over the network first asks the gate, and is recorded by what it moved, also when it
 * failed half-way. A store on this machine moves nothing over a network: its calls pass as they are.
 *
 * @throws {DeferredByGate} from `stage`, `publish`, `download` and `readRange`
 */
export function gatedStore(
  store: Store,
  gate: NetworkGate,
  record: (transfer: TransferRecord) => Promise<void>,
): GatedStore {
  return bind({});

  function bind(context: TransferContext): GatedStore {
    const forAnother = { for: (other: TransferContext) => bind({ ...context, ...other }) };
    if (store.kind === "local") return Object.assign(delegate(store), forAnother);

    const request = (
      direction: TransferRequest["direction"],
      purpose: TransferRequest["purpose"],
      key: string,
      bytes: number,
    ): TransferRequest => ({
      direction,
      purpose,
      store: store.uri,
      key,
      bytes,
      ...(context.run === undefined ? {} : { run: context.run }),
      ...(context.step === undefined ? {} : { step: context.step }),
    });

    const gated: Partial<Store> = {
      stage: (key, file, options = {}) => {
        const before = bytesOf(options.resume, file.bytes);
        let told = before;
        const wanted = request("up", context.purpose ?? "stage", key, file.bytes - before);
        return transfer(wanted, (enter) =>
          store.stage(key, file, {
            ...options,
            // Each part as it arrives: what was moved is known also of an upload that nobody saw the end of.
            onPart: async (progress) => {
              const now = bytesOf(progress, file.bytes);
              if (now > told) await enter(now - told);
              told = now;
              await options.onPart?.(progress);
            },
          }),
        );
      },
      publish: async (stagedKey, stableKey, version, options) => {
        // A copy made by the server costs the link nothing; any other way the object comes down and goes up again.
        const moves = (await store.probe()).publishBy === "conditionalPut";
        const bytes = moves ? 2 * ((await store.head(stagedKey))?.bytes ?? 0) : 0;
        const wanted = request("up", "publish", stableKey, bytes);
        return await transfer(wanted, () => store.publish(stagedKey, stableKey, version, options));
      },
      download: async (key, toFile, options) => {
        const bytes = (await store.head(key))?.bytes ?? 0;
        const wanted = request("down", context.purpose ?? "input", key, bytes);
        return await transfer(wanted, () => store.download(key, toFile, options));
      },
      readRange: async (key, start, end, options) => {
        const wanted = request("down", context.purpose ?? "read", key, end - start);
        let bytes = new Uint8Array();
        await transfer(wanted, async () => {
          bytes = Uint8Array.from(await store.readRange(key, start, end, options));
          return { bytesMoved: bytes.length };
        });
        return bytes;
      },
    };
    return Object.assign(delegate(store), gated, forAnother);
  }

  async function transfer<Result extends Moved>(
    wanted: TransferRequest,
    move: (enter: (bytesMoved: number) => Promise<void>) => Promise<Result>,
  ): Promise<Result> {
    const answer = await gate.ask(wanted);
    if (!answer.pass) throw new DeferredByGate(wanted, answer.until, answer.reason);
    let since = performance.now();
    let entered = 0;
    const enter = async (bytesMoved: number, bytes = bytesMoved): Promise<void> => {
      const now = performance.now();
      const seconds = (now - since) / 1000;
      [since, entered] = [now, entered + bytesMoved];
      await record({ ...wanted, bytes, seconds, bytesMoved });
    };
    const result = await move(enter);
    if (entered === 0) await enter(result.bytesMoved, wanted.bytes);
    else if (result.bytesMoved > entered) await enter(result.bytesMoved - entered);
    return result;
  }
}

function bytesOf(progress: UploadProgress | undefined, size: number): number {
  if (progress === undefined) return 0;
  const sizes = progress.parts.map((part) =>
    Math.max(0, Math.min(progress.partBytes, size - (part.number - 1) * progress.partBytes)),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** Every call as the store itself answers it. Methods live on its prototype, so spreading would lose them. */
function delegate(store: Store): Store {
  return {
    kind: store.kind,
    uri: store.uri,
    uriOf: (key) => store.uriOf(key),
    localFile: (key) => store.localFile(key),
    probe: () => store.probe(),
    stage: (key, file, options) => store.stage(key, file, options),
    publish: (stagedKey, stableKey, version, options) => store.publish(stagedKey, stableKey, version, options),
    isPublished: (stagedKey, stableKey, version) => store.isPublished(stagedKey, stableKey, version),
    head: (key) => store.head(key),
    download: (key, toFile, options) => store.download(key, toFile, options),
    readRange: (key, start, end, options) => store.readRange(key, start, end, options),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key),
    uploads: (prefix) => store.uploads(prefix),
    abortUpload: (key, uploadId) => store.abortUpload(key, uploadId),
    close: () => store.close(),
  };
}
