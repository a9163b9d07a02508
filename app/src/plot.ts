// SPDX-License-Identifier: MIT OR Apache-2.0
// A line over time, drawn as SVG. The numbers are in a table for those who do not see it.

import { h, svg, table } from "./dom.js";
import { date } from "./format.js";

export interface Sample {
  /** Unix seconds. */
  readonly time: bigint;
  readonly value: bigint;
  readonly text: string;
}

const [WIDTH, HEIGHT, MARGIN] = [640, 160, 4];

export function plot(title: string, samples: readonly Sample[]): HTMLElement {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < 2) {
    return h("p", {}, "Your wallet's node has no earlier states to draw a line from.");
  }
  const values = samples.map(({ value }) => value).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const [least = 0n, most = 0n] = [values[0], values.at(-1)];
  const at = (value: bigint, from: bigint, to: bigint) =>
    to === from ? 0.5 : Number(((value - from) * 10_000n) / (to - from)) / 10_000;
  const x = ({ time }: Sample) => MARGIN + at(time, first.time, last.time) * (WIDTH - 2 * MARGIN);
  const y = ({ value }: Sample) => HEIGHT - MARGIN - at(value, least, most) * (HEIGHT - 2 * MARGIN);
  const line = samples.map((sample) => `${x(sample).toFixed(1)},${y(sample).toFixed(1)}`).join(" ");
  const highest = samples.find(({ value }) => value === most)?.text ?? "";
  const lowest = samples.find(({ value }) => value === least)?.text ?? "";
  const image = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: from ${first.text} to ${last.text}` },
    svg("polyline", { points: line }),
  );
  const ends = (left: string, right: string) => h("p", { class: "ends" }, h("span", {}, left), h("span", {}, right));
  const rows = samples.map((sample) => [date(sample.time), sample.text]);
  return h(
    "figure",
    {},
    h("figcaption", {}, title),
    ends(highest === lowest ? highest : `highest ${highest}`, highest === lowest ? "" : `lowest ${lowest}`),
    image,
    ends(date(first.time), date(last.time)),
    h("details", {}, h("summary", {}, "As numbers"), table(title, ["When", "Price"], rows)),
  );
}
