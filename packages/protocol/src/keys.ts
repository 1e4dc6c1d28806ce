import { z } from "zod";
import { dialect } from "./dialect.ts";

/** `inference` may call models; `admin` may call `/admin/v1` as well. */
export const keyRole = z.enum(["inference", "admin"]);
export type KeyRole = z.infer<typeof keyRole>;

/** No control characters, of which the database refuses one, and no halves of surrogate pairs. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u;

export const createKeyRequest = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(100)
      .regex(PRINTABLE, "a text without control characters")
      .describe("Shown in lists and logs; need not be unique."),
    role: keyRole.default("inference"),
    dialect: dialect
      .optional()
      .describe("Whose API its client was written for. Absent: each request tells, by its path or its client's name."),
  })
  .meta({ id: "CreateKeyRequest" });

const keyFields = {
  id: z.string(),
  object: z.literal("api_key"),
  name: z.string(),
  role: keyRole,
  dialect: dialect.nullable().describe("Whose API its client was written for; null where each request tells."),
  prefix: z.string().describe("The first characters of the secret: enough to recognise it, useless to guess the rest."),
  created_at: z.int().describe("Unix seconds."),
  revoked_at: z.int().nullable().describe("Unix seconds, or null while the key is valid."),
};

const apiKey = z.strictObject(keyFields).meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof apiKey>;

export const createdKey = z
  .strictObject({ ...keyFields, key: z.string().describe("The secret. It is stored only as a hash and never shown again.") })
  .meta({ id: "CreatedApiKey" });
export type CreatedKey = z.infer<typeof createdKey>;

export const listKeysQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(100),
  after: z.string().regex(PRINTABLE, "the id of a key").optional().describe("Id of the last key of the page before."),
});

export const apiKeyList = z
  .strictObject({ object: z.literal("list"), data: z.array(apiKey), has_more: z.boolean(), last_id: z.string().nullable() })
  .meta({ id: "ApiKeyList" });

export const revokedKey = z
  .strictObject({ id: z.string(), object: z.literal("api_key"), deleted: z.literal(true) })
  .meta({ id: "RevokedApiKey" });
