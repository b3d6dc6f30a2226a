/**
 * A bad link in front of a server (Postgres, an S3 server, anything over TCP): slow, narrow, cut after so many bytes, reset,
 * silent, or losing the answer to one request. Faults are switched while connections are open, and hold for those, too.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { seeded, type Chance } from "./seeded.ts";

export type Direction = "up" | "down";

export interface Faults {
  /** Milliseconds that every piece is late by, each way; with `jitter`, up to so many more at random. Order is kept. */
  readonly latency?: number;
  readonly jitter?: number;
  /** Of the pieces, this share is late by so much more, and what follows with it: a packet that TCP had to send again. */
  readonly stall?: { readonly share: number; readonly milliseconds: number };
  /** Bytes a second of each connection, each way. */
  readonly bandwidth?: number;
  /** Bytes a second of all connections together, each way: they wait for each other, piece by piece. */
  readonly sharedBandwidth?: number;
  /** Milliseconds from a connection's start in which nothing passes: those that opening it takes over a long way. */
  readonly handshake?: number;
  /** What comes of new connections: reset at once. */
  readonly refuse?: boolean;
  /** Nothing passes and nothing is closed, as behind a firewall or a pulled cable: in one direction, or both. */
  readonly blackhole?: Direction | "both";
  /** A connection is reset after so many bytes in that direction, counted from its start or from when this was set. */
  readonly cut?: { readonly direction: Direction; readonly after: number };
  /** An end is told only after so many milliseconds. */
  readonly slowClose?: number;
  /**
   * Asked at each piece with the last that the connection has sent, this piece at its end: true lets it through, and resets
   * the connection in place of the answer.
   */
  readonly loseAnswer?: (sent: Buffer) => boolean;
  /** Of the connections, this part is met by any of it, by the seed's choice; 1. */
  readonly share?: number;
}

export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Replaces the faults that there were; none: a good link. */
  set(faults?: Faults): void;
  /** Resets every open connection. */
  reset(): void;
  /** So far: connections taken, and those that a fault has broken. */
  readonly count: { readonly taken: number; readonly broken: number };
}

/** Of what a connection has sent, so much is shown to `loseAnswer`. */
const longestMemory = 64 * 1024;

/** @param port of 127.0.0.1; a function where it may change */
export async function faultProxy(port: number | (() => number), chance: Chance = seeded()): Promise<FaultProxy> {
  const links = new Set<Link>();
  const count = { taken: 0, broken: 0 };
  let faults: Faults = {};
  const busyUntil: Record<Direction, number> = { up: 0, down: 0 };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    count.taken += 1;
    const target = typeof port === "number" ? port : port();
    const far = connect({ host: "127.0.0.1", port: target, allowHalfOpen: true, noDelay: true });
    const link = new Link(client, far, chance, busyUntil, () => (count.broken += 1));
    link.meet(faults);
    links.add(link);
    link.closed.then(
      () => links.delete(link),
      () => {},
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();

  return {
    port: (server.address() as AddressInfo).port,
    count,
    set(wanted = {}) {
      faults = wanted;
      for (const link of links) link.meet(faults);
    },
    reset() {
      for (const link of links) link.break();
    },
    async [Symbol.asyncDispose]() {
      for (const link of links) link.break();
      server.close();
      await once(server, "close");
    },
  };
}

/** One connection: two sockets and a pump each way. */
class Link {
  readonly closed: Promise<unknown>;
  readonly #ends: readonly [client: Socket, far: Socket];
  readonly #chance: Chance;
  /** Of all links: when what is under way has passed. */
  readonly #busyUntil: Record<Direction, number>;
  readonly #onBreak: () => void;
  #faults: Faults = {};
  #passed: Record<Direction, number> = { up: 0, down: 0 };
  #sent: Buffer = Buffer.alloc(0);
  #losing = false;
  readonly #startedAt = performance.now();
  #isBroken = false;
  /** Wakes pumps that wait in a black hole. */
  #changed = Promise.withResolvers<void>();

  constructor(client: Socket, far: Socket, chance: Chance, busyUntil: Record<Direction, number>, onBreak: () => void) {
    this.#ends = [client, far];
    this.#chance = chance;
    this.#busyUntil = busyUntil;
    this.#onBreak = onBreak;
    // The other side's breaking off is passed on as it is: a reset.
    for (const end of this.#ends) end.on("error", () => this.#resetBoth());
    this.closed = Promise.all([this.#pump("up", client, far), this.#pump("down", far, client)]);
  }

  meet(faults: Faults): void {
    this.#faults = faults.share === undefined || this.#chance() < faults.share ? faults : {};
    this.#passed = { up: 0, down: 0 };
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    if (this.#faults.refuse) this.break();
  }

  break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#onBreak();
    this.#resetBoth();
  }

  #resetBoth(): void {
    for (const end of this.#ends) end.resetAndDestroy();
    this.#changed.resolve();
  }

  async #pump(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      // Its end is only half of the connection's.
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        await this.#delay(direction, chunk.length);
        if (!this.#judge(direction, chunk)) return;
        const piece = this.#cutShort(direction, chunk);
        this.#passed[direction] += piece.length;
        if (piece.length > 0 && !to.destroyed && !to.write(piece)) await once(to, "drain").catch(() => {});
        if (piece.length < chunk.length) return this.break();
      }
      if (this.#faults.slowClose !== undefined) await later(this.#faults.slowClose);
      await this.#outOfTheHole(direction);
      to.end();
    } catch {
      this.#resetBoth();
    }
  }

  async #delay(direction: Direction, bytes: number): Promise<void> {
    const { latency = 0, jitter = 0, bandwidth, sharedBandwidth, handshake = 0, stall } = this.#faults;
    await later(this.#startedAt + handshake - performance.now());
    if (sharedBandwidth !== undefined) {
      const free = Math.max(performance.now(), this.#busyUntil[direction]);
      this.#busyUntil[direction] = free + (bytes * 1000) / sharedBandwidth;
      await later(this.#busyUntil[direction] - performance.now());
    }
    const stalled = stall !== undefined && this.#chance() < stall.share ? stall.milliseconds : 0;
    const milliseconds =
      latency + stalled + jitter * this.#chance() + (bandwidth === undefined ? 0 : (bytes * 1000) / bandwidth);
    await later(milliseconds);
    await this.#outOfTheHole(direction);
  }

  async #outOfTheHole(direction: Direction): Promise<void> {
    while ([direction, "both"].includes(this.#faults.blackhole ?? "") && !this.#ends[0].destroyed)
      await this.#changed.promise;
  }

  /** False: this piece goes nowhere, and the connection is gone. */
  #judge(direction: Direction, chunk: Buffer): boolean {
    if (direction === "down") {
      if (this.#losing) this.break();
      return !this.#losing;
    }
    const { loseAnswer } = this.#faults;
    if (loseAnswer === undefined || this.#losing) return true;
    this.#sent = Buffer.concat([this.#sent, chunk]).subarray(-longestMemory);
    this.#losing = loseAnswer(this.#sent);
    return true;
  }

  #cutShort(direction: Direction, chunk: Buffer): Buffer {
    const { cut } = this.#faults;
    if (cut?.direction !== direction) return chunk;
    return chunk.subarray(0, Math.max(0, cut.after - this.#passed[direction]));
  }
}

async function later(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
