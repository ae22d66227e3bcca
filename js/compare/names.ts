/** Names of axes as they are shown. */

/** The name of a column of the log without the prefix of a variable and without underscores. */
export const axisName = (name: string) => name.replace(/^var_/, "").replaceAll("_", " ");
