/** Whose a stored object is. Nobody else gets to know that it exists. */
export interface Scope {
  readonly accountId: string;
  readonly projectId: string;
  /** Null for the operator's socket. */
  readonly keyId: string | null;
}
