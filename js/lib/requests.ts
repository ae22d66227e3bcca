/**
 * Questions to the Python half of a widget, over the model's custom messages.
 *
 * A question is `{id, type, data?}`, with buffers where it has any. The answer is one or more `{id, ok, mime, part, parts, size, data?}` with a
 * buffer each (pieces of at most 2 MiB, put together here), or `{id, ok: false, error}` with a {@link Failure}. All views of a model hear
 * all its messages: ids are unique to a view, and an answer with a foreign id is not ours. An answer that is slow
 * (a kernel that runs a cell may answer minutes later) is reported, not given up: the late bytes are still of use.
 */

import type { Failure, ProblemMessage, Reason, Replies } from "./messages";

/** What is needed of a widget model. */
export interface MessageModel {
  send(content: object, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
  on(event: "msg:custom", callback: (content: unknown, buffers: DataView[]) => void): void;
  off(event: "msg:custom", callback: (content: unknown, buffers: DataView[]) => void): void;
}

export interface Answer<T = unknown> {
  /** The pieces put together; empty if the answer has none. */
  blob: Blob;
  /** The answer's JSON part; null if it has none. */
  data: T;
}

export interface RequestOptions {
  /** The question's JSON part. */
  data?: object;
  /** Its bytes: under 1 MB in all, for hubs and Colab drop larger messages. */
  buffers?: ArrayBuffer[];
  /** Gives up with a TimeoutError when nothing has come for so long; each piece starts it anew. */
  timeoutMs?: number;
  /** Calls onSlow once when nothing has come for so long. */
  slowMs?: number;
  onSlow?: () => void;
  /** Gives up with an AbortError and tells Python to stop sending. */
  signal?: AbortSignal;
}

/** Python answered with an exception. The message is what the user reads: the class, the sentence, the hint. */
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

/** Puts the pieces together once all are there. Throws when they are not what was announced. */
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
  readonly #prefix: string;
  #count = 0;

  /** Listens until the signal aborts; questions still open are given up then. */
  constructor(model: MessageModel, signal: AbortSignal) {
    this.#model = model;
    this.#signal = signal;
    views += 1;
    // No crypto.randomUUID: hubs on plain http are no secure context and lack it.
    this.#prefix = `${views}.${Math.random().toString(36).slice(2, 10)}`;
    const listener = (content: unknown, buffers: DataView[]) => this.#receive(content, buffers);
    model.on("msg:custom", listener);
    signal.addEventListener("abort", () => model.off("msg:custom", listener), { once: true });
  }

  /** Sends a question, and resolves to the whole answer. */
  request<K extends keyof Replies>(type: K, options: RequestOptions = {}): Promise<Answer<Replies[K]>> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, slowMs, onSlow } = options;
    this.#count += 1;
    const id = `${this.#prefix}.${this.#count}`;
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

  /** Sends, and says whether that worked: a model without a kernel throws. */
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
