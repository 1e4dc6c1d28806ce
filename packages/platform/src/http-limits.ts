/** Of every HTTP server of the platform. */
export const HTTP_LIMITS = {
  /** Big enough for conversations with images in them, as the services that clients come from allow. */
  bodyLimitBytes: 50 * 1024 * 1024,
  keepAliveMs: 15_000,
} as const;
