/** The public API of @iroko/ui: the HTTP API and the web page over an instance. */
export { startServer, type RunningServer, type ServerOptions } from "./start-server.ts";
