/** View of a board: keeps the rows, sorts and filters them, and sends the user's orders. */

import { h, keepKeys, message, setOptional, setText } from "../lib/dom";
import { seconds } from "../lib/format";
import type { BoardFailure, BoardNews, BoardRows, Row, Totals } from "../lib/messages";
import { Channel, type MessageModel } from "../lib/requests";
import { Notifier } from "./notify";
import { type Order, sorted, summary, wanted } from "./rows";
import { columns, Table, VERBS, type Verb } from "./table";

const SAFE_CLASS = /^hailuo-sweep-[A-Za-z0-9-]+$/;
/** How long a button waits for the second press. */
const SURE_MS = 5000;

function choice(label: string, options: [string, string][]): [HTMLLabelElement, HTMLSelectElement] {
  const select = h("select", {}, ...options.map(([value, text]) => h("option", { value }, text)));
  return [h("label", {}, `${label} `, select), select];
}

export class View {
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #kind: string;
  readonly #rows = new Map<string, Row>();
  readonly #table: Table;
  readonly #notifier: Notifier;
  readonly #summary = h("div", { class: "hailuo-summary", role: "status" });
  readonly #badge = h(
    "span",
    { class: "hailuo-badge", title: "Made by the simulator; nothing was billed" },
    "SIMULATED",
  );
  readonly #whole = h("div", { class: "hailuo-fill" });
  readonly #all = h("button", { type: "button" }, "Cancel all");
  readonly #empty = h("div", { class: "hailuo-empty" });
  readonly #problem = h("div", { class: "hailuo-problem", role: "alert" });
  readonly #find = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the runs" });
  readonly #group: HTMLSelectElement;
  readonly #order: HTMLSelectElement;
  #totals: Totals | null = null;
  #offset = 0; // seconds by which the kernel's clock is ahead of the browser's

  constructor(
    root: HTMLElement,
    model: MessageModel,
    state: { kind: string; css: string },
    signal: AbortSignal,
  ) {
    this.#signal = signal;
    this.#kind = state.kind;
    this.#channel = new Channel(model, signal);
    this.#notifier = new Notifier(signal);
    const css = SAFE_CLASS.test(state.css) ? state.css : "";
    root.className = `hailuo-widget hailuo-monitor ${css}`;
    keepKeys(root, signal);
    this.#table = new Table(
      state.kind === "sweep" ? "Runs of the sweep" : "Runs in flight",
      (verb, id, button) => this.#press(verb, [id], button),
    );
    const [grouped, group] = choice("Show", [
      ["all", "all"],
      ["live", "on their way"],
      ["trouble", "in trouble"],
      ["done", "succeeded"],
    ]);
    const [ordered, order] = choice("Sort", [
      ["start", "as planned"],
      ["stage", "by stage"],
      ["time", "longest first"],
      ["cost", "cheapest first"],
    ]);
    this.#group = group;
    this.#order = order;
    const own = h("style");
    // Hides the static table as long as this view exists.
    const place = `:is(.jp-OutputArea,.cell_container):has(.hailuo-monitor.${css})`;
    setText(own, css ? `${place} .hailuo-board.${css}{display:none}` : "");
    const title = h("strong", {}, state.kind === "sweep" ? "Sweep" : "Monitor");
    const head = h("div", { class: "hailuo-head" }, title, this.#badge, this.#summary, this.#all);
    const whole = h("div", { class: "hailuo-bar", "aria-hidden": "true" }, this.#whole);
    const tools = h("div", { class: "hailuo-tools" }, this.#find, grouped, ordered, this.#notifier.element);
    root.append(own, head, whole, tools, this.#table.element, this.#empty, this.#problem);
    this.#badge.hidden = this.#all.hidden = this.#empty.hidden = this.#problem.hidden = true;

    const heard = (content: unknown) => this.#hear(content);
    model.on("msg:custom", heard);
    const every = setInterval(() => this.#tick(), 1000);
    signal.addEventListener(
      "abort",
      () => {
        model.off("msg:custom", heard);
        clearInterval(every);
      },
      { once: true },
    );
    for (const [part, event] of [
      [this.#find, "input"],
      [group, "change"],
      [order, "change"],
    ] as const)
      part.addEventListener(event, () => this.#draw(), { signal });
    this.#all.addEventListener(
      "click",
      () => {
        const ids = [...this.#rows.values()].filter((row) => row.can.includes("cancel")).map((row) => row.id);
        this.#press("cancel", ids, this.#all);
      },
      { signal },
    );
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const { data } = await this.#channel.request("rows", {
        timeoutMs: 10 * 60_000,
        slowMs: 4000,
        onSlow: () => this.#complain("The kernel is busy; the board comes when it answers."),
      });
      this.#complain("");
      this.#rows.clear();
      this.#take(data);
    } catch (error) {
      if (!this.#signal.aborted) this.#complain(message(error));
    }
  }

  #hear(content: unknown): void {
    if (typeof content !== "object" || content === null || !("type" in content)) return;
    const told = content as BoardFailure | BoardNews;
    if (told.type === "problem") this.#complain(told.text);
    else if (told.type === "rows" && this.#totals !== null) this.#take(told, told.gone);
  }

  #take(news: BoardRows, gone: string[] = []): void {
    for (const id of gone) this.#rows.delete(id);
    for (const row of news.rows) this.#rows.set(row.id, row);
    this.#offset = news.now - Date.now() / 1000;
    this.#totals = news.totals;
    this.#draw();
    this.#notifier.hear(news.totals);
  }

  #now(): number {
    return Date.now() / 1000 + this.#offset;
  }

  #draw(): void {
    const totals = this.#totals;
    if (totals === null) return;
    const now = this.#now();
    this.#table.setColumns(columns(this.#rows.values(), this.#kind));
    const words = this.#find.value;
    const rows = sorted(this.#rows.values(), this.#order.value as Order, now).filter((row) =>
      wanted(row, this.#group.value, words),
    );
    this.#table.show(rows, now);
    this.#table.element.hidden = rows.length === 0;
    const nothing = this.#rows.size === 0 ? "Nothing is in flight." : "No run fits the filter.";
    setOptional(this.#empty, rows.length === 0 ? nothing : "");
    this.#badge.hidden = !totals.simulated;
    setText(this.#summary, summary(totals, totals.left === null ? "" : seconds(totals.left)));
    this.#whole.style.width = totals.runs ? `${((100 * totals.done) / totals.runs).toFixed(1)}%` : "0";
    this.#all.hidden = totals.done === totals.runs;
  }

  #tick(): void {
    this.#table.tick(this.#rows.values(), this.#now());
  }

  /** Cancel needs a second press: a run that was sent may be billed all the same. */
  #press(verb: Verb, ids: string[], button: HTMLButtonElement): void {
    if (verb !== "cancel" || button.dataset.sure === "yes") {
      void this.#give(verb, ids, button);
      return;
    }
    const name = button.textContent ?? VERBS[verb];
    const sent = ids.some((id) => this.#rows.get(id)?.status !== "planned");
    const again = () => {
      delete button.dataset.sure;
      setText(button, name ?? "");
      clearTimeout(timer);
    };
    const timer = setTimeout(again, SURE_MS);
    button.dataset.sure = "yes";
    setText(button, "Sure?");
    if (sent) this.#complain("Press once more to stop following; the provider may still finish and bill it.");
    button.addEventListener("blur", again, { once: true, signal: this.#signal });
  }

  async #give(verb: Verb, ids: string[], button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      const { data } = await this.#channel.request(verb, {
        data: { ids },
        timeoutMs: 10 * 60_000,
        slowMs: 3000,
        onSlow: () => this.#complain("The kernel is busy; it will see this when its cell ends."),
      });
      this.#complain(data?.note ?? "");
    } catch (error) {
      this.#complain(message(error));
    } finally {
      button.disabled = false;
      delete button.dataset.sure;
      if (button.isConnected && button !== this.#all) setText(button, VERBS[verb]);
      if (button === this.#all) setText(button, "Cancel all");
    }
  }

  #complain(text: string): void {
    if (!this.#signal.aborted) setOptional(this.#problem, text);
  }
}
