/**
 * The one door to parquetjs-lite, with types for what we use of it: its envelope reader, which decodes the footer. Its
 * schema reader rejects DECIMAL, and its page reader knows no zstd; neither is touched here.
 */
export interface ParquetJs {
  readonly ParquetEnvelopeReader: new (
    read: (offset: number, length: number) => Promise<Buffer>,
    close: () => void,
    fileSize: number,
  ) => { readFooter(): Promise<FileMetaData> };
}

/** A 64-bit integer of the thrift decoder; exact up to 2^53 by `Number()`. */
type Int64 = number | { valueOf(): number };

export interface FileMetaData {
  readonly schema: readonly SchemaElement[];
  readonly num_rows: Int64;
  readonly row_groups: readonly {
    readonly num_rows: Int64;
    readonly total_byte_size: Int64;
    readonly columns: readonly {
      readonly meta_data: { readonly codec: number; readonly total_compressed_size: Int64 };
    }[];
  }[];
  readonly key_value_metadata: readonly { readonly key: Text; readonly value: Text | null }[] | null;
  readonly created_by: Text | null;
}

/** Bytes that are not UTF-8 stay bytes. */
type Text = string | Buffer;

export interface SchemaElement {
  readonly name: Text;
  readonly type: number | null;
  readonly repetition_type: number | null;
  readonly num_children: number | null;
  readonly converted_type: number | null;
  readonly precision: number | null;
  readonly scale: number | null;
  readonly logicalType: LogicalType | null;
}

/** A union: the one that is not null says what it is. */
export interface LogicalType {
  readonly STRING: object | null;
  readonly MAP: object | null;
  readonly LIST: object | null;
  readonly ENUM: object | null;
  readonly DECIMAL: { readonly precision: number; readonly scale: number } | null;
  readonly DATE: object | null;
  readonly TIME: { readonly isAdjustedToUTC: boolean } | null;
  readonly TIMESTAMP: {
    readonly isAdjustedToUTC: boolean;
    readonly unit: TimeUnit | null;
  } | null;
  readonly JSON: object | null;
}

/** Nanoseconds came to the format after this decoder: they read as neither. */
export interface TimeUnit {
  readonly MILLIS: object | null;
  readonly MICROS: object | null;
}

export async function loadParquetJs(): Promise<ParquetJs> {
  // @ts-expect-error the package has no types; those above are for what we use.
  const loaded = (await import("parquetjs-lite")) as { readonly default: ParquetJs };
  return loaded.default;
}
