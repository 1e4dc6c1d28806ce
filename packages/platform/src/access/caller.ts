import type { KeyRole } from "@bonfire/protocol/keys";

/** Who is behind a request. */
export interface Caller {
  readonly keyId: string;
  readonly keyName: string;
  readonly accountId: string;
  readonly projectId: string;
  readonly role: KeyRole;
}
