// Written by tools/messages_ts.py from hailuo_widgets/widgets/messages.py: change that, then `make bundles`.

/** What became of a press of Generate: the started runs, or the question to answer first. */
export interface Begun {
  runs?: string[];
  ask?: string;
}

/** Why the rows could not be read, sent without a question. */
export interface BoardFailure {
  type: "problem";
  text: string;
}

/** The sums of a board. */
export interface Totals {
  runs: number;
  done: number;
  /** How many succeeded by an earlier run's clip: nothing was paid for them. */
  reused: number;
  /** How many runs have each status. */
  statuses: Record<string, number>;
  /** The known costs, one amount a currency. */
  spent: string[];
  /** The part of ``spent`` that belongs to runs in progress. */
  reserved: string[];
  /** How many runs have an unknown cost. */
  unknown: number;
  /** Seconds until the last clip, by the median of earlier runs. */
  left: number | null;
  /** The same by their 10th percentile. */
  left_low: number | null;
  /** The same by their 90th percentile. */
  left_high: number | null;
  simulated: boolean;
}

/** What stands above the rows of a board. */
export interface BoardHead {
  /** The sweep's name, if it has one. */
  title: string;
  /** What is equal in all runs: provider, model, duration, resolution. */
  same: string[];
  /** What is left of each budget. */
  budgets: string[];
  /** Whether there is a place for what the board opens: further runs, studio, comparison, vote. */
  opens: boolean;
  /** A call that exports the sweep; "" if there is none. */
  code: string;
  totals: Totals;
  now: number;
}

/** A run as a row of a board. */
export interface Row {
  id: string;
  status: string;
  word: string;
  /** Whether it is unfinished. */
  live: boolean;
  /** Whether this kernel follows it. */
  here: boolean;
  simulated: boolean;
  provider: string;
  model: string;
  prompt: string;
  variant: string | null;
  /** What distinguishes it from the others, by the columns' names. */
  values: Record<string, string>;
  /** When it was submitted, or planned. */
  since: number;
  /** How long it took; null while it is unfinished. */
  elapsed: number | null;
  eta: number | null;
  low: number | null;
  high: number | null;
  cost: string;
  /** The cost in its currency; null if it is unknown. */
  amount: number | null;
  kind: string | null;
  error: string | null;
  hint: string | null;
  /** What the end means for the user's money. */
  note: string | null;
  sweep: string | null;
  /** Whether it has a clip. */
  clip: boolean;
  /** Whether its clip is an earlier run's. */
  reused: boolean;
  /** The length of the clip. */
  seconds: number | null;
  rating: number | null;
  tags: string[];
  /** What the user can ask for. */
  can: ("cancel" | "resume" | "retry")[];
}

/** The rows that changed, sent without a question. */
export interface BoardNews {
  title: string;
  same: string[];
  budgets: string[];
  opens: boolean;
  code: string;
  totals: Totals;
  now: number;
  rows: Row[];
  type: "rows";
  /** The ids of the runs that left the board. */
  gone: string[];
}

/** All rows of a board. */
export interface BoardRows {
  title: string;
  same: string[];
  budgets: string[];
  opens: boolean;
  code: string;
  totals: Totals;
  now: number;
  rows: Row[];
}

/** A run as its player shows it. */
export interface CardState {
  run: string;
  /** The class of the run's static card. */
  css: string;
  status: string;
  word: string;
  live: boolean;
  simulated: boolean;
  task: string | null;
  /** When the time begins to count. */
  since: number;
  /** When this was sent. */
  now: number;
  /** How long it took; null while it is unfinished. */
  elapsed: number | null;
  eta: number | null;
  low: number | null;
  high: number | null;
  note: string | null;
  /** Whether its download can be retried. */
  retry: boolean;
  poster: boolean;
  /** Changes if the file does; null while there is none. */
  clip: string | null;
  file: string | null;
  size: string | null;
  width: number | null;
  height: number | null;
  kind: string;
  prompt: string;
  parameters: [string, string][];
  title: string | null;
  text: string | null;
  hint: string | null;
  /** An exception of the Python half. */
  problem: string | null;
  cost: string;
  cost_note: string;
  /** Whether texts are shortened; ``details`` replies with all of it. */
  cut: boolean;
}

/** What a clip can be made from. */
export interface ModeOffer {
  name: string;
  title: string;
}

/** The seeds that a model takes. */
export interface SeedRange {
  low: number;
  high: number;
}

/** How many pictures, clips and sounds a model takes as references. */
export interface ReferenceCounts {
  images: number;
  videos: number;
  audios: number;
}

/** A model. */
export interface ModelOffer {
  name: string;
  title: string;
  /** Its shortest name. */
  short: string;
  camera: boolean;
  /** The seeds that it takes; null if it takes none. */
  seeds: SeedRange | null;
  note: string;
  prompt_max: number;
  /** By mode; a mode that is missing takes none. */
  aspect_ratios: Record<string, string[]>;
  optimizer: boolean;
  watermark: boolean;
  /** Null if it takes none. */
  references: ReferenceCounts | null;
}

/** A model in a mode and a resolution. */
export interface Offer {
  model: string;
  mode: string;
  resolution: string | null;
  durations: number[];
  doubt: string;
}

/** A template; ``picture`` and ``text`` are what it needs. */
export interface TemplateOffer {
  id: string;
  name: string;
  chinese: string;
  picture: string | null;
  text: string | null;
}

/** What one provider offers. */
export interface ProviderOffer {
  name: string;
  title: string;
  /** Whether its runs are simulated or sent, or neither without a key. */
  state: "simulated" | "live" | "no key";
  /** Why neither is possible. */
  note: string;
  modes: ModeOffer[];
  models: ModelOffer[];
  default_model: string;
  default_duration: number | null;
  default_resolution: string | null;
  offers: Offer[];
  url_only: boolean;
  templates: TemplateOffer[];
}

/** A camera instruction. */
export interface Instruction {
  english: string;
  chinese: string;
  meaning: string;
}

/** What the studio's controls hold; the same in both directions. */
export interface Form {
  /** Options of the request as they would be typed ("1..4", "768P,1080P"); switches as booleans. */
  request: Record<string, unknown>;
  /** Options of the run. */
  run: Record<string, unknown>;
  /** The prompts. */
  body: string;
  /** What the clip is made from: a request of another mode is refused. */
  mode?: string;
}

/** What the studio's controls offer, and the form to begin with. */
export interface Catalog {
  /** The one that is chosen at first. */
  provider: string;
  providers: ProviderOffer[];
  camera: Instruction[];
  form: Form | null;
}

/** The reason of an error that code reacts to. Messages are for people only, and may be reworded. */
export type Reason = "confirmation_needed" | "plan_changed" | "already_sent";

/** The kind of a problem. */
export type ProblemCode =
  | "invalid"
  | "missing"
  | "empty"
  | "too_long"
  | "too_large"
  | "too_small"
  | "unreadable"
  | "unknown"
  | "not_allowed"
  | "unsupported"
  | "conflict"
  | "not_sent"
  | "uncertain"
  | "suspect"
  | "budget";

/** Whether a problem stops the request. */
export type Severity = "error" | "warning";

/** A wrong or doubtful argument of the request. */
export interface ProblemMessage {
  /** Its name in Python; "" if it is of no single one. */
  argument: string;
  code: ProblemCode;
  message: string;
  hint: string;
  severity: Severity;
  /** In how many of the checked runs it was found. */
  runs: number;
}

/** An exception of the Python half. */
export interface Failure {
  /** The exception's class. */
  kind: string;
  /** What code may react to; sentences may be reworded. */
  reason: Reason | null;
  message: string;
  hint: string;
  problems: ProblemMessage[];
}

/** A run in its place of the grid. */
export interface GridCell {
  id: string;
  row: number;
  col: number;
  page: number;
  word: string;
  status: string;
  error: string | null;
  clip: boolean;
  poster: boolean;
  /** Whether its clip has a sound track; null if that is unknown. */
  sound: boolean | null;
  simulated: boolean;
  label: [string, string][];
  prompt: string;
  cost: string;
  rating: number | null;
  note: string;
  /** The words that were said of its clip. */
  tags: string[];
  /** The words that the run was started with; they stay with it. */
  given: string[];
}

/** A grid: the labels of its rows, columns and pages, and its runs. */
export interface Layout {
  /** What the rows, the columns and the pages are. */
  names: [string, string, string];
  rows: string[];
  cols: string[];
  pages: string[];
  cells: GridCell[];
  /** Whether nobody is there who could rate, tag or note: a report. */
  frozen?: boolean;
}

/** A plan in words. */
export interface PlanFigures {
  count: string;
  there: string;
  sends: string;
  cost: string;
  /** What the charged accounts have left; "" if that is not known. */
  balance: string;
  time: string;
  runs: number;
  sentence: string;
  /** Changes if the requests do. */
  digest: string;
}

/** What votes on a plan's clips can find, in one sentence; "" without variants. */
export interface PowerLine {
  sentence: string;
}

/** What it costs to send runs again. */
export interface Quote {
  runs: number;
  /** How many runs would be sent, as text; "" if none. */
  sends: string;
  /** How many clips are there already, as text; "" if none. */
  there: string;
  /** "" if nothing would be sent, or no price is known. */
  cost: string;
  /** Changes if the requests do. */
  digest: string;
  /** The question that large plans are confirmed with; "" if there is none. */
  ask: string;
  /** What stands against it, such as a budget. */
  notes: string[];
  /** Why these runs can't be sent again; "" if they can. */
  refused: string;
}

/** What a reference is; what isn't known of it, as of each that is given by URL, is None. */
export interface ReferenceFacts {
  kind: "image" | "video" | "audio";
  name: string;
  width: number | null;
  height: number | null;
  seconds: number | null;
  /** Of the file, as a text. */
  size: string | null;
}

/** What became of an order to resume runs. */
export interface Resumed {
  note: string;
}

/** Texts of a run at full length. */
export interface RunTexts {
  prompt: string;
  /** The tags that can be changed; the run keeps those that it was started with. */
  words: string[];
}

/** A form after its check: its problems, the cell and the call, and the plan if nothing is wrong. */
export interface Verdict {
  problems: ProblemMessage[];
  /** How many runs were checked. */
  checked: number;
  /** "" if it cannot be written. */
  cell: string;
  python?: string;
  plan?: PlanFigures;
}

/** A picture or reference that is kept; empty before its last chunk. */
export interface Uploaded {
  path?: string;
  width?: number | null;
  height?: number | null;
}

/** The pair to judge now; nothing in it identifies a run. */
export interface VoteState {
  /** Names the question about the pair; null if there is none. */
  token: string | null;
  /** Names the pair, which stays while its questions are asked. */
  pair: string | null;
  question: string;
  /** Which of several questions is asked; "" of a single one. */
  step: string;
  /** The prompt, if both clips have the same one. */
  prompt: string | null;
  simulated: boolean;
  /** Whether a clip of the pair may have sound. */
  sound: boolean;
  given: number;
  remaining: number;
  undo: boolean;
  /** Whether further votes cannot change the result. */
  sure: boolean;
  ended: boolean;
  result: string;
}

/** The JSON part of each reply, by the type of its question. */
export interface Replies {
  details: CardState;
  cancel: null;
  retry: null;
  video: null;
  poster: null;
  rows: BoardRows;
  resume: Resumed;
  texts: RunTexts;
  quote: Quote;
  again: Begun;
  open: null;
  layout: Layout;
  run: [string, string][];
  rate: null;
  tag: null;
  note: null;
  catalog: Catalog;
  check: Verdict;
  load: Form;
  upload: Uploaded;
  reference: ReferenceFacts;
  power: PowerLine;
  generate: Begun;
  begin: VoteState;
  clip: null;
  vote: VoteState;
  undo: VoteState;
  end: VoteState;
}

/** The statuses of a run, in their order. */
export const STATUSES = [
  "planned",
  "submitting",
  "queued",
  "running",
  "downloading",
  "succeeded",
  "failed",
  "unconfirmed",
  "cancelled",
  "skipped",
  "lost",
];
