/** Users, tokens and the audit as commands list and change them: of a database here, or of a server there. */
import type {
  ApiToken,
  AuditItem,
  CreatedToken,
  NewTokenInput,
  User,
  UserPassword,
  UserRole,
} from "@iroko/core/client";
import type { ProjectOptions } from "../project.ts";
import { openSubject } from "../remote/subject.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface Access extends AsyncDisposable {
  users(): Promise<readonly User[]>;
  addUser(user: UserRole & UserPassword): Promise<void>;
  setRole(user: UserRole): Promise<void>;
  setPassword(user: UserPassword): Promise<void>;
  removeUser(name: string): Promise<void>;
  tokens(): Promise<readonly ApiToken[]>;
  createToken(token: NewTokenInput): Promise<CreatedToken>;
  revokeToken(id: string): Promise<void>;
  /** The newest first. */
  audit(page: AuditPage): Promise<readonly AuditItem[]>;
}

export interface AuditPage {
  readonly limit: number;
  /** Only rows before this one. */
  readonly before?: number | undefined;
  readonly operation?: string | undefined;
  readonly actor?: string | undefined;
}

export async function openAccess(options: ProjectOptions, terminal: Terminal): Promise<Access> {
  return await openSubject(
    {
      here: async (project, terminal) => (await import("./access-here.ts")).accessHere(project, terminal),
      there: async (server) => (await import("./access-there.ts")).accessThere(server),
    },
    options,
    terminal,
  );
}
