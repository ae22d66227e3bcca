/**
 * One rater's sitting on a ballot: the order of the pairs, their sides, the votes, and the file of votes.
 *
 * All of it is drawn at random for this rater, and nothing of it depends on what the clips show. Its state is plain JSON,
 * which the browser keeps after each vote.
 */

/** What Python wrote into the page; hailuo_widgets/exports/ballot_page.py. */
export interface Ballot {
  version: number;
  ballot: string;
  made: string;
  question: string;
  consent: string;
  /** The share of votes that are repeats with swapped sides. */
  repeats: number;
  simulated: boolean;
  sound: boolean;
  /** Whether the clips are files beside the page. */
  folder: boolean;
  /** The names of two clips each. */
  pairs: [string, string][];
}

/** One pair as it will be shown; `repeats` is the place of the one that it repeats. */
export interface Shown {
  left: string;
  right: string;
  repeats: number | null;
}

export interface Vote {
  id: string;
  left: string;
  right: string;
  answer: string;
  seconds: number | null;
  at: string;
  repeat_of: string | null;
  undone: boolean;
}

export interface State {
  version: number;
  rater: { name: string; id: string };
  /** When the rater agreed. */
  consent: string;
  plan: Shown[];
  votes: Vote[];
  /** How many of the votes, undone ones included, and how many undone ones were in the last file. */
  saved: [number, number];
}

/** Random numbers: whole ones below a bound, and hexadecimal digits. */
export interface Random {
  below(bound: number): number;
  hex(digits: number): string;
}

export const VERSION = 1;
/** The fewest votes between a pair and its repeat, so that the rater does not answer from memory. */
export const APART = 4;
export const LONGEST_NAME = 40;
/** A page that stayed open for months; Python takes no longer time. */
const LONGEST_S = 1e7;
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const ADJECTIVES = ["amber", "brisk", "calm", "deft", "early", "fond", "gentle", "hazel", "keen", "lively"];
const NOUNS = [
  "otter",
  "heron",
  "maple",
  "pebble",
  "lantern",
  "meadow",
  "comet",
  "harbor",
  "sparrow",
  "willow",
];

/** Random numbers of the browser; no secure context is needed. */
export const BROWSER: Random = {
  below(bound) {
    // Numbers of the last, incomplete round would make small ones likelier.
    const most = Math.floor(2 ** 32 / bound) * bound;
    const one = new Uint32Array(1);
    do crypto.getRandomValues(one);
    while ((one[0] ?? 0) >= most);
    return (one[0] ?? 0) % bound;
  },
  hex(digits) {
    const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  },
};

/** The name without what cannot be seen; "" if nothing is left. */
export function cleanName(given: string): string {
  const plain = given.normalize("NFC").replace(UNSHOWABLE, "").trim();
  return [...plain].slice(0, LONGEST_NAME).join("").trim();
}

/** A pseudonym that tells nothing of anybody. */
export function drawName(random: Random): string {
  const pick = (words: string[]) => words[random.below(words.length)] ?? "";
  return `${pick(ADJECTIVES)} ${pick(NOUNS)} ${10 + random.below(90)}`;
}

/** The order of the pairs and their sides, with repeats of some at least {@link APART} votes later. */
export function drawPlan(pairs: readonly [string, string][], repeats: number, random: Random): Shown[] {
  const plan: Shown[] = pairs.map(([a, b]) => {
    const [left, right] = random.below(2) ? [b, a] : [a, b];
    return { left, right, repeats: null };
  });
  for (let n = plan.length - 1; n > 0; n--) swap(plan, n, random.below(n + 1));
  const early = [...Array(Math.max(0, plan.length - APART)).keys()];
  const wanted = Math.min(early.length, Math.round((repeats * plan.length) / (1 - repeats)));
  for (let n = 0; n < wanted; n++) swap(early, n, n + random.below(early.length - n));
  const again = early.slice(0, wanted).flatMap((place) => {
    const first = plan[place];
    const shown: Shown = { left: first?.right ?? "", right: first?.left ?? "", repeats: null };
    return first ? [{ first, shown }] : [];
  });
  for (const { first, shown } of again) {
    const from = plan.indexOf(first) + APART + 1;
    plan.splice(from + random.below(plan.length - from + 1), 0, shown);
  }
  for (const { first, shown } of again) shown.repeats = plan.indexOf(first);
  return plan;
}

function swap<T>(list: T[], one: number, other: number): void {
  const kept = list[one] as T;
  list[one] = list[other] as T;
  list[other] = kept;
}

/** What the browser has kept, if it is a state of this ballot; else null. */
export function readState(text: string | null, ballot: Ballot): State | null {
  let found: Partial<State> | null;
  try {
    found = JSON.parse(text ?? "null");
  } catch {
    return null;
  }
  const { rater, plan, votes } = found ?? {};
  if (found?.version !== VERSION || !rater?.name || !rater.id) return null;
  if (!Array.isArray(plan) || !Array.isArray(votes) || !Array.isArray(found.saved)) return null;
  const known = new Set(ballot.pairs.flat());
  const all = [...plan, ...votes].every(({ left, right }) => known.has(left) && known.has(right));
  return all ? (found as State) : null;
}

export class Sitting {
  readonly state: State;
  readonly #ballot: Ballot;
  readonly #random: Random;
  readonly #now: () => Date;

  constructor(ballot: Ballot, state: State, random: Random = BROWSER, now: () => Date = () => new Date()) {
    this.#ballot = ballot;
    this.state = state;
    this.#random = random;
    this.#now = now;
  }

  /** A new rater's; the name must be one that {@link cleanName} gives. */
  static begin(ballot: Ballot, name: string, random: Random = BROWSER, now?: () => Date): Sitting {
    const consent = (now?.() ?? new Date()).toISOString();
    const rater = { name, id: random.hex(16) };
    const plan = drawPlan(ballot.pairs, ballot.repeats, random);
    return new Sitting(
      ballot,
      { version: VERSION, rater, consent, plan, votes: [], saved: [0, 0] },
      random,
      now,
    );
  }

  /** The votes that count; the one of each place in the plan, from the first on. */
  get standing(): Vote[] {
    return this.state.votes.filter((vote) => !vote.undone);
  }

  /** The pair to judge now, and its place; null if all are judged. */
  get shown(): (Shown & { token: string }) | null {
    const place = this.standing.length;
    const shown = this.state.plan[place];
    return shown ? { ...shown, token: String(place) } : null;
  }

  /** Whether the last file has all votes. */
  get isSaved(): boolean {
    const [count, undone] = this.state.saved;
    return this.state.votes.length === count && count - this.standing.length === undone;
  }

  /** Throws if another pair is shown. */
  vote(token: unknown, answer: string, seconds: number | null): void {
    const { shown } = this;
    if (!shown || token !== shown.token) throw new Error("This pair is not the one that is shown now.");
    const first = shown.repeats === null ? undefined : this.standing[shown.repeats];
    this.state.votes.push({
      id: this.#random.hex(16),
      left: shown.left,
      right: shown.right,
      answer,
      seconds: seconds === null ? null : Math.round(Math.min(seconds, LONGEST_S) * 1000) / 1000,
      at: this.#now().toISOString(),
      repeat_of: first?.id ?? null,
      undone: false,
    });
  }

  /** Takes the last vote back; its pair is shown again. */
  undo(): void {
    const last = this.standing.at(-1);
    if (!last) throw new Error("There is no vote to take back.");
    last.undone = true;
  }

  /** The file of votes, and its name; from now on they count as saved. */
  save(): { name: string; text: string } {
    const { rater, consent, votes } = this.state;
    const kind = "hailuo-votes";
    const head = { kind, version: this.#ballot.version, ballot: this.#ballot.ballot, rater, consent };
    const text = JSON.stringify({ ...head, saved: this.#now().toISOString(), votes }, null, 1);
    this.state.saved = [votes.length, votes.length - this.standing.length];
    const plain = rater.name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const called = plain.replace(/^-|-$/g, "") || "rater";
    return { name: `votes-${called}-${this.#random.hex(8)}.json`, text };
  }
}
