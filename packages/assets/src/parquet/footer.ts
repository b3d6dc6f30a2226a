import { IrokoError } from "@iroko/core";
import type { Store } from "@iroko/core/engine";
import { columnsOf, type ParquetColumn } from "./footer-columns.ts";
import { loadParquetJs, type FileMetaData } from "./parquetjs-lite.ts";

/** What a Parquet file says of itself at its end. */
export interface ParquetFooter {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  readonly rowGroups: readonly ParquetRowGroup[];
  /** Each codec in use, such as `ZSTD`, once. */
  readonly compression: readonly string[];
  readonly createdBy: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ParquetRowGroup {
  readonly rows: number;
  /** Before compression. */
  readonly bytes: number;
  readonly compressedBytes: number;
}

/** Reads bytes [start, end) of the file. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

const firstRead = 64 * 1024;
/** The footer's length and the magic number. */
const trailerBytes = 8;
/** A footer this long is no footer: a file of 100,000 rows a group needs a hundredth of it for a billion rows. */
const longestFooter = 256 * 1024 * 1024;

/**
 * Reads a footer by one ranged read of the file's end, and a second one where the footer is longer than 64 KiB.
 *
 * @param name what to call the file in an error
 * @throws {IrokoError} PARQUET_INVALID
 */
export async function readFooter(read: ReadRange, sizeBytes: number, name = "The file"): Promise<ParquetFooter> {
  if (sizeBytes < trailerBytes + 4) throw notParquet(name, `it has ${sizeBytes} bytes`);
  let start = Math.max(0, sizeBytes - firstRead);
  let tail = Buffer.from(await read(start, sizeBytes));
  if (tail.length !== sizeBytes - start) throw notParquet(name, `it has not the ${sizeBytes} bytes it should have`);
  if (tail.toString("latin1", tail.length - 4) !== "PAR1") throw notParquet(name, "it does not end in PAR1");

  const footerBytes = tail.readUInt32LE(tail.length - trailerBytes);
  const footerStart = sizeBytes - trailerBytes - footerBytes;
  if (footerStart < 4 || footerBytes > longestFooter)
    throw notParquet(name, `its footer would have ${footerBytes} bytes`);
  if (footerStart < start) {
    tail = Buffer.concat([await read(footerStart, start), tail]);
    start = footerStart;
  }

  const { ParquetEnvelopeReader } = await loadParquetJs();
  const reader = new ParquetEnvelopeReader(
    (offset, length) => Promise.resolve(tail.subarray(offset - start, offset - start + length)),
    () => {},
    sizeBytes,
  );
  try {
    return footerFrom(await reader.readFooter());
  } catch (cause) {
    throw notParquet(name, "its footer cannot be read", cause);
  }
}

/** The footer of an object; two requests, whatever its size. */
export async function footerOf(store: Store, key: string): Promise<ParquetFooter> {
  const head = await store.head(key);
  if (head === undefined)
    throw new IrokoError("OBJECT_NOT_FOUND", `There is no object ${store.uriOf(key)}.`, {
      hint: "`iroko doctor` compares the store with the catalogue.",
    });
  const read: ReadRange = (start, end) => store.readRange(key, start, end, { etag: head.etag });
  return await readFooter(read, head.bytes, store.uriOf(key));
}

function footerFrom(file: FileMetaData): ParquetFooter {
  const chunks = file.row_groups.flatMap((group) => group.columns);
  return {
    rows: Number(file.num_rows),
    columns: columnsOf(file.schema),
    rowGroups: file.row_groups.map((group) => ({
      rows: Number(group.num_rows),
      bytes: Number(group.total_byte_size),
      compressedBytes: group.columns.reduce(
        (sum, { meta_data: chunk }) => sum + Number(chunk.total_compressed_size),
        0,
      ),
    })),
    compression: [...new Set(chunks.map(({ meta_data: chunk }) => codecs[chunk.codec] ?? `codec ${chunk.codec}`))],
    createdBy: file.created_by?.toString(),
    // From entries, so that no key of the file's can name a prototype.
    metadata: Object.fromEntries(
      (file.key_value_metadata ?? []).map(({ key, value }) => [key.toString(), value?.toString() ?? ""]),
    ),
  };
}

const codecs = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"];

function notParquet(name: string, why: string, cause?: unknown): IrokoError {
  return new IrokoError("PARQUET_INVALID", `${name} is not a Parquet file: ${why}.`, {
    hint: "It was cut short, or written by something else; make the partition again.",
    cause,
  });
}
