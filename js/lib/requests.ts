/**
 * Requests to the Python half of a widget, by the model's custom messages.
 *
 * A question is `{id, type, data?}`, with buffers if it has any. The answer is one or more messages `{id, ok, mime, part,
 * parts, size, data?}` with a buffer each (pieces of at most 2 MiB, joined here), or `{id, ok: false, error}` with a
 * {@link Failure}. All views of a model receive all its messages: ids are unique to a view, and answers with another id
 * are ignored. A slow answer (a kernel that runs a cell may answer minutes later) is reported and still waited for.
 */

import type { Failure, ProblemMessage, Reason, Replies } from "./messages";

/** The used part of a widget model. */
export interface MessageModel {
  send(content: object, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
  on(event: "msg:custom", callback: (content: unknown, buffers: DataView[]) => void): void;
  off(event: "msg:custom", callback: (content: unknown, buffers: DataView[]) => void): void;
}

export interface Answer<T = unknown> {
  /** The joined pieces; empty if the answer has none. */
  blob: Blob;
  /** The answer's JSON part; null if it has none. */
  data: T;
}

export interface RequestOptions {
  /** The question's JSON part. */
  data?: object;
  /** The question's bytes: less than 1 MB, because hubs and Colab drop larger messages. */
  buffers?: ArrayBuffer[];
  /** Rejects with a TimeoutError after so long without a message; each piece restarts the time. */
  timeoutMs?: number;
  /** Calls onSlow once after so long without a message. */
  slowMs?: number;
  onSlow?: () => void;
  /** Rejects with an AbortError when it aborts, and makes Python stop sending. */
  signal?: AbortSignal;
}

/** An exception of the Python half. Its message is for the user: the class, the message, the hint. */
export class KernelError extends Error {
  readonly reason: Reason | null;
  readonly problems: ProblemMessage[];

  constructor({ kind, reason, message, hint, problems }: Failure) {
    super([kind, message].filter(Boolean).join(": ") + (hint && `\n→ ${hint}`));
    this.reason = reason;
    this.problems = problems;
  }
}

/** A message of the Python half's request_widget.py. */
type Reply =
  | { id: string; ok: true; mime?: string; part?: number; parts?: number; size?: number; data?: unknown }
  | { id: string; ok: false; error: Failure };

interface Pending {
  pieces: (DataView | undefined)[];
  heard(): void;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** A blob of any other type (HTML, say) could be opened as a page of the notebook's own origin. */
const KNOWN_TYPES: readonly string[] = ["", "video/mp4", "image/jpeg", "image/png"];
const DEFAULT_TIMEOUT_MS = 60_000;
let views = 0;

function isReply(content: unknown): content is Reply {
  return typeof content === "object" && content !== null && "id" in content && "ok" in content;
}

/** Joins the pieces once all have arrived. Throws if they are not what was announced. */
export function assemble(pieces: readonly (DataView | undefined)[], mime: string, size: number): Blob {
  if (!KNOWN_TYPES.includes(mime)) throw new Error(`The kernel sent data of the unexpected type "${mime}".`);
  const views = pieces.filter((piece) => piece !== undefined);
  const blob = new Blob(views as DataView<ArrayBuffer>[], { type: mime });
  if (views.length !== pieces.length || blob.size !== size) {
    throw new Error(`The clip came incomplete: ${blob.size} of ${size} bytes. Ask for it again.`);
  }
  return blob;
}

export class Channel {
  readonly #model: MessageModel;
  readonly #signal: AbortSignal;
  readonly #pending = new Map<string, Pending>();
  /** Unique to this view. */
  readonly prefix: string;
  #count = 0;

  /** Listens until the signal aborts, which also aborts the open requests. */
  constructor(model: MessageModel, signal: AbortSignal) {
    this.#model = model;
    this.#signal = signal;
    views += 1;
    // Not crypto.randomUUID: it does not exist on hubs with plain http, which is no secure context.
    this.prefix = `${views}.${Math.random().toString(36).slice(2, 10)}`;
    const listener = (content: unknown, buffers: DataView[]) => this.#receive(content, buffers);
    model.on("msg:custom", listener);
    signal.addEventListener("abort", () => model.off("msg:custom", listener), { once: true });
  }

  /** Sends a question; resolves to the whole answer, or rejects with a KernelError. */
  request<K extends keyof Replies>(type: K, options: RequestOptions = {}): Promise<Answer<Replies[K]>> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, slowMs, onSlow } = options;
    this.#count += 1;
    const id = `${this.prefix}.${this.#count}`;
    const stop = options.signal ? AbortSignal.any([this.#signal, options.signal]) : this.#signal;
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const slow = slowMs !== undefined && onSlow ? setTimeout(onSlow, slowMs) : undefined;
      const settle = () => {
        clearTimeout(timer);
        clearTimeout(slow);
        stop.removeEventListener("abort", abort);
        this.#pending.delete(id);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const abort = () => {
        this.#tell({ id, type: "abort" });
        fail(new DOMException("The request was given up.", "AbortError"));
      };
      const wait = () => {
        clearTimeout(timer);
        const patience = `The kernel did not answer within ${Math.round(timeoutMs / 1000)} s. It may be busy or gone.`;
        timer = setTimeout(() => fail(new DOMException(patience, "TimeoutError")), timeoutMs);
      };
      if (stop.aborted) {
        fail(new DOMException("The request was given up.", "AbortError"));
        return;
      }
      stop.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, {
        pieces: [],
        heard: () => {
          clearTimeout(slow);
          wait();
        },
        resolve: (answer) => {
          settle();
          resolve(answer as Answer<Replies[K]>); // Python's half is checked against the same types
        },
        reject: fail,
      });
      wait();
      if (!this.#tell({ id, type, ...(options.data && { data: options.data }) }, options.buffers))
        fail(new Error("The kernel is not connected."));
    });
  }

  /** Sends; returns whether that worked, because a model without a kernel throws. */
  #tell(content: object, buffers: ArrayBuffer[] = []): boolean {
    try {
      this.#model.send(content, undefined, buffers);
      return true;
    } catch {
      return false;
    }
  }

  #receive(content: unknown, buffers: DataView[]): void {
    if (!isReply(content)) return;
    const pending = this.#pending.get(content.id);
    if (!pending) return;
    pending.heard();
    if (!content.ok) {
      pending.reject(new KernelError(content.error));
      return;
    }
    const { mime = "", part = 0, parts = 0, size = 0, data = null } = content;
    if (pending.pieces.length === 0) pending.pieces = new Array<DataView | undefined>(parts).fill(undefined);
    const piece = buffers[0];
    if (piece && part < parts) pending.pieces[part] = piece;
    if (pending.pieces.includes(undefined)) return;
    try {
      pending.resolve({ blob: assemble(pending.pieces, mime, size), data });
    } catch (error) {
      pending.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
