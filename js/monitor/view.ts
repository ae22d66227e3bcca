/** View of a board: keeps the rows, sorts, groups and filters them, and sends the user's orders. */

import { copied } from "../lib/copy";
import { h, keepKeys, message, setOptional, setText } from "../lib/dom";
import { icon } from "../lib/icons";
import type { BoardFailure, BoardNews, BoardRows, Quote, Row } from "../lib/messages";
import { Channel, type MessageModel } from "../lib/requests";
import { Board } from "./board";
import { grouped, type Mode } from "./layout";
import { type Item, Menu } from "./menu";
import { Notifier } from "./notify";
import { Previews } from "./previews";
import {
  type Column,
  columns,
  figures,
  labelOf,
  type Order,
  shape,
  sorted,
  usualGroup,
  wanted,
} from "./rows";
import { Stage } from "./stage";
import { VERBS, type Verb } from "./tile";

const SAFE_CLASS = /^hailuo-sweep-[A-Za-z0-9-]+$/;
/** Above so many runs the bar shows one part a status instead of one a run. */
const MOST_SEGMENTS = 60;
const SPEAK_MS = 5000;

function choice(label: string, options: [string, string][]): [HTMLLabelElement, HTMLSelectElement] {
  const select = h("select", { class: "hw-select" });
  offer(select, options);
  return [h("label", {}, `${label} `, select), select];
}

/** Sets a list's options, and keeps the chosen one if it is still there. */
function offer(select: HTMLSelectElement, options: [string, string][]): void {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

/** "45 credits", "free" or "price unknown". */
function priceText(quote: Quote): string {
  if (quote.refused) return "not available";
  if (!quote.sends) return "free";
  return quote.cost || "price unknown";
}

export class View {
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  readonly #kind: string;
  readonly #memory: string;
  readonly #rows = new Map<string, Row>();
  readonly #board: Board;
  readonly #stage: Stage;
  readonly #previews: Previews;
  readonly #notifier: Notifier;
  readonly #menu: Menu;
  readonly #root: HTMLElement;
  readonly #more = h("button", { type: "button", class: "hw-btn" }, "More seeds…");
  readonly #compare = h("button", { type: "button", class: "hw-btn hw-primary" }, "Compare");
  readonly #vote = h("button", { type: "button", class: "hw-btn" }, "Vote");
  readonly #export = h("button", { type: "button", class: "hw-btn" }, "Copy export code");
  readonly #input = h("input", { class: "hw-input" });
  readonly #title = h("strong", { class: "hw-title" });
  readonly #same = h("div", { class: "hw-sub" });
  readonly #summary = h("div", { class: "hailuo-summary hw-figures" });
  readonly #segments = h("div", { class: "hw-segs", role: "img" });
  readonly #spoken = h("div", { class: "hailuo-unseen", role: "status" });
  readonly #badge = h("span", { class: "hailuo-badge", title: "Made by the simulator; nothing was billed" });
  readonly #heads = h("div", { class: "hw-heads", "aria-hidden": "true" });
  readonly #all = h("button", { type: "button", class: "hw-btn" }, "Cancel all");
  readonly #empty = h("div", { class: "hailuo-empty" });
  readonly #problem = h("div", { class: "hailuo-problem", role: "alert" });
  readonly #question = h("span");
  readonly #agree = h("button", { type: "button", class: "hw-btn hw-primary" });
  readonly #keep = h("button", { type: "button", class: "hw-btn" }, "Keep");
  readonly #ask = h("div", { class: "hw-ask", role: "group", "aria-label": "Question" });
  readonly #find = h("input", {
    type: "search",
    class: "hw-input",
    placeholder: "Search",
    "aria-label": "Search the runs",
  });
  readonly #status: HTMLSelectElement;
  readonly #order: HTMLSelectElement;
  readonly #by: HTMLSelectElement;
  readonly #modes = new Map<Mode, HTMLButtonElement>();
  #columns: Column[] = [];
  #shown: Row[] = [];
  #mode: Mode = "rows";
  #unchosen = true; // the user has not chosen a grouping yet
  #news: BoardRows | null = null;
  #offset = 0; // seconds by which the kernel's clock is ahead of the browser's
  #answer: { act: () => void; from: HTMLElement } | null = null;
  #retyped: (() => void) | null = null;
  #presses = 0;
  #ready: string[] = [];
  #spokenAt = 0;

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
    this.#menu = new Menu(signal);
    this.#root = root;
    this.#previews = new Previews(this.#channel, signal);
    const css = SAFE_CLASS.test(state.css) ? state.css : "";
    this.#memory = `hailuo ${state.kind} ${css}`;
    root.className = `hailuo-widget hailuo-monitor ${css}`;
    keepKeys(root, signal);
    const runs = state.kind === "sweep" ? "Runs of the sweep" : "Runs in progress";
    const view = this;
    this.#board = new Board(
      runs,
      this.#previews,
      {
        get edit() {
          return view.#news?.opens ? (id: string) => void view.#show("studio", [id]) : null;
        },
        open: (id) => this.#open(id),
        enter: (id, thumb) => this.#previews.play(id, thumb),
        leave: () => this.#previews.stop(),
        rate: (id, rating) => void this.#say("rate", { id, rating }),
        verb: (verb, id, button) => this.#press(verb, [id], button),
        menu: (id, button) => this.#actions(id, button),
      },
      signal,
    );
    this.#stage = new Stage(
      this.#previews,
      {
        neighbour: (id, step) => this.#neighbour(id, step),
        label: (row) => labelOf(row, this.#columns),
        closed: (id) => this.#board.focus(id),
      },
      signal,
    );
    const [chosen, status] = choice("Status", [
      ["all", "All"],
      ["live", "In progress"],
      ["trouble", "Needs attention"],
      ["done", "Succeeded"],
    ]);
    const [ordered, order] = choice("Sort", [
      ["start", "Planned order"],
      ["stage", "Status"],
      ["time", "Longest"],
      ["cost", "Cost"],
      ["rating", "Rating"],
    ]);
    const [bundled, by] = choice("Group by", [["", "None"]]);
    this.#status = status;
    this.#order = order;
    this.#by = by;
    const own = h("style");
    // Hides the static table as long as this view exists.
    const place = `:is(.jp-OutputArea,.cell_container):has(.hailuo-monitor.${css})`;
    setText(own, css ? `${place} .hailuo-board.${css}{display:none}` : "");
    const named = h("div", { class: "hw-named" }, h("div", {}, this.#title, " ", this.#badge), this.#same);
    const head = h(
      "div",
      { class: "hailuo-head" },
      named,
      this.#compare,
      this.#vote,
      this.#more,
      this.#export,
      this.#all,
    );
    const tools = h(
      "div",
      { class: "hailuo-tools" },
      this.#switch(signal),
      bundled,
      ordered,
      this.#find,
      chosen,
      this.#notifier.element,
    );
    this.#ask.append(this.#question, this.#input, this.#agree, this.#keep);
    root.append(own, head, this.#segments, this.#summary, tools, this.#heads, this.#board.element);
    root.append(this.#empty, this.#ask, this.#problem, this.#spoken, this.#stage.element, this.#menu.element);
    setText(this.#badge, "Simulated");
    for (const part of [this.#compare, this.#vote, this.#more, this.#export, this.#input]) part.hidden = true;
    for (const part of [this.#badge, this.#all, this.#empty, this.#problem, this.#ask]) part.hidden = true;

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
      [status, "change"],
      [order, "change"],
      [by, "change"],
    ] as const)
      part.addEventListener(event, () => this.#chosen(), { signal });
    const click = (part: HTMLElement, act: () => void) => part.addEventListener("click", act, { signal });
    click(this.#all, () => {
      const ids = [...this.#rows.values()].filter((row) => row.can.includes("cancel")).map((row) => row.id);
      this.#press("cancel", ids, this.#all);
    });
    const clips = () => this.#shown.filter((row) => row.clip).map((row) => row.id);
    click(this.#compare, () => void this.#show("compare", clips()));
    click(this.#vote, () => void this.#show("vote", clips()));
    click(this.#more, () => this.#askSeeds());
    click(this.#export, () => void this.#copy(this.#news?.code ?? "", "Code"));
    this.#input.addEventListener("input", () => this.#retyped?.(), { signal });
    click(this.#agree, () => this.#settle(true));
    click(this.#keep, () => this.#settle(false));
    this.#ask.addEventListener("keydown", (event) => event.key === "Escape" && this.#settle(false), {
      signal,
    });
    this.#recall();
    void this.#load();
  }

  /** The switch between the two modes. */
  #switch(signal: AbortSignal): HTMLElement {
    const both: [Mode, string][] = [
      ["grid", "Grid"],
      ["rows", "Rows"],
    ];
    for (const [mode, name] of both) {
      const text = h("span", { class: "hw-label-wide" }, name);
      const button = h("button", { type: "button", "aria-label": name, title: name }, icon(mode), text);
      button.addEventListener(
        "click",
        () => {
          this.#mode = mode;
          this.#chosen();
        },
        { signal },
      );
      this.#modes.set(mode, button);
    }
    return h("span", { class: "hw-seg", role: "group", "aria-label": "View" }, ...this.#modes.values());
  }

  /** What was chosen for this board before, in this tab. */
  #recall(): void {
    this.#mode = this.#kind === "sweep" ? "grid" : "rows";
    try {
      const kept: unknown = JSON.parse(sessionStorage.getItem(this.#memory) ?? "null");
      if (typeof kept !== "object" || kept === null) return;
      const { mode, by } = kept as { mode?: unknown; by?: unknown };
      if (mode === "rows" || mode === "grid") this.#mode = mode;
      this.#unchosen = false;
      if (typeof by === "string" && by) {
        offer(this.#by, [
          ["", "None"],
          [by, by],
        ]);
        this.#by.value = by;
      }
    } catch {
      // Without storage nothing is remembered.
    }
  }

  /** Another choice of the user: it is remembered, and the runs are sorted anew. */
  #chosen(): void {
    this.#unchosen = false;
    try {
      sessionStorage.setItem(this.#memory, JSON.stringify({ mode: this.#mode, by: this.#by.value }));
    } catch {
      // As above.
    }
    this.#draw(true);
  }

  async #load(): Promise<void> {
    try {
      const { data } = await this.#channel.request("rows", {
        timeoutMs: 10 * 60_000,
        slowMs: 4000,
        onSlow: () => this.#complain("Waiting for the kernel…"),
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
    else if (told.type === "rows" && this.#news !== null) this.#take(told, told.gone);
  }

  #take(news: BoardRows, gone: string[] = []): void {
    const first = this.#news === null;
    for (const id of gone) this.#rows.delete(id);
    for (const row of news.rows) {
      const before = this.#rows.get(row.id);
      if (row.clip && before && !before.clip) this.#ready.push(row.id);
      this.#rows.set(row.id, row);
    }
    this.#offset = news.now - Date.now() / 1000;
    this.#news = news;
    // Under the pointer or the focus nothing changes its place.
    this.#draw(first || !this.#board.element.matches(":hover, :focus-within"));
    this.#notifier.hear(news.totals);
  }

  #now(): number {
    return Date.now() / 1000 + this.#offset;
  }

  #draw(anew: boolean): void {
    const news = this.#news;
    if (news === null) return;
    this.#columns = columns(this.#rows.values(), this.#kind);
    this.#choose(anew);
    const groups = this.#grouped();
    this.#board.show(groups, this.#mode, this.#columns, this.#by.value, () => this.#now());
    const nothing = this.#shown.length === 0;
    this.#board.element.hidden = nothing;
    this.#heads.hidden = nothing || this.#mode === "grid";
    const titles = this.#columns.map((column) => h("span", {}, column.title));
    this.#heads.style.setProperty("--hw-columns", String(titles.length));
    this.#heads.replaceChildren(
      ...["Clip", "Status"].map((title) => h("span", {}, title)),
      h("span", { class: "hw-values" }, ...titles),
      h("span", {}, "Time and cost"),
    );
    setOptional(
      this.#empty,
      nothing ? (this.#rows.size === 0 ? "Nothing is in progress." : "No runs match.") : "",
    );
    for (const [mode, button] of this.#modes)
      button.setAttribute("aria-pressed", String(mode === this.#mode));
    this.#head(news);
  }

  /** The runs to show: sorted and filtered anew, or those that were shown, as they are now, and the new ones. */
  #choose(anew: boolean): void {
    const words = this.#find.value;
    if (anew) {
      const all = sorted(this.#rows.values(), this.#order.value as Order, this.#now());
      this.#shown = all.filter((row) => wanted(row, this.#status.value, words));
      return;
    }
    const before = new Set(this.#shown.map((row) => row.id));
    const kept = this.#shown.flatMap(({ id }) => this.#rows.get(id) ?? []);
    const more = [...this.#rows.values()].filter((row) => !before.has(row.id));
    this.#shown = [...kept, ...more.filter((row) => wanted(row, this.#status.value, words))];
  }

  #grouped(): [string, Row[]][] {
    const options = this.#columns.map(({ name, title }): [string, string] => [name, title]);
    offer(this.#by, [["", "None"], ...options, ["status", "status"]]);
    if (this.#unchosen && this.#kind === "sweep" && this.#rows.size > 0) {
      this.#by.value = usualGroup([...this.#rows.values()], this.#columns);
      this.#unchosen = false;
    }
    const by = this.#by.value;
    const column = this.#columns.find(({ name }) => name === by);
    if (column) return grouped(this.#shown, (row) => column.text(row) || "–");
    return by === "status" ? grouped(this.#shown, (row) => row.word) : [["", this.#shown]];
  }

  #head(news: BoardRows): void {
    const { totals } = news;
    const sweep = this.#kind === "sweep";
    const all = [...this.#rows.values()];
    setText(this.#title, news.title || (sweep ? "Sweep" : "Monitor"));
    const what = sweep && all.length ? shape(all, this.#columns) : "";
    setText(this.#same, [what, ...news.same].filter(Boolean).join(" · "));
    this.#badge.hidden = !totals.simulated;
    const told = figures(totals, news).map((text) => h("span", {}, text));
    if (told.map((part) => part.textContent).join() !== this.#figuresNow())
      this.#summary.replaceChildren(...told);
    this.#all.hidden = totals.done === totals.runs;
    const clips = this.#shown.filter((row) => row.clip).length;
    setText(this.#compare, totals.done === totals.runs ? "Compare" : `Compare ${clips}`);
    this.#compare.classList.toggle("hw-primary", totals.done === totals.runs);
    this.#compare.hidden = this.#vote.hidden = !news.opens || clips < 2;
    this.#more.hidden = !news.opens || !sweep;
    this.#export.hidden = !news.code || clips === 0;
    this.#showSegments(all);
  }

  #figuresNow(): string {
    return [...this.#summary.children].map((part) => part.textContent).join();
  }

  /** One segment a run in their order, or one a status. */
  #showSegments(all: Row[]): void {
    const states = all.map((row) => (row.reused ? "reused" : row.status));
    const counts = new Map<string, number>();
    for (const one of states) counts.set(one, (counts.get(one) ?? 0) + 1);
    const words = [...counts].map(([one, count]) => `${count} ${one}`).join(", ");
    const parts: [string, number][] =
      all.length > MOST_SEGMENTS ? [...counts] : states.map((one): [string, number] => [one, 1]);
    const key = parts.flat().join();
    this.#segments.setAttribute("aria-label", words ? `${all.length} runs: ${words}` : "No runs");
    if (this.#segments.dataset.parts === key) return;
    this.#segments.dataset.parts = key;
    this.#segments.replaceChildren(
      ...parts.map(([one, count]) => {
        const part = h("i", { "data-status": one });
        part.style.flexGrow = String(count);
        return part;
      }),
    );
  }

  #tick(): void {
    this.#board.tick(this.#rows, this.#now());
    if (!this.#ready.length || Date.now() - this.#spokenAt < SPEAK_MS) return;
    this.#spokenAt = Date.now();
    const [first, ...others] = this.#ready.flatMap((id) => this.#rows.get(id) ?? []);
    this.#ready = [];
    if (!first) return;
    const more = others.length ? ` and ${others.length} more` : "";
    setText(this.#spoken, `${labelOf(first, this.#columns)}${more}: clip ready`);
  }

  #open(id: string): void {
    const row = this.#rows.get(id);
    if (row?.clip) this.#stage.open(row);
  }

  #neighbour(id: string, step: number): Row | undefined {
    const clips = this.#grouped()
      .flatMap(([, rows]) => rows)
      .filter((row) => row.clip);
    const at = clips.findIndex((row) => row.id === id);
    return at < 0 ? undefined : clips[at + step];
  }

  /** Cancel asks first: a run that was sent may be billed all the same. */
  #press(verb: Verb, ids: string[], button: HTMLElement): void {
    if (verb !== "cancel") {
      void this.#give(verb, ids);
      return;
    }
    const sent = ids.filter((id) => this.#rows.get(id)?.status !== "planned").length;
    const what = ids.length === 1 ? "this run" : `${ids.length} runs`;
    const which = ids.length === 1 ? "it" : `${sent} of them`;
    const charged = sent
      ? ` The provider may still finish and charge ${which}.`
      : ids.length === 1
        ? " It was not sent yet."
        : " They were not sent yet.";
    const agree = ids.length === 1 ? "Cancel run" : "Cancel runs";
    this.#inquire(`Cancel ${what}?${charged}`, agree, button, () => void this.#give(verb, ids));
  }

  /** Asks at the foot of the board; `act` is done if the user agrees. */
  #inquire(question: string, agree: string, from: HTMLElement, act: () => void): void {
    this.#answer = { act, from };
    this.#retyped = null;
    setText(this.#question, question);
    setText(this.#agree, agree);
    setText(this.#keep, "Keep");
    this.#input.hidden = true;
    this.#agree.disabled = false;
    this.#ask.hidden = false;
    this.#keep.focus();
  }

  /** Asks for a text or a number too. */
  #inquireText(question: string, agree: string, value: string, from: HTMLElement, act: () => void): void {
    this.#inquire(question, agree, from, act);
    setText(this.#keep, "Close");
    this.#input.type = "text";
    this.#input.setAttribute("aria-label", question);
    this.#input.value = value;
    this.#input.hidden = false;
    this.#input.focus();
  }

  #settle(agreed: boolean): void {
    const answer = this.#answer;
    this.#answer = null;
    this.#retyped = null;
    this.#ask.hidden = true;
    if (answer?.from.isConnected) answer.from.focus();
    if (agreed) answer?.act();
  }

  // -- actions ------------------------------------------------------------------------------------------------

  #actions(id: string, button: HTMLElement): void {
    const row = this.#rows.get(id);
    if (!row) return;
    const label = labelOf(row, this.#columns);
    const paid = (text: string, seeds: number): Item => {
      const quote = this.#quote([id], seeds);
      const end = quote.then((known) => ({ text: priceText(known), refused: known.refused }));
      return { text, end, act: () => void this.#askAgain(`${text}?`, text, [id], seeds, quote, button) };
    };
    const items: Item[] = [
      { text: "Copy prompt", act: () => void this.#copyPrompt(id) },
      { text: "Copy run ID", act: () => void this.#copy(id, "Run ID") },
    ];
    if (row.clip) {
      items.unshift({ text: "Open clip", act: () => this.#open(id) });
      items.push({ text: "Tags…", act: () => void this.#askTags(row, label, button) });
    }
    if (this.#news?.opens) {
      items.push({ text: "Open in studio", act: () => void this.#show("studio", [id]) });
      items.push(paid("Run again", 0), paid("Run with a new seed", 1));
    }
    this.#menu.open(`Actions for ${label}`, items, button);
  }

  async #quote(ids: string[], seeds: number): Promise<Quote> {
    const { data } = await this.#channel.request("quote", { data: { ids, seeds }, timeoutMs: 10 * 60_000 });
    return data;
  }

  /** Names the price, and sends the runs if the user agrees to it. */
  async #askAgain(
    question: string,
    verb: string,
    ids: string[],
    seeds: number,
    quote: Promise<Quote>,
    from: HTMLElement,
  ): Promise<void> {
    try {
      const known = await quote;
      if (known.refused) {
        this.#complain(known.refused);
        return;
      }
      const notes = [known.ask, ...known.notes].filter(Boolean).join(" ");
      const button = `${verb} · ${priceText(known)}`;
      this.#inquire([question, notes].filter(Boolean).join(" "), button, from, () => {
        void this.#again(ids, seeds, known);
      });
    } catch (error) {
      this.#complain(message(error));
    }
  }

  async #again(ids: string[], seeds: number, quote: Quote): Promise<void> {
    this.#presses += 1;
    const press = `${this.#channel.prefix}.${this.#presses}`;
    const shown = { sends: quote.sends, cost: quote.cost, digest: quote.digest };
    await this.#do("again", { ids, seeds, shown, press });
  }

  /** Asks how many further seeds each request gets; the price follows the number. */
  #askSeeds(): void {
    const ids = [...this.#rows.keys()];
    let known: Quote | null = null;
    let turn = 0;
    const count = () => Math.max(1, Math.min(20, Math.floor(Number(this.#input.value)) || 1));
    this.#inquireText("More seeds for each request:", "…", "2", this.#more, () => {
      if (known) void this.#again(ids, count(), known);
    });
    this.#input.type = "number";
    this.#input.min = "1";
    this.#input.max = "20";
    const ask = async () => {
      turn += 1;
      const mine = turn;
      known = null;
      this.#agree.disabled = true;
      setText(this.#agree, "…");
      try {
        const quote = await this.#quote(ids, count());
        if (mine !== turn || this.#retyped === null) return;
        if (quote.refused) {
          setText(this.#question, quote.refused);
          return;
        }
        known = quote;
        const notes = [quote.there && `${quote.there}.`, quote.ask, ...quote.notes].filter(Boolean).join(" ");
        setText(this.#question, ["More seeds for each request:", notes].filter(Boolean).join(" "));
        setText(this.#agree, `Send ${quote.sends || "nothing"} · ${priceText(quote)}`);
        this.#agree.disabled = false;
      } catch (error) {
        this.#complain(message(error));
      }
    };
    this.#retyped = () => void ask();
    void ask();
  }

  async #askTags(row: Row, label: string, from: HTMLElement): Promise<void> {
    try {
      const { data } = await this.#channel.request("texts", { data: { id: row.id }, timeoutMs: 10 * 60_000 });
      this.#inquireText(`Tags of ${label}, with commas:`, "Save tags", data.words.join(", "), from, () => {
        const tags = this.#input.value
          .split(",")
          .map((word) => word.trim())
          .filter(Boolean);
        void this.#say("tag", { id: row.id, tags });
      });
    } catch (error) {
      this.#complain(message(error));
    }
  }

  async #copyPrompt(id: string): Promise<void> {
    try {
      const { data } = await this.#channel.request("texts", { data: { id }, timeoutMs: 10 * 60_000 });
      await this.#copy(data.prompt, "Prompt");
    } catch (error) {
      this.#complain(message(error));
    }
  }

  async #copy(text: string, what: string): Promise<void> {
    const done = await copied(text, this.#root);
    setText(this.#spoken, done ? `${what} copied` : "");
    this.#complain(done ? `${what} copied.` : `This page may not copy: ${text}`);
  }

  /** Shows a studio, a comparison or a vote below the board. */
  async #show(what: "studio" | "compare" | "vote", ids: string[]): Promise<void> {
    await this.#do("open", { what, ids });
  }

  async #do(type: "again" | "open", data: object): Promise<void> {
    try {
      await this.#channel.request(type, {
        data,
        timeoutMs: 10 * 60_000,
        slowMs: 3000,
        onSlow: () => this.#complain("Waiting for the kernel…"),
      });
      this.#complain("");
      setText(this.#spoken, "Shown below the board");
    } catch (error) {
      this.#complain(message(error));
    }
  }

  async #give(verb: Verb, ids: string[]): Promise<void> {
    try {
      const { data } = await this.#channel.request(verb, {
        data: { ids },
        timeoutMs: 10 * 60_000,
        slowMs: 3000,
        onSlow: () => this.#complain("The kernel is busy; it will see this when its cell ends."),
      });
      this.#complain(data?.note ?? "");
    } catch (error) {
      this.#complain(`${VERBS[verb]}: ${message(error)}`);
    }
  }

  /** Sends a remark on a clip. */
  async #say(type: "rate" | "tag", data: object): Promise<void> {
    try {
      await this.#channel.request(type, { data, timeoutMs: 10 * 60_000 });
      this.#complain("");
    } catch (error) {
      this.#complain(message(error));
    }
  }

  #complain(text: string): void {
    if (!this.#signal.aborted) setOptional(this.#problem, text);
  }
}
