/** Name of the socket of this machine's engines in the instance's socket folder. */
export const ENGINE_SOCKET = "engine.sock";
