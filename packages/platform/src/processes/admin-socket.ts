/** Name of the operator's socket in the instance's socket folder. */
export const ADMIN_SOCKET = "admin.sock";
