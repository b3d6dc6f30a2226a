import { jsonText } from "./columns.ts";
import type { Queryable } from "./database.ts";

/** A multipart upload under way, as far as it has come. */
export interface UploadRow {
  readonly uploadId: string;
  /** Of the whole file. */
  readonly sha256: string;
  readonly partBytes: number;
  readonly parts: readonly { readonly number: number; readonly etag: string; readonly sha256: string }[];
}

/** Keeps how far an upload has come: who comes next goes on from there. */
export async function recordUpload(db: Queryable, objectKey: string, step: number, upload: UploadRow): Promise<void> {
  await db.query(
    `insert into iroko.upload (object_key, step, upload_id, sha256, part_bytes, parts) values ($1, $2, $3, $4, $5, $6)
     on conflict (object_key) do update
        set upload_id = excluded.upload_id, sha256 = excluded.sha256, part_bytes = excluded.part_bytes, parts = excluded.parts,
            updated_at = clock_timestamp()`,
    [objectKey, step, upload.uploadId, upload.sha256, upload.partBytes, jsonText(upload.parts)],
  );
}

export async function uploadUnderWay(db: Queryable, objectKey: string): Promise<UploadRow | undefined> {
  const { rows } = await db.query<UploadRow>(
    `select upload_id as "uploadId", sha256, part_bytes as "partBytes", parts from iroko.upload where object_key = $1`,
    [objectKey],
  );
  return rows[0];
}

/** The upload is complete. */
export async function forgetUpload(db: Queryable, objectKey: string): Promise<void> {
  await db.query("delete from iroko.upload where object_key = $1", [objectKey]);
}
