import type { Dialect } from "@bonfire/protocol/dialect";
import type { KeyRole } from "@bonfire/protocol/keys";
import { DEFAULT_ACCOUNT_ID, DEFAULT_PROJECT_ID } from "../storage/schema.ts";

/** Who is behind a request. */
export interface Caller {
  readonly keyId: string;
  readonly keyName: string;
  readonly accountId: string;
  readonly projectId: string;
  readonly role: KeyRole;
  /** Whose API its client was written for, where the key says so. */
  readonly dialect?: Dialect | undefined;
}

/** What the operator's socket asks for belongs to the project that is always there, and to no key. */
export const OPERATOR = { accountId: DEFAULT_ACCOUNT_ID, projectId: DEFAULT_PROJECT_ID, keyId: null };
