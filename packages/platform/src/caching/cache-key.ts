import { createHash } from "node:crypto";
import type { ContentPart, GenerateRequest } from "../engine/generation.ts";
import { canonicalJson } from "./canonical-json.ts";

/** Part of each key: a change of what is stored, or of how keys are made, finds none of the old answers. */
const SCHEME = "bonfire-answer-1";

interface CacheKeyParts {
  readonly accountId: string;
  readonly projectId: string;
  /** The model's id or the route's name. */
  readonly model: string;
  /** Changes when other weights or other deployments answer under the same name. */
  readonly deploymentsVersion?: string | undefined;
  readonly request: GenerateRequest;
}

/**
 * SHA-256, in hex, of the tenant and of everything in the request that can change the answer; what is left out only says who asks, how
 * urgently, and how to find it again. A member that is added to requests counts until it is left out here.
 */
export function cacheKeyOf({ accountId, projectId, model, deploymentsVersion, request }: CacheKeyParts): string {
  const { trace: _trace, user: _user, cacheKey: _cacheKey, serviceTier: _serviceTier, ...asked } = request;
  const scope = [SCHEME, accountId, projectId, model, deploymentsVersion ?? null];
  return createHash("sha256")
    .update(canonicalJson([scope, withDocumentsAsWritten(asked)]))
    .digest("hex");
}

/** False where pictures are given by their addresses: what lies there may be another one tomorrow. Ask once their bytes are there. */
export function isCacheable({ prompt }: GenerateRequest): boolean {
  return prompt.kind !== "chat" || !prompt.messages.some(({ content }) => typeof content !== "string" && content.some(isAddress));
}

function isAddress(part: ContentPart): boolean {
  return part.kind === "image" && part.source.kind === "url";
}

/** Schemas and template arguments keep their members' order: the model reads them as written, and writes members in the schema's order. */
function withDocumentsAsWritten(asked: Partial<GenerateRequest>): unknown {
  const { tools, format, templateArguments } = asked;
  return {
    ...asked,
    tools: tools && {
      ...tools,
      definitions: tools.definitions.map((definition) => ({ ...definition, parameters: JSON.stringify(definition.parameters) })),
    },
    format: format?.kind === "json-schema" ? { ...format, schema: JSON.stringify(format.schema) } : format,
    templateArguments: templateArguments && JSON.stringify(templateArguments),
  };
}
