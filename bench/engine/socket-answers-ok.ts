import { get } from "node:http";

/** Whether a GET over a unix socket is answered with 200. */
export function socketAnswersOk(socketPath: string, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}
